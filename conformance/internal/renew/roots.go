// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// newestRoot picks the TUF root of the highest version. Copies of one version
// must be equal, and each version must be signed by the threshold of the next
// older one that a package has: packages with older roots then vouch for the
// newest one. A TUF update goes through all versions between; a package that
// lacks some shows no less as long as the older root's own keys have signed.
func newestRoot(copies []file) (file, string, error) {
	type root struct {
		file
		meta *metadata.Metadata[metadata.RootType]
	}
	var roots []root
	for _, f := range copies {
		meta, err := metadata.Root().FromBytes(f.data)
		if err != nil {
			return file{}, "", fmt.Errorf("%s: %w", f.from, err)
		}
		if err := meta.VerifyDelegate(metadata.ROOT, meta); err != nil {
			return file{}, "", fmt.Errorf("%s: root does not sign itself: %w", f.from, err)
		}
		roots = append(roots, root{f, meta})
	}
	slices.SortStableFunc(roots, func(a, b root) int { return int(a.meta.Signed.Version - b.meta.Signed.Version) })
	chain := []string{fmt.Sprint(roots[0].meta.Signed.Version)}
	for i := 1; i < len(roots); i++ {
		old, next := roots[i-1], roots[i]
		switch next.meta.Signed.Version - old.meta.Signed.Version {
		case 0:
			if string(old.data) != string(next.data) {
				return file{}, "", fmt.Errorf("%s and %s differ in one version", old.from, next.from)
			}
		default:
			if err := old.meta.VerifyDelegate(metadata.ROOT, next.meta); err != nil {
				return file{}, "", fmt.Errorf("%s does not vouch for %s: %w", old.from, next.from, err)
			}
			chain = append(chain, fmt.Sprint(next.meta.Signed.Version))
		}
	}
	best := roots[len(roots)-1]
	note := "Only this package carries it."
	switch {
	case len(chain) > 1:
		note = "Versions " + strings.Join(chain, ", ") + ": each is signed by the threshold of the one named before it."
	case len(roots) > 1:
		note = "All copies are the same, byte for byte."
	}
	return best.file, note, nil
}

// dated says what of a file tells its age.
func dated(f file) string {
	if strings.HasSuffix(f.name, "/root.json") {
		if meta, err := metadata.Root().FromBytes(f.data); err == nil {
			return fmt.Sprintf("version %d, expires %s", meta.Signed.Version, meta.Signed.Expires.UTC().Format("2006-01-02"))
		}
	}
	return "newest start of validity " + newestStart(f.data)
}

// newestStart returns the day on which the youngest instance of a trusted
// root starts.
func newestStart(data []byte) string {
	var doc any
	if json.Unmarshal(data, &doc) != nil {
		return "unknown"
	}
	newest := ""
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for k, e := range v {
				if s, ok := e.(string); ok && k == "start" && len(s) >= 10 {
					newest = max(newest, s[:10])
				}
				walk(e)
			}
		}
	}
	walk(doc)
	return newest
}
