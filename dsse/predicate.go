// SPDX-License-Identifier: Apache-2.0

package dsse

// predicateTypes are the predicate types in use, by their short names.
var predicateTypes = map[string]string{
	"cyclonedx":       "https://cyclonedx.org/bom",
	"link":            "https://in-toto.io/Link/v1",
	"openvex":         "https://openvex.dev/ns",
	"scai":            "https://in-toto.io/attestation/scai/v0.3",
	"slsaprovenance1": "https://slsa.dev/provenance/v1",
	"slsaprovenance":  "https://slsa.dev/provenance/v0.2",
	"spdx":            "https://spdx.dev/Document",
	"test-result":     "https://in-toto.io/attestation/test-result/v0.1",
	"vsa":             "https://slsa.dev/verification_summary/v1",
	"vulns":           "https://in-toto.io/attestation/vulns/v0.1",
}

// PredicateType returns the URI of a predicate type by its short name, such as
// "slsaprovenance1" or "spdx"; anything else is returned as it is.
func PredicateType(name string) string {
	if uri, ok := predicateTypes[name]; ok {
		return uri
	}
	return name
}
