// SPDX-License-Identifier: Apache-2.0

package verify

import "github.com/sigbundle/sigbundle/internal/fastverify"

// A Cache makes verifying many bundles under few trust roots faster: for the
// ECDSA keys of their authorities and logs that recur it holds tables of
// multiples, some twenty MiB at most. It holds nothing of any bundle, and no
// verdict or report is another with it than without.
//
// One Cache may serve any number of verifiers and goroutines. It pays from
// about a hundred bundles on; for a single one it costs nothing and gains
// nothing.
type Cache struct{ tables *fastverify.Tables }

// NewCache returns an empty Cache.
func NewCache() *Cache { return &Cache{tables: fastverify.New()} }
