// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"maps"
	"slices"
	"testing"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

func TestFloors(t *testing.T) {
	seen := Floors{Timestamp: 5, Snapshot: 3}
	for _, c := range []struct {
		timestamp, snapshot int64
		code                refuse.Code
	}{{5, 3, ""}, {6, 4, ""}, {4, 3, "tuf.rollback"}, {6, 2, "tuf.rollback"}} {
		wantCode(t, "timestamp", seen.checkTimestamp(c.timestamp, c.snapshot), c.code)
	}
	seen.Meta = map[string]int64{"a.json": 2, "b.json": 1}
	for _, c := range []struct {
		meta map[string]*metadata.MetaFiles
		code refuse.Code
	}{
		{map[string]*metadata.MetaFiles{"a.json": {Version: 2}, "b.json": {Version: 1}}, ""},
		{map[string]*metadata.MetaFiles{"a.json": {Version: 3}, "b.json": {Version: 1}, "c.json": {Version: 1}}, ""},
		{map[string]*metadata.MetaFiles{"a.json": {Version: 1}, "b.json": {Version: 1}}, "tuf.rollback"},
		{map[string]*metadata.MetaFiles{"a.json": {Version: 2}}, "tuf.rollback"},
	} {
		wantCode(t, "snapshot", seen.checkMeta(c.meta), c.code)
	}
}

// What is seen becomes the floor, and counts as long as the keys stay.
func TestFloorsOfAWorkflow(t *testing.T) {
	r := nested()
	r.Publish("targets")
	w, err := targets(r)
	if err != nil {
		t.Fatal(err)
	}
	floors := w.Floors()
	want := map[string]int64{"targets.json": 3, "role.json": 1}
	if floors.Root != 1 || floors.Timestamp != 3 || floors.Snapshot != 3 || !maps.Equal(floors.Meta, want) {
		t.Errorf("floors %+v", floors)
	}
	w = started(t, r)
	wantCode(t, "its own floors", w.SetFloors(floors), "")
	if got := w.Floors(); got.Timestamp != 3 || got.Snapshot != 3 || !maps.Equal(got.Meta, want) {
		t.Errorf("under the same keys: %+v", got)
	}
	_, err = w.Timestamp(nested().File("timestamp.json"), nil)
	wantCode(t, "an older timestamp", err, "tuf.rollback")
	_, err = w.Timestamp(r.File("timestamp.json"), nil)
	wantCode(t, "the same timestamp", err, "")
	w.floors.Meta["gone.json"] = 1
	_, err = w.Snapshot(r.File(r.Name("snapshot")))
	wantCode(t, "a snapshot without a file that was there", err, "tuf.rollback")

	floors.Keys = "others"
	w = started(t, r)
	wantCode(t, "floors under other keys", w.SetFloors(floors), "")
	if got := w.Floors(); got.Root != 1 || got.Timestamp != 0 || got.Snapshot != 0 || got.Meta != nil {
		t.Errorf("under other keys: %+v", got)
	}
	floors.Root = 2
	wantCode(t, "a root seen before", w.SetFloors(floors), "tuf.rollback")
}

// Each change of the keys or the threshold of timestamp and snapshot is a
// rotation, and nothing else is.
func TestOnlineKeys(t *testing.T) {
	id := tuftest.KeyID
	names := map[string]string{}
	for name, c := range map[string]struct {
		change func(r *tuftest.Repo)
		same   bool
	}{
		"nothing":               {func(*tuftest.Repo) {}, true},
		"other keys of targets": {func(r *tuftest.Repo) { r.SetKeys("targets", 1, "new") }, true},
		"a key listed twice":    {func(r *tuftest.Repo) { r.SetKeys("timestamp", 1, "timestamp", "timestamp") }, true},
		"a key that is not there": {func(r *tuftest.Repo) {
			grant := r.Docs["root"]["roles"].(object)["timestamp"].(object)
			grant["keyids"] = append(grant["keyids"].([]any), "none")
		}, true},
		"another timestamp key":   {func(r *tuftest.Repo) { r.SetKeys("timestamp", 1, "new") }, false},
		"one more timestamp key":  {func(r *tuftest.Repo) { r.SetKeys("timestamp", 1, "timestamp", "new") }, false},
		"another snapshot key":    {func(r *tuftest.Repo) { r.SetKeys("snapshot", 1, "new") }, false},
		"another threshold":       {func(r *tuftest.Repo) { r.SetKeys("timestamp", 2, "timestamp") }, false},
		"another of the snapshot": {func(r *tuftest.Repo) { r.SetKeys("snapshot", 2, "snapshot") }, false},
		"keys changed about":      {func(r *tuftest.Repo) { r.SetKeys("snapshot", 1, "timestamp"); r.SetKeys("timestamp", 1, "snapshot") }, false},
		"a key that is unreadable": {func(r *tuftest.Repo) {
			r.Docs["root"]["keys"].(object)[id("timestamp")] = object{"keytype": "new", "scheme": "new", "keyval": object{"public": "a"}}
		}, false},
		"another that is unreadable": {func(r *tuftest.Repo) {
			r.Docs["root"]["keys"].(object)[id("timestamp")] = object{"keytype": "new", "scheme": "new", "keyval": object{"public": "b"}}
		}, false},
		"one in PEM that is unreadable": {func(r *tuftest.Repo) {
			r.Docs["root"]["keys"].(object)[id("timestamp")] = object{"keytype": "ecdsa", "scheme": "new", "keyval": object{"public": "b"}}
		}, false},
	} {
		r := tuftest.New()
		before := started(t, r).onlineKeys()
		c.change(r)
		r.SetVersion("root", 0)
		r.Publish("root")
		after := started(t, r).onlineKeys()
		if (after == before) != c.same || len(after) != 64 {
			t.Errorf("%s: %s, before %s", name, after, before)
		}
		if !c.same {
			names[after] += name + ", "
		}
	}
	for _, which := range slices.Sorted(maps.Values(names)) {
		if n := len(names); n != 9 {
			t.Errorf("%d rotations; these are one: %s", n, which)
		}
	}
}
