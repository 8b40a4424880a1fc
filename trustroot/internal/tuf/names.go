// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

const upperHex = "0123456789ABCDEF"

// EscapeURL escapes one segment of a URL's path: everything that RFC 3986
// does not call unreserved, the slash included, so that a role cannot name
// another place than its own.
func EscapeURL(s string) string {
	return escape(s, func(c byte) bool {
		return unreserved(c) || 'A' <= c && c <= 'Z' || c == '~'
	})
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.'
}

func escape(s string, keep func(byte) bool) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; keep(c) {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		}
	}
	return b.String()
}

// maxFileName leaves space for a prefix and a suffix within the 255 bytes of
// the usual file systems.
const maxFileName = 128

// EscapeFile turns any name into one component of a file path, one to one:
// upper case is escaped, since file systems exist that fold it; so are a dot
// at either end and the device names of Windows. What gets too long is
// replaced by its hash, behind a sign that no escaped name contains.
func EscapeFile(s string) string {
	e := escape(s, unreserved)
	if stem, _, _ := strings.Cut(e, "."); stem == "" || device(stem) {
		e = forceEscape(e, 0)
	}
	if strings.HasSuffix(e, ".") {
		e = forceEscape(e, len(e)-1)
	}
	if len(e) > maxFileName {
		sum := sha256.Sum256([]byte(s))
		return "+" + hex.EncodeToString(sum[:])
	}
	return e
}

func forceEscape(s string, i int) string {
	if s == "" {
		return "%"
	}
	return s[:i] + string([]byte{'%', upperHex[s[i]>>4], upperHex[s[i]&15]}) + s[i+1:]
}

// device reports whether Windows takes a file of that name, whatever its
// extension, for a device.
func device(stem string) bool {
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(stem) == 4 && (stem[:3] == "com" || stem[:3] == "lpt") && '0' <= stem[3] && stem[3] <= '9'
}

// checkRoleName refuses names of delegated roles that would collide with a
// role that every repository has: N.root.json can only be one file.
func checkRoleName(name string) error {
	switch {
	case name == "" || len(name) > MaxRoleName:
		return refuse.New("tuf.name", "the name of a delegated role has %d bytes, want 1 to %d", len(name), MaxRoleName)
	case name == RootRole || name == TimestampRole || name == SnapshotRole || name == TargetsRole:
		return refuse.New("tuf.name", "a delegated role is called %q, like a top-level one", name)
	}
	return nil
}

// CheckTargetName refuses names that do not stay inside the folder of the
// targets: absolute ones, and those with an empty, "." or ".." segment, a
// backslash or a control character.
func CheckTargetName(name string) error {
	if name == "." || len(name) > MaxTargetName || !fs.ValidPath(name) {
		return refuse.New("tuf.name", "target name %q is not a clean relative path", clip(name))
	}
	for i := range len(name) {
		if name[i] < 0x20 || name[i] == 0x7f || name[i] == '\\' {
			return refuse.New("tuf.name", "target name %q has a backslash or a control character", clip(name))
		}
	}
	return nil
}

// clip keeps messages about foreign text short.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
