// SPDX-License-Identifier: Apache-2.0

// Command sigbundle-conformance speaks the command-line protocol of the public
// sigstore-conformance suite:
//
//	verify-bundle [--staging] --bundle FILE
//	    (--certificate-identity NAME --certificate-oidc-issuer URL | --key FILE)
//	    [--trusted-root FILE] FILE_OR_DIGEST
//	sign-bundle [--staging] [--in-toto] --identity-token TOKEN --bundle FILE
//	    [--trusted-root FILE] [--signing-config FILE] FILE
//
// The last argument is a digest if it is "sha256:" and 64 hexadecimal digits
// and nothing has that name. Without a signing configuration the services are
// those of the instance, as sigbundle trust refresh left them in the cache:
// none are built in. A flag without a value is an error. The exit code is 0 if
// the bundle verifies, 1 if anything about the content is wrong and 2 if the
// command line is.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"

	"github.com/sigbundle/sigbundle/conformance"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// Exit codes of the protocol: every code other than 0 is a refusal.
const (
	exitOK      = 0
	exitRefused = 1
	exitUsage   = 2
)

// usage is the help.
const usage = `sigbundle-conformance speaks the protocol of the sigstore-conformance suite:

  verify-bundle [--staging] --bundle FILE
      (--certificate-identity NAME --certificate-oidc-issuer URL | --key FILE)
      [--trusted-root FILE] FILE_OR_DIGEST
  sign-bundle [--staging] [--in-toto] --identity-token TOKEN --bundle FILE
      [--trusted-root FILE] [--signing-config FILE] FILE

Exit codes: 0 the bundle verifies; 1 it does not; 2 the command line is wrong.
`

// errUsage marks errors of the command line and of files that cannot be read.
type errUsage struct{ error }

func main() { os.Exit(command(os.Args[1:], os.Stdout, os.Stderr)) }

// command runs one command line and returns its exit code.
func command(args []string, stdout, stderr io.Writer) int {
	err := run(args, stdout, stderr)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if code := codes.Of(err); code != "" {
		fmt.Fprintf(stderr, "%s: ", code)
	}
	fmt.Fprintln(stderr, screen.Escape(err.Error()))
	var usage errUsage
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitRefused
}

func run(args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return errUsage{errors.New("want a command: verify-bundle or sign-bundle")}
	}
	switch args[0] {
	case "verify-bundle":
		return verifyBundle(args[1:], stdout, stderr)
	case "sign-bundle":
		return signBundle(args[1:], stdout, stderr)
	case "help", "--help", "-help", "-h":
		_, err := io.WriteString(stdout, usage)
		return err
	}
	return errUsage{fmt.Errorf("unknown command %q", args[0])}
}

// parse reads the flags, none of which may be empty: a variable that is not set
// must not mean that there is no such condition. Help that was asked for goes to
// standard output.
func parse(fl *flag.FlagSet, args []string, stdout, stderr io.Writer) error {
	var said bytes.Buffer
	fl.SetOutput(&said)
	err := fl.Parse(args)
	to := stderr
	switch {
	case errors.Is(err, flag.ErrHelp):
		to = stdout
	case err != nil:
		err = errUsage{err}
	}
	_, _ = to.Write(said.Bytes())
	fl.Visit(func(f *flag.Flag) {
		if err == nil && f.Value.String() == "" {
			err = errUsage{fmt.Errorf("--%s is empty", f.Name)}
		}
	})
	return err
}

func verifyBundle(args []string, stdout, stderr io.Writer) error {
	fl := flag.NewFlagSet("verify-bundle", flag.ContinueOnError)
	var q conformance.Request
	fl.BoolVar(&q.Staging, "staging", false, "judge by the staging instance")
	fl.StringVar(&q.Identity, "certificate-identity", "", "the exact `NAME` in the certificate")
	fl.StringVar(&q.Issuer, "certificate-oidc-issuer", "", "the exact issuer `URL` in the certificate")
	bundle := fl.String("bundle", "", "the bundle's `FILE`")
	key := fl.String("key", "", "the public key's PEM `FILE`")
	root := fl.String("trusted-root", "", "the trust root's `FILE`")
	if err := parse(fl, args, stdout, stderr); err != nil {
		return err
	}
	if fl.NArg() != 1 || *bundle == "" {
		return errUsage{errors.New("want --bundle and one file or digest")}
	}
	for _, f := range []struct {
		name string
		into *[]byte
	}{{*bundle, &q.Bundle}, {*key, &q.Key}, {*root, &q.TrustedRoot}} {
		if f.name == "" {
			continue
		}
		data, err := os.ReadFile(f.name)
		if err != nil {
			return errUsage{err}
		}
		*f.into = data
	}
	if err := subject(&q, fl.Arg(0)); err != nil {
		return err
	}
	if f, ok := q.Artifact.(io.Closer); ok {
		defer f.Close()
	}
	result, err := conformance.Verify(q)
	var unreadable *fs.PathError
	if errors.As(err, &unreadable) { // the artifact, a directory
		return errUsage{err}
	}
	if err != nil {
		return err
	}
	_, err = stdout.Write(result.Report.MarshalIndent())
	return err
}

// digestLike is what is meant for a digest, right or wrong: an algorithm and a
// separator before it, or as many digits as a digest has.
var digestLike = regexp.MustCompile(`^(?i:(sha|md|blake)[-_]?[0-9a-z]*[:=@]|[0-9a-f]{32,}$)`)

// subject takes the last argument for a file, or for a digest if nothing has
// that name. A malformed digest is not a missing file, and the error says so.
func subject(q *conformance.Request, arg string) error {
	digest, malformed := conformance.ParseDigest(arg)
	if _, err := os.Lstat(arg); err != nil && malformed == nil {
		q.Digest = digest
		return nil
	}
	artifact, err := os.Open(arg)
	switch {
	case err != nil && errors.Is(err, fs.ErrNotExist) && malformed != nil && digestLike.MatchString(arg):
		return errUsage{malformed}
	case err != nil:
		return errUsage{err}
	}
	q.Artifact = artifact
	return nil
}
