// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// foreignMembers is how many members of a document are looked at to tell what
// it is.
const foreignMembers = 16

// foreignForms are recognised by members of the document, the first that fits.
var foreignForms = []struct {
	members []string
	is      string
}{
	{[]string{"verificationData"}, "a bundle of a form from before version 0.1: ask its producer for a current one"},
	{[]string{"version", "verification_material"}, "a PEP 740 attestation of a Python package"},
	{[]string{"version", "attestation_bundles"}, "a PEP 740 provenance of a Python package"},
	{[]string{"attestations"}, "an answer of the attestation API of npm or GitHub, which package carrier reads"},
	{[]string{"base64Signature"}, "a signature of cosign's older form: ask its producer for a bundle of the new format"},
	{[]string{"SignedEntryTimestamp", "Payload"}, "the annotation of an older cosign signature of an image, which is complete only with the signature and certificate beside it"},
	{[]string{"payload", "payloadType", "signatures"}, "a DSSE envelope without a bundle around it"},
	{[]string{"critical"}, "a payload of an older cosign signature of an image"},
	{[]string{"content"}, "a provenance of JSR, whose content member is a bundle in another mapping"},
	{[]string{"_type", "subject"}, "an in-toto statement without a signature: \"sigbundle attest\" signs it"},
	{[]string{"signed", "signatures"}, "a file of TUF metadata: \"sigbundle trust\" reads it"},
	{[]string{"schemaVersion"}, "an image manifest or index: name the image instead"},
	{[]string{"tlogs"}, "a trust root"},
	{[]string{"caUrls"}, "a signing configuration"},
	{[]string{"trustedRoot"}, "a client's trust configuration"},
	{[]string{"logIndex", "canonicalizedBody"}, "a log entry without a bundle around it"},
	{[]string{"apiVersion", "kind", "spec"}, "the body of a log entry"},
}

// foreignTexts are recognised by how the file begins.
var foreignTexts = []struct{ begin, is string }{
	{"-----BEGIN CERTIFICATE", "a certificate in PEM"},
	{"-----BEGIN ", "a key or signature in PEM"},
	{"LS0tLS1CRUdJT", "a certificate or key in PEM within base64"},
	{"c2sp.org/tlog-proof@v1", "a proof of a transparency log, as text"},
	{"tree ", "a git commit: \"sigbundle verify --commit\" reads it"},
	{"object ", "a git tag: \"sigbundle verify --commit\" reads it"},
	{"[", "an array: give each bundle of it by itself, or one on each line"},
	{"\x1f\x8b", "a file compressed with gzip: unpack it first"},
	{"PK\x03\x04", "a zip archive: unpack it first"},
}

// foreign returns the refusal err of data as it is, or with the name of the
// form that data has instead of a bundle's.
// What has too many of a bundle's own members is a bundle, and is not read again.
func foreign(data []byte, err error) error {
	switch refuse.CodeOf(err) {
	case "bundle.limit", "bundle.signature_count":
		return err
	}
	what := foreignForm(data)
	if what == "" {
		return err
	}
	return refuse.Wrap("bundle.malformed", err, "not a bundle, but %s", what)
}

func foreignForm(data []byte) string {
	data = blank(data)
	for _, f := range foreignTexts {
		if bytes.HasPrefix(data, []byte(f.begin)) {
			return f.is
		}
	}
	var names []string
	enough := errors.New("enough")
	d := strictjson.NewDecoder(data)
	_ = d.Object(func(name string) error {
		if names = append(names, strings.Clone(name)); len(names) == foreignMembers {
			return enough
		}
		return d.Skip()
	})
	if slices.Contains(names, "verificationMaterial") && !slices.Contains(names, "verificationData") {
		return "" // a bundle with a fault
	}
	for _, f := range foreignForms {
		if !slices.ContainsFunc(f.members, func(m string) bool { return !slices.Contains(names, m) }) {
			return f.is
		}
	}
	return ""
}
