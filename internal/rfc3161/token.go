// SPDX-License-Identifier: Apache-2.0

// Package rfc3161 reads and checks RFC 3161 timestamps: a TimeStampResp with
// one CMS SignedData token inside.
//
// Tokens are strict DER, read once into a [Token] and never written back:
// what is verified is always the bytes as received. A CMS library would accept
// BER, convert it and so change the bytes under the signature; it would also
// choose the signer's certificate for us, which is how a forged certificate
// next to a genuine one once passed (CVE-2026-39984).
//
// An [Authority] is one timestamp authority of a trust root. Everything a
// token is judged by (anchor, leaf, validity period) comes from the same Authority.
package rfc3161

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/cms"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// The refusals of this package.
const (
	codeMalformed refuse.Code = "timestamp.malformed" // not the DER structure it should be, or beyond a limit
	codeStatus    refuse.Code = "timestamp.status"    // the authority did not grant the request
	codeProfile   refuse.Code = "timestamp.profile"   // well-formed, with contents that RFC 3161 or its profile forbids
	codeSigner    refuse.Code = "timestamp.signer"    // signer unknown, missing, or not the one the token names
	codeImprint   refuse.Code = "timestamp.imprint"   // stamps something else
	codeSignature refuse.Code = "timestamp.signature" // CMS signature or message digest does not verify
	codeChain     refuse.Code = "timestamp.chain"     // signer does not chain to the authority's anchor at that time
	codeWindow    refuse.Code = "timestamp.window"    // outside the authority's validity period
)

// Limits on foreign data. Those on how many certificates there are and on RSA
// keys are of Sigstore clients; the others are far above what any authority
// writes.
const (
	maxResponse   = 64 << 10 // bytes of a response with its token
	maxNonceBits  = 512
	maxRSABits    = 8192
	minRSABits    = 2048
	maxExtensions = 32
	maxESSCerts   = 16
)

// Token is one parsed timestamp. Nothing in it is verified until
// [Authority.Verify] says so. It is immutable and safe for concurrent use; the
// zero Token is refused by every authority.
type Token struct {
	signer   cms.SignerID
	info     tstInfo
	content  []byte // TSTInfo, DER: the value octets of eContent
	certs    []*x509.Certificate
	si       signerInfo
	warnings []string
	fault    error
	parsed   bool
}

// Parse reads a DER TimeStampResp (RFC 3161, Section 2.4.2), as a bundle
// carries it. It fails with timestamp.malformed if the response, its
// SignedData or its SignerIdentifier cannot be read, or if a limit is
// exceeded, and with timestamp.status if the response carries no token. What
// is wrong below that is kept as the token's [Token.Fault], because a token of
// an unknown authority is no evidence, whatever it contains.
func Parse(der []byte) (*Token, error) {
	if len(der) > maxResponse {
		return nil, refuse.New(codeMalformed, "timestamp of %d bytes, want at most %d", len(der), maxResponse)
	}
	input := cryptobyte.String(bytes.Clone(der))
	var resp, status, ci cryptobyte.String
	if !input.ReadASN1(&resp, asn1.SEQUENCE) || !input.Empty() ||
		!resp.ReadASN1(&status, asn1.SEQUENCE) {
		return nil, refuse.New(codeMalformed, "timestamp response is not DER")
	}
	statusErr, err := parseStatus(status)
	if err != nil {
		return nil, err
	}
	if resp.Empty() {
		if statusErr == nil {
			statusErr = refuse.New(codeStatus, "timestamp response carries no token")
		}
		return nil, statusErr
	}
	if !resp.ReadASN1(&ci, asn1.SEQUENCE) || !resp.Empty() {
		return nil, refuse.New(codeMalformed, "timestamp token is not DER")
	}
	t := &Token{parsed: true}
	t.blame(statusErr)
	if err := t.parseContentInfo(ci); err != nil {
		return nil, err
	}
	return t, nil
}

// parseStatus reads the inside of a PKIStatusInfo. The first error is about
// what the status says, the second about how it is written.
//
//	PKIStatusInfo ::= SEQUENCE {
//	   status       PKIStatus,  -- INTEGER, 0 is granted
//	   statusString PKIFreeText OPTIONAL,
//	   failInfo     PKIFailureInfo OPTIONAL }
func parseStatus(s cryptobyte.String) (said, written error) {
	var status int64
	var text, fail cryptobyte.String
	var hasFail bool
	if !s.ReadASN1Integer(&status) ||
		!s.ReadOptionalASN1(&text, nil, asn1.SEQUENCE) ||
		!s.ReadOptionalASN1(&fail, &hasFail, asn1.BIT_STRING) || !s.Empty() {
		return nil, refuse.New(codeMalformed, "status of timestamp response is not DER")
	}
	// grantedWithMods (1) is legal in RFC 3161, but no client asks for
	// anything that an authority could modify.
	if status != 0 || hasFail {
		return refuse.New(codeStatus, "timestamp response has status %d, want 0 (granted)", status), nil
	}
	return nil, nil
}

// blame keeps the first fault.
func (t *Token) blame(err error) {
	if t.fault == nil {
		t.fault = err
	}
}

// Fault returns what is wrong with a token that could be parsed well enough
// to tell whose it is, nil if nothing is. [Authority.Verify] returns it, too.
// The values of a token with a fault are incomplete.
func (t *Token) Fault() error { return t.fault }

// GenTime returns the time of the timestamp in UTC, with its fraction of a
// second. It is the zero time if the token's contents could not be read.
func (t *Token) GenTime() time.Time { return t.info.genTime }

// Policy returns the dotted OID of the policy the authority claims.
func (t *Token) Policy() string { return t.info.policy }

// ImprintHash returns the hash of the message imprint, 0 if the token's
// contents could not be read.
func (t *Token) ImprintHash() crypto.Hash { return t.info.imprintHash }

// Serial returns a copy of the token's serial number, nil if the token's
// contents could not be read.
func (t *Token) Serial() *big.Int { return cloneInt(t.info.serial) }

// Nonce returns a copy of the nonce, nil if there is none. Only who made the
// request can compare it; a verifier has nothing to compare it with.
func (t *Token) Nonce() *big.Int { return cloneInt(t.info.nonce) }

// Certificates returns the certificates inside the token, in their order. They
// are untrusted, and must not be modified.
func (t *Token) Certificates() []*x509.Certificate { return slices.Clone(t.certs) }

// Warnings returns oddities that do not make the token invalid.
func (t *Token) Warnings() []string { return slices.Clone(t.warnings) }

func cloneInt(n *big.Int) *big.Int {
	if n == nil {
		return nil
	}
	return new(big.Int).Set(n)
}
