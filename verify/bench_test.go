// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"os"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
)

// BenchmarkPublic goes from the JSON of a real bundle to the report.
func BenchmarkPublic(b *testing.B) {
	root, err := embedded.TrustedRoot("public-good")
	if err != nil {
		b.Fatal(err)
	}
	const name = "../testdata/public/github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json"
	data, err := os.ReadFile(name)
	if err != nil {
		b.Fatal(err)
	}
	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true}})
	if err != nil {
		b.Fatal(err)
	}
	artifact, err := verify.ParseArtifactDigest("sha256:49a3aa6075e0f49f82843e74b5baa614ad2a588e6675612bf108a0a008c5ac25")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		parsed, err := bundle.Parse(data)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := v.Verify(parsed, artifact); err != nil {
			b.Fatal(err)
		}
	}
}
