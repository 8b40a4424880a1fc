// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"crypto"
	"encoding/base64"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// hashV2 returns the hash that Rekor v2 writes as name, a common.HashAlgorithm
// of protobuf-specs.
func hashV2(name string) crypto.Hash {
	switch name {
	case "SHA2_256":
		return crypto.SHA256
	case "SHA2_384":
		return crypto.SHA384
	case "SHA2_512":
		return crypto.SHA512
	}
	return 0
}

// algorithmV2 is a signature algorithm that Rekor v2 takes: those of the
// registry that sign a digest, which leaves out pure Ed25519, and not RSA-PSS.
type algorithmV2 struct {
	algorithm sigkey.Algorithm
	name      string // common.PublicKeyDetails
	hash      crypto.Hash
	hashName  string // common.HashAlgorithm
}

var algorithmsV2 = [...]algorithmV2{
	{v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256, "PKIX_ECDSA_P256_SHA_256", crypto.SHA256, "SHA2_256"},
	{v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384, "PKIX_ECDSA_P384_SHA_384", crypto.SHA384, "SHA2_384"},
	{v1.PublicKeyDetails_PKIX_ECDSA_P521_SHA_512, "PKIX_ECDSA_P521_SHA_512", crypto.SHA512, "SHA2_512"},
	{v1.PublicKeyDetails_PKIX_ED25519_PH, "PKIX_ED25519_PH", crypto.SHA512, "SHA2_512"},
	{v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_2048_SHA256, "PKIX_RSA_PKCS1V15_2048_SHA256", crypto.SHA256, "SHA2_256"},
	{v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_3072_SHA256, "PKIX_RSA_PKCS1V15_3072_SHA256", crypto.SHA256, "SHA2_256"},
	{v1.PublicKeyDetails_PKIX_RSA_PKCS1V15_4096_SHA256, "PKIX_RSA_PKCS1V15_4096_SHA256", crypto.SHA256, "SHA2_256"},
}

// keyV2 returns the row for the registry's default use of key: Rekor v2 takes
// no other, whatever the caller ties the key to.
func keyV2(key PublicKey) (algorithmV2, error) {
	if key == nil {
		return algorithmV2{}, refuse.New("tlog.entry.key", "no key to compare the entry with")
	}
	def, err := sigkey.Default(key.Public())
	if err != nil {
		return algorithmV2{}, refuse.Wrap("key.unsupported", err, "key of the signature")
	}
	for _, a := range algorithmsV2 {
		if a.algorithm == def {
			return a, nil
		}
	}
	return algorithmV2{}, refuse.New("key.unsupported", "Rekor v2 has no entries of keys with %s", def)
}

// readHashedRekordV002 reads
//
//	{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"<base64>"},"signature":{…}}}
//
// The log builds this text itself, so that nothing unknown can be in it.
func readHashedRekordV002(d *strictjson.Decoder, b *Body) error {
	record := func() error {
		return only(d,
			field{"data", func() error { return b.readHashV2(d) }},
			field{"signature", func() error { return b.readSignatureV2(d) }})
	}
	if err := only(d, field{"hashedRekordV002", record}); err != nil {
		return err
	}
	// The signature is over the digest, so that both have one hash.
	if h, ok := b.algorithmHash(); ok && b.Hash != 0 && h != b.Hash {
		return refuse.New("tlog.entry.malformed", "%s digest for %s", b.Hash, b.Algorithm)
	}
	return nil
}

// readDSSEV002 reads
//
//	{"dsseV002":{"payloadHash":{"algorithm":"SHA2_256","digest":"<base64>"},"signatures":[{…}]}}
//
// Logs took this kind until 2026, and always hashed the payload with SHA-256,
// whatever the signature is over (rekor-tiles, pkg/types/dsse).
func readDSSEV002(d *strictjson.Decoder, b *Body) error {
	record := func() error {
		return only(d,
			field{"payloadHash", func() error { return b.readHashV2(d) }},
			field{"signatures", func() error {
				return b.readOne(d, func() error { return b.readSignatureV2(d) })
			}})
	}
	if err := only(d, field{"dsseV002", record}); err != nil {
		return err
	}
	return b.wantSHA256()
}

// readHashV2 reads {"algorithm":"SHA2_256","digest":"<base64>"}.
func (b *Body) readHashV2(d *strictjson.Decoder) error {
	var name string
	var digest []byte
	if err := only(d, field{"algorithm", text(d, &name)}, field{"digest", octets(d, &digest)}); err != nil {
		return err
	}
	return b.setDigest(hashV2(name), digest)
}

// readSignatureV2 reads
//
//	{"content":"<base64>","verifier":{"keyDetails":"PKIX_…",
//	  "x509Certificate":{"rawBytes":"<base64>"} or "publicKey":{"rawBytes":"<base64>"}}}
func (b *Body) readSignatureV2(d *strictjson.Decoder) error {
	var details string
	verifier := func() error {
		return only(d,
			field{"keyDetails", text(d, &details)},
			field{"x509Certificate", func() error { return only(d, field{"rawBytes", octets(d, &b.Certificate)}) }},
			field{"publicKey", func() error { return only(d, field{"rawBytes", octets(d, &b.PublicKey)}) }})
	}
	if err := only(d, field{"content", octets(d, &b.Signature)}, field{"verifier", verifier}); err != nil {
		return err
	}
	for _, a := range algorithmsV2 {
		if a.name == details {
			b.Algorithm = a.algorithm
			return nil
		}
	}
	return refuse.New("tlog.entry.malformed", "Rekor v2 takes no signatures with %q", clip(details))
}

// BuildBody returns the body that Rekor v2 has for r: canonical JSON (RFC
// 8785), to the byte. The hash h of the data must be the one that the
// algorithm registry has for r.Key.
//
// Refusals are those of [Body.VerifyRecord] and key.unsupported.
func BuildBody(r Record, h crypto.Hash) ([]byte, error) {
	a, err := keyV2(r.Key)
	if err != nil {
		return nil, err
	}
	if h != a.hash {
		return nil, refuse.New("tlog.entry.digest", "%s over %s, Rekor v2 has it over %s", a.name, h, a.hash)
	}
	if len(r.Signature) == 0 {
		return nil, refuse.New("tlog.entry.signature", "no signature to build an entry of")
	}
	digest, err := r.digest(h)
	if err != nil {
		return nil, err
	}
	member, verifier := `"publicKey"`, r.Key.SPKI()
	if len(r.Certificate) != 0 {
		member, verifier = `"x509Certificate"`, r.Certificate
	}
	size := base64.StdEncoding.EncodedLen(len(r.Signature) + len(verifier))
	b := make([]byte, 0, size+400)
	b = append(b, `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"`...)
	b = append(b, a.hashName...)
	b = append(b, `","digest":"`...)
	b = base64.StdEncoding.AppendEncode(b, digest)
	b = append(b, `"},"signature":{"content":"`...)
	b = base64.StdEncoding.AppendEncode(b, r.Signature)
	b = append(b, `","verifier":{"keyDetails":"`...)
	b = append(b, a.name...)
	b = append(b, `",`...)
	b = append(b, member...)
	b = append(b, `:{"rawBytes":"`...)
	b = base64.StdEncoding.AppendEncode(b, verifier)
	return append(b, `"}}}}}}`...), nil
}
