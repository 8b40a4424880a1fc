// SPDX-License-Identifier: Apache-2.0

package names

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Digest is the digest of a file.
type Digest struct {
	Algorithm string // sha256, sha384 or sha512
	Value     []byte
}

// hashes are the algorithms of integrity values, the strongest last, with the
// length of their digests. Statements do not speak of the first two.
var hashes = []struct {
	name   string
	size   int
	signed bool
}{{"md5", 16, false}, {"sha1", 20, false}, {"sha256", 32, true}, {"sha384", 48, true}, {"sha512", 64, true}}

// maxIntegrity bounds an integrity value: every algorithm several times.
const maxIntegrity = 8 << 10

// ParseSRI reads a subresource integrity value: ALGORITHM-BASE64[?OPTIONS],
// several of them with white space between them. It returns the strongest
// listed. Options, and algorithms that it does not know, are ignored. A known
// algorithm with a malformed digest is refused, and so are two digests of the
// strongest algorithm that differ: an installer accepts either file.
func ParseSRI(s string) (Digest, error) {
	if len(s) > maxIntegrity {
		return Digest{}, refuse.New("integrity.malformed", "integrity of %d bytes, want at most %d", len(s), maxIntegrity)
	}
	best, value, twice := -1, []byte(nil), false
	for token := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(" \t\n\r\f", r) }) {
		name, text, _ := strings.Cut(token, "-")
		text, _, _ = strings.Cut(text, "?")
		for i, h := range hashes {
			if h.name != name {
				continue
			}
			sum, err := base64.StdEncoding.Strict().DecodeString(text)
			switch {
			case err != nil || strings.ContainsAny(text, "\r\n") || len(sum) != h.size:
				return Digest{}, refuse.New("integrity.malformed", "integrity %q: want %d bytes in base64", token, h.size)
			case i == best && !bytes.Equal(sum, value):
				twice = true
			case i > best:
				best, value, twice = i, sum, false
			}
		}
	}
	switch {
	case best < 0:
		return Digest{}, refuse.New("integrity.malformed", "integrity %q: no digest, want ALGORITHM-BASE64", s)
	case twice:
		return Digest{}, refuse.New("integrity.malformed", "integrity %q: two %s digests, want one", s, hashes[best].name)
	case !hashes[best].signed:
		return Digest{}, refuse.New("artifact.not_comparable", "integrity %q: %s only, want sha256, sha384 or sha512", s, hashes[best].name)
	}
	return Digest{hashes[best].name, value}, nil
}
