// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"os"
	"path/filepath"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// WriteFile writes data to the file of that name, which has either its old
// content or all of the new one, whatever happens, and to no other that stays.
func WriteFile(name string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return refuse.Wrap("sign.write", err, "bundle")
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = refuse.Wrap("sign.write", err, "bundle")
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	// CreateTemp keeps the file to its owner; a bundle is public.
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
