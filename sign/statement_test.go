// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestNewStatement(t *testing.T) {
	s, err := ReadSubject("dist/a", strings.NewReader("hello"), crypto.SHA256, crypto.SHA384, crypto.SHA512)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ReadSubject("b", strings.NewReader("there"))
	if err != nil {
		t.Fatal(err)
	}
	predicate := "{\n \"n\": 12345678901234567890.10, \"html\": \"<&>\", \"z\": 1, \"a\": 2 }"
	first, err := NewStatement([]Subject{s, other}, dsse.PredicateType("vsa"), []byte(predicate))
	if err != nil {
		t.Fatal(err)
	}
	again, err := NewStatement([]Subject{s, other}, dsse.PredicateType("vsa"), []byte(predicate))
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("equal statements are not equal bytes: %v", err)
	}
	parsed, err := dsse.ParseStatement(first, 0)
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Type != dsse.StatementV1 || parsed.PredicateType != "https://slsa.dev/verification_summary/v1" || len(parsed.Subjects) != 2 ||
		len(parsed.Subjects[0].Digests) != 3 || parsed.Subjects[0].Name != "dist/a" {
		t.Errorf("got %+v", parsed)
	}
	if want := `{"n":12345678901234567890.10,"html":"<&>","z":1,"a":2}`; string(parsed.Predicate) != want {
		t.Errorf("predicate %s, want %s", parsed.Predicate, want)
	}
}

func TestBadStatements(t *testing.T) {
	sum := sha256.Sum256(nil)
	good := Subject{Name: "a", Digests: map[crypto.Hash][]byte{crypto.SHA256: sum[:]}}
	for _, c := range []struct {
		name, typ, predicate string
		subjects             []Subject
	}{
		{"no subjects", "x:y", "{}", nil},
		{"no type", "", "{}", []Subject{good}},
		{"no predicate", "x:y", "", []Subject{good}},
		{"predicate is no object", "x:y", "[]", []Subject{good}},
		{"predicate twice", "x:y", "{}{}", []Subject{good}},
		{"predicate with a member twice", "x:y", `{"a":1,"a":2}`, []Subject{good}},
		{"subject without digests", "x:y", "{}", []Subject{{Name: "a"}}},
		{"short digest", "x:y", "{}", []Subject{{Name: "a", Digests: map[crypto.Hash][]byte{crypto.SHA256: sum[:31]}}}},
		{"other hash", "x:y", "{}", []Subject{{Name: "a", Digests: map[crypto.Hash][]byte{crypto.SHA1: make([]byte, 20)}}}},
	} {
		if _, err := NewStatement(c.subjects, c.typ, []byte(c.predicate)); refuse.CodeOf(err) == "" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := ReadSubject("a", strings.NewReader(""), crypto.SHA1); refuse.CodeOf(err) != "sign.content" {
		t.Error(err)
	}
}

// TestNew refuses what could not end well.
func TestNew(t *testing.T) {
	if _, err := New(Config{}); refuse.CodeOf(err) != "sign.config" {
		t.Error(err)
	}
}
