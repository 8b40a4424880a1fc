// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"
)

// What a person is shown says what the report says, to the letter.
func TestText(t *testing.T) {
	for _, c := range texts() {
		var b bytes.Buffer
		if err := c.report.WriteText(&b, c.style); err != nil {
			t.Fatal(err)
		}
		if got, want := b.String(), shown[c.name]; got != want {
			t.Errorf("%s:\n%q\nwant\n%q", c.name, got, want)
		}
	}
}

type textCase struct {
	name   string
	report report.Report
	style  report.TextStyle
}

func texts() []textCase {
	at := time.Date(2025, 6, 1, 12, 0, 0, 500, time.FixedZone("", 3600))
	key := report.Digest{0xab, 0xcd}
	tsa := report.Authority{Role: "timestamp authority", Name: "https://tsa.test", KeyID: key}
	full := report.Report{
		Verified: true, Bundle: report.BundleInfo{SHA256: report.Digest{1}}, TrustRoot: report.RootInfo{SHA256: report.Digest{2}, Source: "public-good"},
		Signer:    &report.Signer{Certificate: &report.Certificate{SAN: "https://a.test", Issuer: "https://b.test"}},
		Times:     []report.Time{{Time: report.Instant{Time: at}, Source: "rfc3161", By: tsa}, {Time: report.Instant{Time: at}, Source: "rekor-v1", By: report.Authority{KeyID: key}}},
		Artifact:  []string{"sha256:00", "sha512:01"},
		Statement: &report.Statement{PredicateType: "https://p.test", Subjects: 3, Matched: 2, MatchedName: "x\x1b"},
		Required:  report.Required{Lowered: true, Logs: 1, SCTs: 2, Timestamps: 3, Times: 4},
		Notes:     []report.Note{{Detail: "one"}, {Detail: "two"}},
		Checks: []report.Step{
			{Check: report.CheckSigner, Status: report.Passed, Facts: []report.Fact{
				{What: "all", Over: report.Digest{3}, By: tsa, At: report.Instant{Time: at}, Rule: "RFC 1"},
				{What: "role", By: report.Authority{Role: "signer"}, Rule: "RFC 2"},
				{What: "nobody", Rule: "RFC 3"},
			}},
			{Check: report.CheckDigest, Status: report.Skipped, Detail: "nothing to do"},
		},
	}
	return []textCase{
		{"short", full, report.TextStyle{Title: "file"}},
		{"explained", full, report.TextStyle{Title: "file", Explain: true}},
		{"in colour", full, report.TextStyle{Title: "file", Explain: true, Color: true}},
		{"refused", report.Report{
			Code: "artifact.mismatch", Message: "not the same", Times: full.Times,
			Signer:    &report.Signer{Key: &report.KeyInfo{SHA256: key, Algorithm: "PKIX_ED25519"}},
			Statement: &report.Statement{Subjects: 1, Matched: 1, WeakDigest: true}, TrustRoot: report.RootInfo{SHA256: report.Digest{2}},
			Checks: []report.Step{{Check: report.CheckSigner, Status: report.Passed}, {Check: report.CheckDigest, Status: report.Failed, Detail: "x"},
				{Check: report.CheckTimestamps, Status: report.Failed}},
		}, report.TextStyle{Title: "file", Color: true}},
		{"refused, explained", report.Report{
			Code: "no.such.code", Message: "why", Bundle: report.BundleInfo{SHA256: report.Digest{1}},
			Signer:    &report.Signer{Certificate: &report.Certificate{SAN: "https://a.test"}},
			Statement: &report.Statement{Subjects: 1, MatchedName: "not one"},
			Checks:    []report.Step{{Check: report.CheckSigner, Status: report.Failed, Detail: "no"}, {Check: report.CheckDigest}},
		}, report.TextStyle{Explain: true, Color: true}},
		{"first subject", report.Report{
			Verified: true, Signer: &report.Signer{}, Statement: &report.Statement{Subjects: 2, Matched: 1, MatchedName: "file"},
		}, report.TextStyle{}},
		{"nothing", report.Report{}, report.TextStyle{}},
	}
}

// short is what is shown unless more is asked for.
const short = "verified  file\n" +
	"  signed by   https://a.test\n" +
	"  issuer      https://b.test\n" +
	"  signed at   2025-06-01T11:00:00.0000005Z  by a timestamp of https://tsa.test\n" +
	"              2025-06-01T11:00:00.0000005Z  by a signed entry timestamp of key abcd000000000000\n" +
	"  artifact    sha256:00\n" +
	"              sha512:01\n" +
	"  predicate   https://p.test\n" +
	"  subject     2 of 3, x\\u001b\n" +
	"  bundle      sha256:0100000000000000000000000000000000000000000000000000000000000000\n" +
	"  trust root  public-good, sha256:0200000000000000000000000000000000000000000000000000000000000000\n" +
	"  required    less than the trust root suggests: tlog=1 sct=2 tsa=3 time=4\n" +
	"  note        one\n" +
	"              two\n"

