// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"slices"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssev1 "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictcert"
	"github.com/sigbundle/sigbundle/tlog"
)

// build turns a message, fresh from the decoder and within its bounds, into a
// Bundle under the rules of its version. The Bundle takes over the memory of
// the message; data is the text it was decoded from.
func build(m *bundlev1.Bundle, data []byte) (*Bundle, error) {
	b := &Bundle{
		MediaType: m.GetMediaType(),
		Version:   versions[m.GetMediaType()],
		SHA256:    sha256.Sum256(data),
		Size:      len(data),
	}
	if b.Version == 0 {
		return nil, refuse.New("bundle.version", "media type %.80q is not that of a known bundle version", m.GetMediaType())
	}
	if m.GetVerificationMaterial() == nil {
		return nil, refuse.New("bundle.material", "bundle without verification material")
	}
	for _, part := range []func(*bundlev1.Bundle) error{b.content, b.material, b.keyHint, b.entries, b.timestamps} {
		if err := part(m); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// content fills what is signed, and the signature.
func (b *Bundle) content(m *bundlev1.Bundle) (err error) {
	switch c := m.GetContent().(type) {
	case *bundlev1.Bundle_MessageSignature:
		b.Signature = c.MessageSignature.GetSignature()
		b.MessageDigest, err = buildDigest(c.MessageSignature.GetMessageDigest())
	case *bundlev1.Bundle_DsseEnvelope:
		b.Envelope, err = buildEnvelope(c.DsseEnvelope)
		if err == nil {
			b.Signature = b.Envelope.Signature
		}
	default:
		return refuse.New("bundle.content", "bundle with neither a message signature nor an envelope")
	}
	if err == nil && len(b.Signature) == 0 {
		return refuse.New("bundle.content", "bundle with an empty signature")
	}
	return err
}

// hashes are the algorithms that a message digest may name.
var hashes = map[commonv1.HashAlgorithm]crypto.Hash{
	commonv1.HashAlgorithm_SHA2_256: crypto.SHA256,
	commonv1.HashAlgorithm_SHA2_384: crypto.SHA384,
	commonv1.HashAlgorithm_SHA2_512: crypto.SHA512,
}

func buildDigest(m *commonv1.HashOutput) (*Digest, error) {
	if m == nil {
		return nil, nil
	}
	h, ok := hashes[m.GetAlgorithm()]
	if !ok {
		return nil, refuse.New("bundle.digest", "message digest under the algorithm %s, which is not supported", m.GetAlgorithm())
	}
	if len(m.GetDigest()) != h.Size() {
		return nil, refuse.New("bundle.digest", "message digest of %d bytes, want %d", len(m.GetDigest()), h.Size())
	}
	return &Digest{Algorithm: h, Value: m.GetDigest()}, nil
}

// buildEnvelope takes an envelope with exactly one signature
// (sigstore_bundle.proto, Bundle.dsse_envelope).
func buildEnvelope(m *dssev1.Envelope) (*dsse.Envelope, error) {
	if n := len(m.GetSignatures()); n != 1 {
		return nil, refuse.New("bundle.signature_count", "envelope with %d signatures, want exactly 1", n)
	}
	sig := m.GetSignatures()[0]
	return &dsse.Envelope{
		Payload:     m.GetPayload(),
		PayloadType: m.GetPayloadType(),
		Signature:   sig.GetSig(),
		KeyID:       sig.GetKeyid(),
	}, nil
}

// material fills what carries the signer's key. Versions before 0.3 have
// one carrier for certificates, a chain. Version 0.3 has the lone certificate,
// and a chain in its place is marked. A managed key may go with all of them.
func (b *Bundle) material(m *bundlev1.Bundle) (err error) {
	switch c := m.GetVerificationMaterial().GetContent().(type) {
	case *bundlev1.VerificationMaterial_PublicKey:
		b.KeyHint = c.PublicKey.GetHint()
		return nil
	case *bundlev1.VerificationMaterial_Certificate:
		if b.Version != V03 {
			return refuse.New("bundle.carrier", "lone certificate in a bundle of version %s, want a chain", b.Version)
		}
		b.Leaf, err = buildCertificate(c.Certificate)
		return err
	case *bundlev1.VerificationMaterial_X509CertificateChain:
		b.LooseChain = b.Version == V03
		return b.chain(c.X509CertificateChain.GetCertificates())
	}
	return refuse.New("bundle.material", "bundle with neither a certificate nor a key hint")
}

// chain fills the leaf and what helps to build a path from it. A self-issued
// certificate beyond the leaf could only be meant as an anchor: real bundles
// of the first months carry one, and it is dropped.
func (b *Bundle) chain(chain []*commonv1.X509Certificate) error {
	if len(chain) == 0 {
		return refuse.New("bundle.chain_empty", "certificate chain without certificates")
	}
	for i, m := range chain {
		cert, err := buildCertificate(m)
		switch {
		case err != nil:
			return refuse.Wrap("bundle.certificate", err, "chain, certificate %d", i)
		case i == 0:
			b.Leaf = cert
		case bytes.Equal(cert.RawSubject, cert.RawIssuer):
			b.DroppedRoot = true
		default:
			b.Intermediates = append(b.Intermediates, cert)
		}
	}
	return nil
}

func buildCertificate(m *commonv1.X509Certificate) (*x509.Certificate, error) {
	der := m.GetRawBytes()
	if len(der) > strictcert.MaxSize {
		return nil, refuse.New("bundle.limit", "certificate of %d bytes, more than %d", len(der), strictcert.MaxSize)
	}
	cert, err := strictcert.Parse(der)
	if err != nil {
		return nil, refuse.Wrap("bundle.certificate", err, "certificate")
	}
	if key, ok := cert.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > maxRSABits {
		return nil, refuse.New("bundle.limit", "certificate with an RSA key of %d bits, more than %d", key.N.BitLen(), maxRSABits)
	}
	return cert, nil
}

// keyHint checks that bundle and envelope hint at the same managed key
// (sigstore_bundle.proto, VerificationMaterial.content), where both do.
func (b *Bundle) keyHint(*bundlev1.Bundle) error {
	if b.Leaf != nil || b.Envelope == nil || b.Envelope.KeyID == "" || b.Envelope.KeyID == b.KeyHint {
		return nil
	}
	return refuse.New("bundle.key_hint", "bundle hints at the key %.80q, its envelope at %.80q", b.KeyHint, b.Envelope.KeyID)
}

func (b *Bundle) entries(m *bundlev1.Bundle) error {
	for i, e := range m.GetVerificationMaterial().GetTlogEntries() {
		entry, err := buildEntry(e, b.Version)
		if err != nil {
			return refuse.Wrap("bundle.malformed", err, "log entry %d", i+1)
		}
		// A repeated entry could only be meant to be counted two times.
		if slices.ContainsFunc(b.Entries, func(o tlog.Entry) bool {
			return o.LogID == entry.LogID && o.Index == entry.Index
		}) {
			return refuse.New("bundle.duplicate_entry", "log entry %d: a copy of an earlier entry", i+1)
		}
		b.Entries = append(b.Entries, entry)
	}
	return nil
}

func (b *Bundle) timestamps(m *bundlev1.Bundle) error {
	for i, t := range m.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps() {
		der := t.GetSignedTimestamp()
		if len(der) == 0 {
			return refuse.New("bundle.malformed", "timestamp %d is empty", i)
		}
		b.Timestamps = append(b.Timestamps, der)
	}
	return nil
}
