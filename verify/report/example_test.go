// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"encoding/json"
	"log"
	"os"

	"github.com/sigbundle/sigbundle/verify/report"
)

// A stored report is read and shown without a verifier.
func ExampleReport_WriteText() {
	var r report.Report
	if err := json.Unmarshal([]byte(`{
		"schema": "sigbundle.report.v1",
		"verified": false,
		"code": "artifact.mismatch",
		"message": "the statement is about another artifact"
	}`), &r); err != nil {
		log.Fatal(err)
	}
	if err := r.WriteText(os.Stdout, report.TextStyle{Title: "app.tar.gz"}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// refused  app.tar.gz
	//   because     the statement is about another artifact
	//   code        artifact.mismatch
	//   what to do  Check that artifact and bundle belong together; get both again.
}