// shown is what is shown of texts, read line by line by a person.
var shown = map[string]string{
	"short": short,
	"explained": short +
		"\n" +
		"   1 signer      passed    \n" +
		"       all at 2025-06-01T11:00:00.0000005Z, by timestamp authority https://tsa.test (key abcd000000000000), over sha256:0300000000000000, under RFC 1\n" +
		"       role, by signer, under RFC 2\n" +
		"       nobody, under RFC 3\n" +
		"   2 digest      skipped   nothing to do\n",
	"in colour": "\x1b[32mverified\x1b[0m  file\n" +
		"  \x1b[2msigned by  \x1b[0m https://a.test\n" +
		"  \x1b[2missuer     \x1b[0m https://b.test\n" +
		"  \x1b[2msigned at  \x1b[0m 2025-06-01T11:00:00.0000005Z  by a timestamp of https://tsa.test\n" +
		"  \x1b[2m           \x1b[0m 2025-06-01T11:00:00.0000005Z  by a signed entry timestamp of key abcd000000000000\n" +
		"  \x1b[2martifact   \x1b[0m sha256:00\n" +
		"  \x1b[2m           \x1b[0m sha512:01\n" +
		"  \x1b[2mpredicate  \x1b[0m https://p.test\n" +
		"  \x1b[2msubject    \x1b[0m 2 of 3, x\\u001b\n" +
		"  \x1b[2mbundle     \x1b[0m sha256:0100000000000000000000000000000000000000000000000000000000000000\n" +
		"  \x1b[2mtrust root \x1b[0m public-good, sha256:0200000000000000000000000000000000000000000000000000000000000000\n" +
		"  \x1b[2mrequired   \x1b[0m less than the trust root suggests: tlog=1 sct=2 tsa=3 time=4\n" +
		"  \x1b[2mnote       \x1b[0m one\n" +
		"  \x1b[2m           \x1b[0m two\n" +
		"\n" +
		"   1 signer      \x1b[32mpassed  \x1b[0m  \n" +
		"       all at 2025-06-01T11:00:00.0000005Z, by timestamp authority https://tsa.test (key abcd000000000000), over sha256:0300000000000000, under RFC 1\n" +
		"       role, by signer, under RFC 2\n" +
		"       nobody, under RFC 3\n" +
		"   2 digest      \x1b[2mskipped \x1b[0m  nothing to do\n",
	"refused": "\x1b[31mrefused\x1b[0m  file\n" +
		"  \x1b[2mbecause    \x1b[0m not the same\n" +
		"  \x1b[2mcode       \x1b[0m artifact.mismatch\n" +
		"  \x1b[2mcheck      \x1b[0m digest, 2 of 3\n" +
		"  \x1b[2mwhat to do \x1b[0m Check that artifact and bundle belong together; get both again.\n" +
		"  \x1b[2msigner     \x1b[0m the key sha256:abcd000000000000000000000000000000000000000000000000000000000000, PKIX_ED25519\n" +
		"  \x1b[2msigned at  \x1b[0m 2025-06-01T11:00:00.0000005Z  by a timestamp of https://tsa.test\n" +
		"  \x1b[2msubject    \x1b[0m 1 of 1\n" +
		"  \x1b[2m           \x1b[0m matched by the weak digest that was asked for\n" +
		"  \x1b[2mtrust root \x1b[0m sha256:0200000000000000000000000000000000000000000000000000000000000000\n",
	"refused, explained": "\x1b[31mrefused\x1b[0m  \n" +
		"  \x1b[2mbecause    \x1b[0m why\n" +
		"  \x1b[2mcode       \x1b[0m no.such.code\n" +
		"  \x1b[2mcheck      \x1b[0m signer, 1 of 2\n" +
		"  \x1b[2msigner     \x1b[0m https://a.test\n" +
		"  \x1b[2msubject    \x1b[0m not compared, 1 in the statement\n" +
		"  \x1b[2mbundle     \x1b[0m sha256:0100000000000000000000000000000000000000000000000000000000000000\n" +
		"\n" +
		"   1 signer      \x1b[31mfailed  \x1b[0m  no\n" +
		"   2 digest      \x1b[2mnot run \x1b[0m  \n",
	"first subject": "verified  \n" +
		"  subject     1 of 2, file\n",
	"nothing": "refused  \n" +
		"  because     \n" +
		"  code        \n",
}
