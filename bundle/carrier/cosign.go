// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"strconv"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// Signatures of cosign's older forms have a promise of the log in the place of
// an inclusion proof, so that they become bundles of version 0.1.
const mediaType01 = mediaTypePrefix + "+json;version=0.1"

// cosign converts a local bundle of cosign: a signature, a certificate or key in
// PEM within base64, and a promise of the log.
func (c *conversion) cosign(raw []byte) ([]byte, error) {
	o, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	o.unknown(c.ignored(""), "base64Signature", "cert", "rekorBundle")
	signature, err := text(o.raw("base64Signature"))
	if err != nil {
		return nil, refuse.New("carrier.malformed", "base64Signature: want a string")
	}
	var certificate string
	if cert := o.raw("cert"); cert != nil {
		if certificate, err = text(cert); err != nil {
			return nil, refuse.New("carrier.malformed", "cert: want a string")
		}
	}
	return c.legacy(signature, []byte(certificate), o.raw("rekorBundle"))
}

// Detached returns the bundle of a detached signature in base64, its
// certificate in PEM or PEM within base64, and the log entry that was saved
// with it: the answer of a log of the first generation, or the promise that
// cosign keeps with images.
func Detached(signature, certificate, entry []byte) Item {
	c := new(conversion)
	it := Item{Kind: KindDetached, Raw: signature}
	text, err := c.legacy(string(signature), certificate, entry)
	it.JSON, it.Changes = text, c.changes
	if err != nil {
		it.Err = refuse.Wrap("carrier.malformed", err, "%s", it.Kind)
		return it
	}
	it.Bundle, it.Err = bundle.Parse(text)
	return it
}

// legacy builds a bundle of version 0.1.
func (c *conversion) legacy(signature string, certificate, entry []byte) ([]byte, error) {
	signed, err := strictjson.Base64(strings.TrimSpace(signature))
	if err != nil {
		return nil, refuse.New("carrier.base64", "signature: malformed base64")
	}
	signer, managed, err := pemChain(certificate)
	if err != nil {
		return nil, err
	}
	var log *legacyEntry
	if entry != nil {
		if log, err = parseLegacyEntry(entry); err != nil {
			return nil, err
		}
	}
	content, hint, err := c.legacyContent(signed, log)
	if err != nil {
		return nil, err
	}
	if managed {
		signer = `"publicKey":{"hint":` + hint + `}`
	}
	var b strings.Builder
	b.WriteString(`{"mediaType":"` + mediaType01 + `","verificationMaterial":{` + signer + `,"tlogEntries":[`)
	if log != nil {
		b.WriteString(log.json())
	}
	b.WriteString(`]},` + content + `}`)
	if log == nil && !managed {
		return []byte(b.String()), refuse.New("import.no_entry", "a signature and its certificate without a log entry, want the entry that was saved with them")
	}
	return []byte(b.String()), nil
}

// legacyContent returns what is signed, and the hint at the key as JSON. In the
// place of a signature there may be a whole envelope.
func (c *conversion) legacyContent(signed []byte, log *legacyEntry) (content, hint string, err error) {
	if bytes.HasPrefix(signed, []byte("{")) {
		envelope, hint, err := c.envelope(signed)
		return `"dsseEnvelope":` + envelope, hint, err
	}
	digest := ""
	if log != nil {
		digest = messageDigest(log.body)
	}
	return `"messageSignature":{` + digest + `"signature":"` + encode(signed) + `"}`, `""`, nil
}

// messageDigest returns the digest of the artifact that the body of a log entry
// has, as a member and a comma; "" if it has none. The verifier compares it with
// the artifact.
func messageDigest(body []byte) string {
	o, _ := parseObject(body)
	spec, _ := parseObject(o.raw("spec"))
	data, _ := parseObject(spec.raw("data"))
	hash, _ := parseObject(data.raw("hash"))
	name := map[string]string{"sha256": "SHA2_256", "sha384": "SHA2_384", "sha512": "SHA2_512"}[hash.text("algorithm")]
	value, err := hex.DecodeString(hash.text("value"))
	if o.text("kind") != "hashedrekord" || name == "" || err != nil {
		return ""
	}
	return `"messageDigest":{"algorithm":"` + name + `","digest":"` + encode(value) + `"},`
}

