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
	if flag, found := strings.CutPrefix(text, "unknown flag: "); found && foreignFlags[flag] != "" {
		text += ", want " + foreignFlags[flag]
	}
	text = identityToken.ReplaceAllString(text, "[identity token]")
	text = plain(screen.Escape(text))
	if code := codes.Of(err); code != "" && !strings.Contains(text, code) {
		text += " (" + code + ")"
	}
	return text
}

// foreignFlags are the flags of other clients, with ours.
var foreignFlags = map[string]string{
	"--certificate-identity":                   "--identity",
	"--certificate-identity-regexp":            "--identity-regexp",
	"--certificate-oidc-issuer":                "--issuer",
	"--certificate-oidc-issuer-regexp":         "--issuer-regexp",
	"--cert-identity":                          "--identity",
	"--cert-identity-regex":                    "--identity-regexp",
	"--cert-oidc-issuer":                       "--issuer",
	"--repository":                             "--ext sourceRepositoryURI=https://github.com/OWNER/NAME",
	"--owner":                                  "--ext sourceRepositoryOwnerURI=https://github.com/OWNER",
	"--custom-trusted-root":                    "--trusted-root",
	"--new-bundle-format":                      "no flag: bundles have that format",
	"--type":                                   "--predicate-type",
	"--insecure-ignore-tlog":                   "--require tlog=0",
	"--insecure-ignore-sct":                    "--require sct=0",
	"--use-signed-timestamps":                  "--require tsa=1",
	"--offline":                                "no flag: verification is offline",
	"--source-ref":                             "--ext sourceRepositoryRef=REF",
	"--source-digest":                          "--ext sourceRepositoryDigest=DIGEST",
	"--signer-digest":                          "--ext buildSignerDigest=DIGEST",
	"--certificate-github-workflow-repository": "--ext sourceRepositoryURI=https://github.com/OWNER/NAME",
	"--certificate-github-workflow-ref":        "--ext sourceRepositoryRef=REF",
	"--certificate-github-workflow-sha":        "--ext sourceRepositoryDigest=DIGEST",
}
