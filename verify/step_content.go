// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/tlog"
)

// digest: the message digest in the bundle. It is a hint that nothing
// authenticates, so agreeing with it proves little; disagreeing with it means
// that bundle and artifact do not belong together.
func (r *run) digest() error {
	if r.a.kind == artifactUnset {
		return refuse.New("artifact.missing", "no artifact given")
	}
	if r.b.Envelope != nil {
		return r.skip(report.CheckDigest, "an envelope names its artifacts in its statement")
	}
	if r.a.kind == artifactNone {
		return refuse.New("artifact.missing", "a message signature cannot be verified without its artifact")
	}
	if r.a.encoded {
		return refuse.New("artifact.envelope", "artifact: begins with %q as an encoded envelope does, want the envelope's own bundle", encoding)
	}
	hint := r.b.MessageDigest
	if hint == nil {
		return r.skip(report.CheckDigest, "the bundle names no message digest")
	}
	got := r.a.digest(hint.Algorithm)
	if got == nil {
		return refuse.New("artifact.not_comparable", "the bundle is about a %s digest, and the artifact is given as %s", hashName(hint.Algorithm), r.a.String())
	}
	if !bytes.Equal(got, hint.Value) {
		return refuse.New("artifact.mismatch", "the bundle is about %s:%x, and the artifact is %s:%x",
			hashName(hint.Algorithm), hint.Value, hashName(hint.Algorithm), got)
	}
	f := report.Fact{What: "message digest", By: report.Authority{Role: "bundle, not authenticated"}, Rule: "Sigstore bundle, MessageSignature"}
	if hint.Algorithm == crypto.SHA256 {
		copy(f.Over[:], got)
	}
	r.fact(report.CheckDigest, f)
	return nil
}

// signature: the one signature, over the envelope's pre-authentication
// encoding or over the artifact.
func (r *run) signature() error {
	by := report.Authority{Role: "signer", KeyID: r.key.ID()}
	if r.b.Envelope != nil {
		over, err := r.envelopeSignature()
		if err != nil {
			return err
		}
		r.fact(report.CheckSignature, report.Fact{What: "envelope", Over: over, By: by, Rule: "DSSE v1 over its pre-authentication encoding"})
		return nil
	}
	if r.a.kind != artifactFile && r.a.kind != artifactNamed {
		return refuse.New("artifact.missing", "a message signature cannot be verified without its artifact")
	}
	if err := r.messageSignature(); err != nil {
		return err
	}
	f := report.Fact{What: "artifact", By: by, Rule: r.key.Algorithm().String()}
	copy(f.Over[:], r.a.digest(crypto.SHA256))
	r.fact(report.CheckSignature, f)
	return nil
}

var errSignature = refuse.New("signature.invalid", "the signature is not the signer's over this content")

// envelopeSignature checks the signature over the PAE. Ed25519 keys sign
// envelopes either way: pure, as Rekor v1 wants it, or prehashed, as v2 does.
func (r *run) envelopeSignature() (report.Digest, error) {
	e := r.b.Envelope
	over := report.Digest(e.Digest(crypto.SHA256))
	for _, key := range r.keysToTry() {
		digest := over[:]
		if key.Hash() != crypto.SHA256 {
			digest = e.Digest(key.Hash())
		}
		if key.VerifyDigest(digest, r.b.Signature) == nil {
			r.signedWith(key)
			return over, nil
		}
	}
	if pure := r.pureKey(); pure != nil {
		h := pure.PureHash(r.b.Signature)
		h.Write(e.PAE())
		if pure.VerifyPure(h.Sum(nil), r.b.Signature) == nil {
			r.signedWith(pure)
			return over, nil
		}
	}
	return over, errSignature
}

// keysToTry returns the signer's key tied to each algorithm with a hash that
// it may have signed with: the registry's for its type and, for P-384 and
// P-521, SHA-256 as well, which released versions of CPython were signed with.
// An algorithm that the caller names for a key is the only one.
func (r *run) keysToTry() []*sigkey.Key {
	keys := []*sigkey.Key{r.key}
	if weak, err := r.key.WithHash(crypto.SHA256); err == nil && weak != r.key && !r.tied() {
		keys = append(keys, weak)
	}
	return slices.DeleteFunc(keys, func(k *sigkey.Key) bool { return !r.logged(k.Hash()) })
}

// pureKey returns the signer's key tied to pure Ed25519, nil if it cannot have
// made the signature.
func (r *run) pureKey() *sigkey.Key {
	if r.key.PureHash(r.b.Signature) == nil || r.tied() && r.key.Hash() != 0 || !r.logged(0) {
		return nil
	}
	return r.key.Pure()
}

func (r *run) tied() bool { return r.managed != nil && r.managed.tied }

// logged reports whether the log entries let the signature be over a hash, 0
// for pure Ed25519. Rekor v2 names the algorithm that it verified with, which
// was compared with the key; v1 names the hash of a message, but verifies
// Ed25519 either way.
func (r *run) logged(h crypto.Hash) bool {
	if !r.holds([]report.Check{report.CheckEntries}) { // with Explain: not signed
		return true
	}
	_, edwards := r.key.Public().(ed25519.PublicKey)
	for i := range r.entries {
		body := r.entries[i].Body
		if over, ok := body.SignatureHash(); ok && h != over && !(edwards && body.Kind == tlog.HashedRekordV001()) {
			return false
		}
	}
	return true
}

