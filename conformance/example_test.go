// SPDX-License-Identifier: Apache-2.0

package conformance_test

import (
	"context"
	"fmt"
	"log"
	"os"
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

	report, err := conformance.Run(context.Background(), conformance.Config{Suite: suite, Client: conformance.Self})
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range report.Outcomes {
		fmt.Printf("%s by %s: %t %q\n", o.Case, o.Mode, o.OK(), o.Code)
	}
	fmt.Println(report.Summary())
	// Output:
	// another-signer_fail by path: true "identity.san"
	// another-signer_fail by digest: true "identity.san"
	// happy-path by path: true ""
	// happy-path by digest: true ""
	// 4 of 4 passed; 0 wrong verdicts, 0 unexpected reasons, 0 broken; 2 accepted, 2 refused
}
