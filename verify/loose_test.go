// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"os"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
)

// The public-good instance takes the lone certificate only, also where its
// authorities are listed beside others.
func TestChainOfPublicGood(t *testing.T) {
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("../testdata/public/dsse.sigstore.json")
	if err != nil {
		t.Fatal(err)
	}
	public := parsed(t, data)
	w := world(t, virtual.Config{})
	private := signed(t, w, virtual.Request{})
	merged, err := trustroot.Merge(rootOf(t, w), root)
	if err != nil {
		t.Fatal(err)
	}
	_, err = verifier(t, root, anybody).Verify(public, verify.NoArtifact())
	wantCode(t, "lone", err, "")
	public.LooseChain, private.LooseChain = true, true
	_, err = verifier(t, root, anybody).Verify(public, verify.NoArtifact())
	wantCode(t, "chain", err, "bundle.carrier")
	_, err = judge(t, verifier(t, merged, anybody), private)
	wantCode(t, "chain, authorities merged", err, "bundle.carrier")
	_, err = judge(t, verifier(t, rootOf(t, w), anybody), private)
	wantCode(t, "chain of a private authority", err, "")
	other := signed(t, world(t, virtual.Config{Seed: "other"}), virtual.Request{})
	other.LooseChain = true
	if _, err = judge(t, verifier(t, rootOf(t, w), anybody), other); err == nil {
		t.Error("a chain of an unlisted authority verified")
	}
}
