// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"strings"
	"testing"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// Messages are bounded as documents are.
func TestProtoLimits(t *testing.T) {
	p := ordinary(t)
	for name, a := range map[string][]*trustrootv1.CertificateAuthority{
		"too many authorities": make([]*trustrootv1.CertificateAuthority, maxInstances+1),
		"too long a chain":     {{CertChain: &v1.X509CertificateChain{Certificates: make([]*v1.X509Certificate, maxChain+1)}}},
	} {
		_, err := FromProto(&trustrootv1.TrustedRoot{MediaType: MediaTypeV01, CertificateAuthorities: a})
		wantCode(t, name, err, codeLimit)
		_, err = FromProto(&trustrootv1.TrustedRoot{MediaType: MediaTypeV01, TimestampAuthorities: a})
		wantCode(t, name, err, codeLimit)
	}
	c := authority(at(0), at(5), p.anchor)
	c.Operator, c.URI = "operator.example", ""
	r := mustNew(t, Config{CertificateAuthorities: []AuthorityConfig{c}})
	if a := r.CertificateAuthorities()[0]; a.Operator() != c.Operator || a.name() != clip(p.anchor.Subject.String()) {
		t.Errorf("%q %q", a.Operator(), a.name())
	}
}

// An enum's value that is neither a name nor a number is malformed.
func TestMalformedEnums(t *testing.T) {
	base := text(t)
	for _, value := range []string{`"\x"`, `-`, `1.5`, `1e400`, `99999999999`, `""`, `"` + strings.Repeat("X", 101) + `"`, `[]`, `{}`} {
		_, err := Parse(replace(t, base, `"PKIX_ED25519"`, value))
		wantCode(t, value, err, codeMalformed)
	}
	if _, err := Parse(replace(t, base, `"PKIX_ED25519"`, `"`+strings.Repeat("X", 100)+`"`)); err != nil {
		t.Error(err)
	}
}
