// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"testing"
)

var folders = Options{Public: "../../../testdata/public", Stories: "../../../testdata/virtual"}

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

// A rule that has no reason, or no words of the client, explains too much.
func TestRules(t *testing.T) {
	for _, list := range [][]*rule{weAccept, theyAccept} {
		for _, r := range list {
			for _, e := range []string{r.code, r.words, r.where} {
				if _, err := regexp.Compile(e); err != nil {
					t.Errorf("%s: %v", r.name, err)
				}
			}
			if r.name == "" || r.why == "" || r.right != "we" && r.right != "either" {
				t.Errorf("%+v is not complete", r)
			}
			if r.code == "accepted" && r.words == "" && r.where == "" {
				t.Errorf("%s explains every refusal", r.name)
			}
		}
	}
	for _, d := range []*Disagreement{
		{Client: sgo, Question: &Question{Set: "public", Name: "x"}, Answer: Answer{Reason: "signature is bad"}},
		{Client: js, Question: &Question{Set: "public", Name: "x"}, Code: "signature.invalid"},
		{Client: py, Question: &Question{Set: "public", Name: "x"}, Code: "chain.untrusted"},
		{Client: sgo, Question: &Question{Set: "public", Name: "x"}, Code: "identity.san"},
	} {
		if r := explain(d); r != nil {
			t.Errorf("%v is explained by %s", d, r.name)
		}
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
