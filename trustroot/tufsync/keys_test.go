// SPDX-License-Identifier: Apache-2.0

package tufsync

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// A signing is one version of a role: its keys, its threshold, who signs.
type signing struct {
	keys      []int
	threshold int
	by        []int
	code      refuse.Code
}

func keyNames(ns []int) (names []string) {
	for _, n := range ns {
		names = append(names, "key "+strconv.Itoa(n))
	}
	return names
}

func TestRootRotation(t *testing.T) {
	five, other := []int{0, 1, 2, 3, 4}, []int{0, 1, 3, 4, 5}
	for name, versions := range map[string][]signing{
		"1-of-1-key-rotation":                                   {{[]int{1}, 1, []int{1}, ""}, {[]int{2}, 1, []int{2, 1}, ""}, {[]int{2}, 1, []int{2}, ""}},
		"1-of-1-key-rotation-unused-signatures":                 {{[]int{1}, 1, []int{3, 1, 4}, ""}, {[]int{2}, 1, []int{3, 2, 1, 4}, ""}},
		"3-of-5-sign-with-different-keycombos":                  {{five, 3, []int{0, 2, 4}, ""}, {five, 3, []int{0, 4, 1}, ""}, {five, 3, []int{0, 1, 3}, ""}},
		"3-of-5-one-key-rotated":                                {{five, 3, []int{0, 2, 4}, ""}, {other, 3, []int{0, 4, 1}, ""}},
		"3-of-5-one-key-rotated-with-intermediate-step":         {{five, 3, []int{0, 2, 4}, ""}, {other, 3, []int{0, 2, 4, 5}, ""}, {other, 3, []int{0, 4, 5}, ""}},
		"1-of-3-threshold-increase-to-2-of-3":                   {{[]int{1, 2, 3}, 1, []int{1}, ""}, {[]int{1, 2, 3}, 2, []int{1, 2}, ""}},
		"2-of-3-threshold-decrease-to-1-of-3":                   {{[]int{1, 2, 3}, 2, []int{1, 2}, ""}, {[]int{1, 2, 3}, 1, []int{1, 2}, ""}, {[]int{1, 2, 3}, 1, []int{1}, ""}},
		"1-of-1-key-rotation-fail-not-signed-with-old-key":      {{[]int{1}, 1, []int{1}, ""}, {[]int{2}, 1, []int{2, 3, 4}, "tuf.signature"}},
		"1-of-1-key-rotation-fail-not-signed-with-new-key":      {{[]int{1}, 1, []int{1}, ""}, {[]int{2}, 1, []int{1, 3, 4}, "tuf.signature"}},
		"3-of-5-fails-not-signed-with-3-new-keys":               {{five, 3, []int{0, 2, 4}, ""}, {other, 3, []int{0, 2, 4}, "tuf.signature"}},
		"3-of-5-fails-not-signed-with-3-old-keys":               {{five, 3, []int{0, 2, 4}, ""}, {other, 3, []int{0, 4, 5}, "tuf.signature"}},
		"1-of-3-bump-to-2-of-3-fails-new-threshold-not-reached": {{[]int{1, 2, 3}, 1, []int{1}, ""}, {[]int{1, 2, 3}, 2, []int{2}, "tuf.signature"}},
		"2-of-3-decr-to-1-of-3-fails-old-threshold-not-reached": {{[]int{1, 2, 3}, 2, []int{1, 2}, ""}, {[]int{1, 2, 3}, 1, []int{1}, "tuf.signature"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.SetVersion("root", 0)
			for _, v := range versions {
				b.SetKeys("root", v.threshold, keyNames(v.keys)...)
				b.Signers["root"] = keyNames(v.by)
				b.Publish("root")
			}
			b.root = b.File("1.root.json")
			if code := versions[len(versions)-1].code; code != "" {
				b.refused(code)
				return
			}
			b.ok()
			b.want(int64(len(versions)), 1, 1, 1)
		})
	}
}

