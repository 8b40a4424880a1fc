// SPDX-License-Identifier: Apache-2.0

package carrier_test

import (
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
		items, err := carrier.Read([]byte(c.text))
		if err != nil || len(items) != c.bundles {
			t.Errorf("%s: %d bundles, %v", c.name, len(items), err)
			continue
		}
		for _, it := range items {
			if _, err := it.Parse(); err != nil {
				t.Errorf("%s: %v", c.name, err)
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
		"answer":            `{"attestations":[` + strings.Repeat(element, n) + `{}]}`,
		"answers in lines":  strings.Repeat(`{"attestations":[`+strings.Repeat(element, 9)+"{}]}\n", n/10+1),
		"arrays in lines":   strings.Repeat("[{},{}]\n", n/2+1),
		"much more":         strings.Repeat("{}\n", 1<<20),
		"at the limit, one": strings.Repeat("{}\n", n-1) + "[{}]",
	} {
		if items, err := carrier.Read([]byte(text)); refuse.CodeOf(err) != "carrier.count" || items != nil {
			t.Errorf("%s: %d bundles, %v", name, len(items), err)
		}
	}
	if items, err := carrier.Read([]byte(strings.Repeat("{}\n", n-1))); err != nil || len(items) != n-1 {
		t.Errorf("at the limit: %d bundles, %v", len(items), err)
	}
}

func TestRefusals(t *testing.T) {
	b := public(t, "github_provenance_demo-0.0.0-py3-none-any.whl.sigstore.json")
	message := public(t, "othername.sigstore.json")
	for _, c := range []struct{ code, text string }{
		{"carrier.claim", `{"attestations":[{"predicateType":"https://example.org/other","bundle":` + b + `}]}`},
		{"carrier.claim", `{"attestations":[{"predicateType":"https://example.org/other","bundle":` + message + `}]}`},
		{"carrier.malformed", `{"attestations":[{"bundle":null,"bundle_url":"https://example.org"}]}`},
		{"carrier.malformed", `{"attestations":[{"bundle":`},
		{"carrier.malformed", `{"attestations":[{"bundle":{}}],"attestations":[]}`},
		{"carrier.malformed", `{"attestations":{}}`},
		{"carrier.malformed", "[{}"},
		{"carrier.claim", `{"attestations":[{"predicateType":"` + strings.Repeat("x", 1<<20) + `","bundle":` + b + `}]}`},
		{"bundle.malformed", `[{"attestation":{"bundle":{"bundle":` + b + `}}}]`}, // each envelope is read once more
		{"bundle.malformed", `[{"bundle":{"attestation":{"bundle":` + b + `}}}]`},
		{"bundle.empty", `{"attestations":[]}`},
		{"bundle.empty", " \n"},
		{"bundle.malformed", `{"version":1,"attestation_bundles":[]}`},
		{"bundle.malformed", `{"base64Signature":"","cert":""}`},
		{"bundle.malformed", `{"payload":"","payloadType":"","signatures":[]}`},
		{"bundle.malformed", `{"signed":{},"signatures":[]}`},
		{"bundle.malformed", `{"keys":[]}`},
		{"bundle.malformed", "-----BEGIN PGP SIGNATURE-----\n"},
		{"bundle.version", `{"mediaType":"application/json"}`},
	} {
		items, err := carrier.Read([]byte(c.text))
		if err == nil {
			_, err = items[0].Parse()
		}
		if string(refuse.CodeOf(err)) != c.code {
			t.Errorf("%.60s: %v (%s), want %s", c.text, err, refuse.CodeOf(err), c.code)
		}
		if n := len(err.Error()); n > 1000 {
			t.Errorf("%.60s: a message of %d bytes", c.text, n)
		}
	}
}
