// SPDX-License-Identifier: Apache-2.0

package client

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// Help that is asked for is no error, and goes to standard output.
func TestHelp(t *testing.T) {
	for _, line := range []string{"help", "-h", "--help", "verify-bundle --help", "verify-bundle -h", "sign-bundle --help"} {
		var out, errs strings.Builder
		if code := Main(strings.Fields(line), &out, &errs); code != exitOK || !strings.Contains(out.String(), "-bundle") || errs.Len() > 0 {
			t.Errorf("%s: exit code %d, %q, %q", line, code, out.String(), errs.String())
		}
	}
	var out, errs strings.Builder
	if code := Main([]string{"verify-bundle", "--nosuch"}, &out, &errs); code != exitUsage || out.Len() > 0 || errs.Len() == 0 {
		t.Errorf("unknown flag: exit code %d, %q, %q", code, out.String(), errs.String())
	}
}

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
