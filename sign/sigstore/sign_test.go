// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

const artifact = "something worth signing"

// TestSign signs by every path. That the results verify the signer has
// checked; here they are verified against the artifact itself.
func TestSign(t *testing.T) {
	i := newInstance(t)
	token := newToken(t, nil)
	algorithms := []sign.Algorithm{sign.ECDSAP256, sign.ECDSAP384, sign.ECDSAP521, sign.Ed25519ph, sign.RSA2048}
	for _, generations := range [][]tlog.Generation{{tlog.V1}, {tlog.V2}, {tlog.V1, tlog.V2}} {
		for _, a := range algorithms {
			for _, managed := range []bool{false, true} {
				config := i.config(token, generations...)
				config.Algorithm = a
				if managed {
					config.Issuer, config.Key = nil, mustKey(t, a)
				}
				name := fmt.Sprintf("%v/%s/managed=%t", generations, a, managed)
				t.Run(name+"/message", func(t *testing.T) { i.signed(t, config, sign.Message(strings.NewReader(artifact))) })
				t.Run(name+"/statement", func(t *testing.T) {
					envelopeFits := generations[0] != tlog.V1 || a == sign.ECDSAP256 || a == sign.RSA2048 ||
						a == sign.Ed25519ph && len(generations) == 1
					if !envelopeFits {
						i.refused(t, config, sign.Statement(statementAbout(t, artifact)), "sign.key")
						return
					}
					i.signed(t, config, sign.Statement(statementAbout(t, artifact)))
				})
			}
		}
	}
}

