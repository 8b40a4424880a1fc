// SPDX-License-Identifier: Apache-2.0

package dsse

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	_ "crypto/sha512"
	"encoding/hex"
	"testing"

	oracle "github.com/secure-systems-lab/go-securesystemslib/dsse"
)

func TestPAE(t *testing.T) {
	// The vectors of DSSE protocol.md and of the empty in-toto statement.
	for _, c := range []struct{ payloadType, payload, pae, sha256 string }{
		{
			"http://example.com/HelloWorld", "hello world",
			"DSSEv1 29 http://example.com/HelloWorld 11 hello world",
			"217751fac2c4f14edb2c9297fbc34abcb016ba88e74757e875ec4ac16fb6b6a1",
		},
		{
			PayloadTypeInToto, "{}",
			"DSSEv1 28 application/vnd.in-toto+json 2 {}",
			"4842cb1ba6fed6e460d8a0d56f6b64ccf1f1e11f7714a7f282080d5780251b63",
		},
		{"", "", "DSSEv1 0  0 ", ""},
		{"é", "ü 3 x", "DSSEv1 2 é 6 ü 3 x", ""}, // lengths count bytes
	} {
		got := PAE(c.payloadType, []byte(c.payload))
		if string(got) != c.pae {
			t.Errorf("got %q, want %q", got, c.pae)
		}
		if want := oracle.PAE(c.payloadType, []byte(c.payload)); !bytes.Equal(got, want) {
			t.Errorf("got %q, go-securesystemslib %q", got, want)
		}
		e := Envelope{Payload: []byte(c.payload), PayloadType: c.payloadType}
		if !bytes.Equal(e.PAE(), got) {
			t.Errorf("envelope: got %q, want %q", e.PAE(), got)
		}
		sum := sha256.Sum256(got)
		if c.sha256 != "" && hex.EncodeToString(sum[:]) != c.sha256 {
			t.Errorf("%q: SHA-256 %x, want %s", got, sum, c.sha256)
		}
		if d := e.Digest(crypto.SHA256); !bytes.Equal(d, sum[:]) {
			t.Errorf("%q: digest %x, want %x", got, d, sum)
		}
	}
}

func TestDigest(t *testing.T) {
	e := Envelope{Payload: bytes.Repeat([]byte("payload "), 1<<15), PayloadType: PayloadTypeInToto}
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		w := h.New()
		w.Write(e.PAE())
		if want := w.Sum(nil); !bytes.Equal(e.Digest(h), want) {
			t.Errorf("%v: got %x, want %x", h, e.Digest(h), want)
		}
	}
	for _, h := range []crypto.Hash{0, crypto.MD4, 1000} {
		if d := e.Digest(h); d != nil {
			t.Errorf("hash %d, which is not linked in: %x", h, d)
		}
	}
}

// FuzzPAE holds the encoding that is signed against go-securesystemslib.
func FuzzPAE(f *testing.F) {
	f.Add(PayloadTypeInToto, []byte("{}"))
	f.Add("", []byte(nil))
	f.Fuzz(func(t *testing.T, payloadType string, payload []byte) {
		if got, want := PAE(payloadType, payload), oracle.PAE(payloadType, payload); !bytes.Equal(got, want) {
			t.Fatalf("got %q, go-securesystemslib %q", got, want)
		}
	})
}
