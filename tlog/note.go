// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

const (
	maxNote     = 64 << 10 // checkpoints have a few hundred bytes
	maxNoteSigs = 100      // C2SP signed-note asks for 16 at least
	hintSize    = 4        // bytes of a key hash before each signature
)

// note is a signed note, C2SP signed-note.
type note struct {
	text string // what is signed, up to and including its last newline
	sigs []noteSig
}

// noteSig is one signature line. Nothing in it is covered by the signature.
type noteSig struct {
	name string
	hint [hintSize]byte
	sig  []byte
}

func malformed(format string, args ...any) error {
	return refuse.New("tlog.checkpoint.malformed", format, args...)
}

// parseNote reads a signed note. One line that cannot be read spoils it, as it
// does for golang.org/x/mod/sumdb/note, which cannot be used because it knows
// no ECDSA.
func parseNote(s string) (*note, error) {
	if len(s) > maxNote {
		return nil, malformed("checkpoint is longer than %d bytes", maxNote)
	}
	if !utf8.ValidString(s) {
		return nil, malformed("checkpoint is not UTF-8")
	}
	for i := range len(s) {
		if s[i] < 0x20 && s[i] != '\n' {
			return nil, malformed("control character in a checkpoint")
		}
	}
	// Text may hold blank lines, signatures may not: the last one ends the text.
	split := strings.LastIndex(s, "\n\n")
	if split < 0 {
		return nil, malformed("checkpoint without signature lines")
	}
	n := &note{text: s[:split+1]}
	lines, ok := strings.CutSuffix(s[split+2:], "\n")
	if !ok {
		return nil, malformed("checkpoint does not end with a newline")
	}
	for line := range strings.SplitSeq(lines, "\n") {
		if len(n.sigs) == maxNoteSigs {
			return nil, malformed("checkpoint with more than %d signatures", maxNoteSigs)
		}
		sig, ok := parseNoteSig(line)
		if !ok {
			return nil, malformed("signature line %d of a checkpoint is malformed", len(n.sigs)+1)
		}
		n.sigs = append(n.sigs, sig)
	}
	return n, nil
}

// parseNoteSig reads "— name base64(hint ‖ signature)".
func parseNoteSig(line string) (noteSig, bool) {
	line, ok := strings.CutPrefix(line, "\u2014 ")
	if !ok {
		return noteSig{}, false
	}
	name, text, ok := strings.Cut(line, " ")
	if !ok || name == "" || strings.Contains(name, "+") || strings.IndexFunc(name, unicode.IsSpace) >= 0 {
		return noteSig{}, false
	}
	blob, err := strictBase64.DecodeString(text)
	if err != nil || len(blob) <= hintSize {
		return noteSig{}, false
	}
	return noteSig{name: name, hint: [hintSize]byte(blob), sig: blob[hintSize:]}, true
}

// strictBase64 wants padding, and no bits set beside it.
var strictBase64 = base64.StdEncoding.Strict()
