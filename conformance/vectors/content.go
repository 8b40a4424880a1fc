// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"crypto"
	"crypto/sha512"
	"fmt"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/tlog"
)

func signatureStories() []Story {
	type input = virtual.SignatureInput
	stranger := func(s *Setup) {
		k := s.Stranger()
		s.Request.Signature = func(in *input) { in.Key = k }
	}
	return family("signature", []Story{
		{Name: "signature by a stranger", Code: "signature.invalid", Comment: "Everything was logged and stamped, and the signature is not the certificate's.", Break: stranger},
		{Name: "envelope signed by a stranger", Code: "signature.invalid", Comment: "The same of an envelope.", Make: attest, Break: stranger},
		{Name: "managed key of a stranger", Code: "signature.invalid", Comment: "The entry names the managed key, the signature is of another key.", Make: func(s *Setup) { s.Manage(virtual.ECDSAP256) }, Break: stranger},
		{Name: "signature corrupt", Code: "signature.invalid", Comment: "One bit of the signature is wrong, in the bundle and in the log.", Make: rekorV2, Break: func(s *Setup) {
			s.Request.Signature = func(in *input) { in.Corrupt = true }
		}},
		{Name: "envelope signed over another hash", Code: "signature.invalid", Comment: "The key of P-384 signed SHA-256, and Rekor v2 says in the entry of kind dsse 0.0.2 that it verified SHA-384.", Make: with(attest, rekorV2, func(s *Setup) {
			s.Request.Kind = tlog.DSSEV002()
			s.Manage(virtual.ECDSAP384)
		}), Break: func(s *Setup) { s.Request.Hash = crypto.SHA256 }},
		{Name: "payload signed without its type", Code: "signature.invalid", Comment: "The signature is over the payload alone, which could pass for one of any type (DSSE, PAE).", Make: attest, Break: func(s *Setup) {
			s.Request.Signature = func(in *input) { in.Message = in.Message[len("DSSEv1 28 application/vnd.in-toto+json 000 "):] }
		}},
		{Name: "payload type cut short", Code: "signature.invalid", Comment: "A type beyond ASCII, signed as if each of its characters were one byte (CVE-2026-48758).", Make: func(s *Setup) {
			attest(s)
			s.NoArtifact = true
			s.Request.Envelope = func(e *dsse.Envelope) { e.PayloadType = "text/pla\u0161n" }
		}, Break: func(s *Setup) {
			s.Request.Signature = func(in *input) {
				in.Message = replace("DSSEv1 11 text/pla\u0161n", "DSSEv1 10 text/plaan")(in.Message)
			}
		}},
		{Name: "pure signature by digest", Code: "signature.needs_artifact", Comment: "Pure Ed25519 signs the artifact itself, of which only a digest is given.", World: virtual.Config{GitHub: true}, Make: func(s *Setup) {
			s.Manage(virtual.Ed25519)
		}, Break: func(s *Setup) { s.Digest = fmt.Sprintf("sha512:%x", sha512.Sum512([]byte(Content))) }},
	})
}

func statementStories() []Story {
	statement := func(change func(*virtual.Statement)) func(*Setup) {
		return func(s *Setup) { s.Request.Statement = change }
	}
	list := []Story{
		{Name: "another artifact", Code: "artifact.mismatch", Comment: "The statement is about something else (CVE-2026-31830).", Break: subject("sha256", zeros)},
		{Name: "weak digest against a strong one", Code: "artifact.mismatch", Comment: "A subject whose SHA-256 is equal and whose SHA-512 is not differs from the artifact.", Break: statement(func(m *virtual.Statement) {
			m.Subjects[0].Digest["sha512"] = zeros + zeros
		})},
		{Name: "digest of another length", Code: "artifact.mismatch", Comment: "A digest that is cut off is not equal to the whole.", Break: statement(func(m *virtual.Statement) {
			m.Subjects[0].Digest["sha256"] = m.Subjects[0].Digest["sha256"][:62]
		})},
		{Name: "digest of another kind", Code: "artifact.not_comparable", Comment: "The statement has SHA-256, the caller SHA-512.", Break: func(s *Setup) { s.Digest = "sha512:" + zeros + zeros }},
		{Name: "weak digest alone", Code: "artifact.not_comparable", Comment: "A subject with SHA-1 alone does not match a file: a weak digest was not asked for.", Break: subject("sha1", zeros[:40])},
		{Name: "digest under a strange name", Code: "artifact.not_comparable", Comment: "Names of algorithms are compared byte for byte.", Break: subject("SHA256", digestOf())},
		{Name: "no subject", Code: "statement.subjects", Comment: "A statement about nothing.", Break: statement(func(m *virtual.Statement) { m.Subjects = []virtual.Subject{} })},
		{Name: "subject without a digest", Code: "statement.subjects", Comment: "A statement about a name, which anything may have.", Break: statement(func(m *virtual.Statement) { m.Subjects[0].Digest = map[string]string{} })},
		{Name: "too many subjects", Code: "statement.limit", Comment: "More subjects than the policy accepts.", Make: statement(func(m *virtual.Statement) {
			m.Subjects = append(m.Subjects, virtual.Subject{Name: "other", Digest: map[string]string{"sha256": zeros}})
		}), Break: func(s *Setup) { s.Policy.MaxSubjects = 1 }},
		{Name: "payload is not JSON", Code: "statement.malformed", Comment: "An attestation that does not parse is not a success (CVE-2026-39395).", Break: outer(dsse.PayloadTypeInToto, "{")},
		{Name: "subject twice", Code: "statement.malformed", Comment: "Of two members with one name, readers choose different ones.", Break: payload(`"subject":`, `"subject":[],"subject":`)},
		{Name: "subject in capitals", Code: "statement.subjects", Comment: "SUBJECT differs from subject, and unknown ones are ignored; the leading verifier takes it for the subject.", Break: payload(`"subject":`, `"SUBJECT":`)},
		{Name: "payload of another type", Code: "statement.payload_type", Comment: "The envelope holds no statement, and an artifact was to be found in one.", Break: outer("text/plain", "hello")},
		{Name: "another predicate type", Code: "statement.predicate_type", Comment: "The claim is of another kind than the one required (CVE-2022-35929).", Break: func(s *Setup) {
			s.Policy.PredicateTypes = []string{"https://slsa.dev/provenance/v1"}
		}},
		{Name: "type of no statement", Code: "statement.type", Comment: "Types of statements are compared byte for byte; the leading verifier does not compare them at all.", Break: statement(func(m *virtual.Statement) { m.Type = "https://in-toto.io/Statement/V1" })},
		{Name: "no type", Code: "statement.type", Comment: "JSON of any kind could have subjects.", Break: payload(`"_type":"https://in-toto.io/Statement/v1",`, "")},
	}
	for i := range list {
		list[i].Make = with(attest, orNothing(list[i].Make))
	}
	list = append(list, Story{Name: "message instead of a statement", Code: "statement.predicate_type", Comment: "A predicate type is required, and a message has none.", Break: func(s *Setup) {
		s.Policy.PredicateTypes = []string{predicate}
	}})
	return family("statement", list)
}

func orNothing(step func(*Setup)) func(*Setup) {
	if step == nil {
		return func(*Setup) {}
	}
	return step
}
