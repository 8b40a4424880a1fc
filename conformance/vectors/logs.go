// SPDX-License-Identifier: Apache-2.0

package vectors

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/tlog"
)

func promiseStories() []Story {
	type input = virtual.PromiseInput
	return family("promises", []Story{
		{Name: "promise by a stranger", Code: "tlog.promise.signature", Comment: "The signed entry timestamp is of another key.", Make: stamped, Break: func(s *Setup) {
			stranger := s.Stranger()
			s.Request.Promise = func(p *input) { p.Key = stranger }
		}},
		{Name: "promise for another index", Code: "tlog.promise.signature", Comment: "The index in the log is part of what the log signed.", Make: stamped, Break: logEntry(func(e *rekorv1.TransparencyLogEntry) { e.LogIndex++ })},
		{Name: "promise for another time", Code: "tlog.promise.signature", Comment: "So is the time. A good inclusion proof does not make up for it.", Make: stamped, Break: logEntry(func(e *rekorv1.TransparencyLogEntry) { e.IntegratedTime-- })},
		{Name: "promise before the log began", Code: "tlog.window", Comment: "A second before the log's key counted.", Break: func(s *Setup) {
			s.Request.Promise = func(p *input) { p.Integrated = virtual.DefaultTime().AddDate(-1, 0, 0).Unix() - 1 }
		}},
		{Name: "promise of rekor v2", Code: "tlog.promise.unexpected", Comment: "Rekor v2 makes no promises; the signer of this one is unknown.", Make: rekorV2, Break: logEntry(func(e *rekorv1.TransparencyLogEntry) {
			e.InclusionPromise = &rekorv1.InclusionPromise{SignedEntryTimestamp: []byte("promised")}
			e.IntegratedTime = virtual.DefaultTime().Unix()
		})},
		{Name: "one bad promise of two logs", Code: "tlog.promise.signature", Comment: "Evidence of a known log that does not hold is never outvoted.", Make: func(s *Setup) { s.Request.Evidence = virtual.RekorBoth; stamped(s) }, Break: func(s *Setup) {
			s.Request.Promise = func(p *input) { p.Corrupt = true }
		}},
	})
}

func checkpointStories() []Story {
	type input = virtual.CheckpointInput
	checkpoint := func(change func(*input)) func(*Setup) { return func(s *Setup) { s.Request.Checkpoint = change } }
	return family("checkpoints", []Story{
		{Name: "checkpoint by a stranger", Code: "tlog.checkpoint.signature", Comment: "The line has the log's hint and another key's signature.", Break: func(s *Setup) {
			stranger := s.Stranger()
			s.Request.Checkpoint = func(c *input) { c.Key = stranger }
		}},
		{Name: "checkpoint corrupt", Code: "tlog.checkpoint.signature", Comment: "One bit of a Rekor v2 log's signature is wrong.", Make: rekorV2, Break: checkpoint(func(c *input) { c.Corrupt = true })},
		{Name: "checkpoint with another hint", Code: "tlog.checkpoint.unsigned", Comment: "No line claims to be the log's.", Break: checkpoint(func(c *input) { c.Hint[0] ^= 1 })},
		{Name: "checkpoint under another name", Code: "tlog.checkpoint.unsigned", Comment: "A Rekor v2 log signs under its own name (C2SP signed-note).", Make: rekorV2, Break: checkpoint(func(c *input) { c.Name = "other.test" })},
		{Name: "checkpoint of another log", Code: "tlog.checkpoint.origin", Comment: "The log's key signed, for another log (C2SP tlog-checkpoint).", Make: rekorV2, Break: checkpoint(func(c *input) { c.Origin = "other.test" })},
		{Name: "checkpoint without a size", Code: "tlog.checkpoint.malformed", Comment: "A tree head has a size and a root.", Make: rekorV2, Break: checkpoint(func(c *input) {
			c.Edit = func(text string) string {
				lines := strings.SplitAfter(text, "\n")
				return lines[0] + lines[2]
			}
		})},
		{Name: "size with a leading zero", Code: "tlog.checkpoint.malformed", Comment: "A number has one spelling.", Break: checkpoint(func(c *input) {
			c.Edit = func(text string) string { return strings.Replace(text, "\n", "\n0", 1) }
		})},
		{Name: "kind of another generation", Code: "tlog.entry.generation", Comment: "Rekor v2 holds no hashedrekord 0.0.1.", Make: rekorV2, Break: func(s *Setup) {
			s.Request.Entry = func(e *virtual.EntryInput) { e.Kind = tlog.HashedRekordV001() }
		}},
		{Name: "promise of rekor v2 that holds", Code: "tlog.promise.unexpected", Comment: "The log's key signed a promise, which as a Rekor v2 log it never does: it is used for two things.", World: virtual.Config{RekorV2Key: virtual.ECDSAP256}, Make: rekorV2, Break: promiseV2},
		{Name: "kind that bundles do not use", Code: "tlog.entry.unsupported", Comment: "The log holds the entry, but nothing of a bundle can be compared with one of its kind.", Break: func(s *Setup) {
			s.Request.Entry = func(e *virtual.EntryInput) { e.Kind = tlog.HashedRekordV001() }
			s.Request.Body = replace(`"kind":"hashedrekord"`, `"kind":"rekord"`)
			s.Request.Bundle = func(m *bundlev1.Bundle) { m.VerificationMaterial.TlogEntries[0].KindVersion.Kind = "rekord" }
		}},
	})
}

