// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/verify/report"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/verify"
)

// This file holds what the leading verifier gets wrong by measurement, though
// no advisory says so. As in advisory_test.go each test names its guard.
// Memory for P-384 keys is in stream_test.go, races in report_test.go, nil
// arguments in zero_test.go.

// The window of a log's key is not held against a proof without a promise.
// Guard: step_time.go, time, ValidAt.
func TestLogKeyWindow(t *testing.T) {
	refused(t, "tlog.window", "time/log-ended-before-the-timestamp", "time/log-began-after-the-timestamp", "promises/promise-before-the-log-began")
}

// The path by which an entry is proved and the fields by which it is bound
// are chosen by two different rules. Guard: tlog/checkpoint.go, Generation,
// asked once in step_log.go, checkpoints.
func TestOneDecisionOnTheGeneration(t *testing.T) {
	refused(t, "tlog.entry.generation", "checkpoints/kind-of-another-generation")
	w := world(t, virtual.Config{RekorV2Key: virtual.ECDSAP256})
	v := verifier(t, rootOf(t, w), anybody)
	for what, r := range map[string]virtual.Request{
		"v2 body under a v1 checkpoint": {Evidence: virtual.RekorV2, Hooks: virtual.Hooks{Checkpoint: func(c *virtual.CheckpointInput) { c.Origin += " - 1" }}},
		"v2 body in v1":                 {Hooks: virtual.Hooks{Entry: func(e *virtual.EntryInput) { e.Kind = tlog.HashedRekordV002() }}},
	} {
		_, err := judge(t, v, signed(t, w, r))
		wantCode(t, what, err, "tlog.entry.generation")
	}
}

// An invalid promise is passed over, and shows as too few entries, as unknown
// logs do. Guard: step_time.go, promises.
func TestInvalidPromiseIsNamed(t *testing.T) {
	refused(t, "tlog.promise.signature", "promises/promise-by-a-stranger", "promises/promise-for-another-time", "promises/one-bad-promise-of-two-logs")
	refused(t, "tlog.unknown_log", "entries/log-not-in-the-root")
}

// The type of a statement is not looked at. Guard: dsse/statement.go,
// statement.type.
func TestStatementType(t *testing.T) {
	refused(t, "statement.type", "statement/type-of-no-statement", "statement/no-type")
	w := world(t, virtual.Config{})
	v := verifier(t, rootOf(t, w), anybody)
	for _, typ := range []string{"", "https://in-toto.io/Statement/v2", "https://in-toto.io/Statement/v1/", " https://in-toto.io/Statement/v1", "https://evil.test"} {
		r := virtual.Request{PredicateType: "t", Hooks: virtual.Hooks{Statement: func(s *virtual.Statement) { s.Type = typ }}}
		b := signed(t, w, r)
		_, err := judge(t, v, b)
		wantCode(t, typ, err, "statement.type")
		_, err = v.Verify(b, verify.NoArtifact())
		wantCode(t, typ+" without artifact", err, "statement.type")
	}
}

// A digest is compared whatever algorithm it is said to be of. Guard:
// artifact.go, ArtifactDigest; bundle/build.go, bundle.digest.
func TestDigestOfTheWrongAlgorithm(t *testing.T) {
	sum := sha256.Sum256(content)
	for _, algorithm := range []string{"md5", "sha512", "sha384", "SHA256", "sha-256", "sha1", "gitCommit", "", "sha3_256"} {
		want := "policy.artifact"
		if algorithm == "gitCommit" {
			want = "" // Git's objects may have SHA-256; it is compared under that name only
		}
		a, err := verify.ArtifactDigest(algorithm, sum[:])
		wantCode(t, algorithm, err, want)
		if err != nil {
			continue
		}
		w := world(t, virtual.Config{})
		_, err = verifier(t, rootOf(t, w), anybody).Verify(signed(t, w, virtual.Request{}), a)
		wantCode(t, algorithm+" of a message", err, "artifact.not_comparable")
	}
	refused(t, "bundle.digest", "bundle/digest-of-another-algorithm")
	refused(t, "artifact.not_comparable", "statement/digest-under-a-strange-name", "statement/digest-of-another-kind")
}

// A digest of no bytes equals another one of no bytes. Guard: artifact.go,
// ArtifactDigest; step_content.go, matchSubject; bundle/build.go.
func TestEmptyDigests(t *testing.T) {
	for _, algorithm := range []string{"sha256", "sha1", "gitCommit"} {
		_, err := verify.ArtifactDigest(algorithm, []byte{})
		wantCode(t, algorithm, err, "policy.artifact")
	}
	refused(t, "bundle.digest", "bundle/empty-digest")
	w := world(t, virtual.Config{})
	v := verifier(t, rootOf(t, w), anybody)
	for _, digests := range []map[string]string{{"sha256": ""}, {"sha256": "", "sha512": ""}, {"": ""}} {
		r := virtual.Request{PredicateType: "t", Hooks: virtual.Hooks{Statement: func(s *virtual.Statement) { s.Subjects[0].Digest = digests }}}
		if _, err := judge(t, v, signed(t, w, r)); err == nil {
			t.Errorf("%v matches", digests)
		}
	}
	_, err := v.Verify(signed(t, w, virtual.Request{}), verify.Artifact{})
	wantCode(t, "zero artifact", err, "artifact.missing")
}

