// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// maxCommand bounds how far a command is looked for; a longer name is no command.
const maxCommand = 32

// JSON returns JSON text, as encoding/json writes it, with the characters in
// its strings that [Escape] would escape written as JSON escapes. The meaning
// is the same, and the text is safe to print: encoding/json lets DEL, the
// other control characters beyond ASCII, bidirectional overrides and commands
// to CI runners pass.
func JSON(data []byte) []byte {
	out := make([]byte, 0, len(data))
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case commands(string(data[i:min(i+maxCommand, len(data))]), false):
			out = fmt.Appendf(out, `\u%04x`, r) // no such text occurs outside a string
		case r == '\n' || r == '\t' || printable(r):
			out = append(out, data[i:i+size]...)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		i += size
	}
	return out
}
