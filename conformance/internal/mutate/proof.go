// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sigbundle/sigbundle/verify/report"

	"google.golang.org/protobuf/proto"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// proof is what a verification proved, reduced to what can be compared.
type proof struct {
	bundle  *bundle.Bundle
	result  *verify.Result
	signer  string
	chain   string // digests of the certificates of the path
	subject string
	facts   map[string]bool
	keyless map[string]bool // facts without the keys that another trust root may name otherwise
}

func newProof(b *bundle.Bundle, r *verify.Result) *proof {
	signer, chain := *r.Report.Signer, ""
	if signer.Certificate != nil {
		c := *signer.Certificate
		chain, c.Chain = text(c.Chain), nil // of the trust root, except for the leaf
		signer.Certificate = &c
	}
	p := &proof{bundle: b, result: r, signer: text(signer), chain: chain, subject: text(r.Report.Statement), facts: make(map[string]bool), keyless: make(map[string]bool)}
	for _, step := range r.Report.Checks {
		for _, f := range step.Facts {
			f.By.Name = "" // a label of the trust root's
			if step.Check == report.CheckCheckpoints {
				f.Over = report.Digest{} // it covers lines of others as well
			}
			p.facts[fmt.Sprint(step.Check, text(f))] = true
			f.By.KeyID = report.Digest{}
			p.keyless[fmt.Sprint(step.Check, text(f))] = true
		}
	}
	p.signedTexts(b)
	return p
}

// signedTexts adds what logs signed of the checkpoints: all before the last
// blank line. If entries of unknown logs were set aside, it adds nothing.
func (p *proof) signedTexts(b *bundle.Bundle) {
	for _, n := range p.result.Report.Notes {
		if n.Code == "tlog.unknown_log" {
			return
		}
	}
	for i := range b.Entries {
		if proof := b.Entries[i].Proof; proof != nil {
			end := strings.LastIndex(proof.Checkpoint, "\n\n")
			p.facts["signed "+proof.Checkpoint[:end]] = true
		}
	}
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// within returns what p proves beyond the original, or otherwise than it; ""
// if that is nothing. Proving less is no forgery as long as it is enough.
func (p *proof) within(original *proof) string {
	switch {
	case p.signer != original.signer:
		return "another signer: " + p.signer
	case p.chain != original.chain && p.result.Report.TrustRoot == original.result.Report.TrustRoot:
		return "another path: " + p.chain
	case p.subject != original.subject:
		return "another statement: " + p.subject
	case !bytes.Equal(p.result.Payload, original.result.Payload):
		return "another payload"
	case !bytes.Equal(predicateOf(p.result), predicateOf(original.result)):
		return "another predicate"
	case text(p.result.Report.Artifact) != text(original.result.Report.Artifact):
		return "another artifact"
	}
	facts, known := p.facts, original.facts
	if p.result.Report.TrustRoot != original.result.Report.TrustRoot {
		facts, known = p.keyless, original.keyless
	}
	for f := range facts {
		if !known[f] {
			return "a new fact: " + f
		}
	}
	return ""
}

// same reports whether two bundles are one: the same message in another
// spelling.
func (p *proof) same(original *proof) bool {
	a, errA := p.bundle.Proto()
	b, errB := original.bundle.Proto()
	return errA == nil && errB == nil && proto.Equal(a, b)
}

// again reports why an accepted bundle, written and read once more, is not
// what it was; "" if it is.
func (s *subject) again(p *proof) string {
	m, err := p.bundle.Proto()
	if err != nil {
		return err.Error()
	}
	b, err := bundle.FromProto(m)
	if err != nil {
		return "written and read again: " + err.Error()
	}
	back, err := b.Proto()
	if err != nil || !proto.Equal(m, back) {
		return "written and read again the bundle differs"
	}
	return s.upgraded(p, m)
}

// upgraded judges the canonical 0.3 form, if there is one.
func (s *subject) upgraded(p *proof, m *bundlev1.Bundle) string {
	data, err := p.bundle.MarshalJSON()
	if err != nil {
		if codes.Of(err) == "bundle.proof_missing" {
			return "" // 0.1 with promises only has no such form
		}
		return err.Error()
	}
	if len(m.GetVerificationMaterial().GetX509CertificateChain().GetCertificates()) > 1 {
		return "" // intermediates of a chain have no place in it
	}
	q, err := s.judge(data)
	if err != nil {
		return "in canonical form it is refused: " + err.Error()
	}
	return q.within(p)
}

// proves reports whether the time is one of those proved.
func (p *proof) proves(t report.Time) bool {
	for _, mine := range p.result.Report.Times {
		if mine.Source == t.Source && mine.Time.Equal(t.Time.Time) && mine.By == t.By {
			return true
		}
	}
	return false
}

func predicateOf(r *verify.Result) []byte {
	if r.Statement == nil {
		return nil
	}
	return r.Statement.Predicate
}
