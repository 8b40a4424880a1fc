// SPDX-License-Identifier: Apache-2.0

package dsse_test

import (
	"fmt"

	"github.com/sigbundle/sigbundle/dsse"
)

func ExamplePAE() {
	fmt.Printf("%s\n", dsse.PAE("text/plain", []byte("hello")))
	// Output: DSSEv1 10 text/plain 5 hello
}
