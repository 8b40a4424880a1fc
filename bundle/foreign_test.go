// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestForeignForms(t *testing.T) {
	for _, c := range []struct{ data, want string }{
		{`{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1","verificationData":{},"verificationMaterial":{}}`, "before version 0.1"},
		{`{"version":1,"verification_material":{},"envelope":{}}`, "PEP 740 attestation"},
		{`{"version":1,"attestation_bundles":[]}`, "PEP 740 provenance"},
		{`{"attestations":[{"predicateType":"a","bundle":{}}]}`, "package carrier"},
		{"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==", "PEM within base64"},
		{`{"base64Signature":"","cert":"","rekorBundle":{}}`, "cosign"},
		{`{"SignedEntryTimestamp":"","Payload":{}}`, "annotation"},
		{`{"payload":"","payloadType":"","signatures":[]}`, "DSSE envelope"},
		{`{"critical":{},"optional":null}`, "payload of an older cosign"},
		{`{"mediaType":"a","content":{"$case":"dsseEnvelope"}}`, "JSR"},
		{`{"_type":"a","subject":[],"predicate":{}}`, "in-toto statement"},
		{`{"signed":{},"signatures":[]}`, "TUF metadata"},
		{`{"schemaVersion":2,"manifests":[]}`, "image manifest"},
		{`{"mediaType":"a","tlogs":[]}`, "trust root"},
		{`{"mediaType":"a","caUrls":[]}`, "signing configuration"},
		{`{"trustedRoot":{},"signingConfig":{}}`, "trust configuration"},
		{`{"logIndex":"1","canonicalizedBody":""}`, "log entry"},
		{`{"apiVersion":"0.0.1","kind":"dsse","spec":{}}`, "body of a log entry"},
		{` [{"mediaType":""}]`, "array"},
		{"-----BEGIN CERTIFICATE-----", "certificate in PEM"},
		{"-----BEGIN PUBLIC KEY-----", "key or signature in PEM"},
		{"c2sp.org/tlog-proof@v1\n", "proof of a transparency log"},
		{"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n", "git commit"},
		{"\x1f\x8b\x08", "gzip"},
	} {
		_, err := Parse([]byte(c.data))
		if refuse.CodeOf(err) != "bundle.malformed" || !strings.Contains(err.Error(), "not a bundle, but ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.data, err, c.want)
		}
	}
	for _, data := range []string{"", "{", "{}", "null", `{"a":1}`, `{"mediaType":1,"verificationMaterial":{},"signatures":[]}`} {
		if _, err := Parse([]byte(data)); err == nil || strings.Contains(err.Error(), "not a bundle") {
			t.Errorf("%s: %v", data, err)
		}
	}
}

// A chain under version 0.3 is kept and marked.
func TestLooseChain(t *testing.T) {
	doc := messageV03(t)
	set(t, doc, "verificationMaterial.certificate", remove)
	set(t, doc, "verificationMaterial.x509CertificateChain", chain(t, [2]string{"leaf", "intermediate"}, [2]string{"intermediate", "root"}, [2]string{"root", "root"}))
	b, err := Parse(text(t, doc))
	if err != nil || !b.LooseChain || b.Leaf == nil || len(b.Intermediates) != 1 || !b.DroppedRoot {
		t.Fatalf("%+v, %v", b, err)
	}
	m, err := b.Proto()
	if err != nil || len(m.GetVerificationMaterial().GetX509CertificateChain().GetCertificates()) != 2 {
		t.Errorf("%v, %v", m, err)
	}
	for _, plain := range []object{messageV03(t), messageOld(t, "0.2")} {
		if b, err := Parse(text(t, plain)); err != nil || b.LooseChain {
			t.Errorf("%v, %v", b, err)
		}
	}
}
