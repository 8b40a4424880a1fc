// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/instances"
)

// Roots are loaded for the first hint, and not for those that follow.
func TestHintLoadsOnce(t *testing.T) {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata", "acme", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	b, err := bundle.Parse(read("hello.txt.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	trust := flags.Trust{Instance: embedded.PublicGood, TrustDir: flags.TrustDir{Dir: t.TempDir()}}
	if _, err := instances.At(trust.Dir).Add(instances.Instance{Name: "lab", ClientTrust: read("client_trust_config.json")}); err != nil {
		t.Fatal(err)
	}
	others := &hints{trust: &trust}
	for range 2 {
		if names := others.owners(b); !slices.Equal(names, []string{"lab"}) {
			t.Errorf("%q", names)
		}
		if err := os.RemoveAll(trust.Dir); err != nil {
			t.Fatal(err)
		}
	}
}
