// SPDX-License-Identifier: Apache-2.0

package tufroot_test

import (
	"fmt"
	"log"

	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// A root that is to be trusted is checked before it is kept: it has to be signed
// by its own keys.
func ExampleCheckRoot() {
	data, err := embedded.TUFRoot(embedded.PublicGood)
	if err != nil {
		log.Fatal(err)
	}
	version, err := tufroot.CheckRoot(data)
	fmt.Println(version > 0, err)
	_, err = tufroot.CheckRoot(data[1:])
	fmt.Println(err != nil)
	// Output:
	// true <nil>
	// true
}
