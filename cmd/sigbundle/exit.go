// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// How the command ends: what it says of an error, and its exit code.

// run is main without the process around it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &tally{Writer: stdout}
	root := newCommand(stdin, out, stderr)
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	if err == nil {
		return command.Done
	}
	err = misunderstood(cmd, err)
	var refused *command.Refusal
	said := errors.As(err, &refused) && refused.Err == nil
	if !out.wrote && !said && wantsJSON(cmd, args) { // a program that reads JSON gets JSON, whatever happened
		_ = writeJSON(stdout, unansweredJSON(cmd, err))
	}
	if refused != nil {
		if refused.Err != nil {
			fmt.Fprintln(stderr, "sigbundle: "+sentence(refused.Err))
		}
		return command.Refused
	}
	fmt.Fprintln(stderr, "sigbundle: "+sentence(err))
	return command.Usage
}

// exclusive is what cobra says of flags that exclude each other.
var exclusive = regexp.MustCompile(`^if any flags in the group \[.*\] are set none of the others can be; \[(\S+) (\S+).*\] were all set$`)

// What cobra says of flags that are missing, and Go of numbers.
var (
	oneOf    = regexp.MustCompile(`^at least one of the flags in the group \[(.*)\] is required$`)
	required = regexp.MustCompile(`^required flag\(s\) "([^"]*)".* not set$`)
	number   = regexp.MustCompile(`: strconv\.(Parse(Bool|Int|Uint|Float)|Atoi): parsing .*$`)
)

// plain says in our words what cobra and Go say of a command line.
func plain(text string) string {
	text = exclusive.ReplaceAllString(text, "--$1 and --$2 exclude each other")
	text = required.ReplaceAllString(text, "--$1 is missing")
	if m := oneOf.FindStringSubmatch(text); m != nil {
		return "want at least one of --" + strings.ReplaceAll(m[1], " ", ", --")
	}
	if m := number.FindStringSubmatchIndex(text); m != nil {
		want := "a whole number"
		if strings.Contains(text[m[2]:m[3]], "Bool") {
			want = "true or false"
		}
		return text[:m[0]] + ": want " + want
	}
	return text
}

// identityToken is what looks like one. A command line that puts a token in the
// wrong place, or twice, is quoted in errors, which CI systems keep.
var identityToken = regexp.MustCompile(`\bey[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*`)

// redacted returns a text without what looks like an identity token.
func redacted(text string) string {
	return identityToken.ReplaceAllString(text, "[identity token]")
}

// sentence says what went wrong, with the code that `explain` knows more about.
// Of errors that are joined, one a line, it leaves out what is said before.
func sentence(err error) string {
	text := ""
	for line := range strings.SplitSeq(err.Error(), "\n") {
		switch {
		case text == "":
			text = line
		case !strings.Contains(text, line):
			text += "; " + line
		}
	}
	text = redacted(text)
	text = plain(screen.Escape(text))
	if code := codes.Of(err); code != "" && !strings.Contains(text, code) {
		text += " (" + code + ")"
	}
	return text
}
