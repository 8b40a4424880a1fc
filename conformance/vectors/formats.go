// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"strings"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssev1 "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
)

// bundleStories are refused before anything is judged.
func bundleStories() []Story {
	cert := func(m *bundlev1.Bundle) []byte { return m.VerificationMaterial.GetCertificate().RawBytes }
	chain := func(list ...*commonv1.X509Certificate) *bundlev1.VerificationMaterial_X509CertificateChain {
		return &bundlev1.VerificationMaterial_X509CertificateChain{X509CertificateChain: &commonv1.X509CertificateChain{Certificates: list}}
	}
	return family("bundle", []Story{
		{Name: "lone certificate in 0.2", Code: "bundle.carrier", Comment: "Before 0.3 the certificate stood in a chain.", Make: version(bundle.V02), Break: message(func(m *bundlev1.Bundle) {
			m.VerificationMaterial.Content = &bundlev1.VerificationMaterial_Certificate{Certificate: m.VerificationMaterial.GetX509CertificateChain().Certificates[0]}
		})},
		{Name: "byte behind the certificate", Code: "bundle.certificate", Comment: "A certificate is exactly one DER certificate.", Break: message(func(m *bundlev1.Bundle) {
			m.VerificationMaterial.GetCertificate().RawBytes = append(cert(m), 0)
		})},
		{Name: "empty chain", Code: "bundle.chain_empty", Comment: "A chain without certificates names no signer.", Make: version(bundle.V02), Break: message(func(m *bundlev1.Bundle) {
			m.VerificationMaterial.Content = chain()
		})},
		{Name: "no content", Code: "bundle.content", Comment: "A bundle holds a message signature or an envelope.", Break: message(func(m *bundlev1.Bundle) { m.Content = nil })},
		{Name: "empty signature", Code: "bundle.content", Comment: "A signature of no bytes signs nothing.", Break: message(func(m *bundlev1.Bundle) { m.GetMessageSignature().Signature = nil })},
		{Name: "empty digest", Code: "bundle.digest", Comment: "A digest of no bytes would equal another one of no bytes.", Break: message(func(m *bundlev1.Bundle) { m.GetMessageSignature().MessageDigest.Digest = nil })},
		{Name: "digest of another algorithm", Code: "bundle.digest", Comment: "The algorithm is part of the digest: SHA-512 with 32 bytes is invalid.", Break: message(func(m *bundlev1.Bundle) {
			m.GetMessageSignature().MessageDigest.Algorithm = commonv1.HashAlgorithm_SHA2_512
		})},
		{Name: "another key in the envelope", Code: "bundle.key_hint", Comment: "Bundle and envelope name two keys; which one signed is not for the verifier to choose.",
			Make: with(attest, func(s *Setup) { s.Manage(virtual.ECDSAP256) }), Break: message(func(m *bundlev1.Bundle) { m.GetDsseEnvelope().Signatures[0].Keyid = "other" })},
		{Name: "two signatures", Code: "bundle.signature_count", Comment: "An envelope carries exactly one signature: all other evidence is about one.", Make: attest, Break: message(func(m *bundlev1.Bundle) {
			e := m.GetDsseEnvelope()
			e.Signatures = append(e.Signatures, e.Signatures[0])
		})},
		{Name: "no signature", Code: "bundle.signature_count", Comment: "An envelope without signatures proves nothing.", Make: attest, Break: message(func(m *bundlev1.Bundle) {
			m.GetDsseEnvelope().Signatures = []*dssev1.Signature{}
		})},
		{Name: "too many timestamps", Code: "bundle.limit", Comment: "More evidence than any signer makes is an attack on the verifier.", Make: stamped, Break: message(func(m *bundlev1.Bundle) {
			data := m.VerificationMaterial.TimestampVerificationData
			for range bundle.MaxTimestamps {
				data.Rfc3161Timestamps = append(data.Rfc3161Timestamps, &commonv1.RFC3161SignedTimestamp{SignedTimestamp: []byte{1}})
			}
		})},
		{Name: "not JSON", Code: "bundle.malformed", Comment: "The file is cut off.", Break: func(s *Setup) { s.Text = func(b []byte) []byte { return b[:len(b)/2] } }},
		{Name: "member twice", Code: "bundle.malformed", Comment: "Of two members with one name, readers choose different ones.", Break: text(`{"mediaType":`, `{"mediaType":"","mediaType":`)},
		{Name: "unknown member", Code: "bundle.malformed", Comment: "What a bundle says is understood in full or not at all.", Break: text(`{"mediaType":`, `{"comment":"hello","mediaType":`)},
		{Name: "member in capitals", Code: "bundle.malformed", Comment: "Names of members are compared byte for byte.", Break: text(`{"mediaType":`, `{"MediaType":`)},
		{Name: "no verification material", Code: "bundle.material", Comment: "Nothing says whose signature it is.", Break: message(func(m *bundlev1.Bundle) { m.VerificationMaterial = nil })},
		{Name: "no certificate", Code: "bundle.material", Comment: "Neither a certificate nor a key's hint.", Break: message(func(m *bundlev1.Bundle) { m.VerificationMaterial.Content = nil })},
		{Name: "unknown media type", Code: "bundle.version", Comment: "Versions to come may mean something else by the same words.", Break: message(func(m *bundlev1.Bundle) {
			m.MediaType = "application/vnd.dev.sigstore.bundle.v0.4+json"
		})},
	})
}

