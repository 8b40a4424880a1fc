// SPDX-License-Identifier: Apache-2.0

package loopback

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/crypto/cryptobyte"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/sign/oidc"
)

// signingCert is Fulcio.
func (i *Instance) signingCert(r *http.Request, body []byte) (*reply, error) {
	if r.Method == http.MethodGet {
		return i.configuration(r)
	}
	var q struct {
		Credentials struct {
			Token string `json:"oidcIdentityToken"`
		}
		Request struct {
			Key   struct{ Content string } `json:"publicKey"`
			Proof []byte                   `json:"proofOfPossession"`
		} `json:"publicKeyRequest"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	token, err := oidc.Parse(q.Credentials.Token)
	if err != nil {
		return nil, err
	}
	challenge, err := i.challenge(token)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(q.Request.Key.Content))
	key, err := sigkey.ParseSPKI(block.Bytes)
	if err != nil {
		return nil, err
	}
	proved := key
	if key.Hash() == crypto.SHA512 && key.Algorithm() == sign.Ed25519ph {
		proved, _ = key.With(7) // PKIX_ED25519
	}
	if err := proved.Verify([]byte(challenge), q.Request.Proof); err != nil {
		return nil, err
	}
	san := written(token.Names()[0])
	if i.Impostor != "" {
		san = i.Impostor
	}
	return i.certify(virtual.Request{SAN: san, Issuer: token.Issuer(), Hooks: i.Certificate}, key.Public())
}

// written is how Fulcio names a certificate: it joins and escapes a URL.
func written(name string) string {
	host, path, ok := strings.Cut(strings.TrimPrefix(name, "https://"), "/")
	if !ok || !strings.HasPrefix(name, "https://") {
		return name
	}
	return (&url.URL{Scheme: "https", Host: host, Path: "/" + path}).String()
}

// configuration says what issuers Fulcio knows.
func (i *Instance) configuration(r *http.Request) (*reply, error) {
	if r.URL.Path != "/api/v2/configuration" || i.Issuers == nil {
		return &reply{status: http.StatusNotFound, kind: "text/plain"}, nil
	}
	answer, err := json.Marshal(map[string]any{"issuers": i.Issuers})
	return &reply{status: http.StatusOK, kind: "application/json", body: answer}, err
}

// challenge is what the holder of a token has to sign.
func (i *Instance) challenge(token *oidc.Token) (string, error) {
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token.Raw(), ".")[1])
	if err != nil {
		return "", err
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		return "", err
	}
	if i.Audience != "" && claims["aud"] != i.Audience {
		return "", errors.New("the token is for another audience")
	}
	if i.Challenge != "" {
		s, _ := claims[i.Challenge].(string)
		return s, nil
	}
	return token.Challenge(), nil
}

// certify has the world make a certificate for a key.
func (i *Instance) certify(r virtual.Request, key crypto.PublicKey) (*reply, error) {
	outer := r.Certificate
	r.Certificate = func(c *virtual.CertificateInput) {
		c.PublicKey = key
		if outer != nil {
			outer(c)
		}
	}
	var ct *virtual.SCTInput
	if i.Detached {
		r.SCT = func(in *virtual.SCTInput) { ct = in }
		if !i.Embedded {
			r.SCTList = func([]byte) []byte { return nil }
		}
	}
	signed, err := i.World.Sign(r)
	if err != nil {
		return nil, err
	}
	chain := []string{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed.Certificate}))}
	for _, c := range i.Root.CertificateAuthorities()[0].Chain() {
		chain = append(chain, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
	}
	name, certificate := "signedCertificateEmbeddedSct", map[string]any{"chain": map[string]any{"certificates": chain}}
	if ct != nil {
		name = "signedCertificateDetachedSct"
		sct, err := detached(ct, signed.Certificate)
		if err != nil {
			return nil, err
		}
		certificate["signedCertificateTimestamp"] = i.encode(sct)
	}
	answer, err := json.Marshal(map[string]any{name: certificate})
	return &reply{status: http.StatusOK, kind: "application/json", body: answer}, err
}

// detached is an SCT over a certificate that holds none (RFC 6962, Section
// 3.2, x509_entry), in the form of Section 4.1.
func detached(in *virtual.SCTInput, leaf []byte) (map[string]any, error) {
	var b cryptobyte.Builder
	b.AddUint16(0) // v1, certificate_timestamp
	b.AddUint64(in.Timestamp)
	b.AddUint16(0) // x509_entry
	b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(leaf) })
	b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(in.Extensions) })
	sum := sha256.Sum256(b.BytesOrPanic())
	sig, err := in.Key.Signer().Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	signed := append([]byte{in.Hash, in.Algorithm, byte(len(sig) >> 8), byte(len(sig))}, sig...)
	return map[string]any{
		"sct_version": 0, "id": in.LogID[:], "timestamp": in.Timestamp, "extensions": append([]byte{}, in.Extensions...), "signature": signed,
	}, nil
}

// encode is how Fulcio sends an SCT: base64 of JSON.
func (i *Instance) encode(sct map[string]any) any {
	if i.SCT != nil {
		if other := i.SCT(sct); other != nil {
			return other
		}
	}
	text, err := json.Marshal(sct)
	if err != nil {
		i.t.Error(err)
	}
	return text
}
