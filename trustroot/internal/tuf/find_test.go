// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// roles are targets metadata by role, as if its signatures had been good.
type roles map[string]metadata.TargetsType

// find searches, and returns also the roles in the order in which they were
// asked for, each with its delegator.
func (r roles) find(t *testing.T, name string) (order []string, found *Target, err error) {
	t.Helper()
	w := started(t, tuftest.New())
	found, err = w.Find(name, func(role, delegator string) error {
		order = append(order, delegator+">"+role)
		if role == "broken" {
			return errors.New("broken")
		}
		if s, ok := r[role]; ok {
			w.set.Targets[role] = &metadata.Metadata[metadata.TargetsType]{Signed: s}
		}
		return nil
	})
	return order, found, err
}

// to delegates every path to roles; one in capitals is terminating.
func to(names ...string) metadata.TargetsType {
	d := &metadata.Delegations{}
	for _, n := range names {
		d.Roles = append(d.Roles, metadata.DelegatedRole{Name: strings.ToLower(n), Terminating: n != strings.ToLower(n), Paths: []string{"*"}})
	}
	return metadata.TargetsType{Delegations: d}
}

// lists adds a target to a role.
func lists(s metadata.TargetsType, name string) metadata.TargetsType {
	sum := sha256.Sum256([]byte(name))
	s.Targets = map[string]*metadata.TargetFiles{name: {Length: 1, Hashes: metadata.Hashes{"sha256": sum[:]}}}
	return s
}

func TestFind(t *testing.T) {
	leaf, file := lists(metadata.TargetsType{}, "file"), "file"
	digest := sha256.Sum256([]byte(file))
	inHex := hex.EncodeToString(digest[:])
	by := func(prefixes ...string) metadata.TargetsType {
		return metadata.TargetsType{Delegations: &metadata.Delegations{Roles: []metadata.DelegatedRole{{Name: "a", PathHashPrefixes: prefixes, Paths: []string{"other"}}}}}
	}
	for name, c := range map[string]struct {
		roles roles
		order string
		found string // the roles on its path
		code  refuse.Code
	}{
		"listed at the top":            {roles{"targets": lists(to("a"), file), "a": leaf}, "root>targets", "targets", ""},
		"nowhere":                      {roles{"targets": {}}, "root>targets", "", "tuf.not_found"},
		"in the first of two":          {roles{"targets": to("a", "b"), "a": leaf, "b": leaf}, "root>targets targets>a", "targets a", ""},
		"in the second of two":         {roles{"targets": to("a", "b"), "a": {}, "b": leaf}, "root>targets targets>a targets>b", "targets b", ""},
		"below the first of two":       {roles{"targets": to("a", "b"), "a": to("c"), "b": leaf, "c": leaf}, "root>targets targets>a a>c", "targets a c", ""},
		"after all below the first":    {roles{"targets": to("a", "b"), "a": to("c"), "c": {}, "b": leaf}, "root>targets targets>a a>c targets>b", "targets b", ""},
		"behind a terminating one":     {roles{"targets": to("A", "b"), "a": {}, "b": leaf}, "root>targets targets>a", "", "tuf.not_found"},
		"below a terminating one":      {roles{"targets": to("A", "b"), "a": to("c"), "c": leaf}, "root>targets targets>a a>c", "targets a c", ""},
		"behind one that ends its own": {roles{"targets": to("a", "b"), "a": to("C"), "c": {}, "b": leaf}, "root>targets targets>a a>c", "", "tuf.not_found"},
		"in a circle":                  {roles{"targets": to("a"), "a": to("b"), "b": to("a")}, "root>targets targets>a a>b", "", "tuf.not_found"},
		"reached twice":                {roles{"targets": to("a", "b"), "a": {}, "b": to("a", "c"), "c": leaf}, "root>targets targets>a targets>b b>c", "targets b c", ""},
		"behind one that is broken":    {roles{"targets": to("broken", "b"), "b": leaf}, "root>targets targets>broken", "", ""},
		"behind one that is not there": {roles{"targets": to("a", "b"), "b": leaf}, "root>targets targets>a", "", "tuf.not_found"},
		"by the hash of its name":      {roles{"targets": by(inHex), "a": leaf}, "root>targets targets>a", "targets a", ""},
		"by the beginning of the hash": {roles{"targets": by("xx", inHex[:3]), "a": leaf}, "root>targets targets>a", "targets a", ""},
		"by another hash":              {roles{"targets": by(inHex[1:]), "a": leaf}, "root>targets", "", "tuf.not_found"},
		"in a bin": {roles{"targets": {Delegations: &metadata.Delegations{SuccinctRoles: &metadata.SuccinctRoles{BitLength: 8, NamePrefix: "bin"}}},
			"bin-" + inHex[:2]: leaf}, "root>targets targets>bin-" + inHex[:2], "targets bin-" + inHex[:2], ""},
	} {
		order, found, err := c.roles.find(t, file)
		if strings.Join(order, " ") != c.order || refuse.CodeOf(err) != c.code || (err == nil) != (c.found != "") {
			t.Errorf("%s: asked for %q, want %q; %v, want code %q", name, order, c.order, err, c.code)
		}
		if err == nil && (strings.Join(found.Roles, " ") != c.found || found.Name != file || !found.Consistent || found.Length != 1) {
			t.Errorf("%s: found %+v, want roles %q", name, found, c.found)
		}
	}
	// a bin is the last word, as a terminating role is
	bins := to("bins", "b")
	bins.Delegations.Roles[0].Name = "bins"
	_, _, err := roles{"targets": bins, "b": leaf, "bins": {Delegations: &metadata.Delegations{SuccinctRoles: &metadata.SuccinctRoles{BitLength: 8, NamePrefix: "x"}}},
		"x-" + inHex[:2]: {}}.find(t, file)
	if refuse.CodeOf(err) != "tuf.not_found" {
		t.Errorf("behind a bin: %v", err)
	}
}

