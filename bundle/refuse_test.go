// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Each case changes one thing in a bundle that is accepted, and so is refused
// for that one reason.
func TestParseRefused(t *testing.T) {
	message := func(t testing.TB) object { return messageV03(t) }
	old := func(version string) func(testing.TB) object {
		return func(t testing.TB) object { return messageOld(t, version) }
	}
	envelope := func(t testing.TB) object { return envelopeV03(t) }
	const (
		material = "verificationMaterial"
		entries  = "verificationMaterial.tlogEntries"
		entry0   = "verificationMaterial.tlogEntries.0."
		proof    = "verificationMaterial.tlogEntries.0.inclusionProof."
		stamps   = "verificationMaterial.timestampVerificationData.rfc3161Timestamps"
		oldChain = "verificationMaterial.x509CertificateChain"
	)
	lone := object{"rawBytes": b64(certificate(t, "leaf", "intermediate"))}
	other := object{"signedTimestamp": b64([]byte("other"))}
	for _, c := range []struct {
		why   string
		doc   func(testing.TB) object
		path  string
		value any
		code  refuse.Code
	}{
		{"no media type", message, "mediaType", remove, "bundle.version"},
		{"media type null", message, "mediaType", nil, "bundle.version"},
		{"version of the future", message, "mediaType", "application/vnd.dev.sigstore.bundle.v0.4+json", "bundle.version"},
		{"0.1 in the new spelling", old("0.1"), "mediaType", "application/vnd.dev.sigstore.bundle.v0.1+json", "bundle.version"},
		{"patch version", message, "mediaType", "application/vnd.dev.sigstore.bundle.v0.3.1+json", "bundle.version"},
		{"space in the media type", old("0.2"), "mediaType", "application/vnd.dev.sigstore.bundle+json; version=0.2", "bundle.version"},
		{"media type in another case", message, "mediaType", strings.ToUpper(MediaType), "bundle.version"},
		{"media type with a parameter", message, "mediaType", MediaType + ";a=b", "bundle.version"},

		{"no content", message, "messageSignature", remove, "bundle.content"},
		{"content null", message, "messageSignature", nil, "bundle.content"},
		{"content empty", message, "messageSignature", object{}, "bundle.content"},
		{"two contents", message, "dsseEnvelope", object{}, "bundle.content"},
		{"two contents, the other way", envelope, "messageSignature", object{}, "bundle.content"},
		{"no signature", message, "messageSignature.signature", remove, "bundle.content"},
		{"signature empty", message, "messageSignature.signature", "", "bundle.content"},
		{"envelope's signature empty", envelope, "dsseEnvelope.signatures.0.sig", "", "bundle.content"},
		{"envelope empty", envelope, "dsseEnvelope", object{}, "bundle.signature_count"},
		{"no signatures", envelope, "dsseEnvelope.signatures", array{}, "bundle.signature_count"},
		{"two signatures", envelope, "dsseEnvelope.signatures", array{object{"sig": "AQ=="}, object{"sig": "AQ=="}}, "bundle.signature_count"},
		{"very many signatures", envelope, "dsseEnvelope.signatures", repeat(33, func(int) any { return object{} }), "bundle.limit"},
		{"signature null", envelope, "dsseEnvelope.signatures.0", nil, "bundle.malformed"},
		{"hint and key id differ", envelope, "dsseEnvelope.signatures.0.keyid", "KEY", "bundle.key_hint"},
		{"hint missing beside a key id", envelope, "verificationMaterial.publicKey.hint", remove, "bundle.key_hint"},

		{"digest empty", message, "messageSignature.messageDigest", object{}, "bundle.digest"},
		{"digest without algorithm", message, "messageSignature.messageDigest.algorithm", remove, "bundle.digest"},
		{"digest algorithm unspecified", message, "messageSignature.messageDigest.algorithm", "HASH_ALGORITHM_UNSPECIFIED", "bundle.digest"},
		{"digest algorithm not supported", message, "messageSignature.messageDigest.algorithm", "SHA3_256", "bundle.digest"},
		{"digest algorithm of another name", message, "messageSignature.messageDigest.algorithm", "sha256", "bundle.digest"},
		{"digest algorithm of unknown number", message, "messageSignature.messageDigest.algorithm", 99, "bundle.digest"},
		{"digest algorithm beyond 32 bits", message, "messageSignature.messageDigest.algorithm", int64(1 << 32), "bundle.digest"},
		{"digest algorithm SHA2_256 beyond 32 bits", message, "messageSignature.messageDigest.algorithm", int64(1<<32 + 1), "bundle.digest"},
		{"digest algorithm of another type", message, "messageSignature.messageDigest.algorithm", true, "bundle.malformed"},
		{"digest short", message, "messageSignature.messageDigest.digest", b64(fill('d', 31)), "bundle.digest"},
		{"digest of another algorithm", message, "messageSignature.messageDigest.algorithm", "SHA2_512", "bundle.digest"},

		{"no material", message, material, remove, "bundle.material"},
		{"material null", message, material, nil, "bundle.material"},
		{"material empty", message, material, object{}, "bundle.material"},
		{"no carrier", message, material + ".certificate", remove, "bundle.material"},
		{"certificate and key", message, material + ".publicKey", object{}, "bundle.material"},
		{"certificate and chain", message, oldChain, object{}, "bundle.material"},
		{"chain and certificate", old("0.2"), material + ".certificate", object{}, "bundle.material"},
		{"certificate in 0.1", old("0.1"), material, object{"certificate": lone}, "bundle.carrier"},
		{"certificate in 0.2", old("0.2"), material, object{"certificate": lone}, "bundle.carrier"},
		{"chain empty", old("0.2"), oldChain, object{}, "bundle.chain_empty"},
		{"chain without certificates", old("0.1"), oldChain + ".certificates", array{}, "bundle.chain_empty"},
		{"chain with a null", old("0.2"), oldChain + ".certificates.1", nil, "bundle.malformed"},
		{"longest chain and one more", old("0.2"), oldChain + ".certificates", repeat(11, func(int) any { return lone }), "bundle.limit"},
		{"certificate empty", message, material + ".certificate", object{}, "bundle.certificate"},
		{"certificate truncated", message, material + ".certificate.rawBytes", b64(certificate(t, "a", "b")[:99]), "bundle.certificate"},
		{"data behind a certificate", message, material + ".certificate.rawBytes", b64(append(certificate(t, "a", "b"), 0)), "bundle.certificate"},
		{"data behind a root to be dropped", old("0.2"), oldChain + ".certificates.1.rawBytes", b64(append(certificate(t, "r", "r"), 0)), "bundle.certificate"},

		{"one entry too many", message, entries, repeat(33, func(i int) any { return object{} }), "bundle.limit"},
		{"entry null", message, entries, array{nil}, "bundle.malformed"},
		{"entry empty", message, entries, array{object{}}, "bundle.log_id"},
		{"entry twice", message, entries, array{entry(t, 7), entry(t, 8), entry(t, 7)}, "bundle.duplicate_entry"},
		{"log index negative", message, entry0 + "logIndex", "-1", "bundle.number"},
		{"log index beyond 64 bits", message, entry0 + "logIndex", "9223372036854775808", "bundle.number"},
		{"log index beyond 64 bits, plain", message, entry0 + "logIndex", json.Number("99999999999999999999"), "bundle.number"},
		{"log index a fraction", message, entry0 + "logIndex", 0.5, "bundle.number"},
		{"log index an empty string", message, entry0 + "logIndex", "", "bundle.number"},
		{"log index of another type", message, entry0 + "logIndex", object{}, "bundle.malformed"},
		{"time negative", message, entry0 + "integratedTime", "-1", "bundle.number"},
		{"no log id", message, entry0 + "logId", remove, "bundle.log_id"},
		{"log id empty", message, entry0 + "logId", object{}, "bundle.log_id"},
		{"log id short", message, entry0 + "logId.keyId", b64(fill('l', 31)), "bundle.log_id"},
		{"log id long", message, entry0 + "logId.keyId", b64(fill('l', 33)), "bundle.log_id"},
		{"no kind and version", message, entry0 + "kindVersion", remove, "bundle.entry_kind"},
		{"no kind", message, entry0 + "kindVersion.kind", "", "bundle.entry_kind"},
		{"no version", message, entry0 + "kindVersion.version", remove, "bundle.entry_kind"},
		{"kind is not the body's", message, entry0 + "kindVersion.kind", "dsse", "tlog.entry.kind"},
		{"version is not the body's", message, entry0 + "kindVersion.version", "0.0.2", "tlog.entry.kind"},
		{"no body", message, entry0 + "canonicalizedBody", remove, "bundle.body_missing"},
		{"body null", message, entry0 + "canonicalizedBody", nil, "bundle.body_missing"},
		{"body empty", message, entry0 + "canonicalizedBody", "", "bundle.body_missing"},
		{"body not JSON", message, entry0 + "canonicalizedBody", b64([]byte("x")), "tlog.entry.malformed"},

		{"no promise in 0.1", old("0.1"), entry0 + "inclusionPromise", remove, "bundle.promise_missing"},
		{"promise empty in 0.1", old("0.1"), entry0 + "inclusionPromise", object{}, "bundle.promise_missing"},
		{"no proof in 0.2", old("0.2"), entry0 + "inclusionProof", remove, "bundle.proof_missing"},
		{"no proof in 0.3", message, entry0 + "inclusionProof", nil, "bundle.proof_missing"},
		{"no checkpoint in 0.1", old("0.1"), proof + "checkpoint", remove, "bundle.checkpoint_missing"},
		{"no checkpoint in 0.2", old("0.2"), proof + "checkpoint", nil, "bundle.checkpoint_missing"},
		{"no checkpoint in 0.3", message, proof + "checkpoint", object{}, "bundle.checkpoint_missing"},
		{"checkpoint empty", message, proof + "checkpoint.envelope", "", "bundle.checkpoint_missing"},
		{"checkpoint too long", message, proof + "checkpoint.envelope", strings.Repeat("x", 64<<10+1), "bundle.limit"},
		{"proof index negative", message, proof + "logIndex", "-1", "bundle.number"},
		{"tree size negative", message, proof + "treeSize", -9, "bundle.number"},
		{"tree empty", message, proof + "treeSize", remove, "bundle.number"},
		{"proof index is the tree size", message, proof + "logIndex", "9", "bundle.number"},
		{"no root hash", message, proof + "rootHash", remove, "bundle.malformed"},
		{"root hash short", message, proof + "rootHash", b64(fill('r', 31)), "bundle.malformed"},
		{"proof hash long", message, proof + "hashes.1", b64(fill('r', 33)), "bundle.malformed"},
		{"proof hash empty", message, proof + "hashes.0", "", "bundle.malformed"},
		{"proof hash null", message, proof + "hashes.0", nil, "bundle.malformed"},
		{"one proof hash too many", message, proof + "hashes", repeat(65, func(int) any { return b64(fill('h', 32)) }), "bundle.limit"},

		{"timestamp empty", message, stamps, array{object{}}, "bundle.malformed"},
		{"timestamp null", message, stamps, array{nil}, "bundle.malformed"},
		{"one timestamp too many", message, stamps, repeat(33, func(int) any { return other }), "bundle.limit"},

		{"unknown member", message, "x", nil, "bundle.malformed"},
		{"unknown member of the material", message, material + ".x", nil, "bundle.malformed"},
		{"unknown member of an entry", message, entry0 + "x", nil, "bundle.malformed"},
		{"unknown member of a proof", message, proof + "x", nil, "bundle.malformed"},
		{"unknown member of the key", envelope, material + ".publicKey.rawBytes", "", "bundle.malformed"},
		{"member in another case", message, "MediaType", "", "bundle.malformed"},
		{"half snake case", message, material + ".tlog_Entries", nil, "bundle.malformed"},
		{"snake case that is no protobuf name", envelope, "dsseEnvelope.payload_type", nil, "bundle.malformed"},
		{"base64 with a line break", message, "messageSignature.signature", "AQ\n==", "bundle.malformed"},
		{"base64 with trailing bits", message, "messageSignature.signature", "AR==", "bundle.malformed"},
		{"base64 of mixed alphabets", message, "messageSignature.signature", "+_8=", "bundle.malformed"},
		{"string for a list", message, entries, "", "bundle.malformed"},
		{"list for an object", message, material, array{}, "bundle.malformed"},
	} {
		doc := c.doc(t)
		mustParse(t, doc)
		set(t, doc, c.path, c.value)
		b, err := Parse(text(t, doc))
		if refuse.CodeOf(err) != c.code {
			t.Errorf("%s: got %v (%s), want %s", c.why, err, refuse.CodeOf(err), c.code)
		}
		if err != nil && b != nil {
			t.Errorf("%s: a bundle with an error", c.why)
		}
	}
}

