// SPDX-License-Identifier: Apache-2.0

package carrier_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

func public(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "public", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(data), "\n", " ")
}

// members returns so many members of an object, after others.
func members(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"x%d":0`, i)
	}
	return b.String()
}

// Whatever carries a bundle, the same bundle comes out.
func TestRead(t *testing.T) {
	const predicate = `"predicateType":"https://slsa.dev/provenance/v1"`
	b := public(t, "github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json")
	for _, c := range []struct {
		name, text string
		bundles    int
	}{
		{"itself", b, 1},
		{"lines", b + "\n\n" + b + "\n", 2},
		{"array", "[" + b + ",\n" + b + "]", 2},
		{"a registry's answer", `{"attestations":[{` + predicate + `,"bundle":` + b + `}]}`, 1},
		{"a forge's answer", `{"attestations":[{"bundle":` + b + `,"repository_id":1,"bundle_url":"https://example.org"}]}`, 1},
		{"answers in lines", `{"attestations":[{"bundle":` + b + "}]}\n" + b, 2},
		{"a client's report", `[{"attestation":{"bundle":` + b + `},"verificationResult":{}}]`, 1},
	} {
		items, err := carrier.Read([]byte(c.text), carrier.Limits{})
		if err != nil || len(items) != c.bundles {
			t.Errorf("%s: %d bundles, %v", c.name, len(items), err)
			continue
		}
		for _, it := range items {
			if it.Err != nil || it.Bundle == nil {
				t.Errorf("%s: %v", c.name, it.Err)
			}
		}
	}
}

// However bundles are carried, a file of too many is refused as a whole.
func TestTooMany(t *testing.T) {
	n := carrier.MaxBundles + 1
	element := `{"bundle":{}},`
	for name, text := range map[string]string{
		"lines":             strings.Repeat("{}\n", n),
		"blank lines":       strings.Repeat("{}\n \n", n),
		"junk":              "{}\n" + strings.Repeat("x\n", n),
		"array":             "[" + strings.Repeat("{},", n) + "{}]",
		"array of arrays":   "[" + strings.Repeat("[],", n) + "[]]",
		"answer":            `{"attestations":[` + strings.Repeat(element, n) + `{"bundle":{}}]}`,
		"answer, 65":        `{"attestations":[` + strings.Repeat(element, 64) + `{"bundle":{}}]}`,
		"provenance":        `{"version":1,"attestation_bundles":[{"attestations":[` + strings.Repeat("{},", 64) + `{}]}]}`,
		"provenance, split": `{"version":1,"attestation_bundles":[` + strings.Repeat(`{"attestations":[{}]},`, 64) + `{"attestations":[{}]}]}`,
		"answers in lines":  strings.Repeat(`{"attestations":[`+strings.Repeat(element, 9)+`{"bundle":{}}]}`+"\n", n/10+1),
		"arrays in lines":   strings.Repeat("[{},{}]\n", n/2+1),
		"much more":         strings.Repeat("{}\n", 1<<20),
		"at the limit, one": strings.Repeat("{}\n", n-1) + "[{}]",
	} {
		if items, err := carrier.Read([]byte(text), carrier.Limits{}); refuse.CodeOf(err) != "carrier.count" || items != nil {
			t.Errorf("%s: %d bundles, %v", name, len(items), err)
		}
	}
	if items, err := carrier.Read([]byte(strings.Repeat("{}\n", n-1)), carrier.Limits{}); err != nil || len(items) != n-1 {
		t.Errorf("at the limit: %d bundles, %v", len(items), err)
	}
}

func TestRefusals(t *testing.T) {
	b := public(t, "github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json")
	message := public(t, "othername.sigstore.json")
	for _, c := range []struct{ code, text string }{
		{"carrier.claim", `{"attestations":[{"predicateType":"https://example.org/other","bundle":` + b + `}]}`},
		{"carrier.claim", `{"attestations":[{"predicateType":"https://example.org/other","bundle":` + message + `}]}`},
		{"import.bundle_url", `{"attestations":[{"bundle":null,"bundle_url":"https://example.org"}]}`},
		{"import.bundle_url", `{"attestations":[{"bundle_url":"https://example.org"}]}`},
		{"carrier.malformed", `{"attestations":[{"bundle":null}]}`},
		{"carrier.unknown", `{"attestations":[{}]}`},
		{"carrier.unknown", `{"attestations":[{"predicateType":"https://example.org/p"}]}`},
		{"carrier.malformed", `{"attestations":[{"predicateType":null,"bundle":` + b + `}]}`},
		{"carrier.ambiguous", `{"attestations":[{"predicateType":"https://example.org/p","bundle":{}},{"bundle":{}}]}`},
		{"carrier.ambiguous", `{"attestations":[{"bundle":{},"Bundle":{}}]}`},
		{"carrier.ambiguous", `{"attestations":[{"bundle":{},"bundleUrl":"x","bundle_url":"x"}]}`},
		{"carrier.ambiguous", `{"attestations":[],"Attestations":[]}`},
		{"carrier.ambiguous", `{"version":1,"attestation_bundles":[],"attestations":[]}`},
		{"carrier.ambiguous", `{"version":1,"attestation_bundles":[],"verification_material":{}}`},
		{"carrier.ambiguous", `{"base64Signature":"","payload":"","payloadType":"","signatures":[]}`},
		{"carrier.ambiguous", `{"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1","attestations":[]}`},
		{"carrier.ambiguous", `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","base64Signature":""}`},
		{"carrier.limit", `{"attestations":[` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `]}`},
		{"carrier.limit", `{"attestations":[{"bundle":{}` + members(65) + `}]}`},
		{"carrier.version", `{"version":2,"verification_material":{},"envelope":{}}`},
		{"carrier.version", `{"version":"1","attestation_bundles":[]}`},
		{"import.snappy", "\x80\x08\x04{\"attestations\":[]}"},
		{"import.snappy", "\xc8\x01\xf0\xc7{\n \"attestations\":[]}"},
		{"carrier.malformed", `{"attestations":[{"bundle":`},
		{"carrier.malformed", `{"attestations":[{"bundle":{}}],"attestations":[]}`},
		{"carrier.malformed", `{"attestations":{}}`},
		{"carrier.malformed", "[{}"},
		{"carrier.claim", `{"attestations":[{"predicateType":"` + strings.Repeat("x", 1<<20) + `","bundle":` + b + `}]}`},
		{"bundle.malformed", `[{"attestation":{"bundle":{"bundle":` + b + `}}}]`}, // each envelope is read once more
		{"bundle.malformed", `[{"bundle":{"attestation":{"bundle":` + b + `}}}]`},
		{"bundle.empty", `{"attestations":[]}`},
		{"bundle.empty", " \n"},
		{"bundle.empty", `{"version":1,"attestation_bundles":[]}`},
		{"bundle.content", `{"base64Signature":"","cert":""}`},
		{"convert.signature_count", `{"payload":"","payloadType":"","signatures":[]}`},
		{"convert.signature_count", `{"payload":"","payloadType":"","signatures":[{"sig":""},{"sig":""}]}`},
		{"bundle.malformed", `{"signed":{},"signatures":[]}`},
		{"bundle.malformed", `{"keys":[]}`},
		{"bundle.malformed", "-----BEGIN PGP SIGNATURE-----\n"},
		{"bundle.version", `{"mediaType":"application/json"}`},
	} {
		items, err := carrier.Read([]byte(c.text), carrier.Limits{})
		if err == nil {
			err = items[0].Err
		}
		if string(refuse.CodeOf(err)) != c.code {
			t.Errorf("%.60s: %v (%s), want %s", c.text, err, refuse.CodeOf(err), c.code)
		}
		if n := len(err.Error()); n > 1000 {
			t.Errorf("%.60s: a message of %d bytes", c.text, n)
		}
	}
}
