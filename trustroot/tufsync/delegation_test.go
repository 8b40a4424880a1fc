// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// A delegation, by default of everything.
type delegation struct {
	from, to    string
	terminating bool
	path        string
}

func (b *bench) delegate(ds []delegation) {
	roles := []string{"targets"}
	for _, d := range ds {
		path := d.path
		if path == "" {
			path = "*"
		}
		b.Delegate(d.from, d.to, d.terminating, path)
		if !slices.Contains(roles, d.to) {
			roles = append(roles, d.to)
		}
	}
	b.Publish(roles...)
}

// visited returns the delegated roles asked for, in order.
func (b *bench) visited() string {
	var roles []string
	for _, name := range b.Requests() {
		_, role, _ := strings.Cut(strings.TrimSuffix(name, ".json"), ".")
		if name != "timestamp.json" && !slices.Contains([]string{"root", "snapshot", "targets"}, role) && !strings.HasPrefix(name, "targets/") {
			roles = append(roles, role)
		}
	}
	return strings.Join(roles, " ")
}

func TestGraphTraversal(t *testing.T) {
	for name, c := range map[string]struct {
		graph []delegation
		order string
	}{
		"basic-delegation":         {[]delegation{{from: "targets", to: "A"}}, "A"},
		"single-level-delegations": {[]delegation{{from: "targets", to: "A"}, {from: "targets", to: "B"}}, "A B"},
		"two-level-delegations":    {[]delegation{{from: "targets", to: "A"}, {from: "targets", to: "B"}, {from: "B", to: "C"}}, "A B C"},
		"two-level-DFS": {[]delegation{{from: "targets", to: "A"}, {from: "targets", to: "B"}, {from: "A", to: "C"},
			{from: "A", to: "D"}}, "A C D B"},
		"three-level-DFS": {[]delegation{{from: "targets", to: "A"}, {from: "targets", to: "B"}, {from: "A", to: "C"},
			{from: "C", to: "D"}}, "A C D B"},
		"two-level-terminating": {[]delegation{{from: "targets", to: "A"}, {from: "targets", to: "B"},
			{from: "A", to: "C", terminating: true}, {from: "A", to: "D"}}, "A C"},
		"three-level-terminating": {[]delegation{{from: "targets", to: "A"}, {from: "targets", to: "B"},
			{from: "A", to: "C", terminating: true}, {from: "C", to: "D"}}, "A C D"},
		"two-level-not-matching-paths": {[]delegation{{from: "targets", to: "A", path: "*.py"}, {from: "targets", to: "B"},
			{from: "A", to: "C"}}, "B"},
		"three-level-not-matching-paths": {[]delegation{{from: "targets", to: "A"}, {from: "targets", to: "B"},
			{from: "A", to: "C", path: "*.py"}, {from: "C", to: "D"}}, "A B"},
		"cyclic-graph": {[]delegation{{from: "targets", to: "A"}, {from: "targets", to: "B"}, {from: "B", to: "C"},
			{from: "C", to: "D"}, {from: "D", to: "B"}}, "A B C D"},
		"two-roles-delegating-to-a-third": {[]delegation{{from: "targets", to: "A"}, {from: "targets", to: "B"},
			{from: "B", to: "C"}, {from: "A", to: "C"}}, "A C B"},
		"two-roles-delegating-to-a-third-different-paths": {[]delegation{{from: "targets", to: "A"}, {from: "targets", to: "B"},
			{from: "B", to: "C"}, {from: "A", to: "C", path: "*.py"}}, "A B C"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.delegate(c.graph)
			b.refused("tuf.not_found", "missingpath")
			if got := b.visited(); got != c.order {
				t.Errorf("visited %s, want %s", got, c.order)
			}
		})
	}
}

