// SPDX-License-Identifier: Apache-2.0

package bundle_test

import (
	"errors"
	"fmt"

	"github.com/sigbundle/sigbundle/bundle"
)

func ExampleParse() {
	b, err := bundle.Parse([]byte(`{
		"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
		"verificationMaterial": {"publicKey": {"hint": "release-2026"}},
		"messageSignature": {"signature": "c2lnbmF0dXJl"}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("version", b.Version)
	fmt.Println("managed key", b.Leaf == nil, b.KeyHint)
	fmt.Println("log entries", len(b.Entries))
	// Output:
	// version 0.3
	// managed key true release-2026
	// log entries 0
}

// Every refusal has a code, by which programs tell them apart.
func ExampleParse_refused() {
	_, err := bundle.Parse([]byte(`{"mediaType": "application/json"}`))
	var refusal interface{ Code() string }
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Code())
	}
	// Output: bundle.version
}

func ExampleAll() {
	lines := []byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"a"}},"messageSignature":{"signature":"AQ=="}}
{"mediaType":"application/vnd.dev.sigstore.bundle.v0.9+json"}
`)
	for b, err := range bundle.All(lines) {
		if err != nil {
			fmt.Println("refused")
			continue
		}
		fmt.Println("key", b.KeyHint)
	}
	// Output:
	// key a
	// refused
}
