// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sigbundle/sigbundle/internal/fulcio"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictcert"
	"github.com/sigbundle/sigbundle/internal/strictjson"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/sign/internal/call"
	"github.com/sigbundle/sigbundle/sign/oidc"
	"github.com/sigbundle/sigbundle/verify"
)

// maxChain bounds the certificates in an answer; the usual number is three.
const maxChain = 10

// FulcioConfig describes a certificate authority.
type FulcioConfig struct {
	Client *Client
	URL    string      // base, without the path of the API
	Token  *oidc.Token // whom to certify
	// Audience is whom the token is for; empty means what Issuers says, or
	// else [oidc.Audience].
	Audience string
	// Issuers are what the authority says of issuers, if it was asked.
	Issuers Issuers
	// Renew, if not nil, gets another token once Token has expired. It is not
	// called twice at a time.
	Renew func(context.Context) (*oidc.Token, error)
}

// Fulcio is a certificate authority, asked with one token. It is a
// [sign.Issuer], and safe for concurrent use.
type Fulcio struct {
	c   FulcioConfig
	now func() time.Time

	mutex sync.Mutex
	token *oidc.Token // guarded by mutex
}

// NewFulcio returns the authority.
func NewFulcio(c FulcioConfig) *Fulcio {
	c.URL = strings.TrimSuffix(c.URL, "/")
	return &Fulcio{c: c, now: time.Now, token: c.Token}
}

// String names the authority in errors.
func (f *Fulcio) String() string { return "certificate authority " + f.c.URL }

// Issue implements [sign.Issuer]. Refusals are sign.fulcio.*, and those of
// [oidc.Token.Check]: a token that cannot do is not sent.
func (f *Fulcio) Issue(ctx context.Context, key *sign.Key) (*sign.Issued, error) {
	token, claim, err := f.current(ctx)
	if err != nil {
		return nil, err
	}
	body, err := signingRequest(key, token, claim)
	if err != nil {
		return nil, err
	}
	r := &call.Request{
		Service: "fulcio", Method: http.MethodPost, URL: f.c.URL + "/api/v2/signingCert", Body: body,
		Header:  map[string]string{"Content-Type": "application/json", "Accept": "application/json"},
		Timeout: fulcioTimeout, Limit: maxCertificates,
		Accept:  []int{http.StatusOK, http.StatusCreated, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden},
		Secrets: []string{token.Raw()},
	}
	resp, err := f.c.Client.do(ctx, r)
	if err != nil {
		return nil, err
	}
	if resp.Status >= 400 {
		return nil, r.Refuse("denied", resp.Status, resp.Body)
	}
	issued, err := parseSigningCert(resp.Body, key)
	if err != nil {
		return nil, r.Redact(malformed("fulcio", err, f.c.URL))
	}
	if issued.Identity, err = identityOf(issued.Certificate, token); err != nil {
		return nil, r.Redact(err) // a certificate may bear the token as a name
	}
	return issued, nil
}

// current returns a token that will do, and the claim in it that the proof of
// possession signs.
func (f *Fulcio) current(ctx context.Context) (*oidc.Token, string, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.token == nil {
		return nil, "", refuse.New("sign.token.missing", "no identity token")
	}
	claim, err := f.check(f.token)
	if refuse.CodeOf(err) != "sign.token.expired" || f.c.Renew == nil {
		return f.token, claim, err
	}
	token, err := f.c.Renew(ctx)
	if err != nil {
		return nil, "", err
	}
	// By any of its names: the same subject may be a different workflow.
	if token.Issuer() != f.token.Issuer() || !slices.Equal(token.Names(), f.token.Names()) {
		return nil, "", refuse.New("sign.token.changed", "new identity token: for %[3]q by %[4]q, want %[1]q by %[2]q as previously",
			f.token.Names(), f.token.Issuer(), token.Names(), token.Issuer())
	}
	f.token = token
	claim, err = f.check(token)
	return token, claim, err
}

// check holds a token against what the authority wants.
func (f *Fulcio) check(token *oidc.Token) (claim string, err error) {
	known := f.c.Issuers.Find(token.Issuer())
	want := oidc.Expect{Audience: f.c.Audience, Challenge: known.Challenge, Now: f.now()}
	if want.Audience == "" {
		want.Audience = known.Audience
	}
	if want.Audience == "" {
		want.Audience = oidc.Audience
	}
	return known.Challenge, token.Check(want)
}

