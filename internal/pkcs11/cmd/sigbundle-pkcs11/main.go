// SPDX-License-Identifier: Apache-2.0

// Command sigbundle-pkcs11 signs as sigbundle does, with a key on a PKCS #11
// token. It is a command of its own, because it takes cgo and loads foreign
// code; sigbundle verifies what it makes.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
)

// Exit codes, those of sigbundle.
const (
	exitDone    = 0
	exitRefused = 1 // the key, a service or the content
	exitUsage   = 2 // the command line was not understood, or a file could not be read
)

// version is set by the release build.
var version = "unknown"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main without the process around it.
func run(args []string, stdout, stderr io.Writer) int {
	root := newCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if err == nil {
		return exitDone
	}
	text, code := screen.Escape(err.Error()), string(refuse.CodeOf(err))
	if code != "" && !strings.Contains(text, code) {
		text += " (" + code + ")"
	}
	fmt.Fprintln(stderr, "sigbundle-pkcs11: "+text)
	if code != "" {
		return exitRefused
	}
	return exitUsage
}

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "sigbundle-pkcs11",
		Short: "Sign with a key on a PKCS #11 token",
		Long: `Sigbundle-pkcs11 signs files and in-toto statements with a private key that
stays on a PKCS #11 token. The bundles verify with sigbundle verify --key.

The key is a URI of RFC 7512:

  pkcs11:token=LABEL;object=LABEL?module-path=/usr/lib/softhsm/libsofthsm2.so

with token or serial, object, id or both. The PIN is that of pin-source (a
file), of pin-value, which others can see in the list of processes, or of the
variable SIGBUNDLE_PIN. ECDSA on P-256, P-384 and P-521 and RSA are supported,
and Ed25519 for statements in logs of Rekor v1.

Exit codes: 0 signed; 1 refused; 2 the command line was not understood or a
file could not be read.`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newSign(), newAttest(), newPublicKey())
	return root
}
