// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// maxSignatures bounds the signatures of an envelope. They are read to be
// counted: a bundle has one.
const maxSignatures = 32

// envelope returns a DSSE envelope with the members that envelopes of bundles
// have, and its key ID as JSON.
func (c *conversion) envelope(raw []byte) (envelope, keyID string, err error) {
	o, err := parseObject(raw)
	if err != nil {
		return "", "", err
	}
	o.unknown(c.ignored(""), "payload", "payloadType", "signatures")
	list, err := elements(o.raw("signatures"), maxSignatures)
	switch {
	case strictjson.IsLimit(err):
		return "", "", refuse.New("carrier.limit", "more than %d signatures", maxSignatures)
	case err != nil:
		return "", "", refuse.Wrap("carrier.malformed", err, "signatures")
	case len(list) != 1:
		return "", "", refuse.New("convert.signature_count", "envelope with %d signatures, want exactly 1", len(list))
	}
	signature, err := parseObject(list[0])
	if err != nil {
		return "", "", refuse.Wrap("carrier.malformed", err, "signatures")
	}
	signature.unknown(c.ignored("/signatures/0"), "sig", "keyid")
	payload, err := c.bytes(o.raw("payload"), "/payload")
	if err != nil {
		return "", "", err
	}
	sig, err := c.bytes(signature.raw("sig"), "/signatures/0/sig")
	if err != nil {
		return "", "", err
	}
	if _, err := text(o.raw("payloadType")); err != nil {
		return "", "", refuse.New("carrier.malformed", "payloadType: want a string")
	}
	keyID = `""`
	if raw := signature.raw("keyid"); raw != nil {
		if _, err := text(raw); err != nil {
			return "", "", refuse.New("carrier.malformed", "keyid: want a string")
		}
		keyID = string(raw)
	}
	return `{"payload":"` + payload + `","payloadType":` + string(o.raw("payloadType")) +
		`,"signatures":[{"sig":"` + sig + `","keyid":` + keyID + `}]}`, keyID, nil
}

// bareEnvelope converts an envelope that a managed key signed. It has no log
// entry and proves no time, so that the policy decides whether it is enough.
func (c *conversion) bareEnvelope(raw []byte) ([]byte, error) {
	envelope, keyID, err := c.envelope(raw)
	if err != nil {
		return nil, err
	}
	return []byte(`{"mediaType":"` + mediaTypePrefix + `.v0.3+json","verificationMaterial":{"publicKey":{"hint":` + keyID +
		`},"tlogEntries":[]},"dsseEnvelope":` + envelope + `}`), nil
}

// jsr reads a provenance of JSR: what could be made of it is shown, and refused.
// Of the log entry the registry keeps the index alone.
func (c *conversion) jsr(raw []byte) ([]byte, error) {
	o, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	text, err := c.jsrBundle(o)
	if err != nil {
		return nil, err
	}
	return text, refuse.New("import.no_entry", "the provenance has the index of its log entry and not the entry")
}

// jsrBundle returns what there is as JSON of a bundle without log entries.
func (c *conversion) jsrBundle(o object) ([]byte, error) {
	content, err := parseObject(o.raw("content"))
	if err != nil {
		return nil, err
	}
	signed := content.raw("dsseEnvelope") // beside a case of this name or of another
	if signed == nil {
		return nil, refuse.New("carrier.malformed", "content: case %q, want an envelope", clip(content.text("$case")))
	}
	envelope, _, err := c.envelope(signed)
	if err != nil {
		return nil, err
	}
	chain, err := jsrChain(o)
	if err != nil {
		return nil, err
	}
	return []byte(`{"mediaType":"` + mediaType01 + `","verificationMaterial":{` + chain + `,"tlogEntries":[]},"dsseEnvelope":` + envelope + `}`), nil
}

// jsrChain reads the certificates, each of them as text in PEM.
func jsrChain(o object) (string, error) {
	material, err := parseObject(o.raw("verificationMaterial"))
	if err != nil {
		return "", refuse.Wrap("carrier.malformed", err, "verificationMaterial")
	}
	if content := material.raw("content"); content != nil {
		if material, err = parseObject(content); err != nil {
			return "", refuse.Wrap("carrier.malformed", err, "verificationMaterial")
		}
	}
	chain, err := parseObject(material.raw("x509CertificateChain"))
	if err != nil {
		return "", refuse.Wrap("carrier.malformed", err, "x509CertificateChain")
	}
	list, err := elements(chain.raw("certificates"), maxMembers)
	if err != nil {
		return "", refuse.Wrap("carrier.limit", err, "certificates")
	}
	var all strings.Builder
	for _, raw := range list {
		certificate, err := parseObject(raw)
		if err != nil {
			return "", refuse.Wrap("carrier.malformed", err, "certificates")
		}
		all.WriteString(certificate.text("rawBytes") + "\n")
	}
	member, managed, err := pemChain([]byte(all.String()))
	if err == nil && managed {
		err = refuse.New("carrier.pem", "certificates: no certificate")
	}
	return member, err
}
