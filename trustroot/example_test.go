// SPDX-License-Identifier: Apache-2.0

package trustroot_test

import (
	"fmt"
	"time"

	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// A document that names one log ID twice with different keys is refused, and so
// is one that is no trust root at all.
func ExampleParse() {
	root, err := trustroot.Parse([]byte(`{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(root.Logs()), root.NewestStart().Equal(time.Time{}))
	_, err = trustroot.Parse([]byte(`{"mediaType": "text/plain"}`))
	fmt.Println(codes.Of(err))
	// Output:
	// 0 true
	// trust.media_type
}
