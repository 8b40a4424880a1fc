// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// bodies are the five kinds that are supported, as Rekor writes them.
var bodies = map[Kind]func() string{
	HashedRekordV001(): hashedRekordV001,
	DSSEV001():         dsseV001,
	IntotoV002():       intotoV002,
	HashedRekordV002(): hashedRekordV002,
	DSSEV002():         dsseV002,
}

func TestParseBody(t *testing.T) {
	for k, text := range bodies {
		b, err := ParseBody([]byte(text()), k)
		if err != nil {
			t.Errorf("%s: %v", k, err)
			continue
		}
		sig, envelope := messageSig, k == DSSEV001() || k == IntotoV002() || k == DSSEV002()
		if envelope {
			sig = envelopeSig
		}
		if !b.Supported() || b.Kind != k || b.Hash != crypto.SHA256 || len(b.Digest) != 32 || string(b.Raw) != text() ||
			!bytes.Equal(b.Signature, sig) || !bytes.Equal(b.Certificate, leafDER) || b.PublicKey != nil ||
			(b.PayloadType != "") != (k == IntotoV002()) || (b.Algorithm != 0) != (k == HashedRekordV002() || k == DSSEV002()) {
			t.Errorf("%s: %+v", k, b)
		}
		if b.LeafHash() != treeHash([][]byte{b.Raw}) {
			t.Errorf("%s: leaf hash", k)
		}
	}
}

// edit is one change to the body of a kind.
type edit struct {
	name      string
	kind      Kind
	old, with string
	code      refuse.Code
}

// certificate is the verifier in all v1 bodies.
var certificate = pemOf("CERTIFICATE", leafDER)

