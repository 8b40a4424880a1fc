// SPDX-License-Identifier: Apache-2.0

//go:build unix

package tufroot

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/bounds"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// What a hostile file may cost, whatever its size.
const (
	mostUnits  = 1 << 30  // of processor time: about a second, see package bounds
	mostMemory = 64 << 20 // allocated in all, beyond the size of the file
)

// many repeats a text, with its number for each %d.
func many(text string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(text, "%d", fmt.Sprint(i)))
		b.WriteByte(',')
	}
	return strings.TrimSuffix(b.String(), ",")
}

// unsigned is a well-formed file, except for the members given, that no one has
// signed: its signatures are by keys that count, and empty.
func unsigned(role string, version int, members string) []byte {
	kind, signatures := role, ""
	if role == "delegated" {
		kind = "targets"
	}
	for i := range 5 {
		signatures += fmt.Sprintf(`{"keyid":"%s","sig":""},`, tuftest.KeyID(fmt.Sprint(role, i)))
	}
	return []byte(`{"signatures":[` + strings.TrimSuffix(signatures, ",") + `],"signed":{"_type":"` + kind +
		`","spec_version":"1.0","version":` + fmt.Sprint(version) + `,"expires":"2027-01-01T00:00:00Z",` + members + `}}`)
}

// crowded returns a repository of which every role has five keys.
func crowded() *tuftest.Repo {
	r := repo()
	for _, role := range []string{"root", "timestamp", "snapshot", "targets", "delegated"} {
		var names []string
		for i := range 5 {
			names = append(names, fmt.Sprint(role, i))
		}
		r.SetKeys(role, 3, names...)
	}
	r.SetVersion("root", 0)
	r.Publish("root")
	r.Publish("delegated", "targets")
	r.Publish("root")
	return r
}

