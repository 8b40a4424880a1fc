// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"time"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	sigopts "github.com/sigstore/sigstore/pkg/signature/options"
)

// keypair is a key from a file, as sigstore-go wants it.
type keypair struct {
	key     crypto.Signer
	details signature.AlgorithmDetails
	hint    string // base64 of SHA-256 over the SPKI
}

// ed25519ph is the option with which Ed25519 keys sign: a log can verify the
// signature from the digest.
var ed25519ph = sigopts.WithED25519ph()

func loadKey(path string) (*keypair, error) {
	der, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: a %T cannot sign", path, parsed)
	}
	details, err := signature.GetDefaultAlgorithmDetails(key.Public(), ed25519ph)
	if err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	hint := sha256.Sum256(spki)
	return &keypair{key, details, base64.StdEncoding.EncodeToString(hint[:])}, nil
}

func readPEM(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("%s: not PEM", path)
	}
	return block.Bytes, nil
}

func (k *keypair) GetHashAlgorithm() commonv1.HashAlgorithm {
	return k.details.GetProtoHashType()
}

func (k *keypair) GetSigningAlgorithm() commonv1.PublicKeyDetails {
	return k.details.GetSignatureAlgorithm()
}

func (k *keypair) GetHint() []byte { return []byte(k.hint) }

// GetKeyAlgorithm is for requests to Fulcio, which a key from a file never makes.
func (k *keypair) GetKeyAlgorithm() string { return "" }

func (k *keypair) GetPublicKey() crypto.PublicKey { return k.key.Public() }

func (k *keypair) GetPublicKeyPem() (string, error) {
	b, err := cryptoutils.MarshalPublicKeyToPEM(k.key.Public())
	return string(b), err
}

// SignData returns the signature and what was signed, the digest.
func (k *keypair) SignData(_ context.Context, data []byte) ([]byte, []byte, error) {
	h := k.details.GetHashType()
	d := h.New()
	d.Write(data)
	digest := d.Sum(nil)
	var opts crypto.SignerOpts = h
	if _, ok := k.key.Public().(ed25519.PublicKey); ok {
		opts = &ed25519.Options{Hash: crypto.SHA512}
	}
	sig, err := k.key.Sign(rand.Reader, digest, opts)
	return sig, digest, err
}

// trustedKey is a trusted root that knows one key besides, under any hint.
type trustedKey struct {
	root.TrustedMaterial
	key *root.ExpiringKey
}

func (t trustedKey) PublicKeyVerifier(string) (root.TimeConstrainedVerifier, error) {
	return t.key, nil
}

func withKey(trusted root.TrustedMaterial, pub crypto.PublicKey) (root.TrustedMaterial, error) {
	v, err := signature.LoadDefaultVerifier(pub, ed25519ph)
	if err != nil {
		return nil, err
	}
	return trustedKey{trusted, root.NewExpiringKey(v, time.Time{}, time.Time{})}, nil
}
