// SPDX-License-Identifier: Apache-2.0

package audit_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/audit"
)

// A folder of artifacts, each with its bundle beside it, under one policy.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "audit")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	const wheel = "github_provenance_demo-0.0.0-py3-none-any.whl"
	for _, name := range []string{wheel, wheel + ".sigstore.json"} {
		data, err := os.ReadFile(filepath.Join("../../testdata/public", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	root, err := embedded.TrustedRoot(embedded.PublicGood)
	if err != nil {
		log.Fatal(err)
	}
	tree, err := audit.OpenTree(dir)
	if err != nil {
		log.Fatal(err)
	}
	sum, err := audit.Run(context.Background(), audit.Config{
		Source: tree,
		Roots:  []audit.Root{{Root: root, Source: "embedded"}},
		Trust:  tufroot.Policy{MaxAge: tufroot.AnyAge},
		Policy: verify.Policy{Identities: []verify.Identity{{
			SAN:    verify.Matching(`https://github\.com/github/.*`),
			Issuer: verify.Exactly("https://token.actions.githubusercontent.com"),
		}}},
		Out: io.Discard, // one line of JSON for each bundle
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum.Bundles, "bundles,", sum.Verified, "verified,", sum.Refused, "refused")
	// Output: 1 bundles, 1 verified, 0 refused
}