// pemChain reads a signer's certificates, leaf first, or that there is a public
// key, which is never used: the caller has the key.
func pemChain(data []byte) (member string, managed bool, err error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return "", true, nil
	}
	if !bytes.HasPrefix(data, []byte("-----BEGIN")) {
		decoded, err := strictjson.Base64(unbroken.Replace(string(data)))
		if err != nil {
			return "", false, refuse.New("carrier.base64", "certificate: malformed base64, want PEM or PEM within base64")
		}
		data = bytes.TrimSpace(decoded)
	}
	if len(data) == 0 || !bytes.HasPrefix(data, []byte("-----BEGIN")) {
		return "", false, refuse.New("carrier.pem", "certificate: no PEM")
	}
	var b strings.Builder
	for n := 0; len(data) > 0; n++ {
		block, rest := pem.Decode(data)
		switch {
		case block == nil || !bytes.HasPrefix(data, []byte("-----BEGIN")):
			return "", false, refuse.New("carrier.pem", "certificate: text that is not PEM")
		case n == 0 && block.Type == "PUBLIC KEY" && len(bytes.TrimSpace(rest)) == 0:
			return "", true, nil
		case block.Type != "CERTIFICATE" || len(block.Headers) > 0:
			return "", false, refuse.New("carrier.pem", "certificate: PEM block of type %q, want a certificate without headers", clip(block.Type))
		case n == bundle.MaxCertificates:
			return "", false, refuse.New("carrier.limit", "more than %d certificates", bundle.MaxCertificates)
		}
		b.WriteString("," + `{"rawBytes":"` + encode(block.Bytes) + `"}`)
		data = bytes.TrimSpace(rest)
	}
	return `"x509CertificateChain":{"certificates":[` + b.String()[1:] + `]}`, false, nil
}

// legacyEntry is a log entry of the first generation, as it was saved.
type legacyEntry struct {
	body    []byte
	logID   []byte
	index   int64
	time    int64
	promise string // base64; "" if there is none
	proof   string // a member with a comma in front; "" if there is none
}

// parseLegacyEntry reads {"SignedEntryTimestamp":…,"Payload":{…}}, or the answer
// of a log, {UUID:{"body":…,"verification":{…}}}.
func parseLegacyEntry(raw []byte) (*legacyEntry, error) {
	o, err := parseObject(raw)
	if err != nil {
		return nil, refuse.Wrap("carrier.malformed", err, "log entry")
	}
	e := new(legacyEntry)
	if o.has("Payload") {
		payload, err := parseObject(o.raw("Payload"))
		if err == nil {
			err = e.fields(payload)
		}
		if err == nil {
			e.promise, err = canonicalBase64(o.raw("SignedEntryTimestamp"))
		}
		return e, refuse.Wrap("carrier.malformed", err, "log entry")
	}
	if len(o) != 1 {
		return nil, refuse.New("carrier.malformed", "log entry: %d entries, want 1", len(o))
	}
	entry, err := parseObject(o[0].raw)
	if err != nil {
		return nil, refuse.Wrap("carrier.malformed", err, "log entry")
	}
	if err := e.fields(entry); err != nil {
		return nil, err
	}
	verification, err := parseObject(entry.raw("verification"))
	if err != nil {
		return nil, refuse.Wrap("carrier.malformed", err, "log entry, verification")
	}
	if set := verification.raw("signedEntryTimestamp"); set != nil {
		if e.promise, err = canonicalBase64(set); err != nil {
			return nil, err
		}
	}
	if proof := verification.raw("inclusionProof"); proof != nil {
		e.proof, err = legacyProof(proof)
	}
	return e, err
}

