// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/tlog"
)

// buildEntry turns a message into a log entry under the rules of a bundle
// version. The entry takes over the memory of the message.
func buildEntry(m *rekorv1.TransparencyLogEntry, v Version) (tlog.Entry, error) {
	e := tlog.Entry{
		Index:      m.GetLogIndex(),
		Integrated: m.GetIntegratedTime(),
		Kind:       tlog.Kind{Name: m.GetKindVersion().GetKind(), Version: m.GetKindVersion().GetVersion()},
		Promise:    m.GetInclusionPromise().GetSignedEntryTimestamp(),
	}
	if e.Index < 0 || e.Integrated < 0 {
		return tlog.Entry{}, refuse.New("bundle.number", "negative log index or time")
	}
	if n := copy(e.LogID[:], m.GetLogId().GetKeyId()); n != len(e.LogID) || len(m.GetLogId().GetKeyId()) != n {
		return tlog.Entry{}, refuse.New("bundle.log_id", "log id of %d bytes, want %d", len(m.GetLogId().GetKeyId()), len(e.LogID))
	}
	if e.Kind.Name == "" || e.Kind.Version == "" {
		return tlog.Entry{}, refuse.New("bundle.entry_kind", "no kind and version")
	}
	if err := evidence(m, v); err != nil {
		return tlog.Entry{}, err
	}
	if len(m.GetCanonicalizedBody()) == 0 {
		return tlog.Entry{}, refuse.New("bundle.body_missing", "no canonicalized body")
	}
	var err error
	if e.Body, err = tlog.ParseBody(m.GetCanonicalizedBody(), e.Kind); err != nil {
		return tlog.Entry{}, refuse.Wrap("tlog.entry.malformed", err, "body")
	}
	if m.GetInclusionProof() != nil {
		if e.Proof, err = buildProof(m.GetInclusionProof()); err != nil {
			return tlog.Entry{}, err
		}
	}
	return e, nil
}

// evidence checks that the entry carries the evidence its version demands:
// the promise was the first form, the proof is the second.
func evidence(m *rekorv1.TransparencyLogEntry, v Version) error {
	switch {
	case v == V01 && len(m.GetInclusionPromise().GetSignedEntryTimestamp()) == 0:
		return refuse.New("bundle.promise_missing", "no inclusion promise, which version %s demands", v)
	case v != V01 && m.GetInclusionProof() == nil:
		return refuse.New("bundle.proof_missing", "no inclusion proof, which version %s demands", v)
	}
	return nil
}

// buildProof turns a message into a proof. One without a checkpoint proves
// membership in an unsigned tree, so no version may carry it.
func buildProof(m *rekorv1.InclusionProof) (*tlog.Proof, error) {
	if m.GetLogIndex() < 0 || m.GetTreeSize() < 0 || m.GetLogIndex() >= m.GetTreeSize() {
		return nil, refuse.New("bundle.number", "inclusion proof for leaf %d of %d", m.GetLogIndex(), m.GetTreeSize())
	}
	p := &tlog.Proof{
		Index:      uint64(m.GetLogIndex()),
		Size:       uint64(m.GetTreeSize()),
		Checkpoint: m.GetCheckpoint().GetEnvelope(),
	}
	switch {
	case p.Checkpoint == "":
		return nil, refuse.New("bundle.checkpoint_missing", "inclusion proof without a checkpoint")
	case len(p.Checkpoint) > MaxCheckpoint:
		return nil, refuse.New("bundle.limit", "checkpoint of %d bytes, more than %d", len(p.Checkpoint), MaxCheckpoint)
	}
	var err error
	if p.Root, err = buildHash(m.GetRootHash()); err != nil {
		return nil, err
	}
	for _, raw := range m.GetHashes() {
		h, err := buildHash(raw)
		if err != nil {
			return nil, err
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

func buildHash(raw []byte) (h tlog.Hash, err error) {
	if len(raw) != len(h) {
		return h, refuse.New("bundle.malformed", "inclusion proof with a hash of %d bytes, want %d", len(raw), len(h))
	}
	return tlog.Hash(raw), nil
}
