// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"crypto/sha256"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
)

// checkpoints: the signed tree heads that inclusion proofs lead to. With the
// checkpoint's signature verified it is settled, once and for all later
// steps, whether the entry is of a Rekor v1 or of a v2 log.
func (r *run) checkpoints() error {
	for i := range r.entries {
		e := &r.entries[i]
		var err error
		if e.Proof != nil {
			if e.checkpoint, err = e.log.OpenCheckpoint(e.Proof.Checkpoint); err != nil {
				return refuse.Wrap("tlog.checkpoint.malformed", err, "log %s", e.log.ID())
			}
		}
		if e.generation, err = e.log.Generation(e.Entry, e.checkpoint); err != nil {
			return refuse.Wrap("tlog.entry.generation", err, "log %s", e.log.ID())
		}
		if e.checkpoint == nil {
			continue
		}
		r.fact(report.CheckCheckpoints, report.Fact{What: "checkpoint", Over: e.checkpoint.SHA256, By: logAuthority(e.log),
			Rule: "C2SP tlog-checkpoint and signed-note"})
		if e.checkpoint.NameMismatch {
			r.note("tlog.checkpoint.name", "a checkpoint of log "+e.log.ID().String()+" bears a name other than that in the trust root")
		}
	}
	return r.skip(report.CheckCheckpoints, "no entry of a known log carries an inclusion proof")
}

// inclusion: the path from each entry to its checkpoint's root.
func (r *run) inclusion() error {
	for i := range r.entries {
		e := &r.entries[i]
		if e.checkpoint == nil {
			continue
		}
		if err := e.VerifyInclusion(e.checkpoint, e.generation); err != nil {
			return refuse.Wrap("tlog.inclusion", err, "log %s", e.log.ID())
		}
		r.fact(report.CheckInclusion, report.Fact{What: "entry in the log", Over: sha256.Sum256(e.Body.Raw), By: logAuthority(e.log),
			Rule: "RFC 6962, Section 2.1.1"})
	}
	return r.skip(report.CheckInclusion, "no entry of a known log carries an inclusion proof")
}

// bindings: what each entry commits to is this signature by this key over
// this content. Without it any valid entry of anyone else would do, as one did
// in more than one verifier (CVE-2022-36056, CVE-2026-22703).
func (r *run) bindings() error {
	record := tlog.Record{Signature: r.b.Signature, Envelope: r.b.Envelope}
	if r.key != nil {
		record.Key = r.key
	}
	if r.b.Leaf != nil {
		record.Certificate = r.b.Leaf.Raw
	}
	if r.b.Envelope == nil {
		record.Digests = r.a.known()
	}
	var logs sources
	for i := range r.entries {
		e := &r.entries[i]
		if err := e.Body.VerifyRecord(e.generation, record); err != nil {
			return refuse.Wrap("tlog.entry.malformed", err, "log %s", e.log.ID())
		}
		r.fact(report.CheckEntries, report.Fact{What: e.Body.Kind.String(), Over: sha256.Sum256(e.Body.Raw), By: logAuthority(e.log),
			Rule: "Sigstore client specification, Section 4.4"})
		logs.add(logSource(e.log))
	}
	if want := r.report.Required.Logs; logs.count() < want {
		if len(r.unknown) > 0 {
			return refuse.New("tlog.unknown_log", "entries of %d known logs, %d required: one is of the log %s, which %s",
				logs.count(), want, r.unknown[0], r.whyUnknown(trustroot.KindLog, r.unknown[0].String(), r.otherID(r.unknown[0])))
		}
		if len(r.b.Entries) == 0 {
			return refuse.New("tlog.threshold", "the bundle has no log entry, %d required", want)
		}
		return refuse.New("tlog.threshold", "entries of %d known logs, %d required", logs.count(), want)
	}
	if len(r.b.Entries) == 0 {
		return r.skip(report.CheckEntries, "the bundle has no log entries and none is required")
	}
	return r.skip(report.CheckEntries, "no entry is of a known log, and none is required")
}
