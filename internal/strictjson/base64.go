// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"encoding/base64"
	"errors"
	"strings"
)

// Bytes reads a string of base64, in the standard or the URL-safe alphabet,
// padded or not, as protobuf's JSON mapping lets a reader accept. Line breaks
// and non-zero trailing bits are refused: Go's decoder would let both pass,
// and the same bytes would then have several spellings.
func (d *Decoder) Bytes() ([]byte, error) {
	if d.next() != '"' {
		return nil, d.fail("want a string of base64")
	}
	s, err := d.text()
	if err != nil {
		return nil, err
	}
	b, err := Base64(s)
	if err != nil {
		return nil, d.fail("%v", err)
	}
	return b, nil
}

var (
	errBase64 = errors.New("malformed base64")

	strictStd    = base64.StdEncoding.Strict()
	strictRawStd = base64.RawStdEncoding.Strict()
	strictURL    = base64.URLEncoding.Strict()
	strictRawURL = base64.RawURLEncoding.Strict()
)

// Base64 decodes s under the rules of [Decoder.Bytes].
func Base64(s string) ([]byte, error) {
	enc, raw := strictStd, strictRawStd
	if strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, '\n') >= 0 {
		return nil, errBase64
	}
	if strings.IndexByte(s, '-') >= 0 || strings.IndexByte(s, '_') >= 0 {
		enc, raw = strictURL, strictRawURL
	}
	if len(s)%4 != 0 {
		enc = raw
	}
	b, err := enc.DecodeString(s)
	if err != nil {
		return nil, errBase64
	}
	return b, nil
}