func canonicalBase64(raw []byte) (string, error) {
	d := strictjson.NewDecoder(raw)
	b, err := d.Bytes()
	if err != nil {
		return "", refuse.New("carrier.base64", "log entry: malformed base64")
	}
	return encode(b), nil
}

// fields reads what both forms have.
func (e *legacyEntry) fields(o object) error {
	d := strictjson.NewDecoder(o.raw("body"))
	var err error
	if e.body, err = d.Bytes(); err != nil {
		return refuse.New("carrier.base64", "log entry, body: malformed base64")
	}
	if e.logID, err = hex.DecodeString(o.text("logID")); err != nil || len(e.logID) == 0 {
		return refuse.New("carrier.malformed", "log entry, logID: malformed hexadecimal")
	}
	for name, to := range map[string]*int64{"logIndex": &e.index, "integratedTime": &e.time} {
		d := strictjson.NewDecoder(o.raw(name))
		if *to, err = d.Int64(); err != nil {
			return refuse.New("carrier.malformed", "log entry, %s: want an integer", name)
		}
	}
	return nil
}

// legacyProof converts an inclusion proof, whose hashes are in hexadecimal.
func legacyProof(raw []byte) (string, error) {
	o, err := parseObject(raw)
	if err != nil {
		return "", refuse.Wrap("carrier.malformed", err, "log entry, inclusionProof")
	}
	hash := func(s string) (string, error) {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) == 0 {
			return "", refuse.New("carrier.malformed", "log entry, inclusionProof: malformed hexadecimal")
		}
		return `"` + encode(b) + `"`, nil
	}
	root, err := hash(o.text("rootHash"))
	if err != nil {
		return "", err
	}
	var numbers [2]int64
	for i, name := range []string{"logIndex", "treeSize"} {
		d := strictjson.NewDecoder(o.raw(name))
		if numbers[i], err = d.Int64(); err != nil {
			return "", refuse.New("carrier.malformed", "log entry, inclusionProof, %s: want an integer", name)
		}
	}
	list, err := elements(o.raw("hashes"), bundle.MaxProofHashes)
	if strictjson.IsLimit(err) {
		return "", refuse.New("carrier.limit", "more than %d hashes in a proof", bundle.MaxProofHashes)
	} else if err != nil {
		return "", refuse.Wrap("carrier.malformed", err, "log entry, inclusionProof, hashes")
	}
	hashes := make([]string, len(list))
	for i, raw := range list {
		s, err := text(raw)
		if err == nil {
			hashes[i], err = hash(s)
		}
		if err != nil {
			return "", refuse.Wrap("carrier.malformed", err, "log entry, inclusionProof, hashes")
		}
	}
	checkpoint := o.raw("checkpoint")
	if _, err := text(checkpoint); err != nil {
		return "", refuse.New("carrier.malformed", "log entry, inclusionProof, checkpoint: want a string")
	}
	return `,"inclusionProof":{"logIndex":"` + strconv.FormatInt(numbers[0], 10) + `","rootHash":` + root +
		`,"treeSize":"` + strconv.FormatInt(numbers[1], 10) + `","hashes":[` + strings.Join(hashes, ",") +
		`],"checkpoint":{"envelope":` + string(checkpoint) + `}}`, nil
}

// json returns the entry as one of a bundle. Its kind is the one of its body.
func (e *legacyEntry) json() string {
	kind := ""
	if k := kindVersion(e.body); k != nil {
		kind = `,"kindVersion":` + string(k)
	}
	promise := ""
	if e.promise != "" {
		promise = `,"inclusionPromise":{"signedEntryTimestamp":"` + e.promise + `"}`
	}
	return `{"logIndex":"` + strconv.FormatInt(e.index, 10) + `","logId":{"keyId":"` + encode(e.logID) + `"}` + kind +
		`,"integratedTime":"` + strconv.FormatInt(e.time, 10) + `"` + promise + e.proof +
		`,"canonicalizedBody":"` + encode(e.body) + `"}`
}
