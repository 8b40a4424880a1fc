// SPDX-License-Identifier: Apache-2.0

package carrier_test

import (
	"fmt"
	"log"
	"os"

	"github.com/sigbundle/sigbundle/bundle/carrier"
)

// Content alone decides which form a document has.
func ExampleRead() {
	data, err := os.ReadFile("../../testdata/public/sigstore-js-2.1.0.sigstore.json")
	if err != nil {
		log.Fatal(err)
	}
	kind, err := carrier.Detect(data)
	if err != nil {
		log.Fatal(err)
	}
	items, err := carrier.Read(data, carrier.Limits{})
	if err != nil {
		log.Fatal(err)
	}
	for _, it := range items {
		if it.Err != nil {
			fmt.Println(it.Err)
			continue
		}
		fmt.Println(kind, it.Bundle.Version, len(it.Bundle.Entries))
	}
	// Output: bundle 0.3 1
}
