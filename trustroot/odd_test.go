// SPDX-License-Identifier: Apache-2.0

package trustroot_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"testing"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/proto"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

type root = trustrootv1.TrustedRoot

// v2 is the Rekor v2 log of a virtual root.
func v2(r *root) *trustrootv1.TransparencyLogInstance { return r.Tlogs[1] }

// Roots as operators write and merge them. Each is judged by whether a bundle
// with an entry of the Rekor v2 log still verifies by it.
func TestOddRoots(t *testing.T) {
	const host = "log2025-1.rekor." + virtual.DefaultDomain
	spki := func(r *root) []byte {
		sum := sha256.Sum256(v2(r).PublicKey.RawBytes)
		return sum[:]
	}
	hint := func(r *root) {
		v2(r).CheckpointKeyId = &v1.LogId{KeyId: slices.Clone(v2(r).LogId.KeyId[:4])}
		r.MediaType = trustroot.MediaTypeV02
	}
	again := func(r *root) *trustrootv1.TransparencyLogInstance {
		in := proto.Clone(v2(r)).(*trustrootv1.TransparencyLogInstance)
		r.Tlogs = append(r.Tlogs, in)
		return in
	}
	keys := []virtual.KeyType{virtual.Ed25519, virtual.ECDSAP256}
	for _, c := range []struct {
		name   string
		change func(*root)
		code   refuse.Code // "": verified; trust.*: of the root
		keys   []virtual.KeyType
	}{
		{"as it is", func(*root) {}, "", keys},

		{"no ID, but a hint", func(r *root) { hint(r); v2(r).LogId = nil }, "", keys},
		{"an empty ID, and a hint", func(r *root) { hint(r); v2(r).LogId = &v1.LogId{} }, "", keys},
		{"no ID, and the whole hash as the hint", func(r *root) { hint(r); v2(r).CheckpointKeyId = v2(r).LogId; v2(r).LogId = nil }, "", keys},
		{"no ID and a port", func(r *root) { hint(r); v2(r).LogId = nil; v2(r).BaseUrl += ":443" }, "", keys},
		{"no ID, a port and a path", func(r *root) { hint(r); v2(r).LogId = nil; v2(r).BaseUrl += ":443/api/" }, "", keys},
		{"neither ID nor hint, ECDSA", func(r *root) { v2(r).LogId = nil }, "", keys[1:]},
		{"no ID, and a hint of nothing", func(r *root) {
			v2(r).LogId, v2(r).CheckpointKeyId = nil, &v1.LogId{KeyId: []byte("none")}
		}, "tlog.unknown_log", keys},
		{"no ID, and a short hint", func(r *root) { hint(r); v2(r).CheckpointKeyId.KeyId = v2(r).LogId.KeyId[:3]; v2(r).LogId = nil }, "tlog.unknown_log", keys},
		{"no ID at a v1 log", func(r *root) { r.Tlogs[0].LogId = nil }, "", keys},
		{"no ID at a CT log", func(r *root) { r.Ctlogs[0].LogId = nil }, "", keys},
		{"an ID of four bytes", func(r *root) { v2(r).LogId.KeyId = v2(r).LogId.KeyId[:4] }, "trust.malformed", keys},

		{"a port", func(r *root) { v2(r).BaseUrl += ":8443" }, "", keys},
		{"a path", func(r *root) { v2(r).BaseUrl += "/log" }, "", keys},
		{"a port and a path", func(r *root) { v2(r).BaseUrl += ":8443/log/" }, "", keys},
		{"a port and a hint", func(r *root) { hint(r); v2(r).BaseUrl += ":443" }, "", keys},
		{"no scheme and a port", func(r *root) { v2(r).BaseUrl = host + ":443" }, "", keys},
		{"a port, and a hint of another name", func(r *root) { hint(r); v2(r).CheckpointKeyId.KeyId[0] ^= 1; v2(r).BaseUrl += ":443" }, "trust.key", keys},
		{"another host", func(r *root) { v2(r).BaseUrl = "https://other.example:443" }, "tlog.checkpoint.origin", keys[1:]},
		{"a host below", func(r *root) { v2(r).BaseUrl = "https://x." + host }, "tlog.checkpoint.origin", keys[1:]},
		{"the host as a path", func(r *root) { v2(r).BaseUrl = "https://other.example/" + host }, "tlog.checkpoint.origin", keys[1:]},

		{"listed twice", func(r *root) { again(r) }, "", keys},
		{"listed three times", func(r *root) { again(r); again(r) }, "", keys},
		{"listed twice, once with a hint", func(r *root) { again(r); hint(r) }, "", keys},
		{"listed twice, once with an operator", func(r *root) { again(r).Operator = "someone"; r.MediaType = trustroot.MediaTypeV02 }, "", keys},
		{"listed twice, once without an ID", func(r *root) { hint(r); again(r).LogId = nil }, "", keys},
		{"under another URL too", func(r *root) { again(r).BaseUrl = "https://shard.example" }, "", keys},
		{"under another URL first", func(r *root) { again(r); v2(r).BaseUrl = "https://shard.example" }, "", keys},
		{"under another URL, newer", func(r *root) {
			in := again(r)
			in.BaseUrl = "https://shard.example:1/x"
			in.PublicKey.ValidFor.Start.Seconds++
		}, "", keys},
		{"a CT log twice", func(r *root) { r.Ctlogs = append(r.Ctlogs, r.Ctlogs[0]) }, "", keys},
		{"an authority twice", func(r *root) {
			r.CertificateAuthorities = append(r.CertificateAuthorities, r.CertificateAuthorities[0])
		}, "", keys},
		{"another key", func(r *root) { in := again(r); in.PublicKey = r.Ctlogs[0].PublicKey }, "trust.duplicate", keys},
		{"another validity", func(r *root) { again(r).PublicKey.ValidFor.Start.Seconds++ }, "trust.duplicate", keys},
		{"other operators", func(r *root) {
			again(r).Operator, v2(r).Operator = "a", "b"
			r.MediaType = trustroot.MediaTypeV02
		}, "trust.duplicate", keys},
	} {
		for _, key := range c.keys {
			w, err := virtual.New(virtual.Config{Seed: "odd", RekorV2Key: key})
			if err != nil {
				t.Fatal(err)
			}
			signed, err := w.Sign(virtual.Request{Artifact: []byte("hello"), Evidence: virtual.RekorV2})
			if err != nil {
				t.Fatal(err)
			}
			data, err := w.TrustedRoot(func(r *root) {
				if !bytes.Equal(spki(r), v2(r).LogId.KeyId) != (key == virtual.Ed25519) {
					t.Fatal("the second log of the root is not the one of the key")
				}
				c.change(r)
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := verdict(t, data, signed.Bundle); got != c.code {
				t.Errorf("%s, key %d: %q, want %q", c.name, key, got, c.code)
			}
		}
	}
}

// verdict is the code with which a root or, by it, a bundle is refused.
func verdict(t *testing.T, data, signed []byte) refuse.Code {
	t.Helper()
	r, err := trustroot.Parse(data)
	if err != nil {
		return refuse.CodeOf(err)
	}
	again, err := trustroot.Parse(must(r.MarshalJSON()))
	if err != nil || len(again.Logs()) != len(r.Logs()) {
		t.Errorf("does not read what it wrote: %v", err)
	}
	if both, err := trustroot.Merge(r, again); err != nil || len(both.Logs()) != len(r.Logs()) {
		t.Errorf("does not merge with itself: %v", err)
	}
	b, err := bundle.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(verify.Config{Root: r, Policy: verify.Policy{AnyIdentity: true}})
	if err != nil {
		return refuse.CodeOf(err)
	}
	_, err = v.Verify(b, verify.NoArtifact())
	if err != nil {
		a, readErr := v.ReadArtifact(bytes.NewReader([]byte("hello")), b)
		if readErr != nil {
			t.Fatal(readErr)
		}
		_, err = v.Verify(b, a)
	}
	return refuse.CodeOf(err)
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// An authority with a key that Go does not read is set aside, and the root
// stays usable by the others.
func TestUnreadableCurve(t *testing.T) {
	w, err := virtual.New(virtual.Config{Seed: "curve"})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := w.Sign(virtual.Request{Artifact: []byte("hello")})
	if err != nil {
		t.Fatal(err)
	}
	p384 := []byte{6, 5, 0x2b, 0x81, 4, 0, 34}
	for name, change := range map[string]func(der []byte) []byte{
		"secp256k1":   func(der []byte) []byte { return bytes.Replace(der, p384, []byte{6, 5, 0x2b, 0x81, 4, 0, 10}, 1) },
		"sect571r1":   func(der []byte) []byte { return bytes.Replace(der, p384, []byte{6, 5, 0x2b, 0x81, 4, 0, 39}, 1) },
		"written out": func(der []byte) []byte { return bytes.Replace(der, p384, []byte{0x30, 5, 2, 1, 1, 5, 0}, 1) },
		"compressed": func(der []byte) []byte {
			point := []byte{3, 0x62, 0, 4}
			if !bytes.Contains(der, point) {
				t.Fatal("no point")
			}
			return bytes.Replace(der, point, []byte{3, 0x62, 0, 2}, 1)
		},
		"brainpool, shorter": func(der []byte) []byte { return bytes.Replace(der, p384, []byte{6, 5, 0x2b, 0x24, 3, 3, 7}, 1) },
	} {
		for _, tsa := range []bool{false, true} {
			for _, last := range []bool{false, true} {
				data, err := w.TrustedRoot(func(r *root) {
					list := &r.CertificateAuthorities
					if tsa {
						list = &r.TimestampAuthorities
					}
					other := proto.Clone(r.CertificateAuthorities[0]).(*trustrootv1.CertificateAuthority)
					certs := other.CertChain.Certificates
					at := 0
					if last {
						at = len(certs) - 1
					}
					der := change(certs[at].RawBytes)
					if bytes.Equal(der, certs[at].RawBytes) {
						t.Fatalf("%s: %s", name, base64.StdEncoding.EncodeToString(der))
					}
					certs[at].RawBytes = der
					*list = append([]*trustrootv1.CertificateAuthority{other}, *list...)
				})
				if err != nil {
					t.Fatal(err)
				}
				r, err := trustroot.Parse(data)
				if err != nil || len(r.Ignored()) != 1 {
					t.Errorf("%s: %v, %v", name, err, r)
					continue
				}
				if got := verdict(t, data, signed.Bundle); got != "" {
					t.Errorf("%s: %q", name, got)
				}
			}
		}
	}
	// Whatever else is wrong with a certificate stays a refusal.
	data, err := w.TrustedRoot(func(r *root) {
		c := r.CertificateAuthorities[0].CertChain.Certificates[0]
		c.RawBytes = c.RawBytes[:len(c.RawBytes)-1]
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trustroot.Parse(data); refuse.CodeOf(err) != "trust.malformed" {
		t.Errorf("cut short: %v", err)
	}
}
