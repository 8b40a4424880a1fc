// SPDX-License-Identifier: Apache-2.0

//go:build unix

package mutate

import (
	"bytes"
	"encoding/pem"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/sign/oidc"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// Published weaknesses whose tests need worlds, real bundles or the bounds on
// hostile input; those of verification alone are in package verify, those of
// TUF in the packages of trustroot. Command advisories has the whole list.
func TestAdvisories(t *testing.T) {
	for id, test := range map[string]func(*testing.T){
		"GHSA-8pmp-678w-c8xx wrong entry from a search":     wrongEntry,
		"GHSA-xvrc-2wvh-49vc keys of the log itself":        keysOfTheLog,
		"GHSA-r2xv-vpr2-42m9 publish attestations":          publishAttestations,
		"GHSA-2h5h-59f5-c5x9 entries that nobody needs":     needlessEntries, // and GHSA-frqx-jfcm-6jjr, GHSA-273p-m2cw-6833, GHSA-47q9-m4ww-924m, GHSA-4c4x-jm2x-pf9j
		"GHSA-f83f-xpx7-ffpw tokens of dots":                tokensOfDots,    // and GHSA-4qg8-fj49-pxjh
		"GHSA-vrxp-mg9f-hwf3 patterns match whole names":    wholeNames,      // and GHSA-pmwq-pjrm-6p5r
		"GO-2024-2611 JSON that ends early":                 endsEarly,
		"GO-2024-2598 keys of unknown kinds":                unknownKeys,
		"GO-2025-4009 PEM of many beginnings":               manyBeginnings,
		"GO-2025-4011 lengths in DER":                       lengthsInDER, // and GO-2026-5972
		"GO-2026-5932 nothing is linked that is not needed": notLinked,
	} {
		t.Run(id, test)
	}
}

// find returns the subject of a name.
func find(t *testing.T, name string) *subject {
	t.Helper()
	h := house(t)
	i := slices.IndexFunc(h.subjects, func(s *subject) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no case %q", name)
	}
	return h.subjects[i]
}

// with judges a subject's bundle after a change, under its policy.
func (s *subject) with(change func(doc *node)) error {
	c := s.doc.clone()
	change(c)
	_, err := s.judge(c.write())
	return err
}

func wantCode(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := codes.Of(err); got != want || (want == "") != (err == nil) {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}

func entriesOf(doc *node) *node { return doc.get("verificationMaterial").get("tlogEntries") }

// gitsign looked entries up in the log, by what the attacker said, and took
// what it found. Here the bundle has its own entry, or is refused.
func wrongEntry(t *testing.T) {
	s := find(t, "public: one artifact, message, v1")
	other := find(t, "public: one artifact, managed key, v1")
	wantCode(t, "as it is", s.with(func(*node) {}), "")
	wantCode(t, "no entry", s.with(func(doc *node) { entriesOf(doc).items = nil }), "tlog.threshold")
	wantCode(t, "the entry of another signature of the same artifact", s.with(func(doc *node) {
		*entriesOf(doc) = *entriesOf(other.doc)
	}), "tlog.entry.signature")
}

// gitsign asked the log for its key. Here a log that signs with a key of its
// own is unknown, or, under the name of a known one, refused.
func keysOfTheLog(t *testing.T) {
	s := find(t, "public: one artifact, message, v1")
	mine := entriesOf(s.doc).items[0]
	w, err := virtual.New(virtual.Config{Seed: "a log of somebody's"})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := w.Sign(virtual.Request{Artifact: s.Artifact})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := parseNode(signed.Bundle)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.judge(signed.Bundle)
	wantCode(t, "another log", err, "tlog.unknown_log")
	for member, want := range map[string]string{"inclusionPromise": "tlog.promise.signature", "inclusionProof": "tlog.checkpoint.signature"} {
		e := entriesOf(theirs).items[0]
		err := s.with(func(doc *node) {
			changed := mine.clone()
			changed.set(member, e.get(member))
			if member == "inclusionProof" { // in the name of the log that is known
				head := changed.get(member).get("checkpoint").get("envelope")
				own := mine.get(member).get("checkpoint").get("envelope").text
				_, line, _ := strings.Cut(own, "\n\n")
				text, theirLine, _ := strings.Cut(head.text, "\n\n")
				head.text = text + "\n\n" + underHint(line, theirLine)
			}
			entriesOf(doc).items[0] = changed
		})
		wantCode(t, member+" by another key", err, want)
	}
}

// underHint puts the signature of one line of a note under the name and key
// hint of another.
func underHint(line, other string) string {
	const text = "origin\n1\nroot\n\n"
	head := checkpointRegions([]byte(text + line))
	theirs := checkpointRegions([]byte(text + other))
	part := func(r regions, of, name string) string {
		x := r.find(name)
		return (text + of)[x.start:x.end]
	}
	return part(head, line, "name") + part(head, line, "hint") + part(theirs, other, "signature")
}

// slsa-verifier did not look at what npm's publish attestations say. Here
// their digests and their predicate type count like anyone's.
func publishAttestations(t *testing.T) {
	s := find(t, "real: "+npmBundle)
	subject, err := verify.ParseArtifactDigest("sha512:" + strings.Repeat("00", 64))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.verifier.Verify(s.parsed, subject)
	wantCode(t, "another package", err, "artifact.mismatch")
	for predicate, want := range map[string]string{"https://slsa.dev/provenance/v1": "statement.predicate_type", s.proved.result.Report.Statement.PredicateType: ""} {
		p := s.Policy
		p.PredicateTypes = []string{predicate}
		v, err := s.under(s.root, p)
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.judge(s.Bundle)
		wantCode(t, predicate, err, want)
	}
}

// Rekor's own parsers of packages of all kinds ran out of memory, crashed and
// fetched from addresses in them. Here entries of these kinds are not read.
func needlessEntries(t *testing.T) {
	s := find(t, "public: 0.3 message, v1 and timestamp")
	hostileSpec := `{"package":{"url":"http://127.0.0.1:9/","content":"` + strings.Repeat("H4sI", size(1<<20)) + `"},"deep":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`
	for _, kind := range []tlog.Kind{
		{Name: "alpine", Version: "0.0.1"}, {Name: "rpm", Version: "0.0.1"}, {Name: "jar", Version: "0.0.1"}, {Name: "helm", Version: "0.0.1"}, {Name: "tuf", Version: "0.0.1"},
		{Name: "cose", Version: "0.0.1"}, {Name: "rfc3161", Version: "0.0.1"}, {Name: "rekord", Version: "0.0.1"}, {Name: "intoto", Version: "0.0.1"}, {Name: "hashedrekord", Version: "0.0.9"},
	} {
		body := `{"apiVersion":"` + kind.Version + `","kind":"` + kind.Name + `","spec":` + hostileSpec + `}`
		h := hostile{kind.String(), "", []byte(body), func(data []byte) error { _, err := tlog.ParseBody(data, kind); return err }}
		h.run(t)
		err := s.with(func(doc *node) {
			e := entriesOf(doc).items[0]
			e.get("kindVersion").set("kind", str(kind.Name))
			e.get("kindVersion").set("version", str(kind.Version))
			e.set("canonicalizedBody", str(inBase64(body)))
		})
		if got := codes.Of(err); got != "tlog.entry.unsupported" && got != "tlog.promise.signature" {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Fulcio split tokens, and the timestamp authority identifiers, at every dot.
func tokensOfDots(t *testing.T) {
	for name, text := range map[string]string{
		"dots":             strings.Repeat(".", size(30<<20)),
		"parts":            strings.Repeat("e30.", size(8<<20)),
		"a claim too long": "e30." + strings.Repeat("A", size(30<<20)) + ".e30",
	} {
		hostile{name, "sign.token.malformed", []byte(text), func(data []byte) error { _, err := oidc.Parse(string(data)); return err }}.run(t)
	}
	dots := append([]byte{0x30, 0x84, 1, 0, 0, 0, 0x06, 0x84, 0, 0xff, 0xff, 0xf0}, bytes.Repeat([]byte{1}, 16<<20)...)
	hostile{"an identifier of 16 MB", "timestamp.malformed", dots, parseToken}.run(t)
}

// in-toto's patterns matched in two ways, and parts of paths. A pattern for a
// signer matches all of the name, by one grammar.
func wholeNames(t *testing.T) {
	s := find(t, "public: 0.3 message, v1")
	for pattern, want := range map[string]string{
		`https://github\.com/example/project`:     "identity.san",
		`example/project/.*`:                      "identity.san",
		`.*/tags/v1`:                              "identity.san",
		`https://github.com/*`:                    "identity.san",
		`a|https://github\.com/example/project|b`: "identity.san",
		`https://github\.com/example/[^/]+/\.github/workflows/[^@]+@.*`: "",
	} {
		p := s.Policy
		p.Identities = slices.Clone(p.Identities)
		p.Identities[0].SAN = verify.Matching(pattern)
		v, err := s.under(s.root, p)
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.judge(s.Bundle)
		wantCode(t, pattern, err, want)
	}
}

// protojson went round forever on some JSON that ends early.
func endsEarly(t *testing.T) {
	for _, text := range []string{
		`{"mediaType":`, `{"mediaType"`, `{"unknown":{`, `{"unknown":[`, `{"unknown":{"a":{`, `{"":`, `{"":"",`, `{"a":1,"b":[{"c":`, `{"verificationMaterial":{"tlogEntries":[{`, `{"a":\u0000`, `[`, `"`, `{"a":"\`,
	} {
		hostile{text, "bundle.malformed", []byte(text), parseBundle}.run(t)
		hostile{text, "trust.malformed", []byte(text), parseRoot}.run(t)
		hostile{text, "statement.malformed", []byte(text), parseStatement}.run(t)
	}
}

// crypto/x509 crashed on a chain with a key of a kind that it does not know.
func unknownKeys(t *testing.T) {
	known := []byte("\x06\x07\x2a\x86\x48\xce\x3d\x02\x01") // id-ecPublicKey
	unknown := []byte("\x06\x07\x2a\x86\x48\xce\x3d\x02\x7f")
	helper := bytes.Replace(certificate(t, "A", "B", true, nil), known, unknown, 1)
	data, judge := signedHostile(t, virtual.Config{}, virtual.Request{Version: bundle.V01, Hooks: virtual.Hooks{Bundle: func(m *bundlev1.Bundle) {
		chain := m.VerificationMaterial.GetX509CertificateChain()
		chain.Certificates = append(chain.Certificates, &commonv1.X509Certificate{RawBytes: helper})
	}}})
	hostile{"behind the leaf", "", data, judge}.run(t)
	data, judge = signedHostile(t, virtual.Config{}, virtual.Request{Hooks: virtual.Hooks{Bundle: func(m *bundlev1.Bundle) {
		m.VerificationMaterial.GetCertificate().RawBytes = helper
	}}})
	hostile{"as the leaf", "key.unsupported", data, judge}.run(t)
}

// encoding/pem took minutes for a file of beginnings.
func manyBeginnings(t *testing.T) {
	for _, line := range []string{"-----BEGIN PUBLIC KEY-----\n", "-----BEGIN \n", "-----BEGIN A-----\n-----END B-----\n", "-----BEGIN", "\n-----BEGIN A-----\nx: y\n"} {
		text := []byte(strings.Repeat(line, size(20<<20)/len(line)))
		hostile{line, "", text, func(data []byte) error {
			if _, err := sigkey.ParsePEM(data); err == nil {
				t.Errorf("%q: a key", line)
			}
			return nil // its errors have no codes
		}}.run(t)
	}
	if block, _ := pem.Decode([]byte("-----BEGIN A-----\n-----END A-----\n")); block == nil {
		t.Error("PEM is not what this test takes it for")
	}
}

// encoding/asn1 set memory aside for as much as the input claimed to have.
func lengthsInDER(t *testing.T) {
	for _, claim := range [][]byte{
		{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}, {0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0x04, 0x84, 0x7f, 0xff, 0xff, 0xff}, {0x30, 0x80, 0x30, 0x80},
		{0x30, 0x82, 0xff, 0xff, 0x31, 0x82, 0xff, 0xf0}, {0x02, 0x84, 0x3f, 0xff, 0xff, 0xff}, {0x06, 0x84, 0x3f, 0xff, 0xff, 0xff},
	} {
		hostile{"token", "timestamp.malformed", claim, parseToken}.run(t)
		s := find(t, "public: 0.3 message, v1")
		hostile{"certificate", "bundle.certificate", claim, func(der []byte) error {
			return s.with(func(doc *node) {
				doc.get("verificationMaterial").get("certificate").set("rawBytes", str(inBase64(string(der))))
			})
		}}.run(t)
		hostile{"key", "trust.key", claim, func(der []byte) error {
			root, err := parseNode(s.Root)
			if err != nil {
				return err
			}
			root.get("tlogs").items[0].get("publicKey").set("rawBytes", str(inBase64(string(der))))
			_, err = trustroot.Parse(root.write())
			return err
		}}.run(t)
	}
}

// Unmaintained or needless code is not linked into the commands.
func notLinked(t *testing.T) {
	if testing.Short() {
		return
	}
	cmd := exec.Command("go", "list", "-deps", "./cmd/...")
	cmd.Dir, cmd.Stderr = "../../..", os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(out)) {
		for _, unwanted := range []string{"/openpgp", "sigstore/rekor", "sigstore/cosign", "in-toto/in-toto-golang", "digitorus/", "google.golang.org/grpc", "go-openapi/"} {
			if strings.Contains(path, unwanted) {
				t.Errorf("linked: %s", path)
			}
		}
	}
}
