// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/dsse"
)

// The fixtures are documents made of maps, so that a test can change one
// value at a path. They have the structure of real bundles, and nothing in
// them verifies: that is all this package looks at. Every byte of them is
// reproducible.

// object and array are JSON values.
type (
	object = map[string]any
	array  = []any
)

// certificate returns the DER certificate of subject, issued by issuer, which
// may be the same.
func certificate(t testing.TB, subject, issuer string) []byte {
	t.Helper()
	key := func(name string) ed25519.PrivateKey {
		seed := sha256.Sum256([]byte(name))
		return ed25519.NewKeyFromSeed(seed[:])
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: subject},
		NotBefore:    time.Unix(1700000000, 0),
		NotAfter:     time.Unix(1700000600, 0),
	}
	parent := &x509.Certificate{Subject: pkix.Name{CommonName: issuer}}
	der, err := x509.CreateCertificate(nil, template, parent, key(subject).Public(), key(issuer))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// fill returns n bytes that differ from those of another c.
func fill(c byte, n int) []byte { return []byte(strings.Repeat(string(rune(c)), n)) }

// entry returns a log entry of Rekor v1 with all evidence that there is.
func entry(t testing.TB, index int) object {
	t.Helper()
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate(t, "leaf", "intermediate")})
	body := `{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"sha256","value":"` +
		hex.EncodeToString(fill('d', 32)) + `"}},"signature":{"content":"` + b64([]byte("signature")) +
		`","publicKey":{"content":"` + b64(cert) + `"}}}}`
	return object{
		"logIndex":         strconv.Itoa(index),
		"logId":            object{"keyId": b64(fill('l', 32))},
		"kindVersion":      object{"kind": "hashedrekord", "version": "0.0.1"},
		"integratedTime":   "1700000001",
		"inclusionPromise": object{"signedEntryTimestamp": b64([]byte("promise"))},
		"inclusionProof": object{
			"logIndex": "5", "treeSize": "9", "rootHash": b64(fill('r', 32)),
			"hashes":     array{b64(fill('a', 32)), b64(fill('b', 32))},
			"checkpoint": object{"envelope": "log.example\n9\nroot\n\n— log.example c2ln\n"},
		},
		"canonicalizedBody": b64([]byte(body)),
	}
}

// chain returns a chain carrier of certificates given as subject and issuer.
func chain(t testing.TB, names ...[2]string) object {
	t.Helper()
	certs := array{}
	for _, n := range names {
		certs = append(certs, object{"rawBytes": b64(certificate(t, n[0], n[1]))})
	}
	return object{"certificates": certs}
}

// messageV03 is a keyless 0.3 bundle over a message.
func messageV03(t testing.TB) object {
	t.Helper()
	return object{
		"mediaType": MediaType,
		"verificationMaterial": object{
			"certificate":               object{"rawBytes": b64(certificate(t, "leaf", "intermediate"))},
			"tlogEntries":               array{entry(t, 7)},
			"timestampVerificationData": object{"rfc3161Timestamps": array{object{"signedTimestamp": b64([]byte("token"))}}},
		},
		"messageSignature": object{
			"messageDigest": object{"algorithm": "SHA2_256", "digest": b64(fill('d', 32))},
			"signature":     b64([]byte("signature")),
		},
	}
}

// messageOld is a keyless bundle of version 0.1 or 0.2 over a message.
func messageOld(t testing.TB, version string) object {
	t.Helper()
	doc := messageV03(t)
	set(t, doc, "mediaType", "application/vnd.dev.sigstore.bundle+json;version="+version)
	set(t, doc, "verificationMaterial.certificate", remove)
	set(t, doc, "verificationMaterial.x509CertificateChain",
		chain(t, [2]string{"leaf", "intermediate"}, [2]string{"intermediate", "root"}))
	return doc
}

// envelopeV03 is a 0.3 bundle over an envelope, signed with a managed key.
func envelopeV03(t testing.TB) object {
	t.Helper()
	doc := messageV03(t)
	set(t, doc, "messageSignature", remove)
	set(t, doc, "dsseEnvelope", object{
		"payload":     b64([]byte("{}")),
		"payloadType": dsse.PayloadTypeInToto,
		"signatures":  array{object{"sig": b64([]byte("signature")), "keyid": "key"}},
	})
	set(t, doc, "verificationMaterial.certificate", remove)
	set(t, doc, "verificationMaterial.publicKey", object{"hint": "key"})
	return doc
}

// remove, as a value, takes the member away.
var remove = new(int)

// set changes the value at a path of member names and indexes.
func set(t testing.TB, doc object, path string, value any) {
	t.Helper()
	var at any = doc
	steps := strings.Split(path, ".")
	for i, step := range steps {
		last := i == len(steps)-1
		switch v := at.(type) {
		case object:
			switch {
			case last && value == remove:
				delete(v, step)
			case last:
				v[step] = value
			default:
				at = v[step]
			}
		case array:
			n, err := strconv.Atoi(step)
			if err != nil || n >= len(v) {
				t.Fatalf("%s: no element %s", path, step)
			}
			if last {
				v[n] = value
			} else {
				at = v[n]
			}
		default:
			t.Fatalf("%s: nothing at %s", path, step)
		}
	}
}

// text returns the JSON of a document.
func text(t testing.TB, doc any) []byte {
	t.Helper()
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// repeat returns n values made by value.
func repeat(n int, value func(i int) any) array {
	a := array{}
	for i := range n {
		a = append(a, value(i))
	}
	return a
}