// promiseV2 adds a signed entry timestamp by the key of a Rekor v2 log.
func promiseV2(s *Setup) {
	var key *virtual.Key
	s.Request.Checkpoint = func(c *virtual.CheckpointInput) { key = c.Key }
	s.Request.Bundle = func(m *bundlev1.Bundle) {
		e := m.VerificationMaterial.TlogEntries[0]
		e.IntegratedTime = virtual.DefaultTime().Unix()
		text := fmt.Sprintf(`{"body":"%s","integratedTime":%d,"logID":"%x","logIndex":%d}`,
			base64.StdEncoding.EncodeToString(e.CanonicalizedBody), e.IntegratedTime, e.LogId.KeyId, e.LogIndex)
		sum := sha256.Sum256([]byte(text))
		sig, err := key.Signer().Sign(nil, sum[:], crypto.SHA256) // deterministic without a source of randomness
		if err != nil {
			panic(err)
		}
		e.InclusionPromise = &rekorv1.InclusionPromise{SignedEntryTimestamp: sig}
	}
}

func inclusionStories() []Story {
	type entry = rekorv1.TransparencyLogEntry
	v2later := with(rekorV2, later)
	return family("inclusion", []Story{
		{Name: "body of rekor v1 that no log holds", Code: "tlog.inclusion", Comment: "The ID and checkpoint of an ECDSA log fit both generations. A forged body of a kind that only Rekor v1 has makes it v1, and is not in the tree.", World: virtual.Config{RekorV2Key: virtual.ECDSAP256}, Make: with(attest, rekorV2), Break: func(s *Setup) {
			v1, err := s.W.Sign(virtual.Request{Artifact: s.Request.Artifact, PredicateType: s.Request.PredicateType, Kind: tlog.IntotoV002()})
			if err != nil {
				panic(err)
			}
			forged := v1.Message.VerificationMaterial.TlogEntries[0]
			s.Request.Bundle = func(m *bundlev1.Bundle) {
				e := m.VerificationMaterial.TlogEntries[0]
				e.KindVersion, e.CanonicalizedBody = forged.KindVersion, forged.CanonicalizedBody
			}
		}},
		{Name: "another path", Code: "tlog.inclusion", Comment: "One bit of one hash on the path is wrong (RFC 6962, 2.1.1).", Make: v2later, Break: logEntry(func(e *entry) { e.InclusionProof.Hashes[0][0] ^= 1 })},
		{Name: "path too short", Code: "tlog.inclusion", Comment: "The number of hashes follows from index and size.", Make: v2later, Break: logEntry(func(e *entry) { e.InclusionProof.Hashes = e.InclusionProof.Hashes[1:] })},
		{Name: "path too long", Code: "tlog.inclusion", Comment: "A hash too many.", Make: v2later, Break: logEntry(func(e *entry) {
			e.InclusionProof.Hashes = append(e.InclusionProof.Hashes, e.InclusionProof.Hashes[0])
		})},
		{Name: "another leaf", Code: "tlog.inclusion", Comment: "The path is of the neighbour.", Make: later, Break: logEntry(func(e *entry) { e.InclusionProof.LogIndex++ })},
		{Name: "another root", Code: "tlog.checkpoint.root", Comment: "The proof's own copy of the root is not what the log signed. In the leading verifier other roots passed for equal, compared without regard to case.", Make: later, Break: logEntry(func(e *entry) { e.InclusionProof.RootHash[0] ^= 1 })},
		{Name: "another size", Code: "tlog.checkpoint.root", Comment: "Nor is its copy of the size.", Make: later, Break: logEntry(func(e *entry) { e.InclusionProof.TreeSize++ })},
		{Name: "two indexes in rekor v2", Code: "tlog.inclusion", Comment: "Rekor v2 has one index for an entry, and the entry names another than its proof.", Make: v2later, Break: logEntry(func(e *entry) { e.LogIndex++ })},
	})
}