// Faults of the text rather than of the document.
func TestParseMalformed(t *testing.T) {
	good := string(text(t, messageV03(t)))
	for why, data := range map[string]string{
		"nothing":              "",
		"null":                 "null",
		"string":               `"{}"`,
		"array of bundles":     "[" + good + "]",
		"truncated":            good[:len(good)-1],
		"two bundles":          good + good,
		"data behind":          good + "x",
		"zero byte behind":     good + "\x00",
		"byte order mark":      "\ufeff" + good,
		"invalid UTF-8":        strings.Replace(good, "log.example", "log.\xff", 1),
		"lone surrogate":       strings.Replace(good, "log.example", `log.\ud800`, 1),
		"member twice":         strings.Replace(good, `"mediaType":`, `"mediaType":null,"mediaType":`, 1),
		"member twice, deeper": strings.Replace(good, `"keyId":`, `"keyId":"","keyId":`, 1),
		"member twice, hidden": strings.Replace(good, `"mediaType":`, `"media\u0054ype":null,"mediaType":`, 1),
	} {
		if _, err := Parse([]byte(data)); refuse.CodeOf(err) != "bundle.malformed" {
			t.Errorf("%s: %v", why, err)
		}
	}
	if _, err := Parse(make([]byte, 64<<20+1)); refuse.CodeOf(err) != "bundle.limit" {
		t.Errorf("too large: %v", err)
	}
	if _, err := ParseEntry(make([]byte, 64<<20+1)); refuse.CodeOf(err) != "bundle.limit" {
		t.Errorf("entry too large: %v", err)
	}
	for i := 0; i < len(good); i += 7 {
		if _, err := Parse([]byte(good[:i])); err == nil {
			t.Errorf("accepted %d of %d bytes", i, len(good))
		}
	}
}

// Lists that are too long are refused at the first element beyond the bound,
// whatever follows it.
func TestLimitsComeFirst(t *testing.T) {
	// Numbers, not the names of the bounds: they are a promise.
	for open, most := range map[string]int{
		`{"verificationMaterial":{"tlogEntries":[`:                                    32,
		`{"verificationMaterial":{"timestampVerificationData":{"rfc3161Timestamps":[`: 32,
		`{"verificationMaterial":{"x509CertificateChain":{"certificates":[`:           10,
		`{"verificationMaterial":{"tlogEntries":[{"inclusionProof":{"hashes":["`:      64,
	} {
		element := "{}"
		if strings.HasSuffix(open, `"`) {
			open, element = strings.TrimSuffix(open, `"`), `""`
		}
		data := []byte(open + strings.Repeat(element+",", most))
		if _, err := Parse(append(data, '!')); refuse.CodeOf(err) != "bundle.limit" {
			t.Errorf("%s: %v", open, err)
		}
		if _, err := Parse(bytes.TrimSuffix(data, []byte(","))); refuse.CodeOf(err) != "bundle.malformed" {
			t.Errorf("%s within its bound: %v", open, err)
		}
	}
}