func pemText(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

const (
	bad   = refuse.Code("tlog.entry.malformed")
	block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
)

var (
	payloadSum    = sha256.Sum256([]byte("payload"))
	payloadSum512 = sha512.Sum512([]byte("payload"))
)

var edits = []edit{
	{"not JSON", HashedRekordV001(), `{"apiVersion"`, `["apiVersion"`, bad},
	{"data after", HashedRekordV001(), `"kind"`, `"kind":"hashedrekord"}{"kind"`, bad},
	{"other kind", HashedRekordV001(), `hashedrekord`, `dsse`, "tlog.entry.kind"},
	{"other version", HashedRekordV001(), `0.0.1`, `0.0.2`, "tlog.entry.kind"},
	{"kind in capitals", HashedRekordV001(), `"kind"`, `"Kind"`, bad},
	{"kind missing", HashedRekordV001(), `"kind":"hashedrekord",`, ``, "tlog.entry.kind"},
	{"version missing", HashedRekordV002(), `"apiVersion":"0.0.2",`, ``, "tlog.entry.kind"},
	{"member beside", HashedRekordV001(), `"kind"`, `"x":1,"kind"`, bad},
	{"kind twice", HashedRekordV001(), `"kind"`, `"kind":"dsse","kind"`, bad},
	{"spec twice", HashedRekordV001(), `"spec"`, `"spec":{},"spec"`, bad},
	{"no spec", HashedRekordV001(), `,"spec":{`, `,"spec":null,"x":{`, bad},
	{"spec is null", HashedRekordV001(), `"spec":{"data"`, `"spec":[],"x":{"data"`, bad},

	{"digest missing", HashedRekordV001(), `"data"`, `"date"`, bad},
	{"hash missing", HashedRekordV001(), `"hash"`, `"hush"`, bad},
	{"hash is a text", HashedRekordV001(), `"hash":{`, `"hash":"sha256","x":{`, bad},
	{"key is a number", HashedRekordV001(), `"publicKey":{"content":`, `"publicKey":{"content":1,"x":`, bad},
	{"hash unknown", HashedRekordV001(), `"sha256"`, `"sha1"`, bad},
	{"hash in capitals", HashedRekordV001(), `"sha256"`, `"SHA256"`, bad},
	{"hash empty", HashedRekordV001(), `"sha256"`, `""`, bad},
	{"other length", HashedRekordV001(), `"sha256"`, `"sha512"`, bad},
	{"digest not hex", HashedRekordV001(), `"value":"`, `"value":"zz`, bad},
	{"digest empty", HashedRekordV001(), `"value":"`, `"value":"","v":"`, bad},
	{"digest twice", HashedRekordV001(), `"value":"`, `"value":"","value":"`, bad},
	{"duplicate in what is skipped", HashedRekordV001(), `"hash"`, `"x":{"a":1,"a":1},"hash"`, bad},
	{"signature missing", HashedRekordV001(), `"content":"` + b64(messageSig), `"kontent":"` + b64(messageSig), bad},
	{"signature empty", HashedRekordV001(), b64(messageSig), "", bad},
	{"signature not base64", HashedRekordV001(), b64(messageSig), "!", bad},
	{"key missing", HashedRekordV001(), `"publicKey"`, `"key"`, bad},
	{"key empty", HashedRekordV001(), certificate, ``, bad},
	{"no PEM", HashedRekordV001(), certificate, b64(leafDER), bad},
	{"two certificates", HashedRekordV001(), certificate, pemText(block + block), bad},
	{"certificate after junk", HashedRekordV001(), certificate, pemText("junk\n" + block), bad},
	{"certificate before junk", HashedRekordV001(), certificate, pemText(block + "junk\n"), bad},
	{"block that is skipped", HashedRekordV001(), certificate, pemText("-----BEGIN X-----\nAAAA\n" + block), bad},
	{"PEM headers", HashedRekordV001(), certificate, pemText(strings.Replace(block, "\n", "\nA: b\n\n", 1)), bad},
	{"PEM of another type", HashedRekordV001(), certificate, pemOf("RSA PUBLIC KEY", leafDER), bad},
	{"PEM private key", HashedRekordV001(), certificate, pemOf("PRIVATE KEY", leafDER), bad},
	{"empty PEM", HashedRekordV001(), certificate, pemOf("CERTIFICATE", nil), bad},

	{"dsse, payload hash is a text", DSSEV001(), `"payloadHash":{`, `"payloadHash":"","x":{`, bad},
	{"dsse, no payload hash", DSSEV001(), `"payloadHash"`, `"x"`, bad},
	{"dsse, SHA-512", DSSEV001(), `"payloadHash":{"algorithm":"sha256","value":"`,
		`"payloadHash":{"algorithm":"sha512","value":"` + strings.Repeat("00", 32), bad},
	{"dsse, no signatures", DSSEV001(), `"signatures":[`, `"signatures":[],"x":[`, bad},
	{"dsse, two signatures", DSSEV001(), `"signatures":[`, `"signatures":[{},`, "tlog.entry.signature"},
	{"dsse, no verifier", DSSEV001(), `"verifier"`, `"x"`, bad},
	{"dsse, no object", DSSEV001(), `"signatures":[`, `"signatures":[1,`, bad},

	{"intoto, two signatures", IntotoV002(), `"signatures":[`, `"signatures":[{},`, "tlog.entry.signature"},
	{"intoto, base64 once", IntotoV002(), b64([]byte(b64(envelopeSig))), b64(envelopeSig), bad},
	{"intoto, sig is a number", IntotoV002(), `"sig":`, `"sig":1,"x":`, bad},
	{"intoto, no payload hash", IntotoV002(), `"payloadHash"`, `"x"`, bad},
	{"intoto, SHA-1", IntotoV002(), `"payloadHash":{"algorithm":"sha256"`, `"payloadHash":{"algorithm":"sha1"`, bad},
	{"intoto, no content", IntotoV002(), `"content"`, `"x"`, bad},

	{"v2, alpha spelling", HashedRekordV002(), `hashedRekordV002`, `hashedRekordV0_0_2`, bad},
	{"v2, unknown member in spec", HashedRekordV002(), `"spec":{`, `"spec":{"x":1,`, bad},
	{"v2, unknown member in record", HashedRekordV002(), `"data"`, `"x":1,"data"`, bad},
	{"v2, unknown member in data", HashedRekordV002(), `"digest"`, `"x":1,"digest"`, bad},
	{"v2, unknown member in signature", HashedRekordV002(), `"content"`, `"x":1,"content"`, bad},
	{"v2, unknown member in verifier", HashedRekordV002(), `"keyDetails"`, `"x":1,"keyDetails"`, bad},
	{"v2, unknown member in certificate", HashedRekordV002(), `"rawBytes"`, `"x":1,"rawBytes"`, bad},
	{"v2, record is a list", HashedRekordV002(), `"hashedRekordV002":{`, `"hashedRekordV002":[],"x":{`, bad},
	{"v2, hash of v1", HashedRekordV002(), `SHA2_256`, `sha256`, bad},
	{"v2, unknown hash", HashedRekordV002(), `SHA2_256`, `SHA3_256`, bad},
	{"v2, hash does not fit", HashedRekordV002(), `SHA2_256`, `SHA2_512`, bad},
	{"v2, key does not fit", HashedRekordV002(), `PKIX_ECDSA_P256_SHA_256`, `PKIX_ECDSA_P384_SHA_384`, bad},
	{"v2, pure Ed25519", HashedRekordV002(), `PKIX_ECDSA_P256_SHA_256`, `PKIX_ED25519`, bad},
	{"v2, PSS", HashedRekordV002(), `PKIX_ECDSA_P256_SHA_256`, `PKIX_RSA_PSS_2048_SHA256`, bad},
	{"v2, ML-DSA", HashedRekordV002(), `PKIX_ECDSA_P256_SHA_256`, `ML_DSA_65`, bad},
	{"v2, P-384 over SHA-256", HashedRekordV002(), `PKIX_ECDSA_P256_SHA_256`, `PKIX_ECDSA_P384_SHA_256`, bad},
	{"v2, no key details", HashedRekordV002(), `"keyDetails":"PKIX_ECDSA_P256_SHA_256",`, ``, bad},
	{"v2, no digest", HashedRekordV002(), `,"digest":"` + b64(artifactSum[:]) + `"`, ``, bad},
	{"v2, short digest", HashedRekordV002(), b64(artifactSum[:]), b64(artifactSum[:31]), bad},
	{"v2, no signature", HashedRekordV002(), b64(messageSig), ``, bad},
	{"v2, no certificate", HashedRekordV002(), b64(leafDER), ``, bad},
	{"v2, certificate and key", HashedRekordV002(), `"x509Certificate"`, `"publicKey":{"rawBytes":"AAAA"},"x509Certificate"`, bad},
	{"v2, no verifier", HashedRekordV002(), `,"verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","x509Certificate":{"rawBytes":"` +
		b64(leafDER) + `"}}`, ``, bad},

	{"dsse 0.0.2, member beside the spec", DSSEV002(), `"dsseV002"`, `"x":1,"dsseV002"`, bad},
	{"dsse 0.0.2, another spec", DSSEV002(), `"dsseV002"`, `"hashedRekordV002"`, bad},
	{"dsse 0.0.2, spec of 0.0.1", DSSEV002(), dsseV002()[strings.Index(dsseV002(), `"spec"`):], dsseV001()[strings.Index(dsseV001(), `"spec"`):], bad},
	{"dsse 0.0.2, spec twice", DSSEV002(), `"dsseV002"`, `"dsseV002":{},"dsseV002"`, bad},
	{"dsse 0.0.2, proto name", DSSEV002(), `"payloadHash"`, `"payload_hash"`, bad},
	{"dsse 0.0.2, member beside the hash", DSSEV002(), `"payloadHash"`, `"payloadType":"x","payloadHash"`, bad},
	{"dsse 0.0.2, envelope hash", DSSEV002(), `"payloadHash"`, `"envelopeHash":{},"payloadHash"`, bad},
	{"dsse 0.0.2, member in the hash", DSSEV002(), `"algorithm"`, `"x":1,"algorithm"`, bad},
	{"dsse 0.0.2, no payload hash", DSSEV002(), dsseV002()[strings.Index(dsseV002(), `"payloadHash"`):strings.Index(dsseV002(), `"signatures"`)], ``, bad},
	{"dsse 0.0.2, no algorithm", DSSEV002(), `"algorithm":"SHA2_256",`, ``, bad},
	{"dsse 0.0.2, hash of Rekor v1", DSSEV002(), `"SHA2_256"`, `"sha256"`, bad},
	{"dsse 0.0.2, hash by number", DSSEV002(), `"SHA2_256"`, `1`, bad},
	{"dsse 0.0.2, SHA-512 of 32 bytes", DSSEV002(), `"SHA2_256"`, `"SHA2_512"`, bad},
	{"dsse 0.0.2, SHA-512", DSSEV002(), `"SHA2_256","digest":"` + b64(payloadSum[:]), `"SHA2_512","digest":"` + b64(payloadSum512[:]), bad},
	{"dsse 0.0.2, SHA3", DSSEV002(), `"SHA2_256"`, `"SHA3_256"`, bad},
	{"dsse 0.0.2, hex digest", DSSEV002(), b64(payloadSum[:]), fmt.Sprintf("%x", payloadSum), bad},
	{"dsse 0.0.2, digest empty", DSSEV002(), b64(payloadSum[:]), ``, bad},
	{"dsse 0.0.2, no signatures", DSSEV002(), `"signatures":[`, `"signatures":[],"x":[`, bad},
	{"dsse 0.0.2, signatures empty", DSSEV002(), dsseV002()[strings.Index(dsseV002(), `"signatures"`):], `"signatures":[]}}}`, bad},
	{"dsse 0.0.2, signatures absent", DSSEV002(), dsseV002()[strings.Index(dsseV002(), `,"signatures"`):], `}}}`, bad},
	{"dsse 0.0.2, signatures null", DSSEV002(), dsseV002()[strings.Index(dsseV002(), `"signatures"`):], `"signatures":null}}}`, bad},
	{"dsse 0.0.2, signatures are an object", DSSEV002(), `"signatures":[`, `"signatures":{"x":[`, bad},
	{"dsse 0.0.2, two signatures", DSSEV002(), `}]}}}`, `},{"content":"AA==","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"AA=="}}}]}}}`, "tlog.entry.signature"},
	{"dsse 0.0.2, foreign signature first", DSSEV002(), `"signatures":[`, `"signatures":[{"content":"AA==","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"AA=="}}},`, "tlog.entry.signature"},
	{"dsse 0.0.2, the signature twice", DSSEV002(), `]}}}`, `,` + dsseV002()[strings.Index(dsseV002(), `[{`)+1:strings.Index(dsseV002(), `]}}}`)] + `]}}}`, "tlog.entry.signature"},
	{"dsse 0.0.2, null signature", DSSEV002(), `"signatures":[`, `"signatures":[null,`, bad},
	{"dsse 0.0.2, signature empty", DSSEV002(), b64(envelopeSig), ``, bad},
	{"dsse 0.0.2, signature under the name of 0.0.1", DSSEV002(), `"content"`, `"signature"`, bad},
	{"dsse 0.0.2, keyid beside the signature", DSSEV002(), `"content"`, `"keyid":"","content"`, bad},
	{"dsse 0.0.2, no verifier", DSSEV002(), dsseV002()[strings.Index(dsseV002(), `,"verifier"`):], `}]}}}`, bad},
	{"dsse 0.0.2, verifier of Rekor v1", DSSEV002(), dsseV002()[strings.Index(dsseV002(), `"verifier"`):], `"verifier":"` + certificate + `"}]}}}`, bad},
	{"dsse 0.0.2, member in the verifier", DSSEV002(), `"keyDetails"`, `"x":1,"keyDetails"`, bad},
	{"dsse 0.0.2, no algorithm of the key", DSSEV002(), `"keyDetails":"PKIX_ECDSA_P256_SHA_256",`, ``, bad},
	{"dsse 0.0.2, unknown algorithm of the key", DSSEV002(), `PKIX_ECDSA_P256_SHA_256`, `PKIX_ED25519`, bad},
	{"dsse 0.0.2, certificate and key", DSSEV002(), `"x509Certificate"`, `"publicKey":{"rawBytes":"AA=="},"x509Certificate"`, bad},
	{"dsse 0.0.2, neither certificate nor key", DSSEV002(), `,"x509Certificate":{"rawBytes":"` + b64(leafDER) + `"}`, ``, bad},
	{"dsse 0.0.2, certificate empty", DSSEV002(), b64(leafDER), ``, bad},
	{"dsse 0.0.2, member in the certificate", DSSEV002(), `"rawBytes"`, `"x":1,"rawBytes"`, bad},
	{"dsse 0.0.2, version of another kind", DSSEV002(), `"kind":"dsse"`, `"kind":"intoto"`, "tlog.entry.kind"},
}

func TestParseBodyRefuses(t *testing.T) {
	for _, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			text := bodies[e.kind]()
			changed := strings.Replace(text, e.old, e.with, 1)
			if changed == text {
				t.Fatalf("nothing to change in %s", text)
			}
			b, err := ParseBody([]byte(changed), e.kind)
			wantCode(t, err, e.code)
			if b != nil {
				t.Error("refusal with a body")
			}
		})
	}
	_, err := ParseBody(nil, HashedRekordV001())
	wantCode(t, err, bad)
	_, err = ParseBody([]byte(`{"apiVersion":"0.0.1","kind":"hashedrekord"}`), HashedRekordV001())
	wantCode(t, err, bad)
	_, err = ParseBody([]byte(hashedRekordV001()+"{}"), HashedRekordV001())
	wantCode(t, err, bad)
	_, err = ParseBody(make([]byte, maxBody+1), HashedRekordV001())
	wantCode(t, err, bad)
}

