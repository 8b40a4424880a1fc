// SPDX-License-Identifier: Apache-2.0

package choose

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
)

// An intermediate that a bundle leaves out does not lower what a root that
// lists no more than the anchor, or than the intermediate, requires.
func TestLeavingOutAnIntermediate(t *testing.T) {
	w, err := virtual.New(virtual.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var intermediate []byte
	root := func(change func(*prototrustroot.TrustedRoot, *commonv1.X509CertificateChain)) *trustroot.Root {
		t.Helper()
		data, err := w.TrustedRoot(func(m *prototrustroot.TrustedRoot) {
			chain := m.CertificateAuthorities[0].CertChain
			if len(chain.Certificates) != 2 {
				t.Fatalf("%d certificates", len(chain.Certificates))
			}
			intermediate = chain.Certificates[0].RawBytes
			change(m, chain)
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := trustroot.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	strict := map[string]*trustroot.Root{
		"anchor alone": root(func(_ *prototrustroot.TrustedRoot, c *commonv1.X509CertificateChain) {
			c.Certificates = c.Certificates[1:]
		}),
		"intermediate alone": root(func(_ *prototrustroot.TrustedRoot, c *commonv1.X509CertificateChain) {
			c.Certificates = c.Certificates[:1]
		}),
		"whole": root(func(*prototrustroot.TrustedRoot, *commonv1.X509CertificateChain) {}),
		"no longer": root(func(m *prototrustroot.TrustedRoot, c *commonv1.X509CertificateChain) {
			c.Certificates = c.Certificates[1:]
			m.CertificateAuthorities[0].ValidFor.End = m.CertificateAuthorities[0].ValidFor.Start
		}),
	}
	lax := map[string]*trustroot.Root{
		"whole": root(func(m *prototrustroot.TrustedRoot, _ *commonv1.X509CertificateChain) { m.Tlogs, m.Ctlogs = nil, nil }),
		"intermediate alone": root(func(m *prototrustroot.TrustedRoot, c *commonv1.X509CertificateChain) {
			m.Tlogs, m.Ctlogs = nil, nil
			c.Certificates = c.Certificates[:1]
		}),
	}
	publicGood, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		t.Fatal(err)
	}
	for _, with := range []bool{true, false} {
		r := virtual.Request{Version: bundle.V02, Evidence: virtual.NoLog, SCTs: -1, Artifact: []byte("a")}
		r.Hooks.Bundle = func(b *bundlev1.Bundle) {
			if chain := b.VerificationMaterial.GetX509CertificateChain(); with {
				chain.Certificates = append(chain.Certificates, &commonv1.X509Certificate{RawBytes: intermediate})
			}
		}
		s, err := w.Sign(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := bundle.Parse(s.Bundle)
		if err != nil {
			t.Fatal(err)
		}
		for l, lax := range lax {
			for what, strict := range strict {
				for order, roots := range map[string][]*trustroot.Root{"strict first": {strict, lax}, "lax first": {lax, strict}} {
					v, _ := rootsOf(t, verify.Policy{AnyIdentity: true}, roots...).For(b)
					if got := judged(t, v, b); got.Verified || got.Required.Logs != 1 || got.Required.SCTs != 1 {
						t.Errorf("strict %s, lax %s, %s, intermediate %v: verified %v, required %+v", what, l, order, with, got.Verified, got.Required)
					}
				}
			}
		}
		// A root of others requires nothing of a bundle whose path is known to
		// its end, and one of unknown end might belong to them.
		for what, want := range map[string]verify.Threshold{"whole": 0, "intermediate alone": 1} {
			v, _ := rootsOf(t, verify.Policy{AnyIdentity: true}, publicGood, lax[what]).For(b)
			if got := judged(t, v, b).Required.Logs; got != int(want) {
				t.Errorf("a root of others, lax %s: %d logs required, want %d", what, got, want)
			}
		}
	}
}

// A bundle of one public instance without logs verifies beside another one that
// requires them.
func TestInstancesBesideEachOther(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "public", "github_release.zip.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Entries) > 0 {
		t.Fatal("the bundle has an entry of a log")
	}
	var roots []*trustroot.Root
	for _, name := range embedded.Instances() {
		root, err := embedded.TrustedRoot(name.Name)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, root)
	}
	slices.Reverse(roots)
	for range 2 {
		v, _ := rootsOf(t, verify.Policy{AnyIdentity: true}, roots...).For(b)
		if got := judged(t, v, b); !got.Verified {
			t.Errorf("%s: %s", got.Code, got.Message)
		}
		slices.Reverse(roots)
	}
}