// splice has the log hold somebody else's entry, with a valid promise and a
// valid proof. This is how several verifiers were fooled.
func splice(change func(*virtual.EntryInput)) func(*Setup) {
	return func(s *Setup) { s.Request.Entry = change }
}

func entryStories() []Story {
	type input = virtual.EntryInput
	digest := func(e *input) { e.Digest[0] ^= 1 }
	signature := func(e *input) { e.Signature = append(bytes.Clone(e.Signature[:len(e.Signature)-1]), 0) }
	const advisories = " (CVE-2022-36056, CVE-2024-53267, CVE-2026-22703)."
	return family("entries", []Story{
		{Name: "entry of another artifact", Code: "tlog.entry.digest", Comment: "A valid entry about something else" + advisories, Break: splice(digest)},
		{Name: "entry of another artifact in rekor v2", Code: "tlog.entry.digest", Comment: "The same in Rekor v2" + advisories, Make: rekorV2, Break: splice(digest)},
		{Name: "entry of another payload", Code: "tlog.entry.digest", Comment: "A valid entry of another envelope" + advisories, Make: attest, Break: splice(digest)},
		{Name: "entry of another signature", Code: "tlog.entry.signature", Comment: "A valid entry with another signature of the same artifact" + advisories, Break: splice(signature)},
		{Name: "entry of another signature in rekor v2", Code: "tlog.entry.signature", Comment: "The same in Rekor v2" + advisories, Make: rekorV2, Break: splice(signature)},
		{Name: "entry of another signature of an envelope", Code: "tlog.entry.signature", Comment: "The same of an envelope" + advisories, Make: attest, Break: splice(signature)},
		{Name: "entry of another key", Code: "tlog.entry.key", Comment: "A valid entry of another managed key" + advisories, Make: func(s *Setup) { s.Manage(virtual.ECDSAP256) }, Break: func(s *Setup) {
			stranger := s.Stranger()
			s.Request.Entry = func(e *input) { e.PublicKey = stranger.SPKI() }
		}},
		{Name: "entry of another certificate", Code: "tlog.entry.key", Comment: "A valid entry under another certificate" + advisories, Break: func(s *Setup) {
			other, err := s.W.Sign(s.Request)
			if err != nil {
				panic(err)
			}
			s.Request.Entry = func(e *input) { e.Certificate = other.Certificate }
		}},
		{Name: "entry of a bare key", Code: "tlog.entry.key", Comment: "The entry holds the certificate's key, and not the certificate.", Make: rekorV2, Break: splice(func(e *input) { e.Certificate = nil })},
		{Name: "entry under another algorithm", Code: "tlog.entry.key", Comment: "The entry says that a key of P-256 signs with P-521.", Make: rekorV2, Break: splice(func(e *input) {
			e.KeyDetails, e.Hash = "PKIX_ECDSA_P521_SHA_512", crypto.SHA512
			e.Digest = bytes.Repeat([]byte{1}, 64)
		})},
	})
}

