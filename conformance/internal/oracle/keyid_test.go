// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/sigbundle/sigbundle/conformance/loopback"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/sign/sigstore"
)

// TestEnvelopeKeyID is why envelopes do not name their key: the peer goes by
// its own name for it, and the hint of the bundle differs.
func TestEnvelopeKeyID(t *testing.T) {
	i := loopback.New(t)
	root, err := i.World.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, err := dsse.SHA256KeyID(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		named    bool
		hint     string
		accepted bool // by the peer; we accept all
	}{
		"no name":         {false, "", true},
		"our hint":        {true, "", false},
		"the fingerprint": {true, fingerprint, true},
	} {
		key, err := sign.NewKey(private, c.hint)
		if err != nil {
			t.Fatal(err)
		}
		row := Row{Name: name, Root: root, Key: key.Public(), Hint: key.Hint(), Items: []Item{signedItem(t, i, key, c.named)}}
		for who, judge := range map[string]func(Row) (Judge, error){"ours": Ours, "peer": Peer} {
			j, err := judge(row)
			if err != nil {
				t.Fatal(err)
			}
			if err := j(row.Items[0]); (err == nil) != (c.accepted || who == "ours") {
				t.Errorf("%s, %s: %v", name, who, err)
			}
		}
	}
}

func signedItem(t *testing.T, i *loopback.Instance, key *sign.Key, named bool) Item {
	t.Helper()
	client := sigstore.NewClient(sigstore.ClientConfig{})
	signer, err := sign.New(sign.Config{
		Root: i.Root, Key: key, KeyID: named,
		TimestampAuthorities: []sign.TimestampAuthority{sigstore.NewTSA(sigstore.TSAConfig{Client: client, URL: i.TSA.URL})},
		Logs:                 []sign.Log{sigstore.NewRekorV2(sigstore.RekorConfig{Client: client, URL: i.Rekor2.URL})},
	})
	if err != nil {
		t.Fatal(err)
	}
	subject, err := sign.ReadSubject("artifact", bytes.NewReader([]byte("artifact")))
	if err != nil {
		t.Fatal(err)
	}
	statement, err := sign.NewStatement([]sign.Subject{subject}, "https://predicate.test", []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(t.Context(), sign.Statement(statement))
	if err != nil {
		t.Fatal(err)
	}
	return Item{Bundle: signed.Bundle, Digest: sha256.Sum256([]byte("artifact"))}
}
