// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"strings"
	"testing"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// FuzzMetadata looks for bytes at which go-tuf panics although the shape was
// found good, in every role and before any signature is known (CVE-2026-23991).
func FuzzMetadata(f *testing.F) {
	r := tuftest.New()
	r.Delegate("targets", "role", true, "dir/*", "a?c", "[")
	r.DelegateBy("targets", "bin", tuftest.Object{"terminating": false, "path_hash_prefixes": []any{"00", "f"}})
	r.AddTarget("role", "dir/file", []byte("x"))
	r.Publish("role", "bin", "targets")
	for _, name := range []string{"1.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json", "1.role.json"} {
		f.Add(r.File(name))
	}
	f.Add([]byte(`{"signed":{"_type":"targets","spec_version":"1.0","version":1,"expires":"2027-01-01T00:00:00Z","targets":{},` +
		`"delegations":{"keys":{},"succinct_roles":{"keyids":[],"threshold":1,"bit_length":32,"name_prefix":"b"}}},"signatures":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if w, err := Start(data); err == nil {
			w.SetFloors(Floors{})
			w.Advance(data)
		}
		if w, err := Start(r.File("1.root.json")); err == nil {
			w.Advance(data)
			w.Timestamp(data, data)
		}
		w, err := Start(r.File("1.root.json"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Timestamp(r.File("timestamp.json"), data); err != nil {
			t.Fatal(err)
		}
		w.Snapshot(data)
		if _, err := w.Snapshot(r.File("2.snapshot.json")); err != nil {
			t.Fatal(err)
		}
		w.Targets(data, "targets", "root")
		unsigned(t, w, data)
	})
}

// unsigned acts as if the signatures held, which an attacker with a stolen
// key can bring about.
func unsigned(t *testing.T, w *Workflow, data []byte) {
	if _, err := checkShape(TargetsRole, data); err == nil {
		md, err := metadata.Targets().FromBytes(data)
		if err != nil {
			return
		}
		w.set.Targets[TargetsRole] = md
		w.Find("dir/file", func(role, delegator string) error { _, err := w.Targets(data, role, delegator); return err })
	}
	if _, err := checkShape(SnapshotRole, data); err == nil {
		if md, err := metadata.Snapshot().FromBytes(data); err == nil {
			w.set.Snapshot = md
			w.Targets(data, "targets", "root")
			(&Floors{Meta: map[string]int64{"a": 1}}).checkMeta(md.Signed.Meta)
		}
	}
	if _, err := checkShape(TimestampRole, data); err == nil {
		if md, err := metadata.Timestamp().FromBytes(data); err == nil {
			w.set.Timestamp = md
			w.Snapshot(data)
		}
	}
}

func TestExpiredAtTheInstant(t *testing.T) {
	f := File{Expires: tuftest.Start}
	for d, want := range map[time.Duration]bool{-1: false, 0: true, 1: true} {
		if f.Expired(tuftest.Start.Add(d)) != want {
			t.Errorf("%v after: want %v", d, want)
		}
	}
}

// go-tuf must not judge expiry by the clock of the system.
func TestNoClock(t *testing.T) {
	r := tuftest.New()
	for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
		r.Expire(role, time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	r.SetVersion("root", 0)
	r.Publish("root")
	r.Publish("targets")
	w, err := Start(r.File("1.root.json"))
	if err == nil {
		err = w.SetFloors(Floors{})
	}
	if err == nil {
		_, err = w.Timestamp(r.File("timestamp.json"), nil)
	}
	if err == nil {
		_, err = w.Snapshot(r.File("2.snapshot.json"))
	}
	if err == nil {
		_, err = w.Targets(r.File("2.targets.json"), "targets", "root")
	}
	if err != nil {
		t.Error(err)
	}
}

func TestEscapeFile(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"", ".", "..", "...", "a", "A", "%41", "a.", "a%2E", ".a", "con", "CON", "con.x", "con0", "com1", "com1.json",
		"comx", "nul", "a/b", `a\b`, "a:b", "ü", "a\x00", strings.Repeat("x", 128), strings.Repeat("x", 129), strings.Repeat("X", 100), "+a", "-", " "} {
		e := EscapeFile(name)
		if other, ok := seen[strings.ToLower(e)]; ok {
			t.Errorf("%q and %q both become %q", name, other, e)
		}
		seen[strings.ToLower(e)] = name
		stem, _, _ := strings.Cut(e, ".")
		if e == "" || len(e) > maxFileName || strings.HasPrefix(e, ".") || strings.HasSuffix(e, ".") || strings.ContainsAny(e, `/\: `) || device(strings.ToLower(stem)) {
			t.Errorf("%q becomes %q", name, e)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "a", true}, {"*", "a/b", false}, {"a/*", "a/b", true}, {"a/*", "a/b/c", false}, {"?.tgz", "a.tgz", true},
		{"*/*", "a/b", true}, {"[", "[", false}, {"a?b", "a/b", false}, {"", "", true},
		{"[!a]", "b", true}, {"[!a]", "a", false}, {"[!a]", "!", true}, {"[^a]", "b", false}, {"[^a]", "^", true}, {"[^a]", "a", true},
		{"[]a]", "]", true}, {"[!]a]", "]", false}, {"[!]a]", "b", true}, {"[a!]", "!", true}, {"[a^]", "^", true}, {"x[!a-c]*", "xd", true},
		{"x[!a-c]*", "xb", false}, {`\[!a]`, "[!a]", true}, {`\[!a]`, "b", false}, {`[\]!]`, "!", true}, {"[!/]", "/", false}, {"[!", "[!", false}, {"[", "", false},
	} {
		if matches(c.pattern, c.name) != c.want {
			t.Errorf("%q matches %q: want %v", c.pattern, c.name, c.want)
		}
	}
}

func TestState(t *testing.T) {
	s := &State{Set: 3, Refreshed: tuftest.Start, Seen: Floors{Root: 2, Keys: "k", Timestamp: 4, Snapshot: 5, Meta: map[string]int64{"a.json": 6}}}
	got, err := ParseState(s.Encode())
	if err != nil || string(got.Encode()) != string(s.Encode()) || got.Seen.Meta["a.json"] != 6 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, text := range []string{"", "{}x", `{"set":-1}`, `{"set":"1"}`, `{"refreshed":"yesterday"}`, `{"seen":{"meta":{"a":1,"a":2}}}`} {
		if _, err := ParseState([]byte(text)); refuse.CodeOf(err) != "tuf.cache" {
			t.Errorf("%s: %v", text, err)
		}
	}
}
