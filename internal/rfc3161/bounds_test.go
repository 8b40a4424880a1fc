// SPDX-License-Identifier: Apache-2.0

package rfc3161

import (
	"bytes"
	"math/big"
	"slices"
	"testing"

	"github.com/sigbundle/sigbundle/internal/cms"

	"golang.org/x/crypto/cryptobyte"
)

// The time to write out an identifier or an integer grows with the square of
// its length, so that no long one leaves the parser.
func TestLongValues(t *testing.T) {
	oid := func(n int) []byte { return tlv(tOID, append(bytes.Repeat([]byte{0x81}, n-1), 1)) }
	number := func(bits uint) []byte { return bigInteger(new(big.Int).Lsh(big.NewInt(1), bits-1)) }
	info := func(policy, imprint, serial, nonce []byte) []byte {
		return seq(integer(1), policy, seq(seq(imprint), tlv(tOctets, make([]byte, 32))), serial,
			tlv(0x18, []byte("20250102030405Z")), nonce)
	}
	good := tlv(tOID, []byte(cms.OIDSHA256))
	for name, c := range map[string]struct {
		der    []byte
		passes bool
	}{
		"none long":        {info(oid(64), good, number(160), number(512)), true},
		"policy":           {info(oid(65), good, number(8), nil), false},
		"very long policy": {info(oid(1<<20), good, number(8), nil), false},
		"imprint":          {info(oid(3), oid(65), number(8), nil), false},
		"serial":           {info(oid(3), good, number(161), nil), false},
		"very long serial": {info(oid(3), good, number(1<<20), nil), false},
		"nonce":            {info(oid(3), good, number(8), number(513)), false},
	} {
		if _, err := parseTSTInfo(c.der); (err == nil) != c.passes {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := cryptobyte.String(oid(65))
	if cms.ReadOID(&long, new(cryptobyte.String)) {
		t.Error("an identifier of 65 bytes is read")
	}
	if _, err := Parse(tlv(tSequence, make([]byte, maxResponse))); err == nil || !bytes.Contains([]byte(err.Error()), []byte("at most 65536")) {
		t.Errorf("a response of more than 64 KiB: %v", err)
	}
	var id cms.SignerID
	sid := cryptobyte.String(seq(seq(), number(161)))
	if cms.ReadSignerID(&sid, &id) {
		t.Error("a signer with a serial number of 161 bits is read")
	}
	var cert certID
	ess := cryptobyte.String(seq(seq(tlv(0xa4, seq())), number(161)))
	if readIssuerSerial(&ess, &cert) {
		t.Error("a certificate identifier with a serial number of 161 bits is read")
	}
	if ext := slices.Concat(oid(65), tlv(tOctets)); parseExtensions(seq(ext)) == nil {
		t.Error("an extension with an identifier of 65 bytes is read")
	}
}