// signingRequest is the body of a request, with a proof that we have the key
// (Fulcio, CreateSigningCertificateRequest).
func signingRequest(key *sign.Key, token *oidc.Token, claim string) ([]byte, error) {
	proof, err := key.SignMessage([]byte(token.ChallengeBy(claim)))
	if err != nil {
		return nil, err
	}
	type publicKey struct {
		Algorithm string `json:"algorithm"`
		Content   string `json:"content"`
	}
	var request struct {
		Credentials struct {
			Token string `json:"oidcIdentityToken"`
		} `json:"credentials"`
		Request struct {
			Key   publicKey `json:"publicKey"`
			Proof []byte    `json:"proofOfPossession"`
		} `json:"publicKeyRequest"`
	}
	request.Credentials.Token = token.Raw()
	request.Request.Key = publicKey{keyType(key), string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: key.SPKI()}))}
	request.Request.Proof = proof
	return json.Marshal(request)
}

func keyType(key *sign.Key) string {
	switch key.Public().(type) {
	case *ecdsa.PublicKey:
		return "ECDSA"
	case *rsa.PublicKey:
		return "RSA_PSS" // Fulcio's one name for RSA; the proof is PKCS #1 v1.5
	case ed25519.PublicKey:
		return "ED25519"
	}
	return "PUBLIC_KEY_ALGORITHM_UNSPECIFIED"
}

// parseSigningCert returns the certificate for key out of an answer, with
// what comes beside it.
func parseSigningCert(body []byte, key *sign.Key) (*sign.Issued, error) {
	d := strictjson.NewDecoder(body)
	issued := new(sign.Issued)
	var chain []string
	err := d.Object(func(name string) error {
		switch name {
		case "signedCertificateEmbeddedSct", "signedCertificateDetachedSct":
			return readChain(d, &chain, &issued.DetachedSCT)
		}
		return d.Skip()
	})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, err
	}
	if len(chain) == 0 {
		return nil, errors.New("no certificates")
	}
	issued.Certificate, err = findOurs(chain, key)
	return issued, err
}

// findOurs returns the one certificate for key.
func findOurs(chain []string, key *sign.Key) (*x509.Certificate, error) {
	var found *x509.Certificate
	for _, text := range chain {
		block, rest := pem.Decode([]byte(text))
		if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
			return nil, errors.New("a certificate is not one block of PEM")
		}
		cert, err := strictcert.Parse(block.Bytes)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(cert.RawSubjectPublicKeyInfo, key.SPKI()) {
			continue
		}
		if found != nil {
			return nil, errors.New("two certificates for our key")
		}
		found = cert
	}
	if found == nil {
		return nil, refuse.New("sign.fulcio.key", "answer: no certificate for the key that was sent")
	}
	return found, nil
}

// readChain reads {"chain":{"certificates":[…]},"signedCertificateTimestamp":…}.
func readChain(d *strictjson.Decoder, chain *[]string, sct *[]byte) error {
	return d.Object(func(name string) (err error) {
		switch name {
		case "signedCertificateTimestamp":
			*sct, err = d.Bytes()
			return err
		case "chain":
		default:
			return d.Skip()
		}
		return d.Object(func(name string) error {
			if name != "certificates" {
				return d.Skip()
			}
			return d.Array(maxChain, func(int) error {
				s, err := d.String()
				*chain = append(*chain, s)
				return err
			})
		})
	})
}

// identityOf checks that the certificate names the token's subject and
// issuer, and returns what it names.
func identityOf(leaf *x509.Certificate, token *oidc.Token) (verify.Identity, error) {
	san, err := fulcio.SubjectAltName(leaf)
	if err != nil {
		return verify.Identity{}, err
	}
	extensions, err := fulcio.Extensions(leaf)
	if err != nil {
		return verify.Identity{}, err
	}
	issuer, _ := extensions.Issuer()
	if !token.IsName(san.Value) || !token.IsIssuer(issuer) {
		return verify.Identity{}, refuse.New("sign.fulcio.identity",
			"the certificate is for %q by %q; the identity token is for %q by %q", san.Value, issuer, token.Names(), token.Issuer())
	}
	return verify.Identity{SAN: verify.Exactly(san.Value), SANType: verify.SANType(san.Type), Issuer: verify.Exactly(issuer)}, nil
}
