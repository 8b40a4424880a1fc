// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sgbundle "github.com/sigstore/sigstore-go/pkg/bundle"
	sgroot "github.com/sigstore/sigstore-go/pkg/root"
	sgverify "github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// publicBundle is a bundle of testdata/public.
type publicBundle struct {
	name, root string // root: an instance, or a file beside the bundle
	accepted   bool   // by both
}

var publicBundles = []publicBundle{
	{"github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json", "public-good", true},
	{"sigstore-js-2.1.0.sigstore.json", "public-good", true},
	{"sigstore-js-2.1.0-v0.1.sigstore.json", "public-good", true},
	{"dsse.sigstore.json", "public-good", true},
	{"dsse-2sigs.sigstore.json", "public-good", false},
	{"othername.sigstore.json", "othername.trusted_root.json", true},
}

func (p publicBundle) rootJSON(t *testing.T) []byte {
	t.Helper()
	if strings.HasSuffix(p.root, ".json") {
		data, err := os.ReadFile(filepath.Join(public, p.root))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	data, err := PublicRoot(p.root)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (p publicBundle) read(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(public, p.name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// verdicts are both implementations' judges, for any signer.
type verdicts struct{ ours, peer func(data []byte) error }

func newVerdicts(t *testing.T, p publicBundle) verdicts {
	t.Helper()
	rootJSON := p.rootJSON(t)
	root, err := trustroot.Parse(rootJSON)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true}})
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := sgroot.NewTrustedRootFromJSON(rootJSON)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := sgverify.NewVerifier(trusted, sgverify.WithTransparencyLog(1), sgverify.WithObserverTimestamps(1),
		sgverify.WithSignedCertificateTimestamps(1))
	if err != nil {
		t.Fatal(err)
	}
	return verdicts{
		ours: func(data []byte) error {
			b, err := bundle.Parse(data)
			if err != nil {
				return err
			}
			artifact := verify.NoArtifact()
			if b.Envelope == nil {
				digest := b.MessageDigest
				if digest == nil {
					return errors.New("no digest in the bundle")
				}
				if artifact, err = verify.ArtifactDigest("sha256", digest.Value); err != nil {
					return err
				}
			}
			_, err = v.Verify(b, artifact)
			return err
		},
		peer: func(data []byte) error {
			var b sgbundle.Bundle
			if err := b.UnmarshalJSON(data); err != nil {
				return err
			}
			artifact := sgverify.WithoutArtifactUnsafe()
			if m := b.GetMessageSignature(); m != nil {
				artifact = sgverify.WithArtifactDigest("sha256", m.GetMessageDigest().GetDigest())
			}
			_, err := theirs.Verify(&b, sgverify.NewPolicy(artifact, sgverify.WithoutIdentitiesUnsafe()))
			return err
		},
	}
}

func TestVerdictsAgree(t *testing.T) {
	for _, p := range publicBundles {
		v := newVerdicts(t, p)
		data := p.read(t)
		ours, peer := v.ours(data), v.peer(data)
		if (ours == nil) != (peer == nil) || (ours == nil) != p.accepted {
			t.Errorf("%s: ours %v, sigstore-go %v", p.name, ours, peer)
		}
	}
}

// A bundle with one byte changed is either refused by us, or accepted by
// sigstore-go as well: we are never the more lenient one.
func TestMutatedVerdicts(t *testing.T) {
	const changes = 150 // of each bundle
	random := rand.New(rand.NewPCG(10, 20))
	accepted := 0
	for _, p := range publicBundles {
		if !p.accepted {
			continue
		}
		v := newVerdicts(t, p)
		original := p.read(t)
		for range changes {
			data := bytes.Clone(original)
			i := random.IntN(len(data))
			data[i] = mutate(random, data[i])
			if bytes.Equal(data, original) || v.ours(data) != nil {
				continue
			}
			accepted++
			if err := v.peer(data); err != nil {
				t.Errorf("%s, byte %d, %q: accepted, sigstore-go: %v", p.name, i, data[max(0, i-20):min(len(data), i+20)], err)
			}
		}
	}
	if accepted == 0 {
		t.Error("no changed bundle was accepted: nothing was compared")
	}
	t.Logf("%d changed bundles were accepted by both", accepted)
}

// mutate turns a character into another of its kind, so that most changes get
// past the parser.
func mutate(random *rand.Rand, c byte) byte {
	const digits, letters = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	switch {
	case strings.IndexByte(digits, c) >= 0:
		return digits[random.IntN(len(digits))]
	case strings.IndexByte(letters, c) >= 0:
		return letters[random.IntN(len(letters))]
	}
	return c ^ 1<<random.IntN(7)
}
