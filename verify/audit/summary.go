// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
)

// SummarySchema names the version of the summary's JSON form.
const SummarySchema = "sigbundle.audit.summary.v1"

// A Summary counts the findings of an audit, over all of its resumptions.
type Summary struct {
	Schema string `json:"schema"`
	Source string `json:"source"`
	// Tool is what audited, with its version. The caller fills it in.
	Tool string `json:"tool,omitempty"`
	// SourceSHA256 is of the bytes of a list; empty for a tree.
	SourceSHA256 string `json:"source_sha256,omitempty"`
	// Sample is the part of the source that was asked for; empty: all.
	Sample   string  `json:"sample,omitempty"`
	Entries  int64   `json:"entries"`  // of the source that are done, sampled or not
	Findings int64   `json:"findings"` // one for each bundle, and for each line, file or expectation without one
	Bundles  int64   `json:"bundles"`  // that were read
	Verified int64   `json:"verified"`
	Refused  int64   `json:"refused"`
	Codes    []Count `json:"codes"` // of the refused, the most frequent first

	// Coverage says of a tree what has no bundle or no artifact; nil for a list.
	Coverage *Coverage `json:"coverage,omitempty"`

	// Expectations say who must have signed what, if they were given.
	Expectations *ExpectationsInfo `json:"expectations,omitempty"`

	// TrustRoot says where the trust root came from, or each of several, how it
	// was proved and what of that has expired; expectations may name others.
	// The caller fills it in.
	TrustRoot string `json:"trust_root,omitempty"`
	// TrustRoots are those trust roots, and those that expectations name, as
	// far as bundles were judged by them; at most 256.
	TrustRoots     []TrustRoot `json:"trust_roots"`
	MoreTrustRoots bool        `json:"more_trust_roots,omitempty"` // than are listed
	// AsOf is the time at which the age of trust was judged; zero: at none.
	AsOf time.Time `json:"as_of,omitzero"`
	// Policy is that of the whole audit; expectations say more. PolicySHA256
	// is of the policy as one line without spaces.
	Policy       json.RawMessage `json:"policy,omitempty"`
	PolicySHA256 string          `json:"policy_sha256,omitempty"`
}

// Count is how often a code occurred.
type Count struct {
	Code  string `json:"code"`
	Count int64  `json:"count"`
	Cause string `json:"cause,omitempty"`
}

func (s *state) summary(source string) *Summary {
	sum := &Summary{Schema: SummarySchema, Source: source, Entries: s.cursor.entries, Findings: s.findings, Bundles: s.bundles, Verified: s.verified,
		Refused: s.findings - s.verified, Codes: []Count{}, TrustRoots: s.roots, MoreTrustRoots: s.moreRoots}
	for _, code := range slices.Sorted(maps.Keys(s.codes)) {
		sum.Codes = append(sum.Codes, Count{code, s.codes[code], refuse.Describe(refuse.Code(code)).Cause})
	}
	slices.SortStableFunc(sum.Codes, func(a, b Count) int { return cmp.Compare(b.Count, a.Count) })
	return sum
}

// WriteText writes the summary for people.
func (s *Summary) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %d verified, %d refused; %s\n", screen.Escape(s.Source), counted(s.Findings, "finding"), s.Verified, s.Refused, counted(s.Bundles, "bundle"))
	switch {
	case s.Findings == 0 && s.Entries == 0:
		b.WriteString("nothing was audited: there is no bundle\n")
	case s.Findings == 0:
		fmt.Fprintf(&b, "nothing was audited: the sample has none of %d entries\n", s.Entries)
	}
	if s.Sample != "" {
		fmt.Fprintf(&b, "a sample of %s\n", s.Sample)
	}
	for _, c := range s.Codes {
		fmt.Fprintf(&b, "%9d  %-26s %s\n", c.Count, c.Code, c.Cause)
	}
	if c := s.Coverage; c != nil {
		fmt.Fprintf(&b, "not audited: %s without a bundle, %s not followed; %s without an artifact\n", counted(c.Unsigned, "file"), counted(c.Links, "link"), counted(c.NoArtifact, "bundle"))
	}
	if x := s.Expectations; x != nil {
		fmt.Fprintf(&b, "expectations: %d in %s", x.Count, screen.Escape(x.Source))
		if x.Lowered > 0 {
			fmt.Fprintf(&b, ", %d with less evidence than the policy requires", x.Lowered)
		}
		if x.Unmet != nil {
			fmt.Fprintf(&b, ", %d unmet", *x.Unmet)
		}
		fmt.Fprintf(&b, "\n  sha256:%s\n", x.SHA256)
	}
	if s.SourceSHA256 != "" {
		fmt.Fprintf(&b, "list: sha256:%s\n", s.SourceSHA256)
	}
	if s.TrustRoot != "" {
		fmt.Fprintf(&b, "trust root: %s\n", screen.Escape(s.TrustRoot))
	}
	for _, t := range s.TrustRoots {
		fmt.Fprintf(&b, "  sha256:%s  %s\n", t.SHA256, screen.Escape(t.Source))
	}
	if s.MoreTrustRoots {
		b.WriteString("  and more, which expectations name\n")
	}
	if !s.AsOf.IsZero() {
		fmt.Fprintf(&b, "as of: %s\n", s.AsOf.Format(time.RFC3339))
	}
	if s.Policy != nil {
		fmt.Fprintf(&b, "policy: %s\n  sha256:%s\n", screen.Escape(string(s.Policy)), s.PolicySHA256)
	}
	if s.Tool != "" {
		fmt.Fprintf(&b, "by: %s\n", screen.Escape(s.Tool))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// counted writes how many there are of something.
func counted(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// A FailOn says which findings make an audit fail: none, any that is not
// verified, or those with certain codes. The zero FailOn is any.
type FailOn struct {
	none  bool
	codes []string
}

// ParseFailOn reads "any", "none", or codes and families of codes, separated
// by commas: "tlog" means every code that begins with "tlog.".
func ParseFailOn(s string) (FailOn, error) {
	switch s {
	case "any":
		return FailOn{}, nil
	case "none":
		return FailOn{none: true}, nil
	}
	var f FailOn
	for _, code := range strings.Split(s, ",") {
		if code == "any" || code == "none" {
			return FailOn{}, fmt.Errorf("%q: any and none stand alone", s)
		}
		if !slices.ContainsFunc(refuse.All(), func(d refuse.Description) bool { return covers(code, string(d.Code)) }) {
			return FailOn{}, fmt.Errorf("%q is not any, none, a code or a family of codes; sigbundle explain lists them", code)
		}
		f.codes = append(f.codes, code)
	}
	return f, nil
}

func covers(wanted, code string) bool {
	return wanted == code || strings.HasPrefix(code, wanted+".")
}

// Fails reports whether the audit failed.
func (f FailOn) Fails(s *Summary) bool {
	if f.none {
		return false
	}
	if s.Findings == 0 {
		return true // there was nothing to verify, or nothing in the sample
	}
	if f.codes == nil {
		return s.Refused > 0
	}
	return slices.ContainsFunc(s.Codes, func(c Count) bool {
		return slices.ContainsFunc(f.codes, func(wanted string) bool { return covers(wanted, c.Code) })
	})
}
