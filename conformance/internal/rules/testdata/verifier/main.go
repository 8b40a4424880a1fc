// SPDX-License-Identifier: Apache-2.0

// Command verifier is the least program that verifies: what the library costs
// a program that links it. No one runs it; its size is tested.
package main

import (
	"fmt"
	"os"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(name string) error {
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		return err
	}
	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true}})
	if err != nil {
		return err
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	b, err := bundle.Parse(data)
	if err != nil {
		return err
	}
	result, err := v.Verify(b, verify.NoArtifact())
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(result.Report.MarshalIndent())
	return err
}
