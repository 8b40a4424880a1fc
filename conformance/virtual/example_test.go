// SPDX-License-Identifier: Apache-2.0

package virtual_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify"
)

// A program that trusts releases by one workflow tests that it trusts them,
// and no one else.
func Example() {
	w, err := virtual.New(virtual.Config{Seed: "release policy"})
	if err != nil {
		log.Fatal(err)
	}
	data, err := w.TrustedRoot()
	if err != nil {
		log.Fatal(err)
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		log.Fatal(err)
	}
	// The policy under test.
	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{
		Identities: []verify.Identity{{
			SAN:    verify.Matching(`https://github\.com/example/project/\.github/workflows/release\.yml@refs/tags/v.*`),
			Issuer: verify.Exactly("https://token.actions.githubusercontent.com"),
		}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	for _, san := range []string{
		"https://github.com/example/project/.github/workflows/release.yml@refs/tags/v1.2.3",
		"https://github.com/example/project/.github/workflows/release.yml@refs/heads/evil",
		"someone@example.com",
	} {
		signed, err := w.Sign(virtual.Request{SAN: san, Artifact: []byte("the release")})
		if err != nil {
			log.Fatal(err)
		}
		b, err := bundle.Parse(signed.Bundle)
		if err != nil {
			log.Fatal(err)
		}
		artifact, err := v.ReadArtifact(bytes.NewReader(signed.Artifact), b)
		if err != nil {
			log.Fatal(err)
		}
		_, err = v.Verify(b, artifact)
		fmt.Println(err == nil)
	}
	// Output:
	// true
	// false
	// false
}

// A hook breaks one artefact just before it is signed: this certificate is
// good in every way, but its authority never issued it.
func ExampleHooks() {
	w, err := virtual.New(virtual.Config{Seed: "hooks"})
	if err != nil {
		log.Fatal(err)
	}
	stranger, err := w.Key("stranger", virtual.ECDSAP384)
	if err != nil {
		log.Fatal(err)
	}
	signed, err := w.Sign(virtual.Request{Hooks: virtual.Hooks{
		Certificate: func(c *virtual.CertificateInput) { c.Key = stranger },
	}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(signed.Message.VerificationMaterial.TlogEntries), "log entry")
	// Output: 1 log entry
}