// TestParseBodyAccepts has what Rekor v1 wrote at other times, and what JSON
// lets a log write.
func TestParseBodyAccepts(t *testing.T) {
	for _, e := range []edit{
		{"member in spec", HashedRekordV001(), `"spec":{`, `"spec":{"x":[{"y":null}],`, ""},
		{"payload", IntotoV002(), `"payload":"x"`, `"payload":"ZXlKaElqb3hmUT09"`, ""},
		{"key ID", IntotoV002(), `"sig":`, `"keyid":"SHA256:x","sig":`, ""},
		{"escapes", HashedRekordV001(), `"hashedrekord"`, `"h\u0061shedrekord"`, ""},
		{"white space", HashedRekordV002(), `{"apiVersion"`, " {\n\"apiVersion\"", ""},
		{"capital hex", HashedRekordV001(), fmt.Sprintf("%x", artifactSum), fmt.Sprintf("%X", artifactSum), ""},
		{"CR LF in PEM", HashedRekordV001(), certificate,
			pemText("-----BEGIN CERTIFICATE-----\r\n" + b64(leafDER) + "\r\n-----END CERTIFICATE-----\r\n\r\n"), ""},
		{"no newline after PEM", DSSEV001(), certificate,
			pemText("-----BEGIN CERTIFICATE-----\n" + b64(leafDER) + "\n-----END CERTIFICATE-----"), ""},
	} {
		text := strings.Replace(bodies[e.kind](), e.old, e.with, 1)
		b, err := ParseBody([]byte(text), e.kind)
		if err != nil || !bytes.Equal(b.Certificate, leafDER) {
			t.Errorf("%s: %v", e.name, err)
		}
	}
	// Names after the spec: no log writes that, and nothing is ambiguous.
	text := strings.Replace(hashedRekordV001(), `"kind":"hashedrekord",`, "", 1)
	text = strings.TrimSuffix(text, "}") + `,"kind":"hashedrekord"}`
	if _, err := ParseBody([]byte(text), HashedRekordV001()); err != nil {
		t.Error(err)
	}
	key := strings.Replace(hashedRekordV001(), certificate, pemOf("PUBLIC KEY", []byte("spki")), 1)
	if b, err := ParseBody([]byte(key), HashedRekordV001()); err != nil || b.Certificate != nil || string(b.PublicKey) != "spki" {
		t.Errorf("%+v, %v", b, err)
	}
	for name, hash := range map[string]crypto.Hash{"sha384": crypto.SHA384, "sha512": crypto.SHA512} {
		digest := strings.Repeat("ab", hash.Size())
		text := strings.Replace(hashedRekordV001(), fmt.Sprintf(`"sha256","value":"%x"`, artifactSum), fmt.Sprintf(`%q,"value":%q`, name, digest), 1)
		if b, err := ParseBody([]byte(text), HashedRekordV001()); err != nil || b.Hash != hash {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnsupportedKinds reads names only, and all checks say so.
func TestUnsupportedKinds(t *testing.T) {
	for _, k := range []Kind{{"intoto", "0.0.1"}, {"intoto", "0.0.3"}, {"dsse", "0.0.3"}, {"hashedrekord", "0.0.3"}, {"rekord", "0.0.1"}, {"", ""}} {
		b, err := ParseBody(fmt.Appendf(nil, `{"apiVersion":%q,"kind":%q,"spec":{"x":1}}`, k.Version, k.Name), k)
		if err != nil || b.Supported() || b.Signature != nil {
			t.Errorf("%q: %+v, %v", k, b, err)
			continue
		}
		for _, g := range []Generation{V1, V2} {
			wantCode(t, b.VerifyRecord(g, messageRecord(t)), "tlog.entry.unsupported")
		}
		_, err = ParseBody([]byte(`{"apiVersion":"9","kind":"x","spec":{}}`), k)
		wantCode(t, err, "tlog.entry.kind")
	}
}

// TestAlgorithmNames holds the table of Rekor v2 against protobuf-specs.
func TestAlgorithmNames(t *testing.T) {
	for _, a := range algorithmsV2 {
		if a.algorithm.String() != a.name || hashV2(a.hashName) != a.hash {
			t.Errorf("%+v", a)
		}
		if _, ok := v1.HashAlgorithm_value[a.hashName]; !ok {
			t.Errorf("%s is not a hash algorithm", a.hashName)
		}
	}
}

// FuzzBody reads the bodies of log entries. None can be about two signatures.
func FuzzBody(f *testing.F) {
	for k, text := range bodies {
		f.Add(text(), k.Name, k.Version)
	}
	f.Add(`{"apiVersion":"0.0.1","kind":"rekord","spec":{}}`, "rekord", "0.0.1")
	f.Fuzz(func(t *testing.T, text, name, version string) {
		b, err := ParseBody([]byte(text), Kind{name, version})
		if err != nil {
			if b != nil || refuse.CodeOf(err) == "" {
				t.Errorf("refusal with a body or without a code: %v", err)
			}
			return
		}
		if !b.Supported() {
			return
		}
		if len(b.Signature) == 0 || len(b.Digest) != b.Hash.Size() || (b.Certificate == nil) == (b.PublicKey == nil) {
			t.Errorf("%+v lacks something", b)
		}
		for _, g := range []Generation{0, V1, V2} {
			// No text that passes for the fixed records can be about others.
			if b.VerifyRecord(g, messageRecord(t)) == nil && b.VerifyRecord(g, envelopeRecord(t)) == nil {
				t.Errorf("%q is about two signatures", text)
			}
		}
	})
}
