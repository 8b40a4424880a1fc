// SPDX-License-Identifier: Apache-2.0

package codes_test

import (
	"fmt"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/verify/codes"
)

func ExampleOf() {
	_, err := bundle.Parse([]byte(`{"mediaType": "application/json"}`))
	switch codes.Of(err) {
	case codes.BundleVersion:
		d, _ := codes.Describe(codes.BundleVersion)
		fmt.Println(d.Code)
	default:
		fmt.Println(err)
	}
	// Output: bundle.version
}
