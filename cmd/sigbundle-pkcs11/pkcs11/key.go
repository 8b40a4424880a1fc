// SPDX-License-Identifier: Apache-2.0

// Package pkcs11 signs with keys that never leave a hardware token, through
// PKCS #11 modules. It is a module of its own, since it takes cgo and runs
// foreign code in the process: nothing that verifies links it.
//
// What a token signs is checked like the answer of any other service, by
// package sign: a key is used only for its [crypto.Signer].
package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"

	"github.com/miekg/pkcs11"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// maxPIN bounds what is read from a file as a PIN, in bytes.
const maxPIN = 4 << 10

// PINVariable holds the PIN where the URI says nothing about it.
const PINVariable = "SIGBUNDLE_PIN"

// Key is a private key on a token: ECDSA, RSA or Ed25519. It is a
// [crypto.Signer], and safe for concurrent use.
type Key struct {
	session *session
	private pkcs11.ObjectHandle
	public  crypto.PublicKey
}

// Open logs in and finds the one key that the URI names. The PIN is that of
// the URI, or else of the variable SIGBUNDLE_PIN by getenv, which is
// os.Getenv. Refusals are sign.key, and sign.key.password without a PIN.
func Open(u *URI, getenv func(string) string) (*Key, error) {
	pin, err := u.pin(getenv)
	if err != nil {
		return nil, err
	}
	s, err := login(u, pin)
	if err != nil {
		return nil, err
	}
	k := &Key{session: s}
	if err := k.find(u); err != nil {
		_ = s.close()
		return nil, refuse.Wrap("sign.key", err, "%s", u)
	}
	return k, nil
}

// find wants exactly one key: of two with one label, neither is meant. The
// public key is the one with the same id, or where there is no id the same
// label.
func (k *Key) find(u *URI) error {
	var label []byte
	if u.Object != "" {
		label = []byte(u.Object)
	}
	keys, err := k.session.find(pkcs11.CKO_PRIVATE_KEY, label, u.ID)
	switch {
	case err != nil:
		return err
	case len(keys) == 0:
		return errors.New("private key: not found")
	case len(keys) > 1:
		return errors.New("private key: several found, want id in the URI too")
	}
	k.private = keys[0]
	id, err := k.session.bytes(k.private, pkcs11.CKA_ID)
	if err != nil {
		return err
	}
	if len(id) > 0 {
		label = nil
	} else {
		id = nil
	}
	halves, err := k.session.find(pkcs11.CKO_PUBLIC_KEY, label, id)
	switch {
	case err != nil:
		return err
	case len(halves) != 1:
		return fmt.Errorf("public key of the private one: %d found, want 1", len(halves))
	}
	k.public, err = k.session.publicKey(halves[0])
	return err
}

// Public implements [crypto.Signer].
func (k *Key) Public() crypto.PublicKey { return k.public }

// digestInfo is the prefix of a SHA-256 digest in a signature of PKCS #1
// v1.5 (RFC 8017, Section 9.2, note 1).
const digestInfo = "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"

// Sign implements [crypto.Signer], for the schemes that package sign asks for
// and a token has: ECDSA, PKCS #1 v1.5 with SHA-256, and Ed25519 over the
// message itself. Ed25519ph is not among them, since a token wants the whole
// message for it.
func (k *Key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	_, pss := opts.(*rsa.PSSOptions)
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		raw, err := k.session.sign(pkcs11.CKM_ECDSA, k.private, digest)
		if err != nil {
			return nil, err
		}
		return derSignature(raw, (public.Params().BitSize+7)/8)
	case *rsa.PublicKey:
		if opts.HashFunc() == crypto.SHA256 && !pss {
			return k.session.sign(pkcs11.CKM_RSA_PKCS, k.private, append([]byte(digestInfo), digest...))
		}
	case ed25519.PublicKey:
		if opts.HashFunc() == 0 {
			return k.session.sign(signEdDSA, k.private, digest)
		}
		return nil, refuse.New("sign.key", "the token signs Ed25519 as it is, and no Ed25519ph: "+
			"that does for statements in logs of Rekor v1 (--rekor-version 1); for all else take an ECDSA key")
	}
	return nil, refuse.New("sign.key", "the token is not asked for signatures with %v", opts.HashFunc())
}

// derSignature writes the two numbers that a token gives as they are in ASN.1
// (RFC 3279, Section 2.2.3).
func derSignature(raw []byte, size int) ([]byte, error) {
	if len(raw) != 2*size {
		return nil, fmt.Errorf("the token signed with %d bytes, and ECDSA on this curve has %d", len(raw), 2*size)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[:size]))
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[size:]))
	})
	return b.Bytes()
}

// pin finds the PIN. No error repeats any of it.
func (u *URI) pin(getenv func(string) string) (string, error) {
	switch {
	case u.PINValue != "":
		return u.PINValue, nil
	case u.PINSource != "":
		return readPIN(u.PINSource)
	}
	if pin := getenv(PINVariable); pin != "" {
		return pin, nil
	}
	return "", refuse.New("sign.key.password", "%s: no PIN: set %s, or add pin-source to the URI", u, PINVariable)
}

// readPIN reads the file that a pin-source names, as file:/PATH, file:///PATH
// or just a path (RFC 7512, Section 2.4). A line break at its end is not part
// of the PIN.
func readPIN(source string) (string, error) {
	name := strings.TrimPrefix(strings.TrimPrefix(source, "file:"), "//")
	file, err := os.Open(name)
	if err != nil {
		return "", refuse.Wrap("sign.key.password", err, "the pin-source of the PKCS #11 URI")
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxPIN+1))
	if err != nil {
		return "", refuse.Wrap("sign.key.password", err, "the pin-source of the PKCS #11 URI")
	}
	pin := bytes.TrimRight(data, "\r\n")
	if len(pin) == 0 || len(data) > maxPIN {
		return "", refuse.New("sign.key.password", "the pin-source of the PKCS #11 URI holds no PIN, or far more than one")
	}
	return string(pin), nil
}

// Close logs out. The key signs no more.
func (k *Key) Close() error { return k.session.close() }
