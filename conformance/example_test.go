// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"fmt"
	"log"
	"os"
	"testing"
	"testing/fstest"

	"github.com/sigbundle/sigbundle/conformance"
)

// A suite of two cases, one of which must fail, run against this module's own
// client. Another client takes its place as a function.
func ExampleRun() {
	const signer = "https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d"
	const artifact = "../testdata/public/github_provenance_demo-0.0.0-py3-none-any.whl"
	suite := fstest.MapFS{} // in earnest os.DirFS("sigstore-conformance/test/assets")
	for name, identity := range map[string]string{"happy-path": signer, "another-signer_fail": "https://example.org/another"} {
		dir := "bundle-verify/" + name + "/"
		for file, from := range map[string]string{"artifact": artifact, "bundle.sigstore.json": artifact + ".sigstore.json"} {
			data, err := os.ReadFile(from)
			if err != nil {
				log.Fatal(err)
			}
			suite[dir+file] = &fstest.MapFile{Data: data}
		}
		suite[dir+"identity"] = &fstest.MapFile{Data: []byte(identity)}
	}

	outcomes, err := conformance.Run(suite, func(q conformance.Request) error {
		_, err := conformance.Verify(q)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range outcomes {
		fmt.Printf("%s by %s: %t %q\n", o.Case, o.Mode, o.OK(), o.Code())
	}
	// Output:
	// another-signer_fail by path: true "identity.san"
	// another-signer_fail by digest: true "identity.san"
	// happy-path by path: true ""
	// happy-path by digest: true ""
}

func TestRunWithoutClient(t *testing.T) {
	if _, err := conformance.Run(fstest.MapFS{}, nil); err == nil {
		t.Error("ran no client")
	}
}