// bundleEntryStories are refused for the form of their log entries.
func bundleEntryStories() []Story {
	type entry = rekorv1.TransparencyLogEntry
	return family("bundle", []Story{
		{Name: "no body", Code: "bundle.body_missing", Comment: "The body is what the log signed.", Break: logEntry(func(e *entry) { e.CanonicalizedBody = nil })},
		{Name: "no checkpoint", Code: "bundle.checkpoint_missing", Comment: "A proof leads to a root; without a checkpoint the root is not signed.", Break: logEntry(func(e *entry) { e.InclusionProof.Checkpoint = nil })},
		{Name: "entry twice", Code: "bundle.duplicate_entry", Comment: "One entry is one piece of evidence (CVE-2026-49834).", Break: message(func(m *bundlev1.Bundle) {
			m.VerificationMaterial.TlogEntries = append(m.VerificationMaterial.TlogEntries, m.VerificationMaterial.TlogEntries[0])
		})},
		{Name: "entry without a kind", Code: "bundle.entry_kind", Comment: "An entry says what kind it is.", Break: logEntry(func(e *entry) { e.KindVersion = nil })},
		{Name: "entry without a log", Code: "bundle.log_id", Comment: "An entry says which log it is of.", Break: logEntry(func(e *entry) { e.LogId = nil })},
		{Name: "negative index", Code: "bundle.number", Comment: "There is no leaf before the first.", Break: logEntry(func(e *entry) { e.LogIndex = -1 })},
		{Name: "leaf outside its tree", Code: "bundle.number", Comment: "A tree of one leaf has no second.", Break: logEntry(func(e *entry) { e.InclusionProof.LogIndex = e.InclusionProof.TreeSize })},
		{Name: "no promise in 0.1", Code: "bundle.promise_missing", Comment: "Version 0.1 rests on the promise.", Make: version(bundle.V01), Break: logEntry(func(e *entry) { e.InclusionPromise = nil })},
		{Name: "no proof", Code: "bundle.proof_missing", Comment: "Every version after 0.1 demands a proof (CVE-2022-23649).", Break: logEntry(func(e *entry) { e.InclusionProof = nil })},
		{Name: "body of another kind", Code: "tlog.entry.kind", Comment: "The entry says one kind, its body another.", Break: logEntry(func(e *entry) { e.KindVersion.Kind = "dsse" })},
		{Name: "body with a stray value", Code: "tlog.entry.malformed", Comment: "A body is one JSON value; logs write no other.", Make: rekorV2, Break: func(s *Setup) {
			s.Request.Body = func(b []byte) []byte { return append(b, " 1"...) }
		}},
	})
}

func trustStories() []Story {
	type trusted = trustrootv1.TrustedRoot
	return family("trust", []Story{
		{Name: "two keys for one log", Code: "trust.duplicate", Comment: "One ID stands for one log.", Break: root(func(r *trusted) { r.Tlogs[1].LogId = r.Tlogs[0].LogId })},
		{Name: "key of another kind", Code: "trust.key", Comment: "The algorithm says P-384, the key is on P-256.", Break: root(func(r *trusted) {
			r.Tlogs[0].PublicKey.KeyDetails = commonv1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384
		})},
		{Name: "key cut off", Code: "trust.key", Comment: "A key that is not DER.", Break: root(func(r *trusted) { r.Ctlogs[0].PublicKey.RawBytes = r.Ctlogs[0].PublicKey.RawBytes[:20] })},
		{Name: "chain without end", Code: "trust.limit", Comment: "More certificates in a chain than any authority has.", Break: root(func(r *trusted) {
			chain := r.CertificateAuthorities[0].CertChain
			for range 64 {
				chain.Certificates = append(chain.Certificates, chain.Certificates[0])
			}
		})},
		{Name: "log ID cut off", Code: "trust.malformed", Comment: "An ID is a SHA-256.", Break: root(func(r *trusted) { r.Tlogs[0].LogId.KeyId = r.Tlogs[0].LogId.KeyId[:31] })},
		{Name: "malformed date", Code: "trust.malformed", Comment: "A date that does not parse never means that there is no bound.", Break: func(s *Setup) {
			s.RootText = replace(`"start":"2024-`, `"start":"24-`)
		}},
		{Name: "another document", Code: "trust.media_type", Comment: "A signing configuration is no trust root.", Break: root(func(r *trusted) {
			r.MediaType = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
		})},
		{Name: "log without a start", Code: "trust.window", Comment: "A window that never began is not open since ever.", Break: root(func(r *trusted) { r.Tlogs[0].PublicKey.ValidFor.Start = nil })},
		{Name: "window backwards", Code: "trust.window", Comment: "A window ends after it starts.", Break: root(func(r *trusted) { r.CertificateAuthorities[0].ValidFor.End = instant(-10 * year) })},
	})
}

// family names what a list of stories is about.
func family(check string, list []Story) []Story {
	for i := range list {
		list[i].Check = check
	}
	return list
}

// outer puts another payload into an envelope before it is signed.
func outer(payloadType string, payload string) func(*Setup) {
	return func(s *Setup) {
		s.Request.Envelope = func(e *dsse.Envelope) { e.PayloadType, e.Payload = payloadType, []byte(payload) }
	}
}

// zeros is a digest of nothing in particular.
var zeros = strings.Repeat("00", 32)
