// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"crypto"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssev1 "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/tlog"
)

// MarshalJSON returns the bundle as one of version 0.3, on one line, in the
// one form that producers write: the same bundle always gives the same bytes,
// and [Parse] gives the bundle back. What version 0.3 has no place for is
// refused or left out:
//
//   - an entry without inclusion proof, as 0.1 allows it: bundle.proof_missing;
//   - the certificates of a chain beyond the leaf. A trust root that lists only
//     its anchors needs them: keep the original bundle for those.
func (b *Bundle) MarshalJSON() ([]byte, error) {
	m, err := b.Proto()
	if err != nil {
		return nil, err
	}
	for i, e := range m.GetVerificationMaterial().GetTlogEntries() {
		if err := evidence(e, V03); err != nil {
			return nil, refuse.Wrap("bundle.proof_missing", err, "log entry %d", i+1)
		}
	}
	m.MediaType = MediaType
	if b.Leaf != nil {
		m.VerificationMaterial.Content = &bundlev1.VerificationMaterial_Certificate{
			Certificate: &commonv1.X509Certificate{RawBytes: b.Leaf.Raw},
		}
	}
	return marshal(m)
}

// Encode returns the bundle in JSON, on one line, in its own version: nothing is
// lost but self-issued certificates beyond the leaf.
func (b *Bundle) Encode() ([]byte, error) {
	m, err := b.Proto()
	if err != nil {
		return nil, err
	}
	return marshal(m)
}

// marshal returns m as JSON without white space. protojson puts white space in
// at random, so that no program comes to rely on its output.
func marshal(m proto.Message) ([]byte, error) {
	data, err := protojson.Marshal(m)
	if err != nil {
		return nil, refuse.Wrap("bundle.malformed", err, "bundle")
	}
	out, quoted := data[:0], false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\': // only inside strings; what it escapes is no quote
			out = append(out, c)
			i++
		case c == ' ' && !quoted:
			continue
		}
		out = append(out, data[i])
	}
	return out, nil
}

// FromProto checks and converts a message of protobuf-specs under the rules
// of [Parse]: the JSON of m is what is parsed, and what SHA256
// covers. The result shares no memory with m.
func FromProto(m *bundlev1.Bundle) (*Bundle, error) {
	data, err := marshal(m)
	if err != nil {
		return nil, err
	}
	seen, err := decodeBundle(data)
	if err != nil {
		return nil, err
	}
	// JSON has no place for unknown fields, which are refused at any depth:
	// what was parsed must be all there is.
	if !proto.Equal(m, seen) {
		return nil, refuse.New("bundle.malformed", "message with fields that bundles do not have")
	}
	return build(seen, data)
}

// Proto returns the bundle as a message of protobuf-specs, in its own version:
// nothing is lost but self-issued certificates beyond the leaf. The message
// shares memory with the bundle; neither may be modified while both are used.
//
// The one refusal, bundle.version, is for a Bundle that was not parsed.
func (b *Bundle) Proto() (*bundlev1.Bundle, error) {
	if versions[b.MediaType] == 0 || versions[b.MediaType] != b.Version {
		return nil, refuse.New("bundle.version", "not a parsed bundle")
	}
	material := new(bundlev1.VerificationMaterial)
	switch {
	case b.Leaf == nil:
		material.Content = &bundlev1.VerificationMaterial_PublicKey{
			PublicKey: &commonv1.PublicKeyIdentifier{Hint: b.KeyHint},
		}
	case b.Version == V03 && !b.LooseChain:
		material.Content = &bundlev1.VerificationMaterial_Certificate{
			Certificate: &commonv1.X509Certificate{RawBytes: b.Leaf.Raw},
		}
	default:
		chain := []*commonv1.X509Certificate{{RawBytes: b.Leaf.Raw}}
		for _, cert := range b.Intermediates {
			chain = append(chain, &commonv1.X509Certificate{RawBytes: cert.Raw})
		}
		material.Content = &bundlev1.VerificationMaterial_X509CertificateChain{
			X509CertificateChain: &commonv1.X509CertificateChain{Certificates: chain},
		}
	}
	for i := range b.Entries {
		material.TlogEntries = append(material.TlogEntries, entryProto(&b.Entries[i]))
	}
	if len(b.Timestamps) > 0 {
		material.TimestampVerificationData = new(bundlev1.TimestampVerificationData)
	}
	for _, der := range b.Timestamps {
		data := material.TimestampVerificationData
		data.Rfc3161Timestamps = append(data.Rfc3161Timestamps, &commonv1.RFC3161SignedTimestamp{SignedTimestamp: der})
	}
	m := &bundlev1.Bundle{MediaType: b.MediaType, VerificationMaterial: material}
	b.contentProto(m)
	return m, nil
}

func (b *Bundle) contentProto(m *bundlev1.Bundle) {
	if e := b.Envelope; e != nil {
		m.Content = &bundlev1.Bundle_DsseEnvelope{DsseEnvelope: &dssev1.Envelope{
			Payload:     e.Payload,
			PayloadType: e.PayloadType,
			Signatures:  []*dssev1.Signature{{Sig: e.Signature, Keyid: e.KeyID}},
		}}
		return
	}
	s := &commonv1.MessageSignature{Signature: b.Signature}
	if d := b.MessageDigest; d != nil {
		s.MessageDigest = &commonv1.HashOutput{Algorithm: hashAlgorithm(d.Algorithm), Digest: d.Value}
	}
	m.Content = &bundlev1.Bundle_MessageSignature{MessageSignature: s}
}

// hashAlgorithm is the inverse of hashes.
func hashAlgorithm(h crypto.Hash) commonv1.HashAlgorithm {
	for a, known := range hashes {
		if known == h {
			return a
		}
	}
	return commonv1.HashAlgorithm_HASH_ALGORITHM_UNSPECIFIED
}

func entryProto(e *tlog.Entry) *rekorv1.TransparencyLogEntry {
	m := &rekorv1.TransparencyLogEntry{
		LogIndex:       e.Index,
		LogId:          &commonv1.LogId{KeyId: e.LogID[:]},
		KindVersion:    &rekorv1.KindVersion{Kind: e.Kind.Name, Version: e.Kind.Version},
		IntegratedTime: e.Integrated,
	}
	if e.Body != nil {
		m.CanonicalizedBody = e.Body.Raw
	}
	if len(e.Promise) > 0 {
		m.InclusionPromise = &rekorv1.InclusionPromise{SignedEntryTimestamp: e.Promise}
	}
	if p := e.Proof; p != nil {
		m.InclusionProof = &rekorv1.InclusionProof{
			LogIndex:   int64(p.Index),
			RootHash:   p.Root[:],
			TreeSize:   int64(p.Size),
			Checkpoint: &rekorv1.Checkpoint{Envelope: p.Checkpoint},
		}
		for i := range p.Hashes {
			m.InclusionProof.Hashes = append(m.InclusionProof.Hashes, p.Hashes[i][:])
		}
	}
	return m
}
