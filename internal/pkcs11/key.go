// SPDX-License-Identifier: Apache-2.0

// Package pkcs11 signs with keys that never leave a hardware token, through
// PKCS #11 modules. It is a module of its own, since it takes cgo and runs
// foreign code in the process: nothing that verifies links it.
//
// What a token signs is checked like the answer of any other service, by
// package sign: a key is there for its [crypto.Signer] only.
package pkcs11

import (
	"bytes"
	"crypto"
	"io"
	"os"
	"strings"

	"github.com/ThalesGroup/crypto11"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

const (
	// maxPIN bounds what is read from a file as a PIN, in bytes.
	maxPIN = 4 << 10
	// maxSessions is how many sessions a token is asked for: one to stay
	// logged in and one to sign.
	maxSessions = 2
)

// PINVariable holds the PIN where the URI says nothing about it.
const PINVariable = "SIGBUNDLE_PIN"

// Key is a private key on a token. It signs ECDSA and RSA; each signature is
// one of the token's sessions, so that goroutines wait for each other.
type Key struct {
	crypto.Signer
	context *crypto11.Context
}

// Open logs in and finds the one key that the URI names. The PIN is that of
// the URI, or else of the variable SIGBUNDLE_PIN by getenv, which is
// os.Getenv. Refusals are sign.key, and sign.key.password without a PIN.
func Open(u *URI, getenv func(string) string) (*Key, error) {
	pin, err := u.pin(getenv)
	if err != nil {
		return nil, err
	}
	context, err := crypto11.Configure(&crypto11.Config{
		Path: u.ModulePath, TokenLabel: u.Token, TokenSerial: u.Serial, Pin: pin, MaxSessions: maxSessions,
	})
	if err != nil {
		return nil, refuse.Wrap("sign.key", err, "%s", u)
	}
	signer, err := find(context, u)
	if err != nil {
		_ = context.Close()
		return nil, err
	}
	return &Key{signer, context}, nil
}

// find wants exactly one key: of two with one label, neither is meant.
func find(context *crypto11.Context, u *URI) (crypto.Signer, error) {
	var label []byte
	if u.Object != "" {
		label = []byte(u.Object)
	}
	keys, err := context.FindKeyPairs(u.ID, label)
	switch {
	case err != nil:
		return nil, refuse.Wrap("sign.key", err, "%s", u)
	case len(keys) == 0:
		return nil, refuse.New("sign.key", "%s: no such private key, or none with its public key beside it", u)
	case len(keys) > 1:
		return nil, refuse.New("sign.key", "%s: there are %d such keys; name one by its id too", u, len(keys))
	}
	return keys[0], nil
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
func (k *Key) Close() error { return k.context.Close() }
