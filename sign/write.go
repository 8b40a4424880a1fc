// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"github.com/sigbundle/sigbundle/internal/outfile"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// WriteFile writes data to the file of that name. A regular file has either
// its old content or all of the new one, whatever happens, and no other file
// stays; a device or a pipe is written to, and links are followed. Errors have
// the code sign.write.
func WriteFile(name string, data []byte) error {
	return refuse.Wrap("sign.write", outfile.Write(name, data), "bundle")
}
