// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

func TestAll(t *testing.T) {
	message, envelope := string(text(t, messageV03(t))), string(text(t, envelopeV03(t)))
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(message), "", "  "); err != nil {
		t.Fatal(err)
	}
	const ok = "ok"
	for why, c := range map[string]struct {
		data string
		want []string // a code for each bundle
	}{
		"nothing":                   {"", []string{"bundle.empty"}},
		"white space":               {" \r\n\t\n", []string{"bundle.empty"}},
		"one":                       {message, []string{ok}},
		"one and a newline":         {message + "\n", []string{ok}},
		"one amid blank lines":      {"\n\r\n" + message + "\n \n\n", []string{ok}},
		"one, pretty-printed":       {pretty.String(), []string{ok}},
		"two":                       {message + "\n" + envelope, []string{ok, ok}},
		"two and blank lines":       {"\n" + message + "\r\n\n \t\n" + envelope + "\n\n", []string{ok, ok}},
		"the second refused":        {message + "\n{}\n" + envelope, []string{ok, "bundle.version", ok}},
		"the first refused":         {"{}\n" + message, []string{"bundle.version", ok}},
		"the second malformed":      {message + "\n{\n" + envelope, []string{ok, "bundle.malformed", ok}},
		"two on a line":             {message + envelope + "\n", []string{"bundle.malformed"}},
		"two, pretty-printed":       {pretty.String() + "\n" + pretty.String(), []string{"bundle.malformed"}},
		"pretty-printed, truncated": {pretty.String()[:pretty.Len()-2], []string{"bundle.malformed"}},
		"a byte after the last":     {message + "\n" + envelope + "\n}", []string{ok, ok, "bundle.malformed"}},
		"one byte":                  {"1", []string{"bundle.malformed"}},
		"more on the first line":    {message + " 1\n" + envelope, []string{"bundle.malformed"}},
		"no JSON at all":            {"a\nb\nc\n", []string{"bundle.malformed"}},
		"array":                     {"[" + message + "]", []string{"bundle.malformed"}},
	} {
		var got []string
		for b, err := range All([]byte(c.data)) {
			if (b == nil) == (err == nil) {
				t.Errorf("%s: bundle %v with error %v", why, b, err)
			}
			if code := refuse.CodeOf(err); err != nil {
				got = append(got, string(code))
			} else {
				got = append(got, ok)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", why, got, c.want)
		}
	}
}

// A bundle that is alone is hashed with all of its file, one of several
// without the end of its line.
func TestAllSHA256(t *testing.T) {
	line := string(text(t, messageV03(t)))
	for data, hashed := range map[string]string{
		line + "\n":             line + "\n",
		line + "\n{}\n":         line,
		"\n " + line + "\n\n{}": line,
	} {
		for b, err := range All([]byte(data)) {
			if err != nil || b.SHA256 != sha256.Sum256([]byte(hashed)) {
				t.Errorf("%.20q: %v", data, err)
			}
			break // the sequence can be left
		}
	}
}

// FuzzAll reads bundles line by line: each line is a bundle or a refusal.
func FuzzAll(f *testing.F) {
	small := `{"mediaType":"` + MediaType + `","verificationMaterial":{"publicKey":{}},"messageSignature":{"signature":"AQ=="}}`
	f.Add([]byte(small + "\n" + small))
	f.Add([]byte("\n\n"))
	f.Add([]byte(strings.ReplaceAll(small, ",", ",\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		for b, err := range All(data) {
			if n++; (b == nil) == (err == nil) || err != nil && refuse.CodeOf(err) == "" {
				t.Fatalf("bundle %v with error %v", b, err)
			}
		}
		if n == 0 || n > 1+bytes.Count(data, []byte("\n")) {
			t.Fatalf("%d results for %q", n, data)
		}
	})
}
