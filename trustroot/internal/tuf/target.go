// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"path"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Target is a target file as the roles on its path vouch for it.
type Target struct {
	Name   string
	Length int64
	Hashes map[string][]byte // by algorithm, sha256 and sha512 only
	Roles  []string          // from the top-level one to the one that lists it

	Consistent bool // kept under a name with its hash
}

// sum computes a hash that a repository may list, nil if it is unknown here.
func sum(algorithm string, data []byte) []byte {
	switch algorithm {
	case "sha256":
		s := sha256.Sum256(data)
		return s[:]
	case "sha512":
		s := sha512.Sum512(data)
		return s[:]
	}
	return nil
}

// checkHashes compares all hashes of known algorithms, of which there must
// be one; unknown ones are ignored.
func checkHashes(name string, hashes metadata.Hashes, data []byte) error {
	known := false
	for algorithm, want := range hashes {
		got := sum(algorithm, data)
		if got == nil {
			continue
		}
		if known = true; !bytes.Equal(got, want) {
			return refuse.New("tuf.hash", "%q has another %s hash than listed", clip(name), algorithm)
		}
	}
	if !known {
		return refuse.New("tuf.hash", "no hash listed for %q is of a known algorithm", clip(name))
	}
	return nil
}

func (w *Workflow) newTarget(name string, info *metadata.TargetFiles, roles []string) (*Target, error) {
	if info.Length > MaxTargetSize {
		return nil, refuse.New("tuf.too_large", "target %q has %d bytes, want at most %d", clip(name), info.Length, MaxTargetSize)
	}
	t := &Target{Name: name, Length: info.Length, Hashes: map[string][]byte{}, Roles: roles, Consistent: w.Consistent()}
	for algorithm, h := range info.Hashes {
		if want := sum(algorithm, nil); want != nil && len(h) == len(want) {
			t.Hashes[algorithm] = h
		}
	}
	if len(t.Hashes) == 0 {
		return nil, refuse.New("tuf.hash", "no hash listed for target %q is of a known algorithm", clip(name))
	}
	return t, nil
}

// ListedHashes returns the hashes, in hexadecimal, of all files that the
// metadata of a targets role lists. It asks for no signature: a file that is
// listed is not thereby trusted.
func ListedHashes(data []byte) ([]string, error) {
	h, err := checkFile(TargetsRole, data, MaxTargetsSize)
	if err != nil {
		return nil, err
	}
	md, err := read[metadata.TargetsType](TargetsRole, h)
	if err != nil {
		return nil, err
	}
	var hashes []string
	for _, info := range md.Signed.Targets {
		for _, h := range info.Hashes {
			hashes = append(hashes, hex.EncodeToString(h))
		}
	}
	return hashes, nil
}

// Check compares a file with what is listed for it.
func (t *Target) Check(data []byte) error {
	if int64(len(data)) != t.Length {
		return refuse.New("tuf.length", "target %q has %d bytes, want %d", clip(t.Name), len(data), t.Length)
	}
	for algorithm, want := range t.Hashes {
		if !bytes.Equal(sum(algorithm, data), want) {
			return refuse.New("tuf.hash", "target %q has another %s hash than listed", clip(t.Name), algorithm)
		}
	}
	return nil
}

// Hash returns the hash, in hexadecimal, by which the target is fetched and
// kept: SHA-256 where it is listed.
func (t *Target) Hash() string {
	if h, ok := t.Hashes["sha256"]; ok {
		return hex.EncodeToString(h)
	}
	return hex.EncodeToString(t.Hashes["sha512"])
}

// Path returns where a repository keeps the target, below its folder of
// targets: with its hash before the last segment if snapshots are consistent.
func (t *Target) Path() string {
	if !t.Consistent {
		return t.Name
	}
	dir, base := path.Split(t.Name)
	return dir + t.Hash() + "." + base
}

// EscapePath escapes each segment of a path for a URL.
func EscapePath(p string) string {
	parts := strings.Split(p, "/")
	for i, s := range parts {
		parts[i] = EscapeURL(s)
	}
	return strings.Join(parts, "/")
}