func TestTargetfileSearch(t *testing.T) {
	for target, want := range map[string]string{
		"targetfile": "", "README.md": "A", "releases/x/x_v1": "B C", "releases/y/y_v1.zip": "B D", "releases/z/z_v1.zip": "-B",
	} {
		b := newBench(t)
		b.Delegate("targets", "A", false, "*.doc", "*.md")
		b.Delegate("targets", "B", false, "releases/*/*")
		b.Delegate("B", "C", false, "releases/x/*")
		b.Delegate("B", "D", false, "releases/y/*.zip")
		for name, role := range map[string]string{"targetfile": "targets", "README.md": "A", "releases/x/x_v1": "C",
			"releases/y/y_v1.zip": "D", "releases/z/z_v1.zip": "D"} {
			b.AddTarget(role, name, []byte("contents of "+name))
		}
		b.Publish("targets", "A", "B", "C", "D")
		if order, missing := strings.CutPrefix(want, "-"); missing {
			b.refused("tuf.not_found", target)
			want = order
		} else if f, err := b.ok(target).Target(target); err != nil || string(f.Data) != "contents of "+target {
			t.Errorf("%s: %v", target, err)
		}
		if got := b.visited(); got != want {
			t.Errorf("%s: visited %q, want %q", target, got, want)
		}
	}
}

func TestPathHashPrefixes(t *testing.T) {
	b := newBench(t)
	sum := sha256.Sum256([]byte("some/file"))
	digest := hex.EncodeToString(sum[:])
	b.DelegateBy("targets", "other", object{"terminating": false, "path_hash_prefixes": []any{"0" + digest[1:3] + "x"}})
	b.DelegateBy("targets", "bin", object{"terminating": true, "path_hash_prefixes": []any{"zz", digest[:2]}})
	b.AddTarget("bin", "some/file", []byte("x"))
	b.Publish("bin", "other", "targets")
	b.ok("some/file")
	if got := b.visited(); got != "bin" {
		t.Errorf("visited %q", got)
	}
}

func TestSuccinctRoles(t *testing.T) {
	b := newBench(t)
	sum := sha256.Sum256([]byte("some/file"))
	role := fmt.Sprintf("bin-%02x", sum[0])
	b.Delegate("targets", role, true, "*")
	d := b.Docs["targets"]["delegations"].(object)
	d["succinct_roles"] = object{"keyids": d["roles"].([]any)[0].(object)["keyids"], "threshold": 1, "bit_length": 8, "name_prefix": "bin"}
	delete(d, "roles")
	b.AddTarget(role, "some/file", []byte("x"))
	b.Publish(role, "targets")
	b.ok("some/file")
}

// A role that was kept under one set of keys has to verify under those that
// its delegator lists now.
func TestCachedRoleIsVerifiedAgainstCurrentDelegator(t *testing.T) {
	b := newBench(t)
	b.Delegate("targets", "role", false, "*")
	b.AddTarget("role", "file", []byte("x"))
	b.Publish("role", "targets")
	b.ok("file")
	b.SetKeys("role", 1, "other key")
	b.Publish("targets") // but the role is still the old one
	b.refused("tuf.signature", "file")
	b.Put("role") // the same version, signed by the new key
	b.ok("file")
}

// Within one refresh, too, what one delegator vouches for says nothing about
// another.
func TestRoleReachedThroughAnotherDelegator(t *testing.T) {
	b := newBench(t)
	b.Delegate("targets", "A", false, "a-*")
	b.Delegate("targets", "B", false, "b-*")
	b.Delegate("A", "C", false, "*")
	b.Delegate("B", "C", false, "*")
	grant := b.Docs["B"]["delegations"].(object)["roles"].([]any)[0].(object)
	b.Docs["B"]["delegations"].(object)["keys"] = b.Docs["targets"]["delegations"].(object)["keys"]
	grant["keyids"] = b.Docs["targets"]["delegations"].(object)["roles"].([]any)[0].(object)["keyids"] // A's key, not C's
	b.AddTarget("C", "a-file", []byte("x"))
	b.AddTarget("C", "b-file", []byte("x"))
	b.Publish("A", "B", "C", "targets")
	b.ok("a-file")
	b.refused("tuf.signature", "a-file", "b-file")
}