// hostile are files for a role, of at most so many bytes, and the code of
// their refusal.
func hostile(role string, version, size int, good []byte) map[string]struct {
	code refuse.Code
	data []byte
} {
	const grant = `{"keyids":[],"threshold":1}`
	files := map[string]struct {
		code refuse.Code
		data []byte
	}{
		"100 MB":            {"tuf.too_large", bytes.Repeat([]byte(" "), 100<<20)},
		"a byte too many":   {"tuf.too_large", append(bytes.Clone(good), bytes.Repeat([]byte(" "), size+1-len(good))...)},
		"white space":       {"tuf.malformed", bytes.Repeat([]byte(" "), size)},
		"deep":              {"tuf.limit tuf.malformed", []byte(strings.Repeat(`{"signed":`, size/10))},
		"deep lists":        {"tuf.limit tuf.malformed", []byte(`{"signed":` + strings.Repeat("[", size-10))},
		"lists":             {"tuf.limit tuf.malformed", []byte(`{"unknown":[` + many("[]", size/4) + `]}`)},
		"many signatures":   {"tuf.limit tuf.malformed", []byte(`{"signatures":[` + many(`{"keyid":"%d","sig":"00"}`, size/40) + `],"signed":{}}`)},
		"many members":      {"tuf.limit tuf.malformed", []byte(`{"signatures":[],"signed":{` + many(`"%d":0`, size/20) + `}}`)},
		"a version of ones": {"tuf.malformed", []byte(`{"signatures":[],"signed":{"version":` + strings.Repeat("1", size-50) + `}}`)},
		"a string of zeros": {"tuf.malformed", []byte(`{"signatures":[],"signed":{"_type":"` + strings.Repeat("0", size-50) + `"}}`)},
		"a string of 10 MB": {"tuf.too_large", []byte(`{"signatures":[],"signed":{"_type":"` + strings.Repeat("0", 10<<20) + `"}}`)},
	}
	add := func(what string, code refuse.Code, members string) {
		files[what] = struct {
			code refuse.Code
			data []byte
		}{code, unsigned(role, version, members)}
	}
	switch role {
	case "root":
		const others = `"roles":{"root":` + grant + `,"timestamp":` + grant + `,"snapshot":` + grant + `,"targets":` + grant
		const key = `"%d":{"keytype":"rsa","scheme":"","keyval":{"public":"x"}}`
		add("1,024 keys", "tuf.signature", `"keys":{`+many(key, 1024)+`},`+others+`}`)
		add("5,000 keys", "tuf.malformed", `"keys":{`+many(key, 5000)+`},`+others+`}`)
		add("1,024 roles", "tuf.signature", `"keys":{},`+others+`,`+many(`"%d":`+grant, 1020)+`}`)
		add("10,000 roles", "tuf.malformed", `"keys":{},`+others+`,`+many(`"%d":`+grant, 10_000)+`}`)
		add("10,000 key IDs", "tuf.malformed", `"keys":{},"roles":{"root":{"keyids":[`+many(`"%d"`, 10_000)+`],"threshold":1}}`)
	case "timestamp":
		add("500 files", "tuf.signature", `"meta":{"snapshot.json":{"version":1},`+many(`"%d":{"version":1}`, 500)+`}`)
	case "snapshot":
		add("49,000 files", "tuf.signature", `"meta":{"targets.json":{"version":1},`+many(`"%d":{"version":1}`, 49_000)+`}`)
		add("80,000 files", "tuf.limit", `"meta":{"targets.json":{"version":1},`+many(`"%d":{"version":1}`, 80_000)+`}`)
	default:
		const target = `"%d":{"length":1,"hashes":{"sha256":"00"}}`
		const role = `{"name":"%d","keyids":[],"threshold":1,"terminating":true,"paths":["*"]}`
		add("24,000 targets", "tuf.signature", `"targets":{`+many(target, 24_000)+`}`)
		add("100,000 targets", "tuf.limit", `"targets":{`+many(target, 100_000)+`}`)
		add("a target of 4 MB", "tuf.signature", `"targets":{"`+strings.Repeat("x", 4<<20)+`":{"length":1,"hashes":{"sha256":"00"}}}`)
		add("1,024 delegations", "tuf.signature", `"targets":{},"delegations":{"keys":{},"roles":[`+many(role, 1024)+`]}`)
		add("10,000 delegations", "tuf.malformed", `"targets":{},"delegations":{"keys":{},"roles":[`+many(role, 10_000)+`]}`)
		add("60,000 prefixes", "tuf.signature", `"targets":{},"delegations":{"keys":{},"roles":[{"name":"x","keyids":[],"threshold":1,"terminating":true,"path_hash_prefixes":[`+
			many(`"%d"`, 60_000)+`]}]}`)
	}
	return files
}

// Every metadata file, hostile in size and shape, is refused with its own code
// and without time or memory beyond what its size explains.
func TestHostileFiles(t *testing.T) {
	for role, size := range map[string]int{"root": 512_000, "timestamp": 16_384, "snapshot": 2_000_000, "targets": 5_000_000, "delegated": 5_000_000} {
		r := crowded()
		first := r.File("1.root.json")
		name := r.Name(role)
		for what, x := range hostile(role, r.Version(role), size, r.File(name)) {
			r.SetFile(name, x.data)
			files := r.FS()
			runtime.GC()
			var err error
			most := bounds.Time(mostUnits)
			took, allocated := bounds.Within(most, func() {
				var p *Repository
				if p, err = Open(files, config(Policy{At: at}, first)); err == nil {
					_, err = p.Target("dir/file")
				}
			})
			if code := refuse.CodeOf(err); code == "" || !strings.Contains(string(x.code), string(code)) {
				t.Errorf("%s, %s: %.200v, code %q, want %q", role, what, err, code, x.code)
			}
			if err != nil && len(err.Error()) > 4096 {
				t.Errorf("%s, %s: a message of %d bytes", role, what, len(err.Error()))
			}
			used := int64(allocated) - int64(len(x.data))
			if used > mostMemory {
				t.Errorf("%s, %s: %d MiB beyond its size", role, what, used>>20)
			}
			if took > most {
				t.Errorf("%s, %s: took %v of processor time for %d bytes, want at most %v", role, what, took, len(x.data), most)
			}
			t.Logf("%s, %s: %d KiB, %v, %d MiB beyond it", role, what, len(x.data)>>10, took.Round(time.Millisecond), used>>20)
		}
	}
}
