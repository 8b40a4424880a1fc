// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the PRF that RFC 8018 makes the default
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"errors"
	"hash"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/scrypt"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// PKCS #8 keys under a password (RFC 5958, Section 3; RFC 8018, Section 6.2),
// as "openssl pkcs8 -topk8" writes them: PBKDF2 or scrypt, and AES in CBC.

// Bounds on what a key file may make us compute.
const (
	maxIterations = 10_000_000
	// maxScryptMemory bounds 128·N·r, the bytes that scrypt takes; OpenSSL
	// writes 16 MiB, and takes 32 MiB by default.
	maxScryptMemory = 64 << 20
	// maxScryptWork bounds 128·N·r·p, the bytes that it goes over.
	maxScryptWork = 256 << 20
)

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidScrypt = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11}

	prfs = map[string]func() hash.Hash{
		"1.2.840.113549.2.7": sha1.New, "1.2.840.113549.2.9": sha256.New,
		"1.2.840.113549.2.10": sha512.New384, "1.2.840.113549.2.11": sha512.New,
	}
	ciphers = map[string]int{ // bytes of the key for AES-CBC
		"2.16.840.1.101.3.4.1.2": 16, "2.16.840.1.101.3.4.1.22": 24, "2.16.840.1.101.3.4.1.42": 32,
	}
)

var errScrypt = errors.New("scrypt parameters: too much memory or time, want at most 64 MiB")

var errPBES2 = errors.New("encryption: unknown form, want PBES2 with PBKDF2 or scrypt and AES in CBC mode")

// errPassword does not tell a wrong password from a damaged file: nothing in
// the format does.
var errPassword = errors.New("wrong password, or damaged")

// algorithm reads AlgorithmIdentifier.
func algorithm(s *cryptobyte.String, oid *asn1.ObjectIdentifier, parameters *cryptobyte.String) bool {
	if !s.ReadASN1(parameters, cbasn1.SEQUENCE) {
		return false
	}
	return parameters.ReadASN1ObjectIdentifier(oid)
}

// openPBES2 decrypts
//
//	EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm AlgorithmIdentifier, encryptedData OCTET STRING }
//	PBES2-params ::= SEQUENCE { keyDerivationFunc AlgorithmIdentifier, encryptionScheme AlgorithmIdentifier }
func openPBES2(der, password []byte) ([]byte, error) {
	in := cryptobyte.String(der)
	var info, scheme, params, kdf, enc, data, iv cryptobyte.String
	var schemeOID, kdfOID, encOID asn1.ObjectIdentifier
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !in.Empty() ||
		!algorithm(&info, &schemeOID, &scheme) || !schemeOID.Equal(oidPBES2) ||
		!info.ReadASN1(&data, cbasn1.OCTET_STRING) ||
		!scheme.ReadASN1(&params, cbasn1.SEQUENCE) ||
		!algorithm(&params, &kdfOID, &kdf) || !algorithm(&params, &encOID, &enc) ||
		!enc.ReadASN1(&iv, cbasn1.OCTET_STRING) {
		return nil, refuse.Wrap("sign.key", errPBES2, "")
	}
	size := ciphers[encOID.String()]
	if size == 0 || len(iv) != aes.BlockSize || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, refuse.Wrap("sign.key", errPBES2, "")
	}
	derive := pbkdf2Key
	if kdfOID.Equal(oidScrypt) {
		derive = scryptKey
	} else if !kdfOID.Equal(oidPBKDF2) {
		return nil, refuse.Wrap("sign.key", errPBES2, "")
	}
	key, err := derive(kdf, password, size)
	if err != nil {
		return nil, refuse.Wrap("sign.key", err, "")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	return unpad(plain)
}

// What keys are encrypted with: scrypt over 16 MiB, five times, of which
// OpenSSL takes no more in one go, and AES-256 in CBC.
const (
	scryptN, scryptR, scryptP = 1 << 14, 8, 5
	saltSize                  = 16
)

var oidAES256CBC = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}