// signed signs, and verifies as somebody with the artifact would.
func (i *instance) signed(t *testing.T, config sign.Config, content sign.Content) *sign.Signed {
	t.Helper()
	s, err := sign.New(config)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(t.Context(), content)
	if err != nil {
		t.Fatal(err)
	}
	policy := verify.Policy{Identities: []verify.Identity{{SAN: verify.Exactly(testEmail), Issuer: verify.Exactly(testIssuer)}}}
	if config.Issuer == nil {
		policy = verify.Policy{Keys: []verify.Key{{Public: config.Key.Public(), Hint: config.Key.Hint()}}}
	}
	v, err := verify.New(verify.Config{Root: i.Root, Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Parse(signed.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	a, err := v.ReadArtifact(strings.NewReader(artifact), b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(b, a); err != nil {
		t.Fatal(err)
	}
	if len(b.Entries) != len(config.Logs) || len(b.Timestamps) != len(config.TimestampAuthorities) || b.Version != bundle.V03 {
		t.Errorf("%d entries and %d timestamps in a bundle of version %s", len(b.Entries), len(b.Timestamps), b.Version)
	}
	return signed
}

// refused signs, and wants a refusal with the code, or with "" any.
func (i *instance) refused(t *testing.T, config sign.Config, content sign.Content, code string) error {
	t.Helper()
	s, err := sign.New(config)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(t.Context(), content)
	if err == nil || signed != nil {
		t.Fatal("signed")
	}
	if got := codes.Of(err); got == "" || code != "" && got != code {
		t.Errorf("code %q, want %q: %v", got, code, err)
	}
	return err
}

// TestEncodedStatements signs nothing that would be a signed statement, too.
func TestEncodedStatements(t *testing.T) {
	i := newInstance(t)
	keyless, managed := i.config(newToken(t, nil), tlog.V2), i.config(nil, tlog.V2)
	managed.Issuer, managed.Key = nil, mustKey(t, sign.ECDSAP256)
	payload := statementAbout(t, artifact)
	for name, content := range map[string][]byte{
		"of a statement":       dsse.PAE(dsse.PayloadTypeInToto, payload),
		"of another payload":   dsse.PAE("text/plain", []byte("hello")),
		"of nothing":           dsse.PAE("", nil),
		"cut short":            []byte("DSSEv1 "),
		"with a wrong length":  []byte("DSSEv1 28 application/vnd.in-toto+json 9999 {}"),
		"with something after": append(dsse.PAE(dsse.PayloadTypeInToto, payload), "and more"...),
	} {
		for _, config := range []sign.Config{keyless, managed} {
			t.Run(name, func(t *testing.T) {
				i.refused(t, config, sign.Message(bytes.NewReader(content)), "sign.content.encoding")
				// Also where the reader gives a byte at a time.
				i.refused(t, config, sign.Message(iotest.OneByteReader(bytes.NewReader(content))), "sign.content.encoding")
			})
		}
	}
	if i.Called("fulcio") != 0 || i.Called("rekor2") != 0 {
		t.Error("a service was asked")
	}
	for _, near := range []string{"", "DSSE", "DSSEv1", "DSSEv1\n1", " DSSEv1 0  0 ", "dssev1 0  0 "} {
		s, err := sign.New(managed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Sign(t.Context(), sign.Message(strings.NewReader(near))); err != nil {
			t.Errorf("%q: %v", near, err)
		}
	}
	// The text of a proof of possession is a claim of the token.
	token := newToken(t, map[string]any{"email": "", "sub": string(dsse.PAE(dsse.PayloadTypeInToto, payload))})
	i.refused(t, i.config(token, tlog.V2), sign.Message(strings.NewReader(artifact)), "sign.content.encoding")
	if i.Called("fulcio") != 0 {
		t.Error("a signature over a statement was sent")
	}
	broken := sign.Message(iotest.ErrReader(io.ErrClosedPipe))
	i.refused(t, managed, broken, "sign.content")
}

func TestContent(t *testing.T) {
	i := newInstance(t)
	config := i.config(newToken(t, nil), tlog.V2)
	i.refused(t, config, sign.Content{}, "sign.content")
	i.refused(t, config, sign.Statement([]byte(`{"_type":"x"}`)), "statement.type")
	if i.Called("fulcio") != 0 {
		t.Errorf("%d certificates for no signature", i.Called("fulcio"))
	}
}

// TestDuplicate has Rekor v2 take an entry and lose the answer: the repeated
// request meets 409. An ECDSA key signs again; for others see TestExisting.
func TestDuplicate(t *testing.T) {
	i := newInstance(t)
	i.Earlier = 1
	config := i.config(newToken(t, nil), tlog.V2)
	i.LoseAnswers("rekor2", 1)
	i.signed(t, config, sign.Message(strings.NewReader(artifact)))
	if i.Called("rekor2") != 3 {
		t.Errorf("%d requests for two signatures, of which one was sent twice", i.Called("rekor2"))
	}

	// Rekor v1 says where the entry is.
	config = i.config(newToken(t, nil), tlog.V1)
	i.LoseAnswers("rekor1", 1)
	i.signed(t, config, sign.Message(strings.NewReader(artifact)))
}

// TestKeyID names the key in the envelope only where that is asked for.
func TestKeyID(t *testing.T) {
	i := newInstance(t)
	for _, named := range []bool{false, true} {
		config := i.config(nil, tlog.V2)
		config.Issuer, config.Key, config.KeyID = nil, mustKey(t, sign.ECDSAP256), named
		signed := i.signed(t, config, sign.Statement(statementAbout(t, artifact)))
		b, err := bundle.Parse(signed.Bundle)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]string{true: config.Key.Hint()}[named]; b.Envelope.KeyID != want || b.KeyHint != config.Key.Hint() {
			t.Errorf("the envelope names %q, the bundle %q", b.Envelope.KeyID, b.KeyHint)
		}
	}
	config := i.config(newToken(t, nil), tlog.V2)
	config.KeyID = true
	if _, err := sign.New(config); codes.Of(err) != "sign.config" {
		t.Error(err)
	}
}

// TestNamesAreURLs signs as workflows whose names are escaped in a certificate.
func TestNamesAreURLs(t *testing.T) {
	i := newInstance(t)
	for ref, san := range map[string]string{
		"o/r/.github/workflows/my build.yml@refs/heads/main":   "https://github.com/o/r/.github/workflows/my%20build.yml@refs/heads/main",
		"o/r/.github/workflows/a.yml@refs/heads/fix/#123":      "https://github.com/o/r/.github/workflows/a.yml@refs/heads/fix/%23123",
		"o/r/.github/workflows/a.yml@refs/heads/\u00fcn\u00ef": "https://github.com/o/r/.github/workflows/a.yml@refs/heads/%C3%BCn%C3%AF",
	} {
		token := newToken(t, map[string]any{"email": "", "job_workflow_ref": ref})
		s, err := sign.New(i.config(token, tlog.V2))
		if err != nil {
			t.Fatal(err)
		}
		signed, err := s.Sign(t.Context(), sign.Message(strings.NewReader(artifact)))
		if err != nil {
			t.Errorf("%q: %v", ref, err)
			continue
		}
		if got := signed.Report.Signer.Certificate.SAN; got != san {
			t.Errorf("%q: signed as %q, want %q", ref, got, san)
		}
		// Another workflow of the same repository is still refused.
		i.Impostor = "https://github.com/o/r/.github/workflows/other.yml@refs/heads/main"
		i.refused(t, i.config(token, tlog.V2), sign.Message(strings.NewReader(artifact)), "sign.fulcio.identity")
		i.Impostor = ""
	}
}
