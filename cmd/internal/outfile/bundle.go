// SPDX-License-Identifier: Apache-2.0

package outfile

import "github.com/sigbundle/sigbundle/internal/refuse"

// WriteBundle writes a bundle to the file of that name as Write does. Errors
// have the code sign.write.
func WriteBundle(name string, data []byte) error {
	return refuse.Wrap("sign.write", Write(name, data), "bundle")
}
