// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify/known"
)

// timestamps: RFC 3161 tokens over the raw bytes of the signature. A token
// that no authority of the root can have made is no evidence and is ignored;
// one that claims a known authority must hold in every respect.
func (r *run) timestamps() error {
	var authorities sources
	unknown := 0
	for i, der := range r.b.Timestamps {
		token, err := rfc3161.Parse(der)
		if err != nil {
			return refuse.Wrap("timestamp.malformed", err, "timestamp %d", i+1)
		}
		stamp, err := r.stamp(token)
		if err != nil {
			return refuse.Wrap("timestamp.chain", err, "timestamp %d", i+1)
		}
		if stamp == nil {
			unknown++
			r.note("timestamp.unknown_authority", fmt.Sprintf(
				"timestamp %d is invalid: the trust root does not list its authority", i+1))
			continue
		}
		by := report.Authority{Role: "timestamp authority", Name: stamp.Authority.URI(), KeyID: stamp.Authority.KeyID()}
		source := source{r.operatorOf(stamp.Authority), sha256.Sum256(stamp.Signer.RawSubjectPublicKeyInfo)}
		authorities.add(source)
		r.stamps = append(r.stamps, report.Time{Time: report.Instant{Time: stamp.Time}, Source: "rfc3161", By: by})
		r.stampedBy = append(r.stampedBy, source)
		r.fact(report.CheckTimestamps, report.Fact{
			What: "timestamp over the signature", Over: sha256.Sum256(r.b.Signature), By: by, At: report.Instant{Time: stamp.Time},
			Rule: "RFC 3161, Section 2.4.2; RFC 5652, Section 5.4",
		})
		for _, w := range token.Warnings() {
			r.note("timestamp.unusual", fmt.Sprintf("timestamp %d: %s", i+1, w))
		}
	}
	if want := r.report.Required.Timestamps; authorities.count() < want {
		return refuse.New("timestamp.threshold", "timestamps by %d known authorities, %d required%s",
			authorities.count(), want, unknownToo(unknown, "timestamp"))
	}
	switch {
	case len(r.b.Timestamps) == 0:
		return r.skip(report.CheckTimestamps, "the bundle has no timestamps and none is required")
	case len(r.stamps) == 0:
		return r.skip(report.CheckTimestamps, "no timestamp is of an authority that the trust root lists, and none is required")
	}
	return nil
}

