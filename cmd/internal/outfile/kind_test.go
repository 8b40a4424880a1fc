// SPDX-License-Identifier: Apache-2.0

package outfile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/trustroot/kit"
)

// Each kind takes the place of its own kind and of what is empty, and of
// nothing else.
func TestKinds(t *testing.T) {
	t.Chdir(t.TempDir())
	k, err := kit.New(kit.Contents{Instance: "a", AsOf: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Files: map[string][]byte{"repository/1.root.json": []byte("{}")}})
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{
		"bundle":          `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"`,
		"bundle old":      "{\n  \"mediaType\": \"application/vnd.dev.sigstore.bundle+json;version=0.1\"",
		"root":            `{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"`,
		"signing":         `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"`,
		"client":          `{"mediaType":"application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"`,
		"kit":             string(k.Encode(nil)),
		"token":           "eyJhbGciOiJub25lIn0.e30.e30\n",
		"empty":           "",
		"answer":          `{"attestations":[{"bundle":{}}]}`,
		"attestation":     `{"version":1,"verification_material":{}}`,
		"text":            "important",
		"key":             "-----BEGIN PUBLIC KEY-----\n",
		"behind":          `x{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"`,
		"other type":      `{"mediaType":"application/vnd.dev.sigstore.bundles`,
		"another archive": "manifest.json" + strings.Repeat("\x00", 499) + `{"schema":"other"`,
		"zeros":           strings.Repeat("\x00", 2*maxHead),
	}
	for name, content := range files {
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		kind  Kind
		takes string
	}{
		{Bundle, "bundle,bundle old"}, {TrustRoot, "root"}, {SigningConfig, "signing"}, {ClientTrust, "client"}, {Evidence, "bundle,bundle old,answer,attestation"}, {Kit, "kit"}, {Token, "token"}, {Kind{}, ""},
	} {
		for name, content := range files {
			for _, named := range []string{name, "link"} { // a link stands for its file
				_ = os.Remove("link")
				if err := os.Symlink(name, "link"); err != nil {
					t.Fatal(err)
				}
				var s Set
				err := s.Free("--out", named, c.kind)
				if want := name == "empty" || strings.Contains(","+c.takes+",", ","+name+","); (err == nil) != want {
					t.Errorf("%s over %s, by %s: %v", c.kind.what, name, named, err)
				}
			}
			if after, err := os.ReadFile(name); err != nil || !bytes.Equal(after, []byte(content)) {
				t.Errorf("%s was changed, %v", name, err)
			}
		}
		var s Set
		if err := s.Free("--out", filepath.Join(".", "new"), c.kind); err != nil {
			t.Error(err)
		}
	}
}
