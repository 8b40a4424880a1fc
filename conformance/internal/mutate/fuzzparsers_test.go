// SPDX-License-Identifier: Apache-2.0

package mutate

import (
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// FuzzCertificate reads all that is read from a signer's certificate.
func FuzzCertificate(f *testing.F) {
	cases, err := worldCases()
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		s, err := prepare(c)
		if err != nil {
			f.Fatal(err)
		}
		if s.parsed.Leaf != nil {
			f.Add(s.parsed.Leaf.Raw)
		}
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return
		}
		if _, err := fulcio.SubjectAltName(cert); err != nil {
			refused(t, err)
		}
		if _, err := fulcio.Extensions(cert); err != nil {
			refused(t, err)
		}
		if _, err := ctlog.ParseList(cert); err != nil {
			refused(t, err)
		}
		if _, err := ctlog.NewPrecert(cert, cert); err != nil {
			refused(t, err)
		}
	})
}

// FuzzKey reads a managed key. What is read is read again from its own form.
func FuzzKey(f *testing.F) {
	key, err := stranger()
	if err != nil {
		f.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := sigkey.ParsePEM(data)
		if err != nil {
			return
		}
		again, err := sigkey.ParseSPKI(k.SPKI())
		if err != nil || again.ID() != k.ID() {
			t.Fatalf("read again it is another key: %v", err)
		}
	})
}

// FuzzSigningConfig reads a signing configuration.
func FuzzSigningConfig(f *testing.F) {
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{"url":"https://a.test","majorApiVersion":1,` +
		`"validFor":{"start":"2025-01-01T00:00:00Z"},"operator":"a.test"}],"rekorTlogConfig":{"selector":"ANY"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := signingconfig.Parse(data); err != nil {
			refused(t, err)
		}
	})
}
