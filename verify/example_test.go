// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// The simplest verification: a file, its bundle, and whose signature it has
// to be.
func Example() {
	const name = "../testdata/public/github_provenance_demo-0.0.0-py3-none-any.whl"
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		log.Fatal(err)
	}
	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{
		Identities: []verify.Identity{{
			SAN:    verify.Matching(`https://github\.com/github/artifact-attestations-workflows/.*`),
			Issuer: verify.Exactly("https://token.actions.githubusercontent.com"),
		}},
	}})
	if err != nil {
		log.Fatal(err)
	}

	data, err := os.ReadFile(name + ".sigstore.json")
	if err != nil {
		log.Fatal(err)
	}
	b, err := bundle.Parse(data)
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	artifact, err := v.ReadArtifact(file, b)
	if err != nil {
		log.Fatal(err)
	}

	result, err := v.Verify(b, artifact)
	if err != nil {
		log.Fatalf("%s: %v", codes.Of(err), err)
	}
	fmt.Println(result.Report.Signer.Certificate.SAN)
	fmt.Println(result.Report.Times[0].Time)
	fmt.Println(result.Report.Statement.PredicateType)
	// Output:
	// https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d
	// 2024-05-24 19:14:24 +0000 UTC
	// https://slsa.dev/provenance/v1
}

// A refusal names the check that refused and has a code that does not change.
func ExampleError() {
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		log.Fatal(err)
	}
	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true}})
	if err != nil {
		log.Fatal(err)
	}
	data, err := os.ReadFile("../testdata/public/github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json")
	if err != nil {
		log.Fatal(err)
	}
	b, err := bundle.Parse(data)
	if err != nil {
		log.Fatal(err)
	}
	other, err := verify.ArtifactDigest("sha256", make([]byte, 32))
	if err != nil {
		log.Fatal(err)
	}

	_, err = v.Verify(b, other)
	var refused *verify.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Check, refused.Code())
	}
	// Output: statement artifact.mismatch
}
