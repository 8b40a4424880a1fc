// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
)

// A token on the command line is not repeated, in JSON either.
func TestTokensAreNotRepeated(t *testing.T) {
	const secret = "c2VjcmV0"
	token := "eyJhbGciOiJSUzI1NiJ9.eyJ" + secret + "." + secret
	for _, args := range [][]string{
		{"verify", token, "--no-identity"},
		{"verify", "a", token, "--no-identity"},
		{"verify", "a", "--bundle", token, "--no-identity"},
		{"inspect", token},
		{"trust", "show", token},
		{"audit", token, "--no-identity"},
		{"explain", token},
		{token},
	} {
		for _, format := range [][]string{nil, {"--format", "json"}, {"--format=json"}} {
			var out, errs bytes.Buffer
			if code := run(append(append([]string(nil), args...), format...), strings.NewReader(""), &out, &errs); code == 0 {
				t.Errorf("%q: exit code 0", args)
			}
			if all := out.String() + errs.String(); strings.Contains(all, secret) || all == "" {
				t.Errorf("%q %q: %s", args, format, all)
			}
		}
	}
}
