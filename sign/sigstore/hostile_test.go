// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/tlog"
)

// TestStrictCertificate reads a certificate of the authority as verifiers will
// read it, before anything is logged under it.
func TestStrictCertificate(t *testing.T) {
	key, err := sign.GenerateKey(sign.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	issue := func(change func(*x509.Certificate)) []byte {
		t.Helper()
		template := &x509.Certificate{SerialNumber: big.NewInt(7), NotBefore: time.Unix(1_700_000_000, 0), NotAfter: time.Unix(1_700_000_600, 0)}
		change(template)
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), ca)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	none := func(*x509.Certificate) {}
	long := asn1.ObjectIdentifier{1, 3}
	for range 70 {
		long = append(long, 1)
	}
	find := func(der ...[]byte) error {
		var chain []string
		for _, d := range der {
			chain = append(chain, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d})))
		}
		_, err := findOurs(chain, key)
		return err
	}
	if err := find(issue(none)); err != nil {
		t.Fatal(err)
	}
	extension := func(id asn1.ObjectIdentifier, size int) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: id, Value: append([]byte{4, 0x83, byte(size >> 16), byte(size >> 8), byte(size)}, make([]byte, size)...)}}
		}
	}
	for name, der := range map[string][][]byte{
		"a long identifier": {issue(func(c *x509.Certificate) {
			c.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: long, Value: "x"}}
		})},
		"a long serial number": {issue(func(c *x509.Certificate) {
			c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 161)
		})},
		"a large extension":   {issue(extension(asn1.ObjectIdentifier{1, 2, 3}, 70_000))},
		"bytes behind it":     {append(issue(none), 0)},
		"two for our key":     {issue(none), issue(none)},
		"a bad one beside it": {issue(none), append(issue(none), 0)},
		"cut off":             {issue(none)[:200]},
	} {
		if find(der...) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestEchoedToken has a certificate authority repeat the token wherever an
// error might quote it.
func TestEchoedToken(t *testing.T) {
	token := newToken(t, nil)
	leak := token.Raw()
	member := func(name string, value any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_ = json.NewEncoder(w).Encode(map[string]any{name: value})
		}
	}
	chain := func(certificates ...any) any {
		return map[string]any{"chain": map[string]any{"certificates": certificates}}
	}
	for name, fault := range map[string]http.HandlerFunc{
		"a member":            status(http.StatusCreated, `{"`+leak+`":1,"`+leak+`":2}`),
		"no JSON":             status(http.StatusCreated, leak),
		"behind the JSON":     status(http.StatusCreated, `{} `+leak),
		"a certificate":       member("signedCertificateEmbeddedSct", chain(leak)),
		"a type of PEM":       member("signedCertificateEmbeddedSct", chain("-----BEGIN "+leak+"-----\nAAAA\n-----END "+leak+"-----\n")),
		"a timestamp":         member("signedCertificateDetachedSct", map[string]any{"signedCertificateTimestamp": leak}),
		"a refusal":           status(http.StatusForbidden, "no: "+leak),
		"a part of a refusal": status(http.StatusBadRequest, "no: "+strings.Split(leak, ".")[1]),
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example.test/?"+leak, http.StatusTemporaryRedirect)
		},
	} {
		i := newInstance(t)
		i.Fault["fulcio"] = fault
		_, err := i.config(token, tlog.V2).Issuer.Issue(t.Context(), mustKey(t, sign.ECDSAP256))
		if err == nil || !strings.HasPrefix(string(refuse.CodeOf(err)), "sign.fulcio.") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, part := range strings.Split(leak, ".") {
			if strings.Contains(err.Error(), part) {
				t.Errorf("%s: a part of the token in %q", name, err)
			}
		}
	}
	// A certificate that bears it as a name.
	i := newInstance(t)
	i.Impostor = leak
	err := i.refused(t, i.config(token, tlog.V2), sign.Message(bytes.NewReader(nil)), "sign.fulcio.identity")
	if strings.Contains(err.Error(), leak[:20]) {
		t.Errorf("the token in %q", err)
	}
}