// stamp returns what a token proves, nil if its authority is not known. The
// root may list an authority more than once, with different validity periods: one
// entry that holds is enough, but anchor, signer and validity period are always taken
// from the same entry.
func (r *run) stamp(token *rfc3161.Token) (*rfc3161.Stamp, error) {
	var first error
	for _, listed := range r.v.root.TimestampAuthorities() {
		authority := rfc3161.Behind(listed)
		if !authority.Knows(token) {
			continue
		}
		stamp, err := authority.Verify(token, r.b.Signature)
		if err == nil {
			return &stamp, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// operatorOf returns who runs an authority, as any of the entries of the trust
// root says that list its key.
func (r *run) operatorOf(a *rfc3161.Authority) string {
	for _, other := range r.v.root.TimestampAuthorities() {
		if other.Operator() != "" && other.KeyID() == a.KeyID() {
			return other.Operator()
		}
	}
	return ""
}

// sortEntries sets aside, for all checks, the entries of logs that the root
// does not list, or lists with an invalid key.
func (r *run) sortEntries() {
	for i := range r.b.Entries {
		e := &r.b.Entries[i]
		if log := r.v.root.Log(e.LogID); log != nil {
			r.entries = append(r.entries, entry{Entry: e, number: i + 1, log: log})
			continue
		}
		r.unknown = append(r.unknown, e.LogID)
		r.note("tlog.unknown_log", fmt.Sprintf("entry %d is invalid: it is of the log %s, which %s",
			i+1, e.LogID, r.whyUnknown(trustroot.KindLog, e.LogID.String(), r.otherID(e.LogID))))
	}
}

// whyUnknown says what the trust root has of a log that the verifier does not
// know. Its key may be listed under another ID: then the root is not too old,
// but wrong.
func (r *run) whyUnknown(kind, id, other string) string {
	for _, u := range r.v.root.Ignored() {
		if u.Kind == kind && u.ID == id {
			return "the trust root lists with " + u.Reason.Error()
		}
	}
	if other != "" {
		return fmt.Sprintf("the trust root lists under the ID %s: its logId may be wrong", other)
	}
	return "the trust root does not list" + r.olderThan()
}

// noteForeign notes, after a refusal for want of evidence, that the bundle is of
// another instance than the trust root: asking for less evidence is then no
// remedy.
func (r *run) noteForeign() {
	switch r.report.Code {
	case "tlog.unknown_log", "tlog.threshold", "time.none", "time.threshold", "timestamp.threshold",
		"chain.untrusted", "sct.unknown_log", "sct.missing", "sct.threshold", "key.window":
		if known.Foreign(r.v.root, r.b) {
			r.note("instance.unknown", "the bundle names no authority that the trust root lists")
		}
	}
}

// promises: the signed entry timestamps of Rekor v1.
func (r *run) promises() error {
	for i := range r.entries {
		e := &r.entries[i]
		if len(e.Promise) == 0 {
			continue
		}
		at, err := e.log.VerifyPromise(e.Entry)
		if err != nil {
			return refuse.Wrap("tlog.promise.signature", err, "entry %d", e.number)
		}
		e.promised = &report.Time{Time: report.Instant{Time: at}, Source: "rekor-v1", By: logAuthority(e.log)}
		r.fact(report.CheckPromises, report.Fact{
			What: "signed entry timestamp", Over: sha256.Sum256(e.Body.Raw), By: logAuthority(e.log), At: report.Instant{Time: at},
			Rule: "Rekor v1, signed entry timestamp over RFC 8785 JSON",
		})
	}
	return r.skip(report.CheckPromises, "no entry of a known log carries a promise")
}

// time: enough sources of verified time, and every log's key valid when it
// signed. A v1 promise was compared with the key's validity period when it was
// verified; a checkpoint carries no time that could be believed, so for
// entries that rest on one every verified time must be in the period, and
// there must be one if the log's key has an end: the holder of a
// retired key can sign a checkpoint today.
func (r *run) time() error {
	times := slices.Clone(r.stamps)
	var known sources
	for _, one := range r.stampedBy {
		known.add(one)
	}
	for _, e := range r.entries {
		if e.promised != nil {
			times = append(times, *e.promised)
			known.add(logSource(e.log))
		}
	}
	if len(times) == 0 && r.b.Leaf != nil {
		return refuse.New("time.none", "nothing in the bundle proves when it was signed: no timestamp of a known authority and no signed entry timestamp of a known log%s", r.olderThan())
	}
	if want := r.report.Required.Times; known.count() < want {
		return refuse.New("time.threshold", "verified times from %d sources, %d required", known.count(), want)
	}
	for _, e := range r.entries {
		if e.promised != nil {
			continue
		}
		if end, retired := retirement(e.log); retired && len(times) == 0 {
			return refuse.New("tlog.window", "the key of log %s is valid until %s, and nothing in the bundle proves that the log signed before that time",
				e.log.ID(), end.Format(timeFormat))
		}
		for _, t := range times {
			if !e.log.ValidAt(t.Time.Time) {
				return refuse.New("tlog.window", "the key of log %s was not valid at %s", e.log.ID(), t.Time.Format(timeFormat))
			}
		}
	}
	r.times, r.report.Times = times, times
	for _, t := range times {
		r.fact(report.CheckTime, report.Fact{What: "signature existed", Over: sha256.Sum256(r.b.Signature), By: t.By, At: t.Time,
			Rule: "Sigstore client specification, Section 4.2"})
	}
	return r.skip(report.CheckTime, "no time is proved, and none is required for this key")
}

// noteLater notes of a verified signature that nothing proves it to be as old as
// the time asked about.
func (r *run) noteLater() {
	if r.v.asOf.IsZero() || slices.ContainsFunc(r.times, func(t report.Time) bool { return !t.Time.After(r.v.asOf) }) {
		return
	}
	proved := "no time is proved for the signature"
	if len(r.times) > 0 {
		first := slices.MinFunc(r.times, func(a, b report.Time) int { return a.Time.Compare(b.Time.Time) })
		proved = "the signature is proved from " + first.Time.UTC().Format(timeFormat) + " on"
	}
	r.note("time.later", fmt.Sprintf("%s, and the time asked about is %s: nothing shows that it existed then",
		proved, r.v.asOf.UTC().Format(timeFormat)))
}

// retirement returns the time at which the last validity period of a log's key
// ends; false if the key is valid without an end.
func retirement(l *tlog.Log) (end time.Time, retired bool) {
	for _, w := range l.Windows() {
		if w.End.IsZero() {
			return time.Time{}, false
		}
		if w.End.After(end) {
			end = w.End
		}
	}
	return end.UTC(), true
}

const timeFormat = "2006-01-02T15:04:05.999999999Z07:00"

// source is what a piece of evidence adds to in thresholds.
type source struct {
	operator string        // "" where the trust root names none
	key      report.Digest // that signed it
}

// sources counts distinct ones: those that have an operator or a key in common,
// be it by way of a third, are one. A trust root may list a key twice, with
// its operator and without.
type sources struct{ sets [][]source }

func (s *sources) add(one source) {
	same := func(o source) bool { return o.key == one.key || o.operator == one.operator && o.operator != "" }
	joined := []source{one}
	rest := s.sets[:0]
	for _, set := range s.sets {
		if slices.ContainsFunc(set, same) {
			joined = append(joined, set...)
		} else {
			rest = append(rest, set)
		}
	}
	s.sets = append(rest, joined)
}

func (s *sources) count() int { return len(s.sets) }

func logAuthority(l *tlog.Log) report.Authority {
	return report.Authority{Role: "transparency log", Name: l.Name(), KeyID: l.KeyID()}
}

func logSource(l *tlog.Log) source {
	return source{l.Operator(), l.KeyID()}
}

func unknownToo(n int, what string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %d more %s(s) by authorities that the trust root does not list", n, what)
}

// otherID returns the ID under which the trust root lists a log's key, if that
// differs, else "".
func (r *run) otherID(id tlog.ID) string {
	if l := r.v.root.LogMayHave(id); l != nil {
		return l.ID().String()
	}
	return ""
}

// otherCTID is otherID for CT logs.
func (r *run) otherCTID(id ctlog.ID) string {
	for _, l := range r.v.root.CTLogs() {
		if ctlog.ID(l.KeyID()) == id && l.ID() != id {
			return l.ID().String()
		}
	}
	return ""
}

// olderThan says, where it is likely, that an authority is unknown because
// the trust root is older than it. The leaf's date is not proved; it only
// words a refusal. A log that the trust root lists under another form of its
// ID is not unknown for age.
func (r *run) olderThan() string {
	for i := range r.b.Entries {
		id := r.b.Entries[i].LogID
		if other := r.otherID(id); other != "" {
			return fmt.Sprintf(" (the trust root lists the key of log %s under the ID %s: its logId may be wrong)", id, other)
		}
	}
	if r.b.Leaf == nil {
		return ""
	}
	newest := r.v.root.NewestStart()
	if newest.IsZero() || !r.b.Leaf.NotBefore.After(newest) {
		return ""
	}
	return fmt.Sprintf(" (the newest authority in the trust root started on %s, before the certificate's date of %s: the trust root may be too old)",
		newest.UTC().Format("2006-01-02"), r.b.Leaf.NotBefore.UTC().Format("2006-01-02"))
}
