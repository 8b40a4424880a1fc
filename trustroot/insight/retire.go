// SPDX-License-Identifier: Apache-2.0

package insight

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// KeyID names a key: SHA-256 of its SPKI or of a certificate, or a log's ID.
type KeyID [sha256.Size]byte

// String returns the ID in hexadecimal.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// ParseKeyID reads an ID in hexadecimal, with or without "sha256:" before it,
// or in base64.
func ParseKeyID(s string) (KeyID, error) {
	text := strings.TrimPrefix(s, "sha256:")
	raw, err := hex.DecodeString(text)
	if err != nil {
		raw, err = base64.StdEncoding.DecodeString(text)
	}
	if err != nil || len(raw) != sha256.Size {
		return KeyID{}, refuse.New("instance.key_id", "%q is not a key ID: want 32 bytes in hexadecimal or base64", s)
	}
	return KeyID(raw), nil
}

// Without returns the root without every instance that rests on one of the
// keys: logs with that key or ID, and authorities that have the key, or the
// certificate, anywhere in their chain. The refusal instance.key_id means that
// the root has no such key.
func Without(root *trustroot.Root, ids ...KeyID) (*trustroot.Root, error) {
	m := root.Proto()
	found := make([]bool, len(ids))
	hit := func(candidates ...KeyID) bool {
		is := false
		for i, id := range ids {
			if slices.Contains(candidates, id) {
				is, found[i] = true, true
			}
		}
		return is
	}
	log := func(l *trustrootv1.TransparencyLogInstance) bool { return hit(logKeys(root, l)...) }
	authority := func(a *trustrootv1.CertificateAuthority) bool {
		var all []KeyID
		for _, c := range a.GetCertChain().GetCertificates() {
			all = append(all, certificateKeys(c)...)
		}
		return hit(all...)
	}
	m.Tlogs = slices.DeleteFunc(m.Tlogs, log)
	m.Ctlogs = slices.DeleteFunc(m.Ctlogs, log)
	m.CertificateAuthorities = slices.DeleteFunc(m.CertificateAuthorities, authority)
	m.TimestampAuthorities = slices.DeleteFunc(m.TimestampAuthorities, authority)
	for i, ok := range found {
		if !ok {
			return nil, refuse.New("instance.key_id", "the trust root has no key, certificate or log with the ID %s", ids[i])
		}
	}
	return trustroot.FromProto(m)
}

// logKeys returns the names of a log's key. A PKCS #1 key is known by the
// SPKI that wraps it.
func logKeys(root *trustroot.Root, l *trustrootv1.TransparencyLogInstance) []KeyID {
	ids := []KeyID{sha256.Sum256(l.GetPublicKey().GetRawBytes())}
	raw := l.GetLogId().GetKeyId()
	if len(raw) != sha256.Size {
		return ids
	}
	ids = append(ids, KeyID(raw))
	if log := root.Log([32]byte(raw)); log != nil && log.PublicKey() != nil {
		if sameKey(l, log.Algorithm()) {
			ids = append(ids, log.KeyID())
		}
	}
	if log := root.CTLog([32]byte(raw)); log != nil && sameKey(l, log.Algorithm()) {
		ids = append(ids, log.KeyID())
	}
	return ids
}

func sameKey(l *trustrootv1.TransparencyLogInstance, a v1.PublicKeyDetails) bool {
	return l.GetPublicKey().GetKeyDetails() == a
}

func certificateKeys(m *v1.X509Certificate) []KeyID {
	ids := []KeyID{sha256.Sum256(m.GetRawBytes())}
	if c, err := x509.ParseCertificate(m.GetRawBytes()); err == nil {
		ids = append(ids, sha256.Sum256(c.RawSubjectPublicKeyInfo))
	}
	return ids
}
