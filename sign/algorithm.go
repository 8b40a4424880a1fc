// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"maps"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// algorithmNames are those of the Sigstore algorithm registry, as other
// clients' flags have them.
var algorithmNames = map[string]Algorithm{
	"ecdsa-sha2-256-nistp256":    ECDSAP256,
	"ecdsa-sha2-384-nistp384":    ECDSAP384,
	"ecdsa-sha2-512-nistp521":    ECDSAP521,
	"ed25519-ph":                 Ed25519ph,
	"rsa-sign-pkcs1-2048-sha256": RSA2048,
	"rsa-sign-pkcs1-3072-sha256": RSA3072,
	"rsa-sign-pkcs1-4096-sha256": RSA4096,
}

// AlgorithmNames returns the names that [ParseAlgorithm] knows, sorted.
func AlgorithmNames() []string { return slices.Sorted(maps.Keys(algorithmNames)) }

// ParseAlgorithm returns the algorithm of that name.
func ParseAlgorithm(name string) (Algorithm, error) {
	if a, ok := algorithmNames[name]; ok {
		return a, nil
	}
	return 0, refuse.New("sign.key", "algorithm %q: unknown, want one of %s", name, strings.Join(AlgorithmNames(), ", "))
}