// entryKindStories are about kinds, numbers and names of logs.
func entryKindStories() []Story {
	type trusted = trustrootv1.TrustedRoot
	intoto := func(s *Setup) { attest(s); s.Request.Kind = tlog.IntotoV002() }
	return family("entries", []Story{
		{Name: "entry for messages", Code: "tlog.entry.kind", Comment: "An envelope is not logged as if it were a message.", Make: attest, Break: splice(func(e *virtual.EntryInput) { e.Kind = tlog.HashedRekordV001() })},
		{Name: "entry for another payload type", Code: "tlog.entry.payload_type", Comment: "The entry is for an envelope that says something else about the same bytes.", Make: intoto, Break: splice(func(e *virtual.EntryInput) { e.PayloadType = "text/plain" })},
		{Name: "no entry", Code: "tlog.threshold", Comment: "Where the trust root lists a log, a signature has to be in one.", Make: stamped, Break: func(s *Setup) { s.Request.Evidence = virtual.NoLog }},
		{Name: "one log of two", Code: "tlog.threshold", Comment: "One log's entry, two logs wanted.", Break: func(s *Setup) { s.Policy.Require.Logs = 2 }},
		{Name: "log not in the root", Code: "tlog.unknown_log", Notes: []string{"tlog.unknown_log"}, Comment: "A log that the trust root does not list is ignored.", Make: stamped, Break: root(func(r *trusted) { r.Tlogs = r.Tlogs[1:] })},
		{Name: "two logs of one operator", Code: "tlog.threshold", Comment: "The operator of both logs could lie in both: they are counted as one (CVE-2026-49834).", Make: func(s *Setup) {
			s.Request.Evidence, s.Policy.Require.Logs = virtual.RekorBoth, 2
		}, Break: root(func(r *trusted) {
			for i := range r.Tlogs {
				r.Tlogs[i].Operator = "sigstore.test"
			}
		})},
	})
}

// dsseV2Stories are about entries of kind dsse 0.0.2, which only Rekor v2 had.
func dsseV2Stories() []Story {
	type input = virtual.EntryInput
	made := with(attest, rekorV2, func(s *Setup) { s.Request.Kind = tlog.DSSEV002() })
	body := func(old, new string) func(*Setup) { return func(s *Setup) { s.Request.Body = replace(old, new) } }
	stranger := func(change func(s *Setup, e *input, k *virtual.Key)) func(*Setup) {
		return func(s *Setup) {
			k := s.Stranger()
			s.Request.Entry = func(e *input) { change(s, e, k) }
		}
	}
	const end, foreign = `]}}}`, `{"content":"AA==","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","publicKey":{"rawBytes":"AA=="}}}`
	list := []Story{
		{Name: "dsse entry of another payload", Code: "tlog.entry.digest", Comment: "A valid entry of another envelope.", Break: splice(func(e *input) { e.Digest[0] ^= 1 })},
		{Name: "dsse entry of the encoding", Code: "tlog.entry.digest", Comment: "The digest is that of the payload, and not of what the signature is over, as in hashedrekord 0.0.2.", Break: func(s *Setup) {
			var pae []byte
			s.Request.Signature = func(in *virtual.SignatureInput) { pae = in.Message }
			s.Request.Entry = func(e *input) { sum := sha256.Sum256(pae); e.Digest = sum[:] }
		}},
		{Name: "dsse entry of another signature", Code: "tlog.entry.signature", Comment: "A valid entry with another signature of the same envelope.", Break: splice(func(e *input) {
			e.Signature = append(bytes.Clone(e.Signature[:len(e.Signature)-1]), 0)
		})},
		{Name: "dsse entry of another key", Code: "tlog.entry.key", Comment: "A valid entry of another managed key.", Make: func(s *Setup) { s.Manage(virtual.ECDSAP256) }, Break: stranger(func(_ *Setup, e *input, k *virtual.Key) { e.PublicKey = k.SPKI() })},
		{Name: "dsse entry of a bare key", Code: "tlog.entry.key", Comment: "The entry holds the certificate's key, and not the certificate.", Break: splice(func(e *input) { e.Certificate = nil })},
		{Name: "dsse entry of another certificate", Code: "tlog.entry.key", Comment: "A valid entry under another certificate.", Break: func(s *Setup) {
			other, err := s.W.Sign(s.Request)
			if err != nil {
				panic(err)
			}
			s.Request.Entry = func(e *input) { e.Certificate = other.Certificate }
		}},
		{Name: "dsse entry under another algorithm", Code: "tlog.entry.key", Comment: "The entry says that a key of P-256 signs as one of P-384 does.", Break: splice(func(e *input) { e.KeyDetails = "PKIX_ECDSA_P384_SHA_384" })},
	}
	unreadable := []Story{
		{Name: "dsse entry under another hash", Code: "tlog.entry.malformed", Comment: "Logs hash payloads with SHA-256 only.", Break: splice(func(e *input) {
			sum := sha512.Sum512(payloadOf(e))
			e.Hash, e.Digest = crypto.SHA512, sum[:]
		})},
		{Name: "dsse entry with two signatures", Code: "tlog.entry.signature", Comment: "Of two signatures in an entry, one is bound to nothing in the bundle.", Break: body(end, ","+foreign+end)},
		{Name: "dsse entry without a signature", Code: "tlog.entry.malformed", Comment: "An entry without a signature is about no signature.", Break: func(s *Setup) {
			s.Request.Body = func(b []byte) []byte {
				return append(bytes.Clone(b[:bytes.Index(b, []byte(`"signatures":[`))]), `"signatures":[]}}}`...)
			}
		}},
		{Name: "dsse entry with another member", Code: "tlog.entry.malformed", Comment: "The log wrote these members only.", Break: body(`"payloadHash"`, `"payloadType":"text/plain","payloadHash"`)},
	}
	generation := []Story{
		{Name: "dsse entry in rekor v1", Code: "tlog.entry.generation", Comment: "Rekor v1 holds dsse 0.0.1 only.", Make: func(s *Setup) { s.Request.Evidence, s.Request.Kind = virtual.RekorV1, tlog.Kind{} }, Break: splice(func(e *input) { e.Kind = tlog.DSSEV002() })},
		{Name: "dsse entry of rekor v1 in rekor v2", Code: "tlog.entry.generation", Comment: "Rekor v2 holds no dsse 0.0.1.", Break: splice(func(e *input) { e.Kind = tlog.DSSEV001() })},
		{Name: "dsse entry with a promise", Code: "tlog.promise.unexpected", Comment: "Rekor v2 makes no promises, for no kind of entry.", World: virtual.Config{RekorV2Key: virtual.ECDSAP256}, Break: promiseV2},
	}
	for _, part := range [][]Story{list, unreadable, generation} {
		for i := range part {
			part[i].Make = with(made, orNothing(part[i].Make))
		}
	}
	list = append(list, Story{Name: "dsse entry for a message", Code: "tlog.entry.kind", Comment: "A message is not logged as if it were an envelope.", Make: rekorV2, Break: splice(func(e *input) { e.Kind = tlog.DSSEV002() })})
	return slices.Concat(family("entries", list), family("bundle", unreadable), family("checkpoints", generation))
}