func TestTooManyDelegations(t *testing.T) {
	b := newBench(t)
	roles := []string{"targets"}
	for i := range 33 {
		roles = append(roles, fmt.Sprintf("role%d", i))
		b.Delegate(roles[i], roles[i+1], false, "*")
	}
	b.AddTarget("role31", "near", []byte("x"))
	b.AddTarget("role32", "far", []byte("x"))
	b.Publish(roles...)
	b.ok("near")
	b.refused("tuf.limit", "far")
}

func TestWithheldRoleIsNotAMissingTarget(t *testing.T) {
	b := newBench(t)
	b.Delegate("targets", "role", false, "*")
	b.AddTarget("role", "file", []byte("x"))
	b.Publish("role", "targets")
	b.SetFile(b.Name("role"), nil)
	b.config = func(c *Config) { c.Optional = []string{"file"} }
	b.refused("tuf.not_found")
}

// Names of roles and targets reach URLs and files, and no other place.
func TestUnusualRoleName(t *testing.T) {
	for role, escaped := range map[string]string{
		"?": "%3F", "#": "%23", "/delegatedrole": "%2Fdelegatedrole", "../delegatedrole": "..%2Fdelegatedrole",
		"..": "..", "a b": "a%20b", "CON": "CON", "a\x00b": "a%00b", "ü": "%C3%BC", "%2e%2e": "%252e%252e",
		`..\..\x`: "..%5C..%5Cx", "$&+,:;=@": "%24%26%2B%2C%3A%3B%3D%40", strings.Repeat("x", 128): strings.Repeat("x", 128),
	} {
		t.Run(role, func(t *testing.T) {
			b := newBench(t)
			b.Delegate("targets", role, false, "*")
			b.AddTarget(role, "file", []byte("x"))
			b.Publish(role, "targets")
			b.ok("file")
			if !slices.Contains(b.Requests(), "1."+escaped+".json") {
				t.Error("not asked for under its escaped name")
			}
			f, err := b.open().Target("file")
			if err != nil || f.Roles[1] != role {
				t.Errorf("offline: %v", err)
			}
			n := 0
			filepath.WalkDir(filepath.Dir(b.dir), func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					n++
				}
				return nil
			})
			if n != 1+4+1+1+1 { // root, set, target, state, lock
				t.Errorf("%d files in the cache and around it", n)
			}
		})
	}
}

func TestRoleNamesThatCollide(t *testing.T) {
	for _, role := range []string{"root", "timestamp", "snapshot", "targets", "", strings.Repeat("x", 129)} {
		b := newBench(t)
		b.DelegateBy("targets", "x", object{"name": role, "terminating": false, "paths": []any{"*"}})
		b.Publish("targets")
		b.refused("tuf.name", "file")
	}
	b := newBench(t)
	for _, role := range []string{"Role", "role", "rOLE", "state", "lock"} {
		b.Delegate("targets", role, false, role+"-*")
		b.AddTarget(role, role+"-file", []byte(role))
	}
	b.Publish("targets", "Role", "role", "rOLE", "state", "lock")
	b.ok("Role-file", "role-file", "rOLE-file", "state-file", "lock-file")
	b.open()
	seen := map[string]bool{}
	filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if l := strings.ToLower(path); seen[l] {
			t.Errorf("%s collides where case is folded", path)
		} else {
			seen[l] = true
		}
		return nil
	})
}

func TestTargetNames(t *testing.T) {
	for _, name := range []string{"../x", "/etc/passwd", "a/../../x", "a//b", "a/", "", ".", "a/./b", "a\x00b", `a\b`, "a\nb", strings.Repeat("x", 1025)} {
		b := newBench(t)
		b.Docs["targets"]["targets"].(object)[name] = object{"length": 1, "hashes": object{"sha256": sha([]byte("x"))}}
		b.Publish("targets")
		if _, err := b.refresh(name); refuse.CodeOf(err) != "tuf.name" {
			t.Errorf("%q: %v", name, err)
		}
	}
	b := newBench(t)
	for _, name := range []string{"NUL", "a b?#%", "x/CON.txt", "ends.", "ü"} {
		b.AddTarget("targets", name, []byte(name))
	}
	b.Publish("targets")
	b.ok("NUL", "a b?#%", "x/CON.txt", "ends.", "ü")
}
