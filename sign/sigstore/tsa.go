// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"mime"
	"net/http"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
	"github.com/sigbundle/sigbundle/sign/internal/call"
)

// TSAConfig describes a timestamp authority.
type TSAConfig struct {
	Client *Client
	URL    string // complete: where requests are posted
	// Certificates asks for the authority's certificates in the timestamp. A
	// trust root that does not list the one that signs needs them; bundles
	// get longer by them.
	Certificates bool
}

// TSA is a timestamp authority (RFC 3161). It is a [sign.TimestampAuthority], and safe
// for concurrent use.
type TSA struct{ c TSAConfig }

// NewTSA returns the authority.
func NewTSA(c TSAConfig) *TSA { return &TSA{c} }

// String names the authority in errors.
func (t *TSA) String() string { return "timestamp authority " + t.c.URL }

// Stamp implements [sign.TimestampAuthority]. Refusals are sign.tsa.*, and those of
// reading a timestamp.
func (t *TSA) Stamp(ctx context.Context, signature []byte) ([]byte, error) {
	nonce, err := newNonce()
	if err != nil {
		return nil, err
	}
	query, err := timestampQuery(signature, nonce, t.c.Certificates)
	if err != nil {
		return nil, refuse.Wrap("sign.tsa.malformed", err, "timestamp request")
	}
	resp, err := t.c.Client.do(ctx, &call.Request{
		Service: "tsa", Method: http.MethodPost, URL: t.c.URL, Body: query,
		Header:  map[string]string{"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"},
		Timeout: tsaTimeout, Limit: maxTimestamp, Accept: []int{http.StatusOK, http.StatusCreated},
	})
	if err != nil {
		return nil, err
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != "application/timestamp-reply" {
		return nil, refuse.New("sign.tsa.malformed", "%s answered with the content type %q, want application/timestamp-reply", t.c.URL, resp.Header.Get("Content-Type"))
	}
	token, err := rfc3161.Parse(resp.Body)
	switch {
	case refuse.CodeOf(err) == "timestamp.status":
		return nil, refuse.New("sign.tsa.denied", "%s gives no timestamp: %s", t.c.URL, err)
	case err != nil:
		return nil, malformed("tsa", err, t.c.URL)
	}
	// RFC 3161, Section 2.4.2: without our nonce it may be an old answer.
	if got := token.Nonce(); got == nil || got.Cmp(nonce) != 0 {
		return nil, refuse.New("sign.tsa.nonce", "%s: nonce differs from the one that was sent", t.c.URL)
	}
	return resp.Body, nil
}

// newNonce returns a positive number of 64 random bits.
func newNonce() (*big.Int, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return nil, refuse.Wrap("sign.tsa.malformed", err, "nonce")
	}
	return new(big.Int).SetBytes(b[:]), nil
}

var oidSHA256 = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}

// timestampQuery writes the request (RFC 3161, Section 2.4.1):
//
//	TimeStampReq ::= SEQUENCE { version INTEGER { v1(1) },
//	    messageImprint SEQUENCE { hashAlgorithm AlgorithmIdentifier, hashedMessage OCTET STRING },
//	    nonce INTEGER, certReq BOOLEAN DEFAULT FALSE }
func timestampQuery(message []byte, nonce *big.Int, certificates bool) ([]byte, error) {
	imprint := sha256.Sum256(message)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidSHA256)
				b.AddASN1NULL()
			})
			b.AddASN1OctetString(imprint[:])
		})
		b.AddASN1BigInt(nonce)
		if certificates { // DER leaves a default out
			b.AddASN1Boolean(true)
		}
	})
	return b.Bytes()
}
