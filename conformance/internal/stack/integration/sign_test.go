// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"os"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
	"github.com/sigbundle/sigbundle/conformance/internal/stack/stacktest"
)

// TestPaths signs by the paths that the matrix has not: several services at
// once, all algorithms, the identity of a CI job, many files.
func TestPaths(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	use := func(c stack.Signing) string {
		return " --signing-config " + b.SigningConfig(c) + " --trusted-root " + b.TrustedRoot()
	}
	check := " --trusted-root " + b.TrustedRoot() + " --identity " + email + " --issuer " + b.URLs.Issuer
	for _, c := range []stack.Signing{stack.RekorBoth, stack.RekorPair} {
		t.Run(string(c), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.ok(t, "sigbundle", "sign artifact other --identity-token-file token"+use(c))
			more := map[stack.Signing]string{stack.RekorPair: " --require tlog=2,tsa=2"}[c]
			b.ok(t, "sigbundle", "verify artifact"+check+more)
			b.ok(t, "sigbundle", "verify other"+check+more)
		})
	}
	for _, algorithm := range []string{"ecdsa-sha2-384-nistp384", "ecdsa-sha2-512-nistp521", "ed25519-ph", "rsa-sign-pkcs1-2048-sha256"} {
		for _, c := range []stack.Signing{stack.RekorV1, stack.RekorV2} {
			t.Run(algorithm+"/"+string(c), func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				b.ok(t, "sigbundle", "sign artifact --identity-token-file token --algorithm "+algorithm+use(c))
				b.ok(t, "sigbundle", "verify artifact"+check)
				b.ok(t, "peer-go", "verify -root "+b.TrustedRoot()+" -identity "+email+" -issuer "+b.URLs.Issuer+" -bundle artifact.sigstore.json artifact")
			})
		}
	}
	t.Run("ambient", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.ok(t, "sigbundle", "sign artifact"+use(stack.RekorV2),
			"ACTIONS_ID_TOKEN_REQUEST_URL="+b.RequestURL, "ACTIONS_ID_TOKEN_REQUEST_TOKEN="+b.RequestToken)
		b.ok(t, "sigbundle", "verify artifact --trusted-root "+b.TrustedRoot()+" --identity "+stacktest.CIIdentity+" --issuer "+b.URLs.IssuerCI)
	})
	t.Run("device", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.ok(t, "sigbundle", "sign artifact --oidc-flow device"+use(stack.RekorV2))
	})
}

// TestInstance takes services and trust from a proved cache alone.
func TestInstance(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	where := " --trust-dir trust --instance stack"
	b.ok(t, "sigbundle", "trust add stack --trust-dir trust --root "+b.TUFRoot()+" --mirror "+b.URLs.TUF)
	b.refused(t, "sigbundle", "sign artifact --identity-token-file token"+where, "trust.instance")
	b.ok(t, "sigbundle", "trust refresh stack --trust-dir trust")
	b.ok(t, "sigbundle", "sign artifact --identity-token-file token"+where)
	b.ok(t, "sigbundle", "verify artifact --identity "+email+" --issuer "+b.URLs.Issuer+where)
}

// TestConformance signs as the public suite asks.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, c := range []stack.Signing{stack.RekorV1, stack.RekorV2} {
		b := newBench(t)
		b.Write(t, "statement", statementAbout(b.Read(t, "artifact")))
		token := b.Read(t, "token")
		for flag, file := range map[string]string{"": "artifact", " --in-toto": "statement"} {
			b.ok(t, "sigbundle-conformance", "sign-bundle"+flag+" --identity-token "+string(token)+" --bundle b.json --trusted-root "+b.TrustedRoot()+
				" --signing-config "+b.SigningConfig(c)+" "+file)
			b.ok(t, "sigbundle-conformance", "verify-bundle --bundle b.json --certificate-identity "+email+" --certificate-oidc-issuer "+b.URLs.Issuer+
				" --trusted-root "+b.TrustedRoot()+" artifact")
		}
	}
}

func statementAbout(artifact []byte) []byte {
	return fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"artifact","digest":{"sha256":"%x"}}],`+
		`"predicateType":"https://example.com/p","predicate":{}}`, sha256.Sum256(artifact))
}

// TestBadTokens leaves nothing behind.
func TestBadTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for code, claims := range map[string]url.Values{
		"sign.fulcio.denied": {"_badsig": {"1"}}, "sign.token.expired": {"_ttl": {"-60"}},
		"sign.token.audience": {"aud": {"other"}}, "sign.token.email": {"email_verified": {"false"}},
	} {
		b.Write(t, "bad", []byte(b.Mint(t, "email", claims)))
		b.refused(t, "sigbundle", "sign artifact --identity-token-file bad --signing-config "+b.SigningConfig(stack.RekorV2)+
			" --trusted-root "+b.TrustedRoot()+" --bundle none.json", code)
		if _, err := os.Stat(b.File("none.json")); !os.IsNotExist(err) {
			t.Errorf("%s: a bundle was written", code)
		}
	}
}
