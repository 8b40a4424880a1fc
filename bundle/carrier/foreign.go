// SPDX-License-Identifier: Apache-2.0

package carrier

import (
	"bytes"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// form is a format that people take for a bundle.
type form struct {
	members []string // that all of its documents have
	name    string
	advice  string
}

// forms are told apart by the members at the top of a document.
var forms = []form{
	{[]string{"attestation_bundles"}, "a PEP 740 provenance document", "ask the index for bundles, or convert each attestation to a Sigstore bundle"},
	{[]string{"verification_material", "envelope", "version"}, "a PEP 740 attestation", "convert it to a Sigstore bundle"},
	{[]string{"base64Signature"}, "a bundle in the format of cosign before version 3", "sign again in the new bundle format"},
	{[]string{"payload", "payloadType", "signatures"}, "a DSSE envelope without the evidence around it", "ask the producer for the bundle"},
	{[]string{"signed", "signatures"}, "TUF metadata", "read it with sigbundle trust"},
	{[]string{"_type", "subject"}, "an in-toto statement that no one signed", "ask the producer for the bundle"},
	{[]string{"critical", "optional"}, "the payload of an old cosign signature of an image", "sign the image again in the new bundle format"},
	{[]string{"keys"}, "a document of public keys", "give it to --key"},
	{[]string{"trustedRoot", "signingConfig"}, "a client trust configuration", "give it to --trusted-root"},
	{[]string{"schemaVersion", "manifests"}, "an index of container images", "verify an image with --oci-layout or --image"},
	{[]string{"schemaVersion", "layers"}, "the manifest of a container image", "verify an image with --oci-layout or --image"},
	{[]string{"bomFormat"}, "a CycloneDX document", "name the bundle that attests it"},
	{[]string{"spdxVersion"}, "an SPDX document", "name the bundle that attests it"},
	{[]string{"body", "logIndex", "logID"}, "an entry of a transparency log", "ask the producer for the bundle"},
	{[]string{"verificationResult"}, "the report of another client", "name the bundle that it judged"},
}

// mediaTypes are the beginnings of media types that name their document.
var mediaTypes = []form{
	{nil, "application/vnd.dev.sigstore.trustedroot", "a trust root, to be given to --trusted-root"},
	{nil, "application/vnd.dev.sigstore.signingconfig", "a signing configuration, to be given to sign"},
	{nil, "application/vnd.dev.sigstore.clienttrustconfig", "a client trust configuration, to be given to --trusted-root"},
	{nil, "application/vnd.oci.image.", "a document about container images, to be verified with --oci-layout or --image"},
	{nil, "application/vnd.docker.distribution.", "a document about container images, to be verified with --oci-layout or --image"},
}

// texts are the first bytes of formats that are not JSON.
var texts = []form{
	{nil, "-----BEGIN PGP", "a PGP signature"},
	{nil, "-----BEGIN SSH SIGNATURE", "an SSH signature"},
	{nil, "-----BEGIN CERTIFICATE", "a certificate in PEM"},
	{nil, "-----BEGIN PUBLIC KEY", "a public key in PEM, to be given to --key"},
	{nil, "untrusted comment:", "a minisign or signify signature"},
	{nil, "\x1f\x8b", "a gzip archive"},
	{nil, "PK\x03\x04", "a zip archive"},
}

// Recognise returns a refusal that names the format of data, if it is a known
// one other than a bundle. It looks at the members of the outermost object
// only.
func Recognise(data []byte) error {
	data = blank(data)
	for _, f := range texts {
		if bytes.HasPrefix(data, []byte(f.name)) {
			return refuse.New("carrier.foreign", "%s, want a Sigstore bundle", f.advice)
		}
	}
	members, mediaType, schema := outline(data)
	if strings.HasPrefix(schema, "sigbundle.") {
		return refuse.New("carrier.foreign", "an answer of this program, %q, want a Sigstore bundle", schema)
	}
	for _, f := range mediaTypes {
		if strings.HasPrefix(mediaType, f.name) {
			return refuse.New("carrier.foreign", "%s, want a Sigstore bundle", f.advice)
		}
	}
	for _, f := range forms {
		all := true
		for _, m := range f.members {
			all = all && members[m]
		}
		if all {
			return refuse.New("carrier.foreign", "%s, want a Sigstore bundle: %s", f.name, f.advice)
		}
	}
	return nil
}

// maxOutline bounds the members looked at: every form has fewer.
const maxOutline = 64

// outline returns the members of an object, or of the one object in an object
// of one member, as an answer of a transparency log is.
func outline(data []byte) (members map[string]bool, mediaType, schema string) {
	members = make(map[string]bool)
	var only []byte
	d := strictjson.NewDecoder(data)
	if d.Kind() != '{' {
		return members, "", ""
	}
	_ = d.Object(func(key string) (err error) {
		if len(members) < maxOutline {
			members[strings.Clone(key)] = true // it is valid during the call only
		}
		switch {
		case (key == "mediaType" || key == "schema") && d.Kind() == '"':
			text, err := d.String()
			if key == "schema" {
				schema = text
			} else {
				mediaType = text
			}
			return err
		case len(members) == 1 && d.Kind() == '{':
			only, err = d.Raw()
			return err
		}
		return d.Skip()
	})
	if len(members) == 1 && only != nil {
		inner := strictjson.NewDecoder(only)
		_ = inner.Object(func(key string) error {
			if len(members) < maxOutline {
				members[strings.Clone(key)] = true
			}
			return inner.Skip()
		})
	}
	return members, mediaType, schema
}
