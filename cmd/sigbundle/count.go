// SPDX-License-Identifier: Apache-2.0

package main

// Counting bundles: copies of a signature are counted as one.

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/bundle/oci"
)

// judged is one bundle with its verdict, as reports on images show it.
type judged struct {
	Referrer oci.Digest     `json:"referrer,omitempty"` // the manifest; absent for a bundle from a file
	Report   *report.Report `json:"report"`

	*carriage // how the bundle was carried; nil for one by itself

	signature string // what tells it from others; empty unless it verified
}

// count returns how many signatures verified, of how many. Copies
// of a signature are counted as one: repeating it adds nothing to it. Each
// refused bundle is counted.
func count(bundles []judged) (verified, all int) {
	signatures := make(map[string]bool)
	refused := 0
	for _, b := range bundles {
		if b.Report.Verified {
			signatures[b.signature] = true
		} else {
			refused++
		}
	}
	return len(signatures), len(signatures) + refused
}

// score says in words what was counted.
func score(verified, all, wanted int) string {
	text := fmt.Sprintf("%d of %d distinct signatures verified, %d required", verified, all, wanted)
	if wanted > 1 {
		text += "; signatures are counted, not signers"
	}
	return text
}

// distinct returns what two verified signatures have in common only if they are
// the same. From one ECDSA signature (r, s) anyone can make the other one,
// (r, -s), and log it: it is r that a signer chooses anew each time. The bytes
// of r are taken, not its digits, which would take more than linear time.
func distinct(signature []byte) string {
	s := cryptobyte.String(signature)
	var pair cryptobyte.String
	var r, rest []byte
	if s.ReadASN1(&pair, asn1.SEQUENCE) && s.Empty() && pair.ReadASN1Integer(&r) && pair.ReadASN1Integer(&rest) && pair.Empty() {
		return string(r)
	}
	return string(signature)
}
