// SPDX-License-Identifier: Apache-2.0

package tufroot

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Every metadata file, hostile in size and shape, is refused with its own code
// and without memory beyond its size.
func TestHostileFiles(t *testing.T) {
	const most = 64 << 20
	many := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format+",", i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	sizes := map[string]int{"2.root.json": 512_000, "timestamp.json": 16_384, "2.snapshot.json": 2_000_000, "2.targets.json": 5_000_000, "1.delegated.json": 5_000_000}
	for name, size := range sizes {
		r := repo()
		r.Publish("root")
		root, good := r.File("1.root.json"), r.File(name)
		for what, x := range map[string]struct {
			code refuse.Code
			data []byte
		}{
			"100 MB":            {"tuf.too_large", bytes.Repeat([]byte(" "), 100<<20)},
			"a byte too many":   {"tuf.too_large", append(bytes.Clone(good), bytes.Repeat([]byte(" "), size+1-len(good))...)},
			"deep":              {"tuf.malformed", []byte(strings.Repeat(`{"signed":`, size/10))},
			"deep lists":        {"tuf.malformed", []byte(`{"signed":` + strings.Repeat("[", size-10))},
			"many signatures":   {"tuf.limit tuf.malformed", []byte(`{"signatures":[` + many(`{"keyid":"%d","sig":"00"}`, size/40) + `],"signed":{}}`)},
			"many members":      {"tuf.malformed", []byte(`{"signatures":[],"signed":{` + many(`"%d":0`, size/20) + `}}`)},
			"a version of ones": {"tuf.malformed", []byte(`{"signatures":[],"signed":{"version":` + strings.Repeat("1", size-50) + `}}`)},
			"a string of zeros": {"tuf.malformed", []byte(`{"signatures":[],"signed":{"_type":"` + strings.Repeat("0", size-50) + `"}}`)},
		} {
			r.SetFile(name, x.data)
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			p, err := Open(r.FS(), config(Policy{At: at}, root))
			if err == nil {
				_, err = p.Target("dir/file")
			}
			runtime.ReadMemStats(&after)
			if code := refuse.CodeOf(err); code == "" || !strings.Contains(string(x.code), string(code)) {
				t.Errorf("%s, %s: %.200v, code %q, want %q", name, what, err, code, x.code)
			}
			if err != nil && len(err.Error()) > 4096 {
				t.Errorf("%s, %s: a message of %d bytes", name, what, len(err.Error()))
			}
			if used := int64(after.TotalAlloc-before.TotalAlloc) - int64(len(x.data)); used > most {
				t.Errorf("%s, %s: %d MiB beyond its size", name, what, used>>20)
			}
		}
	}
}
