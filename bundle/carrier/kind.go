// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// Kind is a form in which evidence is kept. The zero Kind is not a form.
type Kind int

// The kinds that are told apart. What has none of these forms is left to the
// parser of bundles, as [KindBundle], which names the form that it finds.
const (
	KindBundle      Kind = iota + 1 // a bundle by itself
	KindArray                       // an array of bundles
	KindAnswer                      // an answer with attestations, before its items are looked at
	KindNPM                         // an item of the answer of a registry of npm packages
	KindGitHub                      // an item of the answer of GitHub's API
	KindReport                      // what GitHub's client prints about a bundle
	KindAttestation                 // a PEP 740 attestation
	KindProvenance                  // a PEP 740 provenance
	KindCosign                      // a local bundle of cosign before its third version
	KindEnvelope                    // a DSSE envelope of a managed key
	KindJSR                         // a provenance of JSR
	KindSignature                   // a detached signature in base64
	KindDetached                    // a detached signature with its certificate and log entry, see Detached
	KindLines                       // JSON Lines of bundles: to be written, since each line has its own kind
)

var kindNames = map[Kind]string{
	KindBundle:      "bundle",
	KindArray:       "array of bundles",
	KindAnswer:      "answer with attestations",
	KindNPM:         "npm answer",
	KindGitHub:      "GitHub answer",
	KindReport:      "GitHub report",
	KindAttestation: "PEP 740 attestation",
	KindProvenance:  "PEP 740 provenance",
	KindCosign:      "cosign bundle",
	KindEnvelope:    "DSSE envelope",
	KindJSR:         "JSR provenance",
	KindSignature:   "detached signature",
	KindDetached:    "detached signature with its log entry",
	KindLines:       "JSON Lines",
}

// String returns the kind's name in messages.
func (k Kind) String() string {
	if name := kindNames[k]; name != "" {
		return name
	}
	return "unknown carrier"
}

// MarshalText returns the kind's name.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// mediaTypePrefix is how the media types of all bundles begin.
const mediaTypePrefix = "application/vnd.dev.sigstore.bundle"

// forms are told by the members of an object. Of a document that fits two of
// them, two readers could take different evidence.
var forms = []struct {
	kind Kind
	fits func(object) bool
}{
	{KindBundle, func(o object) bool {
		return strings.HasPrefix(o.text("mediaType"), mediaTypePrefix) && !o.has("content")
	}},
	{KindAttestation, func(o object) bool { return o.has("version", "verification_material") }},
	{KindProvenance, func(o object) bool { return o.has("version", "attestation_bundles") }},
	{KindAnswer, func(o object) bool { return o.has("attestations") }},
	{KindCosign, func(o object) bool { return o.has("base64Signature") }},
	{KindEnvelope, func(o object) bool { return o.has("payload", "payloadType", "signatures") }},
	{KindJSR, func(o object) bool {
		content, err := parseObject(o.raw("content"))
		return err == nil && content.has("$case")
	}},
}

// Detect returns the kind of a document, or why it has none: it fits two. What
// fits none is KindBundle, about which the parser of bundles has the last word.
func Detect(data []byte) (Kind, error) {
	kind, _, err := detect(data)
	return kind, err
}

func detect(data []byte) (Kind, object, error) {
	text := blank(data)
	switch {
	case isSnappy(data):
		return 0, nil, refuse.New("import.snappy", "the document is compressed with snappy, want JSON: decompress it first")
	case len(text) > 0 && text[0] == '[':
		return KindArray, nil, nil
	case len(text) == 0 || text[0] != '{':
		if isSignature(text) {
			return KindSignature, nil, nil
		}
		return KindBundle, nil, nil
	}
	o, err := parseObject(data)
	found := Kind(0)
	for _, f := range forms {
		if !f.fits(o) {
			continue
		}
		if found != 0 {
			return 0, nil, refuse.New("carrier.ambiguous", "the document has the members of both a %s and a %s", found, f.kind)
		}
		found = f.kind
	}
	switch {
	case found == KindBundle || found == 0:
		return KindBundle, o, nil // the parser of bundles names what is wrong
	case err != nil:
		return 0, nil, refuse.Wrap("carrier.malformed", err, "%s", found) // by neither of two members that could be taken for one
	}
	return found, o, nil
}

// isSnappy reports whether data is JSON in snappy's block format: the length of
// the text, and a literal that begins it.
func isSnappy(data []byte) bool {
	length, n := binary.Uvarint(data[:min(len(data), binary.MaxVarintLen32)])
	if n <= 0 || length < 2 || n >= len(data) {
		return false
	}
	tag, rest := data[n], data[n+1:]
	if tag&3 != 0 {
		return false // not a literal
	}
	if more := int(tag>>2) - 59; more > 0 { // bytes of its length follow
		if len(rest) < more {
			return false
		}
		rest = rest[more:]
	}
	return len(rest) > 1 && rest[0] == '{' && bytes.IndexByte([]byte("\" \t\r\n"), rest[1]) >= 0
}

// maxSignature bounds the text of a detached signature, in bytes: an RSA key of
// 16384 bits makes signatures of 2732.
const maxSignature = 4096

// isSignature reports whether a file is one signature in base64. What begins as
// PEM does in base64 is a certificate or a key.
func isSignature(text []byte) bool {
	text = bytes.TrimSpace(text)
	if len(text) < 64 || len(text) > maxSignature || bytes.HasPrefix(text, []byte("LS0tLS1CRUdJT")) {
		return false
	}
	_, err := strictjson.Base64(string(text))
	return err == nil
}
