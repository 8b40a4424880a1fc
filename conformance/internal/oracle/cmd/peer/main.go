// SPDX-License-Identifier: Apache-2.0

// Command peer verifies one bundle with sigstore-go, as a small program of
// its kind would: it is what the start of our command is measured against.
//
//	peer BUNDLE TRUSTED_ROOT ARTIFACT SAN ISSUER
package main

import (
	"fmt"
	"os"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: peer BUNDLE TRUSTED_ROOT ARTIFACT SAN ISSUER")
		os.Exit(2)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	b, err := bundle.LoadJSONFromPath(args[0])
	if err != nil {
		return err
	}
	trusted, err := root.NewTrustedRootFromPath(args[1])
	if err != nil {
		return err
	}
	id, err := verify.NewShortCertificateIdentity(args[4], "", args[3], "")
	if err != nil {
		return err
	}
	v, err := verify.NewVerifier(trusted, verify.WithTransparencyLog(1),
		verify.WithObserverTimestamps(1), verify.WithSignedCertificateTimestamps(1))
	if err != nil {
		return err
	}
	artifact, err := os.Open(args[2])
	if err != nil {
		return err
	}
	defer func() { _ = artifact.Close() }()
	_, err = v.Verify(b, verify.NewPolicy(verify.WithArtifact(artifact), verify.WithCertificateIdentity(id)))
	return err
}