// A search visits 32 delegated roles and no more, above one another or beside.
func TestFindIsBounded(t *testing.T) {
	for _, n := range []int{32, 33} {
		var names []string
		deep := roles{"targets": to("r1")}
		for i := range n {
			names = append(names, fmt.Sprint("r", i+1))
			deep[names[i]] = to(fmt.Sprint("r", i+2))
		}
		wide := roles{"targets": to(names...)}
		for _, name := range names {
			wide[name] = metadata.TargetsType{}
		}
		for how, r := range map[string]roles{"deep": deep, "wide": wide} {
			last := names[n-1]
			r[last] = lists(metadata.TargetsType{}, "file")
			order, found, err := r.find(t, "file")
			if len(order) != 33 || refuse.CodeOf(err) != map[int]refuse.Code{33: "tuf.limit"}[n] || err == nil && !slices.Contains(found.Roles, last) {
				t.Errorf("%s, %d roles: asked for %d; %v", how, n, len(order), err)
			}
		}
	}
}

func TestNewTarget(t *testing.T) {
	w := started(t, tuftest.New())
	for _, c := range []struct {
		length int64
		hashes map[string]int // length by algorithm
		code   refuse.Code
		taken  int
	}{
		{0, map[string]int{"sha256": 32}, "", 1},
		{64 << 20, map[string]int{"sha512": 64}, "", 1},
		{64<<20 + 1, map[string]int{"sha256": 32}, "tuf.too_large", 0},
		{1, map[string]int{"sha256": 32, "sha512": 64, "md5": 16}, "", 2},
		{1, map[string]int{"sha256": 31, "sha512": 64}, "", 1},
		{1, map[string]int{"sha256": 33, "sha512": 0}, "tuf.hash", 0},
		{1, map[string]int{"md5": 16, "": 0}, "tuf.hash", 0},
	} {
		info := &metadata.TargetFiles{Length: c.length, Hashes: metadata.Hashes{}}
		for algorithm, n := range c.hashes {
			info.Hashes[algorithm] = make([]byte, n)
		}
		got, err := w.newTarget("file", info, []string{"targets"})
		if refuse.CodeOf(err) != c.code || err == nil && (len(got.Hashes) != c.taken || got.Length != c.length) {
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
	}
}

func TestTarget(t *testing.T) {
	data := []byte("contents")
	both := map[string][]byte{"sha256": sum("sha256", data), "sha512": sum("sha512", data)}
	for _, c := range []struct {
		length int64
		hashes map[string][]byte
		code   refuse.Code
	}{
		{8, both, ""}, {7, both, "tuf.length"}, {9, both, "tuf.length"},
		{8, map[string][]byte{"sha256": both["sha256"], "sha512": make([]byte, 64)}, "tuf.hash"},
		{8, map[string][]byte{"sha256": make([]byte, 32), "sha512": both["sha512"]}, "tuf.hash"},
	} {
		if err := (&Target{Name: "file", Length: c.length, Hashes: c.hashes}).Check(data); refuse.CodeOf(err) != c.code {
			t.Errorf("%d bytes, %x: %v, want %q", c.length, c.hashes, err, c.code)
		}
	}
	long := map[string][]byte{"sha512": {1}}
	for _, c := range []struct {
		target     Target
		hash, path string
	}{
		{Target{Name: "a/b.c", Hashes: map[string][]byte{"sha256": {0xab}, "sha512": {1}}, Consistent: true}, "ab", "a/ab.b.c"},
		{Target{Name: "a/b.c", Hashes: long, Consistent: true}, "01", "a/01.b.c"},
		{Target{Name: "a/b.c", Hashes: long}, "01", "a/b.c"},
	} {
		if c.target.Hash() != c.hash || c.target.Path() != c.path {
			t.Errorf("%+v: %q, %q", c.target, c.target.Hash(), c.target.Path())
		}
	}
	if p := EscapePath("a b/c?"); p != "a%20b/c%3F" {
		t.Errorf("escaped as %q", p)
	}
}

// Every hash of a known algorithm counts, and one there must be.
func TestCheckHashes(t *testing.T) {
	data := []byte("contents")
	good, bad := metadata.HexBytes(sum("sha256", data)), metadata.HexBytes(make([]byte, 64))
	for name, c := range map[string]struct {
		hashes metadata.Hashes
		code   refuse.Code
	}{
		"one":             {metadata.Hashes{"sha256": good}, ""},
		"one unknown":     {metadata.Hashes{"sha256": good, "md5": bad}, ""},
		"only unknown":    {metadata.Hashes{"md5": good}, "tuf.hash"},
		"none":            {metadata.Hashes{}, "tuf.hash"},
		"wrong":           {metadata.Hashes{"sha256": bad}, "tuf.hash"},
		"one of two":      {metadata.Hashes{"sha256": good, "sha512": bad}, "tuf.hash"},
		"cut short":       {metadata.Hashes{"sha256": good[:31]}, "tuf.hash"},
		"two":             {metadata.Hashes{"sha256": good, "sha512": sum("sha512", data)}, ""},
		"of another kind": {metadata.Hashes{"sha512": good}, "tuf.hash"},
	} {
		if err := checkHashes("file", c.hashes, data); refuse.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
	}
}

func TestListedHashes(t *testing.T) {
	r := tuftest.New()
	r.AddTarget("targets", "file", []byte("contents"))
	r.Signers["targets"] = nil // which no one asks for
	r.Publish("targets")
	data := r.File("2.targets.json")
	if hashes, err := ListedHashes(data); err != nil || len(hashes) != 1 || hashes[0] != hex.EncodeToString(sum("sha256", []byte("contents"))) {
		t.Errorf("%q, %v", hashes, err)
	}
	for what, c := range map[string]struct {
		data []byte
		code refuse.Code
	}{
		"another role":                 {r.File("timestamp.json"), "tuf.malformed"},
		"what go-tuf does not read":    {[]byte(strings.Replace(string(data), `"sha256": "`, `"sha256": "\u0030\u0030`, 1)), "tuf.malformed"},
		"as large as it may be":        {padded(data, 5_000_000), ""},
		"larger by a byte than it may": {padded(data, 5_000_001), "tuf.too_large"},
	} {
		if _, err := ListedHashes(c.data); refuse.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", what, err, c.code)
		}
	}
}

// padded returns a document of a length, for which white space makes up.
func padded(data []byte, n int) []byte {
	return append(slices.Clone(data), strings.Repeat(" ", n-len(data))...)
}
