// SPDX-License-Identifier: Apache-2.0

package strictjson

import (
	"bytes"
	"errors"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

var (
	errUTF16 = errors.New("text is UTF-16, want UTF-8: convert it (iconv -f UTF-16 -t UTF-8 FILE; in PowerShell, write it with Set-Content -Encoding utf8NoBOM instead of >)")
	errUTF32 = errors.New("text is UTF-32, want UTF-8: convert it (iconv -f UTF-32 -t UTF-8 FILE)")
	errBOM   = errors.New("text begins with a byte order mark, want UTF-8 without one: remove its first three bytes (tail -c +4 FILE; in PowerShell, write it with Set-Content -Encoding utf8NoBOM)")
)

// CheckEncoding says in which other encoding a text in ASCII characters is
// written, and how to convert it. It returns nil for UTF-8 without a byte order
// mark and for everything that it does not recognise.
func CheckEncoding(text []byte) error {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(text, []byte("\x00\x00\xfe\xff")):
		return errUTF32
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return errUTF16
	case bytes.HasPrefix(text, byteOrderMark):
		return errBOM
	case len(text) >= 4 && text[0] == 0 && text[1] != 0 && text[2] == 0 && text[3] != 0,
		len(text) >= 4 && text[0] != 0 && text[1] == 0 && text[2] != 0 && text[3] == 0:
		return errUTF16 // without a mark
	}
	return nil
}

// TrimMark returns text without the byte order mark in front. It is for the
// files of an operator, such as trust roots and keys. Evidence has none.
func TrimMark(text []byte) []byte { return bytes.TrimPrefix(text, byteOrderMark) }
