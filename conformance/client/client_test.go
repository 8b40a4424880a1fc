// SPDX-License-Identifier: Apache-2.0

package client

import (
	"io"
	"path/filepath"
	"testing"
)

// What cannot be read is no verdict about it.
func TestUnreadable(t *testing.T) {
	bundle := filepath.Join("..", "..", "testdata", "public", "dsse.sigstore.json")
	for _, artifact := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		args := []string{"verify-bundle", "--bundle", bundle, "--certificate-identity", "a", "--certificate-oidc-issuer", "b", artifact}
		if code := Main(args, io.Discard, io.Discard); code != exitUsage {
			t.Errorf("%s: exit code %d", artifact, code)
		}
	}
}
