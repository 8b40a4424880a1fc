// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"crypto"
	"io"
	"runtime"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/verify"
)

// zeros reads as so many bytes of nothing.
type zeros int64

func (z *zeros) Read(p []byte) (int, error) {
	if *z == 0 {
		return 0, io.EOF
	}
	n := min(len(p), int(*z))
	clear(p[:n])
	*z -= zeros(n)
	return n, nil
}

var keyTypes = []virtual.KeyType{
	virtual.ECDSAP256, virtual.ECDSAP384, virtual.ECDSAP521, virtual.RSA2048, virtual.Ed25519, virtual.Ed25519ph,
}

// Whatever the key, an artifact is read once, in constant memory: P-384 and
// pure Ed25519 as well, for which others hold all of it.
func TestArtifactsAreStreamed(t *testing.T) {
	size := int64(128 << 20)
	if testing.Short() {
		size = 8 << 20
	}
	w := world(t, virtual.Config{GitHub: true})
	for _, typ := range []virtual.KeyType{virtual.ECDSAP384, virtual.Ed25519} {
		key, err := w.Key("managed", typ)
		if err != nil {
			t.Fatal(err)
		}
		v := verifier(t, rootOf(t, w), verify.Policy{Keys: []verify.Key{{Public: key.Public()}}})
		b := signed(t, w, virtual.Request{ManagedKey: key, Timestamps: -1})
		r := zeros(size)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a, err := v.ReadArtifact(&r, b)
		runtime.ReadMemStats(&after)
		if err != nil || r != 0 {
			t.Fatalf("%s: %d bytes left, %v", typ, r, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 2<<20 {
			t.Errorf("%s: %d bytes allocated for an artifact of %d", typ, got, size)
		}
		if _, err := v.Verify(b, a); err == nil {
			t.Errorf("%s: the signature is over other bytes", typ)
		}
	}
}

// A file and its digest get the same verdict, except for signatures over the
// bytes themselves.
func TestFileAndDigestAgree(t *testing.T) {
	w := world(t, virtual.Config{})
	root := rootOf(t, w)
	other := append([]byte(nil), content...)
	other[0] ^= 1
	for _, typ := range keyTypes {
		for _, weak := range []bool{false, true} {
			if weak && typ != virtual.ECDSAP384 && typ != virtual.ECDSAP521 {
				continue
			}
			key, err := w.Key("managed", typ)
			if err != nil {
				t.Fatal(err)
			}
			r := virtual.Request{ManagedKey: key}
			if weak {
				r.Hash = crypto.SHA256
			}
			b := signed(t, w, r)
			v := verifier(t, root, verify.Policy{Keys: []verify.Key{{Public: key.Public()}}})
			for _, artifact := range [][]byte{content, other} {
				want := ""
				if artifact[0] != content[0] {
					want = "artifact.mismatch"
				}
				h := b.MessageDigest.Algorithm
				sum := h.New()
				sum.Write(artifact)
				a, err := verify.ArtifactDigest(map[crypto.Hash]string{crypto.SHA256: "sha256", crypto.SHA384: "sha384", crypto.SHA512: "sha512"}[h], sum.Sum(nil))
				if err != nil {
					t.Fatal(err)
				}
				_, err = v.Verify(b, a)
				if want == "" && typ == virtual.Ed25519 {
					want = "signature.needs_artifact"
				}
				wantCode(t, typ.String()+" by digest", err, want)
			}
			_, err = judge(t, v, b)
			wantCode(t, typ.String(), err, "")
		}
	}
}

// A pure signature is tied to the bytes that were read with it in hand: what
// was read for another bundle does not do.
func TestPureSignatureNeedsItsOwnReading(t *testing.T) {
	w := world(t, virtual.Config{GitHub: true})
	key, err := w.Key("managed", virtual.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	v := verifier(t, rootOf(t, w), verify.Policy{Keys: []verify.Key{{Public: key.Public()}}})
	one := signed(t, w, virtual.Request{ManagedKey: key, Timestamps: -1})
	two := signed(t, w, virtual.Request{ManagedKey: key, Timestamps: -1, Artifact: []byte("else")})
	r := zeros(0)
	a, err := v.ReadArtifact(&r, two)
	if err != nil {
		t.Fatal(err)
	}
	one.MessageDigest = nil
	_, err = v.Verify(one, a)
	wantCode(t, "read for another bundle", err, "signature.needs_artifact")
}

// broken fails after some bytes.
type broken struct{ n int }

func (b *broken) Read(p []byte) (int, error) {
	if b.n--; b.n < 0 {
		return 0, io.ErrUnexpectedEOF
	}
	return copy(p, "some"), nil
}

func TestReadErrors(t *testing.T) {
	w := world(t, virtual.Config{})
	v := verifier(t, rootOf(t, w), anybody)
	if a, err := v.ReadArtifact(&broken{3}, signed(t, w, virtual.Request{})); err != io.ErrUnexpectedEOF || a.String() != "no artifact given" {
		t.Errorf("%v, %v", a, err)
	}
}
