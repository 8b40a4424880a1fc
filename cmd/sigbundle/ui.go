// SPDX-License-Identifier: Apache-2.0

package main

// Rules of this command's output: results go to standard output, everything
// else to standard error with the prefix "sigbundle:", without capitals or
// full stops. Colours and alignment appear on a terminal only, and never if
// NO_COLOR is set. No foreign text is printed unescaped.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"unicode/utf8"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// refusalSchema names the version of a refusal in JSON.
const refusalSchema = "sigbundle.refusal.v1"

// verdict is a refusal in JSON that has no report.
type verdict struct {
	Schema   string `json:"schema"`
	Verified bool   `json:"verified"` // as in reports; never true
	Code     string `json:"code"`
	Message  string `json:"message"`
}

// refusedJSON returns err; if it is a refusal, programs that read can read it, too.
func refusedJSON(o *flags.Output, w io.Writer, err error) error {
	var r *command.Refusal
	if o.Format == "json" && errors.As(err, &r) {
		return errors.Join(err, writeJSON(w, verdictOf(err)))
	}
	return err
}

// codeOf returns the code of an error; every error of the command has one.
func codeOf(err error) string {
	var path *fs.PathError
	switch code := codes.Of(err); {
	case code != "":
		return code
	case errors.As(err, &path):
		return "command.file"
	}
	return "command.usage"
}

// wantsJSON reports whether the command line asks for JSON, understood or not.
func wantsJSON(cmd *cobra.Command, args []string) bool {
	flag := cmd.Flags().Lookup("format")
	if flag == nil {
		return false
	}
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if arg == "--format=json" || arg == "--format" && i+1 < len(args) && args[i+1] == "json" {
			return true
		}
	}
	return flag.Value.String() == "json"
}

// tally knows whether anything was written.
type tally struct {
	io.Writer
	wrote bool
}

func (t *tally) Write(p []byte) (int, error) {
	t.wrote = t.wrote || len(p) > 0
	return t.Writer.Write(p)
}

func verdictOf(err error) verdict {
	return verdict{Schema: refusalSchema, Code: codeOf(err), Message: message(err)}
}

// message is what an error says, for JSON: escapes that it has stay as they are.
func message(err error) string {
	text := redacted(err.Error())
	if utf8.ValidString(text) {
		return text
	}
	return screen.Bytes(text)
}

// verificationSchema names the version of the JSON form. Members may be added
// within a version.
const verificationSchema = "sigbundle.verification.v1"

// verification is what is said about an artifact, a file or an image, by one
// bundle or several; docs/reference/report.schema.json describes it.
type verification struct {
	Schema   string      `json:"schema"`
	Verified bool        `json:"verified"` // the verdict over all bundles
	Code     string      `json:"code,omitempty"`
	Message  string      `json:"message,omitempty"`
	Artifact string      `json:"artifact,omitempty"` // as it was named
	Image    string      `json:"image,omitempty"`    // the same, if it is an image
	Digest   *oci.Digest `json:"digest,omitempty"`   // of the image, "" if it was not found; nil for a file
	Required int         `json:"required"`           // distinct signatures that must verify

	Lost    []lostBundle `json:"lost,omitempty"` // bundles that the origin of a mirror has
	Bundles []judged     `json:"bundles"`        // in their order in the file, or as attached
}

// lostBundle is one that the origin has. Its predicate type is not verified.
type lostBundle struct {
	Referrer      oci.Digest `json:"referrer"`
	PredicateType string     `json:"predicateType,omitempty"`
}

// unansweredJSON is the answer of a command that could not judge anything: that
// of verify has the shape of all its answers.
func unansweredJSON(cmd *cobra.Command, err error) any {
	if cmd.CommandPath() != "sigbundle verify" {
		return verdictOf(err)
	}
	v := verification{Schema: verificationSchema, Code: codeOf(err), Message: message(err), Bundles: []judged{}}
	if args := cmd.Flags().Args(); len(args) == 1 {
		v.Artifact = screen.Bytes(redacted(args[0]))
	}
	return v
}

// reports prints the reports and returns a refusal unless enough signatures
// are verified; want 0 means all.// Artifact is its name, "" without one, and title what a person calls it.
func reports(o *flags.Output, w io.Writer, title, artifact string, bundles []judged, want int, explain bool) error {
	verified, all := count(bundles)
	if want == 0 {
		want = all
	}
	score := score(verified, all, want)
	var err error
	if o.Format == "json" {
		v := verification{Schema: verificationSchema, Verified: verified >= want, Artifact: screen.Bytes(artifact), Required: want, Bundles: bundles}
		if !v.Verified {
			v.Code, v.Message = whyNot(bundles, score)
		}
		err = writeJSON(w, v)
	} else {
		err = writeTexts(w, title, bundles, score, verified >= want, explain)
	}
	switch {
	case err != nil:
		return err
	case verified >= want:
		return nil
	case verified == all: // no report says why
		return &command.Refusal{Err: errors.New(score)}
	}
	return &command.Refusal{}
}

// whyNot returns the code and the message of the first bundle that is refused,
// or says that there are too few.
func whyNot(bundles []judged, score string) (code, message string) {
	for _, b := range bundles {
		if !b.Report.Verified {
			return b.Report.Code, b.Report.Message
		}
	}
	return "command.threshold", score
}

// writeTexts writes the reports for a person: of several bundles, and of
// one that is too few, first the verdict over all of them.
func writeTexts(w io.Writer, title string, bundles []judged, score string, verified, explain bool) error {
	if len(bundles) > 1 || len(bundles) == 1 && bundles[0].Report.Verified != verified {
		if _, err := fmt.Fprintf(w, "%s  %s, all bundles: %s\n", verdictWord(verified), screen.Escape(title), score); err != nil {
			return err
		}
	}
	for i, b := range bundles {
		name := title
		if len(bundles) > 1 || bundles[0].Report.Verified != verified {
			name = fmt.Sprintf("%s, bundle %d of %d", title, i+1, len(bundles))
		}
		if err := b.Report.WriteText(w, report.TextStyle{Title: name, Explain: explain, Color: colored(w), Remedy: remedy}); err != nil {
			return err
		}
		if b.carriage != nil {
			if _, err := fmt.Fprintf(w, "carrier     %s\n", screen.Escape(b.carriage.String())); err != nil {
				return err
			}
		}
	}
	return nil
}

func verdictWord(verified bool) string {
	if verified {
		return "verified"
	}
	return "refused"
}

// writeJSONLine writes v: indented when it is alone, on one line when there are
// several, so that the output is JSON Lines.
func writeJSONLine(w io.Writer, v any, several bool) error {
	if !several {
		return writeJSON(w, v)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(screen.JSON(data), '\n'))
	return err
}

func writeJSON(w io.Writer, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(screen.JSON(data), '\n'))
	return err
}

func colored(w io.Writer) bool {
	if t, ok := w.(*tally); ok {
		w = t.Writer
	}
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && term.IsTerminal(int(f.Fd()))
}
