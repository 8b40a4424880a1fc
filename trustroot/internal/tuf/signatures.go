// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	_ "crypto/sha512" // SHA-384
	"crypto/x509"
	"encoding/hex"
	"encoding/json"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictcert"
)

// trust says who signs a role.
type trust struct {
	role      string
	keys      map[string]*metadata.Key
	ids       []string // of the role; those without a key are ignored
	threshold int
}

func rootTrust(root *metadata.Metadata[metadata.RootType], role string) trust {
	t := trust{role: role, keys: root.Signed.Keys}
	if r := root.Signed.Roles[role]; r != nil {
		t.ids, t.threshold = r.KeyIDs, r.Threshold
	}
	return t
}

// trust returns what a delegator says about a role.
func (w *Workflow) trust(role, delegator string) (trust, error) {
	if delegator == RootRole {
		if w.set.Root.Signed.Roles[role] == nil {
			return trust{}, refuse.New("tuf.malformed", "the root has no role %q", clip(role))
		}
		return rootTrust(w.set.Root, role), nil
	}
	md := w.set.Targets[delegator]
	if md == nil || md.Signed.Delegations == nil {
		return trust{}, refuse.New("tuf.malformed", "role %q before its delegator %q", clip(role), clip(delegator))
	}
	d := md.Signed.Delegations
	if s := d.SuccinctRoles; s != nil {
		return trust{role, d.Keys, s.KeyIDs, s.Threshold}, nil
	}
	for _, r := range d.Roles {
		if r.Name == role {
			return trust{role, d.Keys, r.KeyIDs, r.Threshold}, nil
		}
	}
	return trust{}, refuse.New("tuf.malformed", "%q does not delegate to %q", clip(delegator), clip(role))
}

// check counts the different public keys of the role with a valid signature
// over the canonical form of the signed part. A key of an unknown kind, a key
// ID without a key and an invalid signature are not counted, and do not prevent
// others from counting: a repository may move to a kind of key that this
// client does not know yet. Two IDs of one public key are counted as one.
func (t trust) check(h *header) error {
	if t.threshold < 1 {
		return refuse.New("tuf.threshold", "%q metadata: a threshold of %d signatures", clip(t.role), t.threshold)
	}
	message, err := canonical(h.signed)
	if err != nil {
		return refuse.Wrap("tuf.malformed", err, "%q metadata", clip(t.role))
	}
	seen, usable, valid := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, id := range t.ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		name, verify := readKey(t.keys[id])
		if verify == nil {
			continue
		}
		usable[name] = true
		if sig, err := hex.DecodeString(h.signatures[id]); err == nil && !valid[name] && verify(message, sig) {
			if valid[name] = true; len(valid) == t.threshold {
				return nil
			}
		}
	}
	if len(usable) < t.threshold {
		return refuse.New("tuf.threshold", "%q metadata: %d signatures are wanted, but the role has %d different keys of a known kind",
			clip(t.role), t.threshold, len(usable))
	}
	return refuse.New("tuf.signature", "%q metadata: %d valid signatures, want %d", clip(t.role), len(valid), t.threshold)
}

// RSA keys outside these sizes are not counted.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// A verifier checks a signature over a message.
type verifier func(message, sig []byte) bool