// sealPBES2 encrypts what [openPBES2] decrypts.
func sealPBES2(plain, password []byte) ([]byte, error) {
	salt, iv := make([]byte, saltSize), make([]byte, aes.BlockSize)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	if _, err := rand.Read(iv); err != nil {
		return nil, err
	}
	key, err := scrypt.Key(password, salt, scryptN, scryptR, scryptP, ciphers[oidAES256CBC.String()])
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	n := aes.BlockSize - len(plain)%aes.BlockSize
	data := append(slices.Clone(plain), bytes.Repeat([]byte{byte(n)}, n)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)

	var b cryptobyte.Builder
	sequence := func(b *cryptobyte.Builder, f cryptobyte.BuilderContinuation) { b.AddASN1(cbasn1.SEQUENCE, f) }
	sequence(&b, func(b *cryptobyte.Builder) {
		sequence(b, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidPBES2)
			sequence(b, func(b *cryptobyte.Builder) {
				sequence(b, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidScrypt)
					sequence(b, func(b *cryptobyte.Builder) {
						b.AddASN1OctetString(salt)
						b.AddASN1Int64(scryptN)
						b.AddASN1Int64(scryptR)
						b.AddASN1Int64(scryptP)
					})
				})
				sequence(b, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidAES256CBC)
					b.AddASN1OctetString(iv)
				})
			})
		})
		b.AddASN1OctetString(data)
	})
	return b.Bytes()
}

// unpad removes the padding of RFC 8018, Section 6.1.1.
func unpad(b []byte) ([]byte, error) {
	n := int(b[len(b)-1])
	if n == 0 || n > aes.BlockSize {
		return nil, errPassword
	}
	for _, c := range b[len(b)-n:] {
		if int(c) != n {
			return nil, errPassword
		}
	}
	return b[:len(b)-n], nil
}

// pbkdf2Key derives a key (RFC 8018, Appendix A.2):
//
//	PBKDF2-params ::= SEQUENCE { salt OCTET STRING, iterationCount INTEGER,
//	    keyLength INTEGER OPTIONAL, prf AlgorithmIdentifier DEFAULT hmacWithSHA1 }
func pbkdf2Key(in cryptobyte.String, password []byte, size int) ([]byte, error) {
	var p, salt, prf cryptobyte.String
	var iterations, length int
	if !in.ReadASN1(&p, cbasn1.SEQUENCE) || !p.ReadASN1(&salt, cbasn1.OCTET_STRING) || !p.ReadASN1Integer(&iterations) ||
		p.PeekASN1Tag(cbasn1.INTEGER) && (!p.ReadASN1Integer(&length) || length != size) ||
		iterations < 1 || iterations > maxIterations {
		return nil, errPBES2
	}
	h := sha1.New
	if !p.Empty() {
		var oid asn1.ObjectIdentifier
		if !algorithm(&p, &oid, &prf) || prfs[oid.String()] == nil {
			return nil, errPBES2
		}
		h = prfs[oid.String()]
	}
	return pbkdf2.Key(h, string(password), salt, iterations, size)
}

// scryptKey derives a key (RFC 7914, Section 7):
//
//	scrypt-params ::= SEQUENCE { salt OCTET STRING, costParameter INTEGER,
//	    blockSize INTEGER, parallelizationParameter INTEGER, keyLength INTEGER OPTIONAL }
func scryptKey(in cryptobyte.String, password []byte, size int) ([]byte, error) {
	var p, salt cryptobyte.String
	var n, r, parallel, length int
	if !in.ReadASN1(&p, cbasn1.SEQUENCE) || !p.ReadASN1(&salt, cbasn1.OCTET_STRING) ||
		!p.ReadASN1Integer(&n) || !p.ReadASN1Integer(&r) || !p.ReadASN1Integer(&parallel) ||
		p.PeekASN1Tag(cbasn1.INTEGER) && (!p.ReadASN1Integer(&length) || length != size) ||
		n < 2 || r < 1 || parallel < 1 {
		return nil, errPBES2
	}
	if r > maxScryptMemory/128 || n > maxScryptMemory/(128*r) || parallel > maxScryptWork/(128*r*n) {
		return nil, errScrypt
	}
	return scrypt.Key(password, salt, n, r, parallel, size)
}
