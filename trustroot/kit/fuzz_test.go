// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"bytes"
	"testing"
)

// FuzzOpen reads kits. Whatever is opened is written again as the same bytes.
func FuzzOpen(f *testing.F) {
	k, err := New(Contents{Instance: "x", AsOf: now, Files: map[string][]byte{"bundles/a.sigstore": []byte("a"), "repository/timestamp.json": nil}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(k.Encode(nil))
	f.Add(k.Encode(k))
	f.Add(k.Encode(nil)[:700])
	f.Add([]byte("manifest.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if k, err := Open(data, nil); err == nil && !bytes.Equal(k.Encode(nil), data) {
			t.Fatal("written as other bytes")
		}
	})
}
