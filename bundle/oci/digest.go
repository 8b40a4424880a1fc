// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Digest names content: "sha256:" or "sha512:" and lower-case hexadecimal
// digits (OCI image-spec 1.1, "Digests"). The zero Digest names nothing.
type Digest string

// ParseDigest reads a digest. Anything else is oci.reference.
func ParseDigest(s string) (Digest, error) {
	algorithm, digits, _ := strings.Cut(s, ":")
	size := map[string]int{"sha256": sha256.Size, "sha512": sha512.Size}[algorithm]
	if size == 0 || len(digits) != 2*size || strings.Trim(digits, "0123456789abcdef") != "" {
		return "", refuse.New("oci.reference", "%q is not a SHA-256 or SHA-512 digest", clip(s))
	}
	return Digest(s), nil
}

// DigestOf returns the SHA-256 digest of data.
func DigestOf(data []byte) Digest {
	sum := sha256.Sum256(data)
	return Digest("sha256:" + hex.EncodeToString(sum[:]))
}

// String returns the digest as it is written.
func (d Digest) String() string { return string(d) }

// Sum returns the hash and its value, as a statement about the content names
// it; zeros for the zero Digest.
func (d Digest) Sum() (crypto.Hash, []byte) {
	algorithm, digits, _ := strings.Cut(string(d), ":")
	value, err := hex.DecodeString(digits)
	switch {
	case err == nil && algorithm == "sha256":
		return crypto.SHA256, value
	case err == nil && algorithm == "sha512":
		return crypto.SHA512, value
	}
	return 0, nil
}

// path returns where a layout keeps the content, or "" for the zero Digest.
func (d Digest) path() string {
	algorithm, digits, ok := strings.Cut(string(d), ":")
	if !ok {
		return ""
	}
	return "blobs/" + algorithm + "/" + digits
}

// FallbackTag returns the tag under which registries without the referrers API
// keep the list of what refers to d (OCI distribution-spec 1.1, "Referrers Tag
// Schema").
func (d Digest) FallbackTag() string {
	tag := strings.Replace(string(d), ":", "-", 1)
	return tag[:min(len(tag), 32+1+64)] // the specification's bound for long digests
}

// fits reports whether data has the digest.
func (d Digest) fits(data []byte) bool {
	if strings.HasPrefix(string(d), "sha512:") {
		sum := sha512.Sum512(data)
		return string(d) == "sha512:"+hex.EncodeToString(sum[:])
	}
	return d == DigestOf(data)
}

// clip keeps messages about foreign text short.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
