// SPDX-License-Identifier: Apache-2.0

// Command sigbundle-pkcs11 signs as sigbundle does, with a key on a PKCS #11
// token. It is a command of its own, because it takes cgo and loads foreign
// code; sigbundle verifies what it makes.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
)

// version is set by the release build.
var version = "unknown"

func main() { os.Exit(command.Run(newCommand(), os.Args[1:], os.Stdout, os.Stderr)) }

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
		Version: version,
	}
	root.AddCommand(newSign(), newAttest(), newPublicKey())
	return root
}
