// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// converters turn the evidence of a kind into the JSON of a bundle. A kind
// without one holds a bundle as it is.
var converters = map[Kind]func(c *conversion, raw []byte) ([]byte, error){
	KindAttestation: (*conversion).attestation,
	KindProvenance:  (*conversion).attestation,
	KindCosign:      (*conversion).cosign,
	KindEnvelope:    (*conversion).bareEnvelope,
	KindJSR:         (*conversion).jsr,
	KindSignature: func(*conversion, []byte) ([]byte, error) {
		return nil, refuse.New("import.no_entry", "a signature without its certificate and log entry, want all three")
	},
}

// inTotoType is the payload type of every PEP 740 attestation.
const inTotoType = "application/vnd.in-toto+json"

// provenance reads {"version":1,"attestation_bundles":[…]}: attestations of
// several publishers.
func provenance(o object, l Limits) ([]Element, error) {
	if err := version1(o); err != nil {
		return nil, err
	}
	bundles, err := elements(o.raw("attestation_bundles"), l.attestations())
	var all []Element
	for i := 0; err == nil && i < len(bundles); i++ {
		var group object
		if group, err = parseObject(bundles[i]); err != nil {
			break
		}
		var list [][]byte
		list, err = elements(group.raw("attestations"), l.attestations())
		for _, raw := range list {
			if len(all) == l.attestations() {
				return nil, refuse.New("carrier.count", "more than %d bundles in one provenance", l.attestations())
			}
			publisher := group.raw("publisher")
			if publisher == nil {
				publisher = []byte("null")
			}
			all = append(all, Element{Kind: KindProvenance, Raw: raw, publisher: publisher, mend: l.Repair})
		}
	}
	switch {
	case strictjson.IsLimit(err):
		return nil, refuse.New("carrier.count", "more than %d bundles in one provenance", l.attestations())
	case err != nil:
		return nil, refuse.Wrap("carrier.malformed", err, "attestation_bundles")
	}
	return all, nil
}

func version1(o object) error {
	if v := o.raw("version"); string(v) != "1" {
		return refuse.New("carrier.version", "version %s of PEP 740, want 1", clip(strconv.Quote(string(v))))
	}
	return nil
}

// attestation converts a PEP 740 attestation, version 1. Its payload type is
// fixed, and it has one certificate and one signature.
func (c *conversion) attestation(raw []byte) ([]byte, error) {
	o, err := parseObject(raw)
	if err != nil {
		return nil, err
	}
	if err := version1(o); err != nil {
		return nil, err
	}
	material, err := parseObject(o.raw("verification_material"))
	if err != nil {
		return nil, refuse.Wrap("carrier.malformed", err, "verification_material")
	}
	envelope, err := parseObject(o.raw("envelope"))
	if err != nil {
		return nil, refuse.Wrap("carrier.malformed", err, "envelope")
	}
	o.unknown(c.ignored(""), "version", "verification_material", "envelope")
	material.unknown(c.ignored("/verification_material"), "certificate", "transparency_entries", "timestamps")
	envelope.unknown(c.ignored("/envelope"), "statement", "signature")

	certificate, err := c.bytes(material.raw("certificate"), "/verification_material/certificate")
	if err != nil {
		return nil, err
	}
	entries, err := c.entries(material.raw("transparency_entries"))
	if err != nil {
		return nil, err
	}
	timestamps, err := c.timestamps(material.raw("timestamps"))
	if err != nil {
		return nil, err
	}
	statement, err := c.bytes(envelope.raw("statement"), "/envelope/statement")
	if err != nil {
		return nil, err
	}
	signature, err := c.bytes(envelope.raw("signature"), "/envelope/signature")
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString(`{"mediaType":"` + mediaTypePrefix + `.v0.3+json","verificationMaterial":{"certificate":{"rawBytes":"` + certificate + `"},"tlogEntries":[` + entries + `]` + timestamps + `}`)
	b.WriteString(`,"dsseEnvelope":{"payload":"` + statement + `","payloadType":"` + inTotoType + `","signatures":[{"sig":"` + signature + `"}]}}`)
	return []byte(b.String()), nil
}

// ignored notes members of an object that hold nothing that is read.
func (c *conversion) ignored(path string) func(name string) {
	return func(name string) { c.changed("carrier.member_ignored", pointer(path, name)) }
}

// entries returns log entries as they are, on one line.
func (c *conversion) entries(raw []byte) (string, error) {
	list, err := elements(raw, c.limits.entries())
	switch {
	case strictjson.IsLimit(err):
		return "", refuse.New("carrier.limit", "more than %d log entries", c.limits.entries())
	case err != nil:
		return "", refuse.Wrap("carrier.malformed", err, "transparency_entries")
	case len(list) == 0:
		return "", refuse.New("import.no_entry", "the attestation has no log entry, want at least one")
	}
	return string(compact(bytes.Join(list, []byte(",")))), nil
}

// timestamps returns the member that holds the timestamps, "" if there are none.
func (c *conversion) timestamps(raw []byte) (string, error) {
	if raw == nil {
		return "", nil
	}
	list, err := elements(raw, c.limits.timestamps())
	switch {
	case strictjson.IsLimit(err):
		return "", refuse.New("carrier.limit", "more than %d timestamps", c.limits.timestamps())
	case err != nil:
		return "", refuse.Wrap("carrier.malformed", err, "timestamps")
	case len(list) == 0:
		return "", nil
	}
	var b strings.Builder
	b.WriteString(`,"timestampVerificationData":{"rfc3161Timestamps":[`)
	for i, raw := range list {
		text, err := c.bytes(raw, "/verification_material/timestamps/"+strconv.Itoa(i))
		if err != nil {
			return "", err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"signedTimestamp":"` + text + `"}`)
	}
	b.WriteString("]}")
	return b.String(), nil
}

// bytes reads base64, which early attestations break into lines, and returns it
// in its one canonical form.
func (c *conversion) bytes(raw []byte, path string) (string, error) {
	s, err := text(raw)
	if err != nil {
		return "", refuse.New("carrier.malformed", "%s: want a string of base64", path)
	}
	decoded, err := strictjson.Base64(unbroken.Replace(s))
	if err != nil {
		return "", refuse.New("carrier.base64", "%s: malformed base64", path)
	}
	canonical := encode(decoded)
	if canonical != s {
		c.changed("carrier.base64", path)
	}
	return canonical, nil
}

var unbroken = strings.NewReplacer("\n", "", "\r", "")