// One subject with a digest that is not hex spoils all others, but only when
// verifying by digest. Guard: step_content.go, matchSubject, one loop for
// files and for digests.
func TestDigestThatIsNotHexIsNoMatch(t *testing.T) {
	w := world(t, virtual.Config{})
	v := verifier(t, rootOf(t, w), anybody)
	r := virtual.Request{PredicateType: "t", Hooks: virtual.Hooks{Statement: func(s *virtual.Statement) {
		odd := virtual.Subject{Name: "odd", Digest: map[string]string{"sha256": "not hex", "goModuleV1": "h1:abc="}}
		s.Subjects = append([]virtual.Subject{odd}, s.Subjects...)
	}}}
	b := signed(t, w, r)
	named, err := verify.ArtifactDigest("sha256", digest[:])
	if err != nil {
		t.Fatal(err)
	}
	byDigest, err := v.Verify(b, named)
	wantCode(t, "by digest", err, "")
	byFile, err := judge(t, v, b)
	wantCode(t, "by file", err, "")
	if err == nil && (byDigest.Report.Statement.Matched != 2 || byFile.Report.Statement.Matched != 2 || byFile.Report.Statement.MatchedName != "artifact") {
		t.Errorf("matched subject %d and %d", byDigest.Report.Statement.Matched, byFile.Report.Statement.Matched)
	}
}

// Members of statements that differ in case, or occur twice, are taken
// for one, the last wins. Guard: internal/strictjson, which compares names
// byte for byte and refuses repetitions.
func TestMembersOfStatementsByCase(t *testing.T) {
	refused(t, "statement.malformed", "statement/subject-twice")
	refused(t, "statement.subjects", "statement/subject-in-capitals")
	const evil = `[{"name":"evil","digest":{"sha256":"%064d"}}]`
	for _, names := range [][2]string{{"subject", "SUBJECT"}, {"SUBJECT", "subject"}, {"subject", "Subject"}, {"subject", "\u017fubject"}} {
		w := world(t, virtual.Config{})
		good := fmt.Sprintf(`[{"name":"good","digest":{"sha256":"%x"}}]`, digest)
		for _, c := range []struct{ first, second, want string }{
			{good, fmt.Sprintf(evil, 0), ""}, {fmt.Sprintf(evil, 0), good, "artifact.mismatch"},
		} {
			if names[0] != "subject" {
				c.first, c.second = c.second, c.first
			}
			r := virtual.Request{PredicateType: "t", Hooks: virtual.Hooks{Envelope: func(e *dsse.Envelope) {
				e.Payload = fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v1","predicateType":"t",%q:%s,%q:%s}`, names[0], c.first, names[1], c.second)
			}}}
			_, err := judge(t, verifier(t, rootOf(t, w), anybody), signed(t, w, r))
			wantCode(t, strings.Join(names[:], " before "), err, c.want)
		}
	}
}

// An envelope that is no in-toto statement can never be verified. Guard:
// step_content.go, statement.
func TestEnvelopeWithoutStatement(t *testing.T) {
	c := story(t, "../testdata/virtual/verified/envelope-of-another-type.txtar")
	rep, err := c.Judge(false)
	if err != nil || rep.Statement != nil || rep.Checks[report.CheckStatement].Status != report.Skipped {
		t.Errorf("%v", err)
	}
	refused(t, "statement.payload_type", "statement/payload-of-another-type")
}

// The first of several names counts, in a new spelling; of two extensions for
// the issuer, the last. Guard: internal/fulcio, certificate.san and
// certificate.issuer.
func TestOneNameOneIssuer(t *testing.T) {
	refused(t, "certificate.san", "validity/two-names")
	refused(t, "certificate.issuer", "validity/two-issuers")
	const odd = "https://EXAMPLE.test:443/a/../b?x=%7e#f"
	w := world(t, virtual.Config{})
	b := signed(t, w, virtual.Request{Names: []virtual.Name{{Value: odd}}})
	for san, want := range map[string]string{odd: "", "https://example.test/b?x=~#f": "identity.san", strings.ToLower(odd): "identity.san"} {
		v := verifier(t, rootOf(t, w), verify.Policy{Identities: []verify.Identity{{SAN: verify.Exactly(san), Issuer: issuer}}})
		_, err := judge(t, v, b)
		wantCode(t, san, err, want)
	}
}

// The body of a Rekor v2 entry is not compared with anything and yet handed
// out. Guard: tlog/record.go, VerifyRecord; tlog/inclusion.go.
func TestBodyOfRekorV2IsNotIgnored(t *testing.T) {
	w := world(t, virtual.Config{})
	v := verifier(t, rootOf(t, w), anybody)
	other := signed(t, w, virtual.Request{Evidence: virtual.RekorV2, Artifact: []byte("else")})
	b := signed(t, w, virtual.Request{Evidence: virtual.RekorV2})
	b.Entries[0].Body = other.Entries[0].Body
	_, err := judge(t, v, b)
	wantCode(t, "body of another entry", err, "tlog.inclusion")
}

// Members of bundles that are unknown, doubled or in another case are refused
// alike by every reader of this module. Guard: bundle/decode.go.
func TestMembersOfBundles(t *testing.T) {
	refused(t, "bundle.malformed", "bundle/member-twice", "bundle/unknown-member", "bundle/member-in-capitals")
	w := world(t, virtual.Config{})
	s, err := w.Sign(virtual.Request{Hooks: virtual.Hooks{Bundle: func(*bundlev1.Bundle) {}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, twice := range []string{`"media_type":"x",`, `"mediaType":"x",`, `"media\u0054ype":"x",`} {
		_, err := bundle.Parse([]byte("{" + twice + string(s.Bundle[1:])))
		wantCode(t, twice, err, "bundle.malformed")
	}
}
