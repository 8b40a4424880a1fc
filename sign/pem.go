// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// maxPEM bounds a key file, in bytes. RSA keys of 16,384 bits take 13 KB.
const maxPEM = 64 << 10

// ParsePEM reads a private key from one block of PEM: PKCS #8, plain or
// encrypted (PBES2), the older forms for EC and RSA, and those that cosign
// writes. The password is asked for only if the key is encrypted; nil means
// that there is none. See [NewKey] for hint. Refusals are sign.key, and
// sign.key.password for a wrong password or none.
func ParsePEM(data []byte, hint string, password func() ([]byte, error)) (*Key, error) {
	if len(data) > maxPEM {
		return nil, refuse.New("sign.key", "key file of %d bytes, want at most %d", len(data), maxPEM)
	}
	block, _ := pem.Decode(data)
	if block == nil || bytes.Count(data, []byte("-----BEGIN ")) > 1 {
		return nil, refuse.New("sign.key", "key file: want exactly one block of PEM")
	}
	if len(block.Headers) > 0 {
		// RFC 1423: a hash without iterations, and no authentication.
		return nil, refuse.New("sign.key", "key file: PEM with headers, want PKCS #8, as openssl pkcs8 -topk8 writes it")
	}
	der, err := decrypt(block, password)
	if err != nil {
		return nil, err
	}
	private, err := parsePrivate(block.Type, der)
	if err != nil && strings.HasPrefix(block.Type, "ENCRYPTED ") { // a wrong password leaves good padding once in 256
		return nil, refuse.New("sign.key.password", "the private key cannot be decrypted: %s", errPassword)
	}
	if err != nil {
		return nil, refuse.Wrap("sign.key", err, "private key")
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, refuse.New("sign.key", "private key: type %T cannot sign", private)
	}
	return NewKey(signer, hint)
}

func parsePrivate(kind string, der []byte) (any, error) {
	switch kind {
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(der)
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(der)
	}
	return x509.ParsePKCS8PrivateKey(der)
}

// decrypt returns the DER of the key.
func decrypt(block *pem.Block, password func() ([]byte, error)) ([]byte, error) {
	open := openPBES2
	switch block.Type {
	case "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY":
		return block.Bytes, nil
	case "ENCRYPTED PRIVATE KEY":
	case "ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY":
		open = encrypted.Decrypt
	default:
		return nil, refuse.New("sign.key", "key file: PEM of type %q, want a private key", block.Type)
	}
	if password == nil {
		return nil, refuse.New("sign.key.password", "private key: encrypted, want a password")
	}
	secret, err := password()
	if err != nil {
		return nil, refuse.Wrap("sign.key.password", err, "password")
	}
	der, err := open(block.Bytes, secret)
	if err != nil {
		return nil, refuse.Wrap("sign.key.password", err, "the private key cannot be decrypted")
	}
	return der, nil
}

// EncryptPEM returns the private key in the form PKCS #8, in one block of PEM,
// encrypted under the password (PBES2 with scrypt and AES-256). [ParsePEM] and
// OpenSSL read it. Refusals are sign.key for a key that is not in memory, and
// sign.key.password for an empty password.
func (k *Key) EncryptPEM(password []byte) ([]byte, error) {
	if len(password) == 0 {
		return nil, refuse.New("sign.key.password", "password: empty, want at least one byte")
	}
	der, err := k.pkcs8()
	if err != nil {
		return nil, err
	}
	if der, err = sealPBES2(der, password); err != nil {
		return nil, refuse.Wrap("sign.key", err, "private key")
	}
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}), nil
}

// PlainPEM returns the private key as [Key.EncryptPEM] does, but not encrypted:
// anyone who reads it can sign.
func (k *Key) PlainPEM() ([]byte, error) {
	der, err := k.pkcs8()
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func (k *Key) pkcs8() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	return der, refuse.Wrap("sign.key", err, "private key")
}

// PublicPEM returns the public key in one block of PEM.
func (k *Key) PublicPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.SPKI()})
}