// signedWith records which of the algorithms it was.
func (r *run) signedWith(key *sigkey.Key) {
	if key.Algorithm() == r.key.Algorithm() {
		return
	}
	if key.Hash() == crypto.SHA256 {
		r.note("signature.sha256", fmt.Sprintf("the key signs with SHA-256, which is weaker than %s asks for", r.key.Algorithm()))
	}
	r.key = key
	if s := r.report.Signer; s != nil && s.Key != nil {
		s.Key.Algorithm = key.Algorithm().String()
	}
}

// messageSignature checks the signature over the artifact, of which only
// digests are known.
func (r *run) messageSignature() error {
	keys := r.keysToTry()
	comparable := len(keys) == 0
	for _, key := range keys {
		digest := r.a.digest(key.Hash())
		if digest == nil { // not known, or none at all for pure Ed25519
			continue
		}
		comparable = true
		if key.VerifyDigest(digest, r.b.Signature) == nil {
			r.signedWith(key)
			return nil
		}
	}
	pure := r.pureKey()
	if pure == nil {
		if !comparable && r.key.Hash() != 0 {
			return refuse.New("artifact.not_comparable", "%s signs a digest that %s is not", r.key.Algorithm(), r.a.String())
		}
		return errSignature
	}
	sum := r.a.pureSumFor(pure, r.b.Signature)
	if sum == nil && r.a.kind == artifactFile {
		return refuse.New("signature.needs_artifact", "the artifact was read for other signatures than this one by a pure Ed25519 key, of which there are at most %d in one reading", maxPure)
	}
	if sum == nil {
		return refuse.New("signature.needs_artifact", "a pure Ed25519 signature cannot be verified by a digest: give the artifact itself")
	}
	if pure.VerifyPure(sum, r.b.Signature) != nil {
		return errSignature
	}
	r.signedWith(pure)
	return nil
}

// statement: the signed payload, read once, from the very bytes that were
// verified, by one strict parser.
func (r *run) statement() error {
	want := r.v.policy.PredicateTypes
	if r.b.Envelope == nil {
		if len(want) > 0 {
			return refuse.New("statement.predicate_type", "a predicate type is required, and the bundle signs a message, not a statement")
		}
		return r.skip(report.CheckStatement, "the bundle signs a message")
	}
	if r.b.Envelope.PayloadType != dsse.PayloadTypeInToto {
		if r.a.kind == artifactNone && len(want) == 0 {
			// Legal DSSE, and no attestation of anything: the caller asked
			// for the envelope alone and gets its payload.
			return r.skip(report.CheckStatement, fmt.Sprintf("the payload is of type %q, not a statement, and no artifact was given", clip(r.b.Envelope.PayloadType)))
		}
		return refuse.New("statement.payload_type", "the payload type is %q, want %q", clip(r.b.Envelope.PayloadType), dsse.PayloadTypeInToto)
	}
	s, err := dsse.ParseStatement(r.b.Envelope.Payload, r.v.policy.MaxSubjects)
	if err != nil {
		return err
	}
	if len(want) > 0 && !slices.Contains(want, s.PredicateType) {
		return refuse.New("statement.predicate_type", "the predicate type is %q, want %q", clip(s.PredicateType), want)
	}
	r.noteStatement(s)
	proved := &report.Statement{Type: s.Type, PredicateType: s.PredicateType, Subjects: len(s.Subjects)}
	if r.a.kind != artifactNone {
		if err := r.a.matchSubject(s, proved); err != nil {
			return err
		}
	}
	r.parsed = s
	if r.holds([]report.Check{report.CheckValidity}) { // else, with Explain, its signer is unknown
		r.report.Statement = proved
	}
	what := "statement"
	if proved.Matched > 0 {
		what = fmt.Sprintf("statement, subject %d", proved.Matched)
	} else {
		r.note("artifact.skipped", "no artifact was compared with the statement's subjects")
	}
	r.fact(report.CheckStatement, report.Fact{What: what, Over: sha256.Sum256(r.b.Envelope.Payload), By: report.Authority{Role: "signer", KeyID: r.key.ID()},
		Rule: "in-toto Statement, " + s.Type})
	return nil
}

func (r *run) noteStatement(s *dsse.Statement) {
	if s.TypeFromProtoName {
		r.note("statement.type_name", "the statement has its type under \"type\" in place of \"_type\"")
	}
	if s.PredicateType == "" {
		r.note("statement.no_predicate_type", "the statement names no predicate type")
	}
	if kind := s.PredicateKind(); kind != "" && kind != "object" && kind != "null" {
		r.note("statement.predicate", "predicate: a JSON "+kind+", in-toto has an object")
	}
}

// matchSubject finds the subject that is the artifact. A subject matches if
// one of its digests is equal and none of those that were computed differs,
// so that a weak digest cannot vouch against a strong one. Names decide
// nothing.
func (a *Artifact) matchSubject(s *dsse.Statement, proved *report.Statement) error {
	comparable := false
next:
	for i, subject := range s.Subjects {
		var equal []string
		for _, mine := range a.digests {
			for _, theirs := range subject.Digests {
				if theirs.Algorithm != mine.name {
					continue
				}
				comparable = true
				if len(theirs.Value) != len(mine.value) || !bytes.Equal(theirs.Value, mine.value) {
					continue next
				}
				equal = append(equal, mine.name)
			}
		}
		if len(equal) > 0 {
			proved.Matched, proved.MatchedName, proved.MatchedBy = i+1, subject.Name, equal
			proved.WeakDigest = weakDigestSizes[equal[0]] != nil
			return nil
		}
	}
	if !comparable {
		return refuse.New("artifact.not_comparable", "no subject of the statement has a digest to compare with %s", a.String())
	}
	return refuse.New("artifact.mismatch", "none of the statement's %d subjects is %s", len(s.Subjects), a.String())
}
