// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/conformance/virtual"
)

// TestGuideCarriers runs what docs/guide/quickstart-consumer.md does with the
// answers of registries: the programs that fetch find made up ones, and the
// trust root is that of a virtual world.
func TestGuideCarriers(t *testing.T) {
	world, err := virtual.New(virtual.Config{Seed: "guide"})
	if err != nil {
		t.Fatal(err)
	}
	root, err := world.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	sign := func(repository, content, predicateType string) string {
		workflow := "https://github.com/" + repository + "/.github/workflows/release.yml@refs/heads/main"
		signed, err := world.Sign(virtual.Request{
			SAN: workflow, Issuer: "https://token.actions.githubusercontent.com",
			Extensions: map[int]string{9: workflow, 18: workflow, 12: "https://github.com/" + repository, 14: "refs/heads/main"},
			Artifact:   []byte(content), PredicateType: predicateType,
		})
		if err != nil {
			t.Fatal(err)
		}
		return string(signed.Bundle)
	}
	const provenance, publish = "https://slsa.dev/provenance/v1", "https://example.test/publish/v1"
	wheel := sign("pypa/sampleproject", "sampleproject", publish)
	b, err := bundle.Parse([]byte(wheel))
	if err != nil {
		t.Fatal(err)
	}
	item, err := carrier.Of(b)
	if err != nil {
		t.Fatal(err)
	}
	attestation, _, err := carrier.Write(carrier.KindAttestation, []carrier.Item{item}, carrier.Options{})
	if err != nil {
		t.Fatal(err)
	}

	s := reader(t, "quickstart-consumer.md")
	s.write("sampleproject-4.0.0.tar.gz", "sampleproject")
	s.write("sigstore-2.1.0.tgz", "sigstore")
	s.write("demo-1.0.0.gem", "gem")
	s.write("demo.bottle.tar.gz", "bottle")
	s.write("pep740", fmt.Sprintf(`{"version":1,"attestation_bundles":[{"publisher":{"kind":"GitHub","repository":"pypa/sampleproject","workflow":"release.yml"},"attestations":[%s]}]}`, attestation))
	s.write("npm", fmt.Sprintf(`{"attestations":[{"predicateType":%q,"bundle":%s},{"predicateType":%q,"bundle":%s}]}`,
		publish, sign("evil/registry", "sigstore", publish), provenance, sign("sigstore/sigstore-js", "sigstore", provenance)))
	s.write("gem", fmt.Sprintf("[%s]", sign("example/demo", "gem", "")))
	s.write("bottle", fmt.Sprintf(`{"attestations":[{"bundle":%s}]}`, sign("Homebrew/homebrew-core", "bottle", provenance)))
	s.write("virtual.json", string(root))
	s.write("path/curl", `#!/bin/sh
case "$2" in
http://index.test/integrity/*/provenance) cat pep740 ;;
http://registry.test/-/npm/v1/attestations/*) cat npm ;;
http://registry.test/api/v1/attestations/demo-1.0.0.json) cat gem ;;
*) exit 22 ;;
esac
`)
	s.write("path/gh", "#!/bin/sh\ntest $# = 2 && cat bottle\n")
	s.write("path/sigbundle", "#!/bin/sh\nPATH=${PATH#*:}\nexec sigbundle \"$@\" --trusted-root virtual.json\n")
	s.env = append(s.env, "INDEX=http://index.test", "REGISTRY=http://registry.test")

	ran := 0
	for _, b := range blocksOf(t, "../../docs/guide/quickstart-consumer.md") {
		if !strings.Contains(b.text, "curl ") && !strings.Contains(b.text, "gh api") {
			continue
		}
		ran++
		if code, out := s.sh("-euc", b.text); code != 0 {
			t.Errorf("line %d: exit code %d\n%s", b.line, code, out)
		}
		// The same for another repository.
		for _, line := range strings.Split(b.text, "\n") {
			if before, _, found := strings.Cut(line, " --repo "); found {
				if code, out := s.sh("-uc", before+" --repo evil/evil"); code != 1 {
					t.Errorf("%s: exit code %d for another repository\n%s", line, code, out)
				}
			}
		}
	}
	if ran != 3 {
		t.Errorf("%d blocks fetch something, want 3", ran)
	}
}
