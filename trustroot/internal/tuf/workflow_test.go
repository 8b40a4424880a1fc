// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"strings"
	"testing"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

func wantCode(t *testing.T, what string, err error, code refuse.Code) {
	t.Helper()
	if refuse.CodeOf(err) != code || (err == nil) != (code == "") {
		t.Errorf("%s: %v, want code %q", what, err, code)
	}
}

// upTo runs the workflow on a repository up to, and without, one of
// "timestamp", "snapshot" and "targets".
func upTo(t *testing.T, r *tuftest.Repo, step string, floors Floors) *Workflow {
	t.Helper()
	w := started(t, r)
	err := w.SetFloors(floors)
	if err == nil && step != TimestampRole {
		_, err = w.Timestamp(r.File("timestamp.json"), nil)
		if err == nil && step != SnapshotRole {
			_, err = w.Snapshot(r.File(r.Name("snapshot")))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// take hands one file to the workflow when its turn has come.
func take(t *testing.T, r *tuftest.Repo, role string, data []byte) (f File, err error) {
	t.Helper()
	switch role {
	case "first root":
		w, err := Start(data)
		if err != nil {
			return File{}, err
		}
		return w.Root(), nil
	case RootRole:
		return started(t, r).Advance(data)
	case TimestampRole:
		return upTo(t, r, role, Floors{}).Timestamp(data, nil)
	case SnapshotRole:
		return upTo(t, r, role, Floors{}).Snapshot(data)
	}
	return upTo(t, r, role, Floors{}).Targets(data, TargetsRole, RootRole)
}

// Each kind of file may be so long and no longer.
func TestSizes(t *testing.T) {
	r := tuftest.New()
	r.Publish("root")
	for _, c := range []struct {
		role, file string
		most       int
	}{
		{"first root", "1.root.json", 512_000}, {"root", "2.root.json", 512_000}, {"timestamp", "timestamp.json", 16_384},
		{"snapshot", "1.snapshot.json", 2_000_000}, {"targets", "1.targets.json", 5_000_000},
	} {
		f, err := take(t, r, c.role, padded(r.File(c.file), c.most))
		wantCode(t, c.file, err, "")
		if len(f.Data) != c.most || f.SHA256 != [32]byte(sum("sha256", f.Data)) || !f.Expires.Equal(tuftest.Start.Add(tuftest.Year)) || f.Version < 1 {
			t.Errorf("%s: %d bytes, version %d, %v", c.file, len(f.Data), f.Version, f.Expires)
		}
		_, err = take(t, r, c.role, padded(r.File(c.file), c.most+1))
		wantCode(t, c.file+" and a byte", err, "tuf.too_large")
	}
	w := upTo(t, r, "targets", Floors{})
	if n := w.WantSnapshot().Limit; n != 2_000_000 {
		t.Errorf("a snapshot of %d bytes is read", n)
	}
	if want, err := w.WantRole("targets"); err != nil || want.Limit != 5_000_000 || want.Version != 1 || !want.Consistent {
		t.Errorf("%+v, %v", want, err)
	}
}

// Each kind of file may have so many values and no more, whatever they are.
func TestValues(t *testing.T) {
	r := tuftest.New()
	data := string(r.File("1.targets.json"))
	used := strings.Count(data, ",") + strings.Count(data, "{") + strings.Count(data, "[")
	for _, c := range []string{",", "[", "{"} {
		for more, code := range []refuse.Code{"", "tuf.limit"} {
			text := strings.Repeat(c, 100_000-used-1+more) // in a string, after a comma
			_, err := checkFile("targets", []byte(strings.Replace(data, `"_type"`, `"x":"`+text+`","_type"`, 1)), MaxTargetsSize)
			wantCode(t, c, err, code)
		}
	}
}

// What a file's parent says about it.
func TestWant(t *testing.T) {
	for name, c := range map[string]struct {
		info  object // of the file in its parent, besides the version
		more  int    // bytes added to the file
		code  refuse.Code
		limit int64
	}{
		"its length":           {object{"length": 1000}, 0, "", 1000},
		"a byte less":          {object{"length": 1000}, 1, "tuf.length", 1000},
		"a byte more":          {object{"length": 1000}, -1, "tuf.length", 1000},
		"one byte":             {object{"length": 1}, 0, "tuf.length", 1},
		"no length":            {nil, 1, "", 2_000_000},
		"more than is allowed": {object{"length": 2_000_001}, 0, "tuf.length", 2_000_000},
		"another hash":         {object{"hashes": object{"sha256": zeros32}}, 0, "tuf.hash", 2_000_000},
		"an unknown hash":      {object{"hashes": object{"md5": "00"}}, 0, "tuf.hash", 2_000_000},
		"another version":      {object{"version": 9}, 0, "tuf.mixmatch", 2_000_000},
	} {
		r := tuftest.New()
		info := r.Docs["timestamp"]["meta"].(object)["snapshot.json"].(object)
		for k, v := range c.info {
			info[k] = v
		}
		r.Put("timestamp")
		w := upTo(t, r, "snapshot", Floors{})
		if n := w.WantSnapshot().Limit; n != c.limit {
			t.Errorf("%s: reads %d bytes", name, n)
		}
		_, err := w.Snapshot(padded(r.File("1.snapshot.json"), 1000+c.more))
		wantCode(t, name, err, c.code)
	}
	r := tuftest.New() // a known hash is compared, an unknown one beside it dropped
	data := r.File("1.snapshot.json")
	r.Docs["timestamp"]["meta"].(object)["snapshot.json"] = object{"version": 1, "hashes": object{"sha256": metadata.HexBytes(sum("sha256", data)).String(), "md5": "00"}}
	r.Put("timestamp")
	_, err := upTo(t, r, "snapshot", Floors{}).Snapshot(data)
	wantCode(t, "an unknown hash beside a known one", err, "")
}

// A file of another kind, although it is signed by the keys of its role.
func TestKinds(t *testing.T) {
	for _, role := range []string{"timestamp", "snapshot", "targets"} {
		r := tuftest.New()
		r.Docs["other"] = object{"_type": "other"}
		for k, v := range r.Docs[role] {
			r.Docs["other"][k] = v
		}
		r.Docs["other"]["_type"] = "root"
		_, err := take(t, r, role, tuftest.SignDoc(r.Docs["other"], role))
		wantCode(t, role, err, "tuf.malformed")
	}
}

// A signature that cannot be decoded does not count, like one that is wrong.
func TestUnreadableSignature(t *testing.T) {
	r := tuftest.New()
	r.Publish("root")
	for role, name := range map[string]string{
		"first root": "1.root.json", "root": "2.root.json", "timestamp": "timestamp.json", "snapshot": "1.snapshot.json", "targets": "1.targets.json",
	} {
		for _, more := range []string{`\u0030\u0030`, "0", "x", " ", "abcd123"} {
			_, err := take(t, r, role, []byte(strings.Replace(string(r.File(name)), `"sig": "`, `"sig": "`+more, 1)))
			wantCode(t, role+": "+more, err, "tuf.signature")
		}
	}
}

// Nothing of a snapshot is believed, not even that it goes back, before its
// signatures are.
func TestForgedRollback(t *testing.T) {
	r := tuftest.New()
	for signer, code := range map[string]refuse.Code{"snapshot": "tuf.rollback", "stranger": "tuf.signature"} {
		r.Signers["snapshot"] = []string{signer}
		w := upTo(t, r, "snapshot", Floors{})
		w.floors.Meta = map[string]int64{"gone.json": 1}
		_, err := w.Snapshot(r.Sign("snapshot"))
		wantCode(t, "signed by "+signer, err, code)
	}
}

// Missing signatures have their own code, and so has a threshold that is above
// the number of usable keys.
func TestSignatures(t *testing.T) {
	spoilt := func(r *tuftest.Repo, role string) []byte {
		r.Signers[role] = []string{"stranger"}
		return r.Sign(role)
	}
	for _, role := range []string{"first root", "root", "timestamp", "snapshot", "targets"} {
		doc := role
		if role == "first root" {
			doc = "root"
		}
		for name, c := range map[string]struct {
			keys      []string // of the role, the first of which signs
			threshold int
			listed    string // a key ID without a key
			code      refuse.Code
		}{
			"one of two":         {[]string{doc, "second"}, 2, "", "tuf.signature"},
			"two of one":         {[]string{doc}, 2, "", "tuf.threshold"},
			"one of one unknown": {nil, 1, "none", "tuf.threshold"},
		} {
			r := tuftest.New()
			r.SetKeys(doc, c.threshold, c.keys...)
			if c.listed != "" {
				r.Docs["root"]["roles"].(object)[doc].(object)["keyids"] = []any{c.listed}
			}
			if doc == "root" {
				r.SetVersion("root", 2)
				data := tuftest.SignDoc(r.Docs["root"], "root")
				_, err := take(t, tuftest.New(), role, data)
				wantCode(t, role+": "+name, err, c.code)
				continue
			}
			r.SetVersion("root", 0)
			r.Publish("root")
			_, err := take(t, r, role, tuftest.SignDoc(r.Docs[doc], doc))
			wantCode(t, role+": "+name, err, c.code)
		}
		r := tuftest.New()
		r.SetVersion("root", 2)
		_, err := take(t, tuftest.New(), role, spoilt(r, doc))
		wantCode(t, role+" of a stranger", err, "tuf.signature")
	}
}

// The next root, and no other, whatever it is signed with.
func TestAdvance(t *testing.T) {
	r := tuftest.New()
	r.Publish("root")
	r.Publish("root")
	w := started(t, r)
	for _, name := range []string{"1.root.json", "3.root.json"} {
		_, err := w.Advance(r.File(name))
		wantCode(t, name, err, "tuf.version")
	}
	for i, name := range []string{"2.root.json", "3.root.json"} {
		f, err := w.Advance(r.File(name))
		wantCode(t, name, err, "")
		if f.Version != int64(i+2) || w.Root().Version != f.Version || w.Root().Role != "root" {
			t.Errorf("%s: version %d", name, f.Version)
		}
	}
	r.Docs["root"]["consistent_snapshot"] = false
	r.Publish("root")
	if !w.Consistent() {
		t.Error("not consistent from the start")
	}
	_, err := w.Advance(r.File("4.root.json"))
	if wantCode(t, "4.root.json", err, ""); w.Consistent() {
		t.Error("consistent although the root no longer says so")
	}
}

// Of two timestamps of one version the one held counts, if it verifies.
func TestHeldTimestamp(t *testing.T) {
	r := tuftest.New()
	held := r.File("timestamp.json")
	r.Expire("timestamp", tuftest.Start)
	r.Put("timestamp")
	same := r.File("timestamp.json")
	r.Publish("timestamp")
	next := r.File("timestamp.json")
	r.Signers["timestamp"] = []string{"stranger"}
	forged := r.Sign("timestamp")
	for name, c := range map[string]struct{ data, held, want []byte }{
		"nothing held":          {same, nil, same},
		"the same version held": {same, held, held},
		"an older one held":     {next, held, next},
		"a newer one held":      {same, next, same},
		"a forged one held":     {next, forged, next},
		"nonsense held":         {next, []byte("x"), next},
	} {
		f, err := upTo(t, r, "timestamp", Floors{}).Timestamp(c.data, c.held)
		if err != nil || string(f.Data) != string(c.want) {
			t.Errorf("%s: %s, %v", name, f.Data, err)
		}
	}
	_, err := upTo(t, r, "timestamp", Floors{}).Timestamp(forged, next)
	wantCode(t, "forged, a good one held", err, "tuf.signature")
}

func TestOrder(t *testing.T) {
	r := nested()
	_, err := started(t, r).Snapshot(r.File(r.Name("snapshot")))
	wantCode(t, "a snapshot before its timestamp", err, "tuf.malformed")
	_, err = upTo(t, r, "snapshot", Floors{}).Targets(r.File(r.Name("targets")), "targets", "root")
	wantCode(t, "targets before their snapshot", err, "tuf.malformed")
	w := upTo(t, r, "targets", Floors{})
	_, err = w.Targets(r.File(r.Name("role")), "role", "targets")
	wantCode(t, "a role before its delegator", err, "tuf.malformed")
	_, err = w.Targets(r.File(r.Name("role")), "stranger", "targets")
	wantCode(t, "a role that the snapshot does not list", err, "tuf.not_found")
	_, err = w.Targets(r.File(r.Name("role")), "role", "root")
	wantCode(t, "a role that the root does not know", err, "tuf.malformed")
	_, err = w.Targets(r.File(r.Name("targets")), "targets", "root")
	wantCode(t, "targets", err, "")
	f, err := w.Targets(r.File(r.Name("role")), "role", "targets")
	wantCode(t, "role", err, "")
	if f.Role != "role" || f.Version != 1 {
		t.Errorf("%+v", f)
	}
	_, err = w.Snapshot(r.File(r.Name("snapshot")))
	wantCode(t, "a snapshot after targets", err, "tuf.malformed")
	_, err = w.Timestamp(r.File("timestamp.json"), nil)
	wantCode(t, "a timestamp after its snapshot", err, "tuf.malformed")
}