func TestNonRootRotations(t *testing.T) {
	for name, v := range map[string]signing{
		"1-of-1-key-rotation":                                             {[]int{2}, 1, []int{2}, ""},
		"1-of-1-key-rotation-unused-signatures":                           {[]int{1}, 1, []int{3, 1, 4}, ""},
		"1-of-1-key-rotation-fail-not-signed-with-new-key":                {[]int{2}, 1, []int{1, 3, 4}, "tuf.signature"},
		"3-of-5-one-key-signature-wrong-not-signed-with-3-expected-keys":  {[]int{0, 1, 3, 4, 5}, 3, []int{0, 2, 4}, "tuf.signature"},
		"2-of-5-one-key-signature-missing-threshold-not-reached":          {[]int{0, 1, 3, 4, 5}, 3, []int{0, 4}, "tuf.signature"},
		"3-of-5-sign-first-combo":                                         {[]int{0, 1, 2, 3, 4}, 3, []int{0, 2, 4}, ""},
		"3-of-5-sign-fifth-combo":                                         {[]int{0, 1, 2, 3, 4}, 3, []int{2, 3, 4}, ""},
		"threshold-above-the-number-of-keys-can-never-be-met-and-says-so": {[]int{0, 1}, 3, []int{0, 1}, "tuf.threshold"},
	} {
		for _, role := range []string{"timestamp", "snapshot", "targets"} {
			t.Run(name+"/"+role, func(t *testing.T) {
				b := newBench(t)
				b.ok()
				b.SetKeys(role, v.threshold, keyNames(v.keys)...)
				b.Signers[role] = keyNames(v.by)
				b.Publish("root")
				b.Publish(role)
				if v.code != "" {
					b.refused(v.code)
					return
				}
				b.ok()
			})
		}
	}
}

// A key that the root lists ten times, under ten IDs or under one, is one key.
func TestDuplicateKeys(t *testing.T) {
	for _, alias := range []bool{true, false} {
		t.Run(fmt.Sprint("other IDs ", alias), func(t *testing.T) {
			b := newBench(t)
			b.ok()
			root := b.Docs["root"]
			grant := root["roles"].(object)["snapshot"].(object)
			ids := []any{}
			for i := range 10 {
				id := tuftest.KeyID("snapshot")
				if alias {
					id = tuftest.KeyID(fmt.Sprint("alias ", i))
				}
				root["keys"].(object)[id] = tuftest.PublicKey("snapshot")
				ids = append(ids, id)
			}
			grant["keyids"], grant["threshold"] = ids, 2
			b.Publish("root")
			b.Publish("snapshot")
			b.Edit("snapshot", func(file object) {
				sig := file["signatures"].([]any)[0].(object)["sig"]
				var sigs []any
				for _, id := range ids {
					sigs = append(sigs, object{"keyid": id, "sig": sig})
				}
				if !alias {
					sigs = sigs[:1]
				}
				file["signatures"] = sigs
			})
			b.refused("tuf.threshold")
		})
	}
}

func TestDuplicateSigKeyids(t *testing.T) {
	for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
		b := newBench(t)
		if role == "root" {
			b.Publish("root")
		}
		b.Edit(role, func(file object) {
			sigs := file["signatures"].([]any)
			file["signatures"] = append(sigs, sigs[0])
		})
		b.refused("tuf.malformed")
	}
}

func TestInvalidSigInValidMetadata(t *testing.T) {
	for _, sig := range []string{"", "00", "3045022100ee448afe2d25dd1f05afedac83a24e7df9"} {
		b := newBench(t)
		b.SetKeys("timestamp", 1, "timestamp", "second")
		b.Publish("root")
		b.Publish("timestamp")
		b.Edit("timestamp", func(file object) {
			file["signatures"].([]any)[1].(object)["sig"] = sig
			file["signatures"] = append(file["signatures"].([]any), object{"keyid": "unknown", "sig": "ab"})
		})
		b.ok()
	}
}

// A threshold below one would be met by no one's signature (CVE-2026-23992).
func TestThresholdBelowOne(t *testing.T) {
	for _, n := range []int{0, -1} {
		b := newBench(t)
		b.SetKeys("timestamp", n, "timestamp")
		b.Publish("root")
		b.refused("tuf.threshold")

		b = newBench(t)
		b.DelegateBy("targets", "role", object{"threshold": n, "terminating": false, "paths": []any{"*"}})
		b.Publish("role", "targets")
		b.refused("tuf.threshold", "file")
	}
}

