// SPDX-License-Identifier: Apache-2.0

package witness

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

const origin = "log.example"

// log signs checkpoints of a tree with one or two leaves.
type log struct{ signer note.Signer }

var (
	leafA = rfc6962.DefaultHasher.HashLeaf([]byte("a"))
	leafB = rfc6962.DefaultHasher.HashLeaf([]byte("b"))
	roots = map[int][]byte{1: leafA, 2: rfc6962.DefaultHasher.HashChildren(leafA, leafB)}
)

func (l log) checkpoint(t *testing.T, size int, root []byte) string {
	t.Helper()
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, size, base64.StdEncoding.EncodeToString(root))
	b, err := note.Sign(&note.Note{Text: text}, l.signer)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func newPair(t *testing.T) (*Witness, log) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	w, err := New("witness.example")
	if err != nil {
		t.Fatal(err)
	}
	w.Add(v)
	return w, log{signer}
}

func post(w *Witness, body string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/add-checkpoint", strings.NewReader(body)))
	return rec
}

func TestWitness(t *testing.T) {
	w, l := newPair(t)
	first := l.checkpoint(t, 1, roots[1])
	rec := post(w, "old 0\n\n"+first)
	if rec.Code != http.StatusOK {
		t.Fatalf("first: %d %s", rec.Code, rec.Body)
	}
	v, err := fnote.NewVerifierForCosignatureV1(w.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := note.Open([]byte(first+rec.Body.String()), note.VerifierList(v)); err != nil || len(n.Sigs) != 1 {
		t.Fatalf("cosignature: %v", err)
	}

	proof := base64.StdEncoding.EncodeToString(leafB)
	second := l.checkpoint(t, 2, roots[2])
	for _, c := range []struct {
		name, body string
		status     int
	}{
		{"no proof", "old 1\n\n" + second, http.StatusUnprocessableEntity},
		{"wrong proof", "old 1\n" + base64.StdEncoding.EncodeToString(leafA) + "\n\n" + second, http.StatusUnprocessableEntity},
		{"wrong start", "old 0\n\n" + second, http.StatusConflict},
		{"other root", "old 1\n\n" + l.checkpoint(t, 1, leafB), http.StatusConflict},
		{"unsigned", "old 1\n" + proof + "\n\n" + strings.Replace(second, "\n2\n", "\n3\n", 1), http.StatusForbidden},
		{"unknown log", "old 1\n\n" + strings.Replace(second, origin, "other.example", 1), http.StatusNotFound},
		{"malformed", "old one\n\n" + second, http.StatusBadRequest},
		{"too long a proof", "old 1\n" + strings.Repeat(proof+"\n", maxProof+1) + "\n" + second, http.StatusBadRequest},
		{"good", "old 1\n" + proof + "\n\n" + second, http.StatusOK},
	} {
		if rec := post(w, c.body); rec.Code != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, rec.Code, rec.Body, c.status)
		}
	}
}
