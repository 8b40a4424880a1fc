// SPDX-License-Identifier: Apache-2.0

// Command sigbundle-conformance speaks the command-line protocol of the
// public sigstore-conformance suite.
package main

import (
	"os"

	"github.com/sigbundle/sigbundle/conformance/client"
)

func main() {
	os.Exit(client.Main(os.Args[1:], os.Stdout, os.Stderr))
}
