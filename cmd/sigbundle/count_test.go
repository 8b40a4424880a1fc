// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/choose"
)

// The two forms of one ECDSA signature are one; what is no such signature is
// told apart by all of its bytes. The key is no longer than the signature: a
// number in decimal would be, and takes more than linear time to write.
func TestDistinct(t *testing.T) {
	pair := func(r, s *big.Int) []byte {
		der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	one, two := big.NewInt(1), big.NewInt(2)
	long := new(big.Int).Lsh(one, 1<<16)
	if distinct(pair(one, two)) != distinct(pair(one, one)) || distinct(pair(one, two)) == distinct(pair(two, two)) {
		t.Error("r does not tell signatures apart")
	}
	for what, signature := range map[string][]byte{
		"trailing":    append(pair(one, two), 0),
		"negative":    pair(big.NewInt(-1), two),
		"not minimal": {0x30, 7, 2, 2, 0, 1, 2, 1, 2},
		"three":       {0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1},
		"raw":         bytes.Repeat([]byte{7}, 64),
		"empty":       {},
	} {
		if distinct(signature) != string(signature) {
			t.Errorf("%s: not told apart by its bytes", what)
		}
	}
	for what, signature := range map[string][]byte{"r": pair(long, one), "s": pair(one, long), "both": pair(long, long)} {
		if n := len(distinct(signature)); n > len(signature) {
			t.Errorf("long %s: a key of %d bytes for a signature of %d", what, n, len(signature))
		}
	}
}

// Nothing is computed of a signature that did not verify.
func TestRefusedIsNotTold(t *testing.T) {
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "public", "github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := choose.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true}})
	if err != nil {
		t.Fatal(err)
	}
	bad := *b
	bad.Signature = bytes.Repeat([]byte{1}, len(b.Signature))
	f := &verifyFlags{}
	for i, one := range f.judgeEach(roots, []candidate{{bundle: b}, {bundle: &bad}}, verify.NoArtifact()) {
		if verified := i == 0; one.Report.Verified != verified || (one.signature != "") != verified {
			t.Errorf("%d: verified %v, key %q", i, one.Report.Verified, one.signature)
		}
	}
}