func TestNonSequentialRoot(t *testing.T) {
	b := newBench(t)
	b.SetVersion("root", 2)
	b.SetFile("2.root.json", b.Sign("root")) // says it is version 2
	b.SetVersion("root", 3)
	b.SetFile("2.root.json", b.Sign("root")) // says it is version 3
	b.refused("tuf.version")
	b.SetFile("2.root.json", b.File("1.root.json"))
	b.refused("tuf.version")
}

func TestMalformedReplies(t *testing.T) {
	edits := map[string]func(object){
		"no signed":          func(f object) { delete(f, "signed") },
		"no signatures":      func(f object) { delete(f, "signatures") },
		"signed null":        func(f object) { f["signed"] = nil },
		"signatures object":  func(f object) { f["signatures"] = object{} },
		"other type":         func(f object) { f["signed"].(object)["_type"] = "mirrors" },
		"no version":         func(f object) { delete(f["signed"].(object), "version") },
		"version zero":       func(f object) { f["signed"].(object)["version"] = 0 },
		"version float":      func(f object) { f["signed"].(object)["version"] = 1.5 },
		"version text":       func(f object) { f["signed"].(object)["version"] = "1" },
		"expires with comma": func(f object) { f["signed"].(object)["expires"] = "2027-01-01T00:00:00,5Z" },
		"expires offset":     func(f object) { f["signed"].(object)["expires"] = "2027-01-01T00:00:00+00:00" },
		"spec version 2":     func(f object) { f["signed"].(object)["spec_version"] = "2.0" },
	}
	meta := func(v any) func(object) { return func(f object) { f["signed"].(object)["meta"] = v } }
	edits["meta null"] = meta(nil)
	edits["meta empty"] = meta(object{})
	edits["meta null entries"] = meta(object{"snapshot.json": nil, "targets.json": nil})
	edits["meta without version"] = meta(object{"snapshot.json": object{}, "targets.json": object{}})
	targetsOf := func(v any) func(object) { return func(f object) { f["signed"].(object)["targets"] = v } }
	edits["targets null"] = targetsOf(nil)
	edits["targets null entry"] = targetsOf(object{"file": nil})
	edits["targets without hashes"] = targetsOf(object{"file": object{"length": 1, "hashes": object{}}})
	edits["delegations null"] = func(f object) { f["signed"].(object)["delegations"] = nil }
	edits["delegations empty"] = func(f object) { f["signed"].(object)["delegations"] = object{} }
	edits["no keys"] = func(f object) { delete(f["signed"].(object), "keys") }
	edits["key null"] = func(f object) { f["signed"].(object)["keys"] = object{"x": nil} }
	edits["no snapshot role"] = func(f object) { f["signed"].(object)["roles"] = object{} }
	kinds := map[string][]string{
		"meta": {"timestamp", "snapshot"}, "targ": {"targets"}, "dele": {"targets"},
		"no k": {"root"}, "key ": {"root"}, "no s": {"root"},
	}
	for name, edit := range edits {
		roles := kinds[name[:4]]
		if roles == nil || name == "no signed" || name == "no signatures" {
			roles = []string{"root", "timestamp", "snapshot", "targets"}
		}
		for _, role := range roles {
			b := newBench(t)
			if role == "root" {
				b.Publish("root")
			}
			b.Edit(role, edit)
			if _, err := b.refresh(); refuse.CodeOf(err) != "tuf.malformed" {
				t.Errorf("%s, %s: %v (%s)", role, name, err, refuse.CodeOf(err))
			}
		}
	}
	for _, text := range []string{"", "null", "[]", "<html>", `{"signed":{},"signed":{},"signatures":[]}`, "{}x", "\xff"} {
		b := newBench(t)
		b.SetFile("timestamp.json", []byte(text))
		b.refused("tuf.malformed")
	}
}

func TestManyRotations(t *testing.T) {
	b := newBench(t)
	for range 256 {
		b.Publish("root")
	}
	b.ok()
	b.want(257, 1, 1, 1)
	b.Publish("root")
	b.dir += "2"
	b.refused("tuf.limit")
	if !slices.Contains(b.Requests(), "258.root.json") {
		t.Error("did not look for the root beyond the bound")
	}
}
