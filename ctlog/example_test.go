// SPDX-License-Identifier: Apache-2.0

package ctlog_test

import (
	"fmt"
	"log"
	"os"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
)

// The timestamps that a certificate embeds are over the certificate without
// them, as its issuer signed it.
func Example() {
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		log.Fatal(err)
	}
	data, err := os.ReadFile("../testdata/public/sigstore-js-2.1.0.sigstore.json")
	if err != nil {
		log.Fatal(err)
	}
	b, err := bundle.Parse(data)
	if err != nil {
		log.Fatal(err)
	}
	chains, err := root.Chains(b.Leaf, b.Intermediates, b.Leaf.NotBefore)
	if err != nil {
		log.Fatal(err)
	}
	precert, err := ctlog.NewPrecert(b.Leaf, chains[0].Issuer())
	if err != nil {
		log.Fatal(err)
	}
	list, err := ctlog.ParseList(b.Leaf)
	if err != nil {
		log.Fatal(err)
	}
	for i := range list {
		l := root.CTLog(list[i].LogID)
		if l == nil {
			continue // proves nothing
		}
		at, err := l.Verify(&list[i], precert)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(l.BaseURL(), at.Year())
	}
	// Output: https://ctfe.sigstore.dev/2022 2023
}