// payloadOf returns the payload of the envelope that an entry is about.
func payloadOf(e *virtual.EntryInput) []byte {
	var envelope struct{ Payload []byte }
	if err := json.Unmarshal(e.Envelope, &envelope); err != nil {
		panic(err)
	}
	return envelope.Payload
}

func timeStories() []Story {
	return family("time", []Story{
		{Name: "no time", Code: "time.none", Comment: "Rekor v2 proves no time, and no authority does: a certificate cannot be judged.", Make: rekorV2, Break: func(s *Setup) { s.Request.Timestamps = -1 }},
		{Name: "time without a promise", Code: "time.none", Comment: "The time beside a proof is not signed (CVE-2026-48816).", Break: func(s *Setup) {
			s.Request.WithoutPromise, s.Request.Timestamps = true, -1
		}},
		{Name: "one source of two", Code: "time.threshold", Comment: "The log alone, and two sources wanted.", Break: func(s *Setup) { s.Policy.Require.Times = 2 }},
		{Name: "log ended before the timestamp", Code: "tlog.window", Comment: "A checkpoint has no time of its own that could be believed; so the log's key must have counted at every verified time. The leading verifier does not look.", Make: rekorV2, Break: root(func(r *trustrootv1.TrustedRoot) {
			r.Tlogs[1].PublicKey.ValidFor.End = instant(-time.Millisecond)
		})},
		{Name: "log ended before the second timestamp", Code: "tlog.window", Comment: "One of two verified times lies outside the window of the log's key.", World: virtual.Config{TSAs: 2}, Make: func(s *Setup) {
			rekorV2(s)
			s.Request.Timestamps = 2
			s.Root = func(r *trustrootv1.TrustedRoot) { r.Tlogs[1].PublicKey.ValidFor.End = instant(0) }
		}, Break: func(s *Setup) {
			s.Request.Timestamp = func(t *virtual.TimestampInput) { t.Time = t.Time.Add(time.Duration(t.Authority-1) * time.Millisecond) }
		}},
		{Name: "log began after the timestamp", Code: "tlog.window", Comment: "The same at the other end, for a proof of Rekor v1.", Make: func(s *Setup) { s.Request.WithoutPromise = true }, Break: root(func(r *trustrootv1.TrustedRoot) {
			r.Tlogs[0].PublicKey.ValidFor.Start = instant(time.Millisecond)
		})},
	})
}
