// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"bytes"
	"strings"
	"time"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
)

// instant is so long after the world's time, for windows of the trust root.
func instant(after time.Duration) *timestamppb.Timestamp {
	return timestamppb.New(virtual.DefaultTime().Add(after))
}

// toleratedStories verify, with a note.
func toleratedStories() []Story {
	return verified([]Story{
		{Name: "envelope without artifact", Notes: []string{"artifact.skipped"}, Comment: "The caller has no artifact, and the report says that none was compared.",
			Make: func(s *Setup) { attest(s); s.NoArtifact = true }},
		{Name: "envelope of another type", Comment: "An envelope that holds no statement verifies alone, without an artifact.",
			Make: func(s *Setup) {
				attest(s)
				s.NoArtifact = true
				s.Request.Envelope = func(e *dsse.Envelope) { e.PayloadType, e.Payload = "text/plain", []byte("hello") }
			}},
		{Name: "root in the chain", Notes: []string{"chain.root_present"}, Comment: "A self-issued certificate in a bundle is never an anchor: it is dropped.",
			Make: func(s *Setup) {
				version(bundle.V02)(s)
				var anchor []byte
				s.Root = func(r *trustrootv1.TrustedRoot) {
					chain := r.CertificateAuthorities[0].CertChain.Certificates
					anchor = chain[len(chain)-1].RawBytes
				}
				if _, err := s.W.TrustedRoot(s.Root); err != nil {
					panic(err)
				}
				s.Request.Bundle = func(m *bundlev1.Bundle) {
					chain := m.VerificationMaterial.GetX509CertificateChain()
					chain.Certificates = append(chain.Certificates, &commonv1.X509Certificate{RawBytes: anchor})
				}
			}},
		{Name: "statement without a predicate type", Notes: []string{"statement.no_predicate_type"}, Comment: "Statements of some producers make no kind of claim.",
			Make: func(s *Setup) {
				attest(s)
				payload(`,"predicateType":"`+predicate+`"`, "")(s)
			}},
		{Name: "statement type under another name", Notes: []string{"statement.type_name"}, Comment: "Real statements of one producer use the name that the type has in protobuf.",
			Make: func(s *Setup) { attest(s); payload(`"_type"`, `"type"`)(s) }},
		{Name: "predicate that is a string", Notes: []string{"statement.predicate"}, Comment: "Older SBOM attestations hold the document as text. A predicate may be any JSON value: the signature covers it, and no check reads it.",
			Make: func(s *Setup) { attest(s); payload(`"predicate":{}`, `"predicate":"SPDXVersion: SPDX-2.2\\n"`)(s) }},
		{Name: "one authority of two unknown", Notes: []string{"timestamp.unknown_authority"}, World: virtual.Config{TSAs: 2},
			Comment: "A timestamp that no known authority can have made is ignored, and hurts nothing.",
			Make: func(s *Setup) {
				s.Request.Timestamps = 2
				s.Root = func(r *trustrootv1.TrustedRoot) { r.TimestampAuthorities = r.TimestampAuthorities[:1] }
				s.Policy.Require.Timestamps = 1
			}},
		{Name: "one log of two unknown", Notes: []string{"tlog.unknown_log"}, Comment: "An entry of a log that is not known is ignored, and hurts nothing.",
			Make: func(s *Setup) {
				s.Request.Evidence = virtual.RekorBoth
				s.Root = func(r *trustrootv1.TrustedRoot) { r.Tlogs = r.Tlogs[:1] }
			}},
		{Name: "one sct of two unknown", Notes: []string{"sct.unknown_log"}, Comment: "A signed certificate timestamp of an unknown CT log is ignored.",
			Make: func(s *Setup) {
				s.Request.SCTs = 2
				s.Request.SCT = func(in *virtual.SCTInput) { in.LogID[0] ^= byte(in.Number) }
			}},
	})
}

// oddStories verify although a service wrote something unusual.
func oddStories() []Story {
	return verified([]Story{
		{Name: "early timestamp token", Notes: []string{"timestamp.unusual"}, Comment: "Early tokens say version 1 where RFC 5652, 5.1, wants 3.",
			Make: func(s *Setup) {
				stamped(s)
				s.Request.Bundle = func(m *bundlev1.Bundle) {
					stamp := m.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps[0]
					stamp.SignedTimestamp = bytes.Replace(stamp.SignedTimestamp, []byte("\x02\x01\x03\x31"), []byte("\x02\x01\x01\x31"), 1)
				}
			}},
		{Name: "checkpoint under another name", Notes: []string{"tlog.checkpoint.name"}, Comment: "A Rekor v1 log is known by its key; checkpoints of its pods bear their names.",
			Make: func(s *Setup) {
				s.Request.Checkpoint = func(c *virtual.CheckpointInput) { c.Name = "rekor-00001-deployment" }
			}},
	})
}

// payload replaces text in the statement before it is signed.
func payload(old, new string) func(*Setup) {
	return func(s *Setup) {
		s.Request.Envelope = func(e *dsse.Envelope) {
			if !strings.Contains(string(e.Payload), old) {
				panic("stories: " + old + " is not in the statement")
			}
			e.Payload = []byte(strings.Replace(string(e.Payload), old, new, 1))
		}
	}
}
