// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/verify"
)

// A name is accepted only in the field that its text belongs to, whether the
// policy gives it exactly or as an expression.
func TestKindOfName(t *testing.T) {
	w := world(t, virtual.Config{})
	root := rootOf(t, w)
	const uri, email, user = "https://github.com/a/b@refs/heads/main", "dev@example.com", "dev!example.com"
	for _, c := range []struct {
		what string
		name virtual.Name
		kind verify.SANType
		want string
	}{
		{"URI", virtual.Name{Type: virtual.URI, Value: uri}, 0, ""},
		{"email", virtual.Name{Type: virtual.Email, Value: email}, 0, ""},
		{"otherName", virtual.Name{Type: virtual.OtherName, Value: user}, 0, ""},
		{"email with a digit and a plus", virtual.Name{Type: virtual.Email, Value: "1+a:b@example.com"}, 0, ""},
		{"email that reads as a URI", virtual.Name{Type: virtual.Email, Value: uri}, 0, "identity.kind"},
		{"otherName that reads as a URI", virtual.Name{Type: virtual.OtherName, Value: uri}, 0, "identity.kind"},
		{"otherName that reads as a URI in capitals", virtual.Name{Type: virtual.OtherName, Value: "HTTPS://example.com"}, 0, "identity.kind"},
		{"otherName that reads as a SPIFFE ID", virtual.Name{Type: virtual.OtherName, Value: "spiffe://example.com/a"}, 0, "identity.kind"},
		{"email that reads as a URN", virtual.Name{Type: virtual.Email, Value: "urn:a@example.com"}, 0, "identity.kind"},
		{"email that reads as mailto", virtual.Name{Type: virtual.Email, Value: "mailto:dev@example.com"}, 0, "identity.kind"},
		{"otherName that reads as an email", virtual.Name{Type: virtual.OtherName, Value: email}, 0, "identity.kind"},
		{"URI that reads as an email", virtual.Name{Type: virtual.URI, Value: email}, 0, "identity.kind"},
		{"URI that reads as an otherName", virtual.Name{Type: virtual.URI, Value: user}, 0, "identity.kind"},
		{"email that reads as an otherName", virtual.Name{Type: virtual.Email, Value: user}, 0, "identity.kind"},
		{"kind stated", virtual.Name{Type: virtual.OtherName, Value: email}, verify.SANOtherName, ""},
		{"kind stated, of a URI", virtual.Name{Type: virtual.URI, Value: user}, verify.SANURI, ""},
		{"other kind stated", virtual.Name{Type: virtual.Email, Value: uri}, verify.SANURI, "identity.kind"},
		{"other kind stated of a proper name", virtual.Name{Type: virtual.URI, Value: uri}, verify.SANOtherName, "identity.kind"},
	} {
		b := signed(t, w, virtual.Request{Names: []virtual.Name{c.name}})
		for _, match := range []verify.Match{verify.Exactly(c.name.Value), verify.Matching(".*"), verify.Matching("(?i).*[a-z].*")} {
			res, err := judge(t, verifier(t, root, verify.Policy{Identities: []verify.Identity{{
				SAN: match, SANType: c.kind, Issuer: verify.Exactly(virtual.DefaultIssuer)}}}), b)
			wantCode(t, c.what, err, c.want)
			if err == nil && res.Report.Signer.Certificate.SANType == "" {
				t.Errorf("%s: the report has no kind", c.what)
			}
		}
	}
	for _, kind := range []verify.SANType{-1, 4, 99} {
		_, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{Identities: []verify.Identity{{
			SAN: verify.Exactly(uri), SANType: kind, Issuer: verify.Exactly(virtual.DefaultIssuer)}}}})
		wantCode(t, "unknown kind", err, "policy.identity")
	}
}
