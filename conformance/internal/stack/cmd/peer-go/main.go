// SPDX-License-Identifier: Apache-2.0

// Command peer-go signs and verifies with sigstore-go, so that what it writes
// can be verified by other clients, and the other way round:
//
//	peer-go sign   -config FILE -root FILE (-token-file FILE | -key PEM) -bundle OUT ARTIFACT
//	peer-go attest ... -predicate FILE -type URI -bundle OUT ARTIFACT
//	peer-go verify -root FILE (-identity SAN -issuer URL | -key PEM) -bundle FILE ARTIFACT
//
// It exits with 0 if all went well, with 1 if the bundle was refused or not
// made, with 2 if the command line is wrong.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

const usage = "usage: peer-go sign|attest|verify [flags] ARTIFACT"

// options are the flags of all subcommands together.
type options struct {
	config, root, bundle  string
	tokenFile, key        string
	predicate, predicType string
	identity, issuer      string
	artifact              string
}

var errUsage = errors.New(usage)

func main() {
	err := run(os.Args[1:])
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "peer-go:", err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

func run(args []string) error {
	subcommands := map[string]func(options) error{"sign": sign, "attest": attest, "verify": verifyBundle}
	if len(args) == 0 || subcommands[args[0]] == nil {
		return errUsage
	}
	var o options
	fs := flag.NewFlagSet(args[0], flag.ContinueOnError)
	fs.StringVar(&o.config, "config", "", "signing config (v0.2) `file`")
	fs.StringVar(&o.root, "root", "", "trusted root `file`")
	fs.StringVar(&o.bundle, "bundle", "", "bundle `file`, written or read")
	fs.StringVar(&o.tokenFile, "token-file", "", "`file` with an identity token, for a certificate")
	fs.StringVar(&o.key, "key", "", "PEM `file`: private key (PKCS#8) to sign with, public key to verify with")
	fs.StringVar(&o.predicate, "predicate", "", "attest: `file` with the predicate, JSON")
	fs.StringVar(&o.predicType, "type", "https://example.com/predicate/v1", "attest: predicate type `URI`")
	fs.StringVar(&o.identity, "identity", "", "verify: subject alternative name wanted")
	fs.StringVar(&o.issuer, "issuer", "", "verify: OpenID Connect issuer wanted")
	if err := fs.Parse(args[1:]); err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if fs.NArg() != 1 || o.root == "" || o.bundle == "" {
		return errUsage
	}
	o.artifact = fs.Arg(0)
	return subcommands[args[0]](o)
}
