// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"testing"
)

var folders = Options{Public: "../../../../testdata/public", Stories: "../../../../testdata/virtual"}

// Without a network sigstore-go is the only client. The command cmd/differ
// asks all of them, and more.
func TestSigstoreGo(t *testing.T) {
	o := folders
	o.Every[0] = 500
	if testing.Short() {
		o.Every[0] = 5000
	}
	found, err := Run(o, []Client{sigstoreGo{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found.Unexplained {
		t.Errorf("no rule explains: %v", d)
	}
	t.Log(found.Summary())
}

// A rule that has no reason, or no words of either side, explains too much.
func TestRules(t *testing.T) {
	for _, list := range [][]*rule{weAccept, theyAccept} {
		for _, r := range list {
			for _, e := range []string{r.code, r.said, r.words, r.where} {
				if _, err := regexp.Compile(e); err != nil {
					t.Errorf("%s: %v", r.name, err)
				}
			}
			if r.name == "" || r.why == "" || r.right != "we" && r.right != "either" {
				t.Errorf("%+v is not complete", r)
			}
			if r.where == "" && r.check == nil && r.cure == nil {
				t.Errorf("%s explains what is said anywhere", r.name)
			}
			if r.code == "" && r.words == "" && r.cure == nil {
				t.Errorf("%s explains every refusal", r.name)
			}
			if r.code != "" && r.said == "" {
				t.Errorf("%s explains every refusal of ours with %s", r.name, r.code)
			}
		}
	}
	bases, err := made()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(bases, func(q *Question) bool { return q.Name == "public: 0.3 message, v2" })
	for _, d := range []*Disagreement{
		{Client: sgo, Answer: Answer{Reason: "signature is bad"}},
		{Client: js, Answer: Answer{Reason: "VerificationError: invalid checkpoint signature"}},
		{Client: py, Answer: Answer{Reason: "VerificationError: not enough sources of verified time"}},
		{Client: js, Code: "signature.invalid", Err: errors.New("signature does not verify")},
		{Client: py, Code: "chain.untrusted", Err: errors.New("nobody knows the issuer")},
		{Client: sgo, Code: "identity.san", Err: errors.New("another signer")},
		{Client: sgo, Code: "timestamp.signature", Err: errors.New("timestamp 1: signature of timestamp: it does not verify")},
		{Client: js, Code: "bundle.certificate", Err: errors.New("certificate: no reason")},
		{Client: js, Code: "bundle.malformed", Err: errors.New("at byte 7: no reason")},
	} {
		d.Question = bases[i]
		if r, err := explain(d, nil); r != nil || err != nil {
			t.Errorf("%v is explained by %v, %v", d, r, err)
		}
	}
}

// A mutant of which we say more than of its origin is not harmless.
func TestHarmless(t *testing.T) {
	bases, err := made()
	if err != nil {
		t.Fatal(err)
	}
	q := *bases[1] // two times
	q.base = bases[0]
	if harmless(&q) {
		t.Error("another signature is harmless")
	}
	q.base = bases[1]
	if !harmless(&q) {
		t.Error("no change does harm")
	}
}

// Two runs ask the same.
func TestQuestionsAreReproducible(t *testing.T) {
	once := func() (sum [32]byte) {
		h := sha256.New()
		bases, err := made()
		if err != nil {
			t.Fatal(err)
		}
		if err := mutants(bases[:2], func(q *Question) { fmt.Fprintf(h, "%s\n%s\n", q.Title(), q.Bundle) }); err != nil {
			t.Fatal(err)
		}
		return [32]byte(h.Sum(nil))
	}
	if once() != once() {
		t.Error("two runs have different mutants")
	}
}