// readKey returns a key's DER, which names it whatever its spelling, and its
// verifier. A key that cannot be used has none: an unknown type or scheme, or
// a value that is not of them.
func readKey(key *metadata.Key) (name string, verify verifier) {
	if key == nil {
		return "", nil
	}
	k := metadata.Key{Type: key.Type, Value: key.Value}
	if k.Type == "ecdsa-sha2-nistp384" {
		k.Type = metadata.KeyTypeECDSA_SHA2_P256 // go-tuf reads ECDSA keys of all curves under this type
	}
	pub, err := k.ToPublicKey()
	if err != nil {
		return "", nil
	}
	switch key.Type + " " + key.Scheme {
	case "ed25519 ed25519":
		verify = edVerifier(pub)
	case "ecdsa ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256 ecdsa-sha2-nistp256":
		verify = ecVerifier(pub, elliptic.P256(), crypto.SHA256)
	case "ecdsa ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384 ecdsa-sha2-nistp384":
		verify = ecVerifier(pub, elliptic.P384(), crypto.SHA384)
	case "rsa rsassa-pss-sha256":
		verify = rsaVerifier(pub)
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if verify == nil || err != nil {
		return "", nil
	}
	return string(der), verify
}

func edVerifier(pub crypto.PublicKey) verifier {
	k, ok := pub.(ed25519.PublicKey)
	if !ok || strictcert.CheckEd25519(k) != nil { // the length too, at which crypto/ed25519 panics
		return nil
	}
	return func(message, sig []byte) bool { return ed25519.Verify(k, message, sig) }
}

func ecVerifier(pub crypto.PublicKey, curve elliptic.Curve, hash crypto.Hash) verifier {
	k, ok := pub.(*ecdsa.PublicKey)
	if !ok || k.Curve != curve {
		return nil
	}
	return func(message, sig []byte) bool {
		h := hash.New()
		h.Write(message)
		return ecdsa.VerifyASN1(k, h.Sum(nil), sig)
	}
}

// rsaVerifier takes salts of every length: securesystemslib signs with one of
// the hash's length, go-tuf with the longest that fits.
func rsaVerifier(pub crypto.PublicKey) verifier {
	k, ok := pub.(*rsa.PublicKey)
	if !ok || k.N.BitLen() < minRSABits || k.N.BitLen() > maxRSABits {
		return nil
	}
	return func(message, sig []byte) bool {
		digest := sha256.Sum256(message)
		return rsa.VerifyPSS(k, crypto.SHA256, digest[:], sig, nil) == nil
	}
}

// read has go-tuf read the signed part of a file. Signatures stay behind: they
// have been counted, and one that cannot be read must not block the file.
func read[T metadata.Roles](role string, h *header) (*metadata.Metadata[T], error) {
	md := &metadata.Metadata[T]{}
	var err error
	switch signed := any(&md.Signed).(type) {
	case *metadata.TargetsType:
		err = readTargets(h.signed, signed)
	case *metadata.SnapshotType:
		err = readSnapshot(h.signed, signed)
	default:
		err = json.Unmarshal(h.signed, signed)
	}
	if err != nil {
		return nil, refuse.Wrap("tuf.malformed", err, "%q metadata", clip(role))
	}
	return md, nil
}

// readTargets reads what may list many files. The methods of go-tuf's types
// read a file and each of its parts a second time, for members that nothing
// here asks for; the types below have its members and not its methods.
func readTargets(data []byte, into *metadata.TargetsType) error {
	type fields metadata.TargetsType
	type file metadata.TargetFiles
	var plain struct {
		fields
		Targets map[string]*file `json:"targets"`
	}
	if err := json.Unmarshal(data, &plain); err != nil {
		return err
	}
	*into = metadata.TargetsType(plain.fields)
	into.Targets = make(map[string]*metadata.TargetFiles, len(plain.Targets))
	for name, f := range plain.Targets {
		f.Path = name
		into.Targets[name] = (*metadata.TargetFiles)(f)
	}
	return nil
}

// readSnapshot does the same for a snapshot.
func readSnapshot(data []byte, into *metadata.SnapshotType) error {
	type fields metadata.SnapshotType
	type file metadata.MetaFiles
	var plain struct {
		fields
		Meta map[string]*file `json:"meta"`
	}
	if err := json.Unmarshal(data, &plain); err != nil {
		return err
	}
	*into = metadata.SnapshotType(plain.fields)
	into.Meta = make(map[string]*metadata.MetaFiles, len(plain.Meta))
	for name, f := range plain.Meta {
		into.Meta[name] = (*metadata.MetaFiles)(f)
	}
	return nil
}
