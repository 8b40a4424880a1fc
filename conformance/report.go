// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sigbundle/sigbundle/internal/screen"
)

// An Outcome is what a client made of a case.
type Outcome struct {
	Case   string
	Readme string
	Mode   string  // "path" or "digest"
	Want   Verdict // Accepted or Refused
	Codes  []string
	Answer
}

// OK reports whether the client's verdict is the one that the suite wants and
// its reason one of those expected. A broken client is never right.
func (o *Outcome) OK() bool {
	return o.Verdict != Broken && o.Verdict == o.Want && o.ReasonOK()
}

// ReasonOK reports whether a refusal has one of the reasons expected, if any
// are.
func (o *Outcome) ReasonOK() bool {
	return o.Verdict != Refused || len(o.Codes) == 0 || slices.Contains(o.Codes, o.Code)
}

// result names what became of the case.
func (o *Outcome) result() string {
	switch {
	case o.Verdict == Broken:
		return "BROKEN"
	case o.Verdict != o.Want:
		return "FAILED"
	case !o.ReasonOK():
		return "REASON"
	}
	return "ok"
}

// A Report has the outcomes in the order of the cases.
type Report struct{ Outcomes []Outcome }

// Summary counts outcomes. Passed, Wrong, Reason and Broken make up the Total.
type Summary struct {
	Total    int `json:"total"`
	Passed   int `json:"passed"`
	Wrong    int `json:"wrong"`  // another verdict than the one wanted
	Reason   int `json:"reason"` // refused, yet for a reason that was not expected
	Broken   int `json:"broken"`
	Accepted int `json:"accepted"`
	Refused  int `json:"refused"`
}

// Summary counts the outcomes.
func (r *Report) Summary() Summary {
	s := Summary{Total: len(r.Outcomes)}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		switch o.Verdict {
		case Accepted:
			s.Accepted++
		case Refused:
			s.Refused++
		}
		switch o.result() {
		case "BROKEN":
			s.Broken++
		case "FAILED":
			s.Wrong++
		case "REASON":
			s.Reason++
		default:
			s.Passed++
		}
	}
	return s
}

// OK reports whether the client passed every case, of at least one.
func (r *Report) OK() bool {
	s := r.Summary()
	return s.Total > 0 && s.Passed == s.Total
}

func (s Summary) String() string {
	return fmt.Sprintf("%d of %d passed; %d wrong verdicts, %d unexpected reasons, %d broken; %d accepted, %d refused",
		s.Passed, s.Total, s.Wrong, s.Reason, s.Broken, s.Accepted, s.Refused)
}

// MarshalJSON writes the summary and every outcome.
func (r *Report) MarshalJSON() ([]byte, error) {
	type row struct {
		Case    string   `json:"case"`
		Mode    string   `json:"mode"`
		OK      bool     `json:"ok"`
		Want    string   `json:"want"`
		Verdict string   `json:"verdict"`
		Code    string   `json:"code,omitempty"`
		Codes   []string `json:"expected_codes,omitempty"`
		Message string   `json:"message,omitempty"`
		Readme  string   `json:"readme,omitempty"`
	}
	rows := []row{}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		rows = append(rows, row{o.Case, o.Mode, o.OK(), o.Want.String(), o.Verdict.String(), o.Code, o.Codes, o.Message, o.Readme})
	}
	return json.Marshal(struct {
		OK      bool    `json:"ok"`
		Summary Summary `json:"summary"`
		Cases   []row   `json:"cases"`
	}{r.OK(), r.Summary(), rows})
}

// Text returns a table for a terminal, and the summary.
func (r *Report) Text() string {
	var b strings.Builder
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		fmt.Fprintf(&b, "%-6s  %-60s %-6s  %-8s  %-26s %s\n", o.result(), line(o.Case, 60), o.Mode, o.Verdict, line(o.Code, 40), o.say())
	}
	fmt.Fprintln(&b, r.Summary())
	return b.String()
}

// Markdown returns the summary and a table.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n| result | case | mode | want | verdict | code | message |\n|---|---|---|---|---|---|---|\n", r.Summary())
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", o.result(), cell(o.Case), o.Mode, o.Want, o.Verdict, cell(o.Code), cell(o.say()))
	}
	return b.String()
}

// say is the message, with what else a reader wants to know of a failed case.
func (o *Outcome) say() string {
	message := line(o.Message, 160)
	if o.result() == "REASON" {
		message = "want " + line(strings.Join(o.Codes, " or "), 80) + ": " + message
	}
	return message
}

// line makes one short line of a client's text.
func line(s string, most int) string {
	s = screen.Escape(strings.Join(strings.Fields(clip(s, 4*most)), " "))
	return clip(s, most)
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = s[:most]
	for len(s) > 0 && !utf8.ValidString(s[max(0, len(s)-utf8.UTFMax):]) && !utf8.RuneStart(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s + "…"
}

// cell makes text harmless in a table of Markdown.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "`", "'").Replace(line(s, 200))
}
