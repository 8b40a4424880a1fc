// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"testing/iotest"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/verify"
)

// A file that begins as the encoding of an envelope does has no message
// signature: the signature may be an envelope's.
func TestEncodedEnvelopeIsNoArtifact(t *testing.T) {
	w := world(t, virtual.Config{})
	key, err := w.Key("managed", virtual.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	root := rootOf(t, w)
	statement := dsse.PAE(dsse.PayloadTypeInToto, []byte(`{"_type":"https://in-toto.io/Statement/v1"}`))
	managed := verify.Policy{Keys: []verify.Key{{Public: key.Public()}}}
	for _, c := range []struct {
		what    string
		content []byte
		request virtual.Request
		policy  verify.Policy
		want    string
	}{
		{"Rekor v1", statement, virtual.Request{}, anybody, "artifact.envelope"},
		{"Rekor v2", statement, virtual.Request{Evidence: virtual.RekorV2}, anybody, "artifact.envelope"},
		{"managed key", statement, virtual.Request{ManagedKey: key}, managed, "artifact.envelope"},
		{"another payload type", dsse.PAE("text/plain", []byte("x")), virtual.Request{}, anybody, "artifact.envelope"},
		{"empty payload", dsse.PAE("", nil), virtual.Request{}, anybody, "artifact.envelope"},
		{"prefix alone", []byte("DSSEv1 "), virtual.Request{}, anybody, "artifact.envelope"},
		{"long", append(bytes.Clone(statement), make([]byte, 1<<20)...), virtual.Request{}, anybody, "artifact.envelope"},
		{"shorter than the prefix", []byte("DSSEv1"), virtual.Request{}, anybody, ""},
		{"another version", []byte("DSSEv2 1 a 1 b"), virtual.Request{}, anybody, ""},
		{"not at the start", []byte(" DSSEv1 1 a 1 b"), virtual.Request{}, anybody, ""},
	} {
		c.request.Artifact = c.content
		b, v := signed(t, w, c.request), verifier(t, root, c.policy)
		for _, r := range []func() (verify.Artifact, error){
			func() (verify.Artifact, error) { return v.ReadArtifact(bytes.NewReader(c.content), b) },
			func() (verify.Artifact, error) {
				return v.ReadArtifact(iotest.OneByteReader(bytes.NewReader(c.content)), b)
			},
		} {
			a, err := r()
			if err != nil {
				t.Fatal(err)
			}
			_, err = v.Verify(b, a)
			wantCode(t, c.what, err, c.want)
		}
		sum := sha256.Sum256(c.content)
		a, err := verify.ArtifactDigest("sha256", sum[:])
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Verify(b, a)
		wantCode(t, c.what+", by digest", err, "")
	}
}
