// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/trustroot/tufsync"
)

const targetName = "trusted_root.json"

var now = tuftest.Start.Add(time.Hour)

// newRepo returns a repository with three roots, a target and a delegated one.
func newRepo() *tuftest.Repo {
	r := tuftest.New()
	r.AddTarget("targets", targetName, []byte("a trusted root"))
	r.Delegate("targets", "delegated", true, "keys/*")
	r.AddTarget("delegated", "keys/k.json", []byte("keys"))
	r.Publish("targets", "delegated")
	r.Publish("root")
	r.Publish("root")
	return r
}

func config(r *tuftest.Repo, at time.Time) tufroot.Config {
	return tufroot.Config{Roots: [][]byte{r.File("1.root.json")}, Policy: tufroot.Policy{At: at}}
}

func gather(t *testing.T, r *tuftest.Repo) *Gathered {
	t.Helper()
	g, err := Gather(Source{FS: r.FS(), Config: config(r, now)}, []string{targetName, "keys/k.json"}, []string{"not.there"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func newKit(t *testing.T, g *Gathered, bundles ...string) *Kit {
	t.Helper()
	c := Contents{Instance: "test", AsOf: Moment(g.Status), Files: map[string][]byte{}}
	for name, data := range g.Files {
		c.Files[name] = data
	}
	for _, name := range bundles {
		c.Files[BundlesDir+"/"+name] = []byte("bundle " + name)
	}
	k, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func refused(t *testing.T, name string, err error, code refuse.Code, words ...string) {
	t.Helper()
	if refuse.CodeOf(err) != code {
		t.Errorf("%s: %v (%s), want %s", name, err, refuse.CodeOf(err), code)
		return
	}
	if strings.Contains(err.Error(), "<nil>") {
		t.Errorf("%s: badly formatted: %v", name, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %v does not say %q", name, err, w)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	r := newRepo()
	g := gather(t, r)
	if len(g.Missing) != 1 || g.Missing[0] != "not.there" {
		t.Errorf("missing %q", g.Missing)
	}
	k := newKit(t, g, "a.sigstore.json")
	data := k.Encode(nil)
	if again := newKit(t, gather(t, r), "a.sigstore.json").Encode(nil); !bytes.Equal(data, again) {
		t.Error("the same contents give other bytes")
	}
	back, err := Open(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if back.ID() != k.ID() || len(back.Names(BundlesDir)) != 1 || string(back.File("bundles/a.sigstore.json")) != "bundle a.sigstore.json" {
		t.Errorf("came back as %+v", back.Manifest())
	}
	p, err := back.Prove(config(r, now))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Targets) != 2 || string(p.Targets[targetName].Data) != "a trusted root" || p.Status().Roles[0].Version != 3 {
		t.Errorf("proved %v, %+v", p.Targets, p.Status())
	}
}

// A kit is proved at a stated time, and says how old it is.
func TestProvesAtATime(t *testing.T) {
	r := newRepo()
	k := newKit(t, gather(t, r))
	late := now.Add(10 * tuftest.Year)
	_, err := k.Prove(config(r, late))
	refused(t, "expired", err, "tuf.expired")
	c := config(r, late)
	c.Policy.MaxAge = tufroot.AnyAge
	p, err := k.Prove(c)
	if err != nil || !p.Status().Expired {
		t.Errorf("%v", err)
	}
	// its age counts from the kit's own date, before its metadata expires and after
	for _, at := range []time.Time{now.Add(48 * time.Hour), late} {
		c = config(r, at)
		c.Policy.MaxAge = at.Sub(now)
		if p, err := k.Prove(c); err != nil || !p.Status().ProvedAt.Equal(now) || p.Status().Age != at.Sub(now) {
			t.Errorf("at %s: %v", at, err)
		}
		c.Policy.MaxAge--
		_, err = k.Prove(c)
		refused(t, "older than allowed", err, "tuf.age")
	}
	_, err = k.Prove(config(r, now.Add(-time.Second)))
	refused(t, "before it was made", err, "tuf.age", "before the last refresh")
	c = config(r, now)
	c.Roots = [][]byte{tuftest.New().File("1.root.json")}
	if _, err := k.Prove(c); err != nil {
		t.Errorf("the first root is the same in all of these: %v", err)
	}
	other := tuftest.New()
	other.SetKeys("root", 1, "someone else")
	other.Put("root")
	c.Roots = [][]byte{other.File(other.Name("root"))}
	if _, err := k.Prove(c); err == nil {
		t.Error("proved from a stranger's root")
	}
}

func TestCacheKitIsTheSameOnAnyDay(t *testing.T) {
	r := newRepo()
	srv := httptest.NewServer(r)
	defer srv.Close()
	dir := filepath.Join(t.TempDir(), "cache")
	_, err := tufsync.Refresh(context.Background(), tufsync.Config{
		Dir: dir, Root: r.File("1.root.json"), URL: srv.URL, Now: now, Targets: []string{targetName},
	})
	if err != nil {
		t.Fatal(err)
	}
	var first []byte
	for _, at := range []time.Time{now, now.Add(time.Hour)} {
		g, err := Gather(Source{FS: os.DirFS(dir), Cache: true, Config: config(r, at)}, []string{targetName}, nil)
		if err != nil {
			t.Fatal(err)
		}
		data := newKit(t, g).Encode(nil)
		if first == nil {
			first = data
		}
		if !bytes.Equal(first, data) {
			t.Errorf("another kit at %s", at)
		}
	}
}

// Not one bit can change: sampled over the whole file, with a fixed seed, and
// everywhere in the headers of the first entries.
func TestEveryFlipIsDetected(t *testing.T) {
	k := newKit(t, gather(t, newRepo()), "a.sigstore", "b.sigstore")
	data := k.Encode(nil)
	random := rand.New(rand.NewPCG(1, 2))
	flip := func(at int, mask byte) {
		changed := bytes.Clone(data)
		changed[at] ^= mask
		if _, err := Open(changed, nil); err == nil {
			t.Errorf("byte %d of %d changed by %#x: not detected", at, len(data), mask)
		} else if !strings.HasPrefix(string(refuse.CodeOf(err)), "kit.") {
			t.Errorf("byte %d: %v (%s)", at, err, refuse.CodeOf(err))
		}
	}
	for range 1000 {
		flip(random.IntN(len(data)), byte(1+random.IntN(255)))
	}
	for at := range 512 {
		flip(at, 1)
		flip(len(data)-1-at, 0x80)
	}
}

func TestMissingAndUnlisted(t *testing.T) {
	k := newKit(t, gather(t, newRepo()), "a.sigstore", "b.sigstore")
	data := k.Encode(nil)
	for _, n := range []int{0, 1, 511, 1000} {
		_, err := Open(data[:n], nil)
		refused(t, "no manifest", err, "kit.malformed")
	}
	_, err := Open(data[:len(data)/2], nil)
	refused(t, "half", err, "kit.missing", "repository/timestamp.json")

	m := k.manifest
	less := map[string][]byte{}
	for name, d := range k.files {
		less[name] = d
	}
	short := m
	short.Files = m.Files[2:]
	archive := pack(short, less)
	whole := pack(m, less)
	cut := bytes.Index(whole, []byte(m.Files[0].Name+"\x00"))
	rest := bytes.Index(whole, []byte(m.Files[2].Name+"\x00"))
	_, err = Open(append(bytes.Clone(whole[:cut]), whole[rest:]...), nil)
	refused(t, "two files taken out", err, "kit.missing", m.Files[0].Name, m.Files[1].Name)
	at := bytes.Index(archive, []byte(m.Files[2].Name+"\x00"))
	_, err = Open(append(bytes.Clone(archive[:at]), whole[cut:]...), nil)
	refused(t, "two files put in", err, "kit.unlisted", m.Files[0].Name)
	_, err = Open(append(bytes.Clone(data), 0), nil)
	refused(t, "a byte behind", err, "kit.corrupt")
}

func TestDelta(t *testing.T) {
	r := newRepo()
	base := newKit(t, gather(t, r), "a.sigstore")
	r.AddTarget("targets", targetName, []byte("a newer trusted root"))
	r.Publish("targets")
	next := newKit(t, gather(t, r), "a.sigstore", "b.sigstore")
	delta := next.Encode(base)
	if full := next.Encode(nil); len(delta) >= len(full) {
		t.Errorf("delta of %d bytes, the whole has %d", len(delta), len(full))
	}
	k, err := Open(delta, base)
	if err != nil {
		t.Fatal(err)
	}
	if k.ID() != next.ID() || !bytes.Equal(k.Encode(nil), next.Encode(nil)) {
		t.Error("delta and base do not give the whole")
	}
	if p, err := k.Prove(config(r, now)); err != nil || string(p.Targets[targetName].Data) != "a newer trusted root" {
		t.Errorf("%v", err)
	}
	_, err = Open(delta, nil)
	refused(t, "without base", err, "kit.base", base.ID().String())
	_, err = Open(delta, next)
	refused(t, "with another base", err, "kit.base")
	hollow := *base
	hollow.files = map[string][]byte{}
	_, err = Open(delta, &hollow)
	refused(t, "with a base that lacks files", err, "kit.missing", "repository/1.root.json")
}

func TestNothingUnproved(t *testing.T) {
	r := newRepo()
	for name, extra := range map[string]string{
		"target": "repository/targets/0000.other.json", "metadata": "repository/9.snapshot.json", "anything": "repository/readme",
	} {
		g := gather(t, r)
		g.Files[extra] = []byte("x")
		_, err := newKit(t, g).Prove(config(r, now))
		refused(t, name, err, "kit.unlisted", extra)
	}
}

// The target is proved under its name with the hash; what lies under its plain
// name is a different file.
func TestNothingUnprovedBesideTheTarget(t *testing.T) {
	r := newRepo()
	for _, extra := range []string{"repository/targets/trusted_root.json", "repository/targets/keys/k.json"} {
		g := gather(t, r)
		g.Files[extra] = []byte("x")
		_, err := newKit(t, g).Prove(config(r, now))
		refused(t, extra, err, "kit.unlisted", extra)
	}
}

func TestFileAndFolder(t *testing.T) {
	files := map[string][]byte{"bundles/a.sigstore": nil, "bundles/a.sigstore-b.sigstore": nil, "bundles/a.sigstore/c.sigstore": nil}
	_, err := New(Contents{AsOf: now, Files: files})
	refused(t, "made", err, "kit.name", "bundles/a.sigstore")
	m := Manifest{AsOf: now}
	for _, name := range []string{"bundles/a.sigstore", "bundles/a.sigstore-b.sigstore", "bundles/a.sigstore/c.sigstore"} {
		m.Files = append(m.Files, File{Name: name, SHA256: sha256.Sum256(nil)})
	}
	_, err = Open(pack(m, files), nil)
	refused(t, "read", err, "kit.name", "bundles/a.sigstore")
	_, err = Open(pack(Manifest{}, nil), nil)
	refused(t, "without a time", err, "kit.malformed")
}

func TestNames(t *testing.T) {
	for _, name := range []string{"", "x", "repository", "repository/", "../x", "repository/../x", "/repository/x", "other/x", "bundles/a\\b", "bundles/é", "bundles/a:b", "bundles/" + strings.Repeat("a", 300)} {
		_, err := New(Contents{AsOf: now, Files: map[string][]byte{name: nil}})
		refused(t, name, err, "kit.name")
	}
	for _, two := range [][2]string{{"bundles/a.sigstore", "bundles/A.sigstore"}, {"bundles/x/a.sigstore", "bundles/X/A.sigstore"}, {"bundles/A.sigstore", "bundles/a.sigstore/b.sigstore"}} {
		_, err := New(Contents{AsOf: now, Files: map[string][]byte{two[0]: nil, two[1]: nil}})
		refused(t, two[1], err, "kit.name")
	}
	_, err := New(Contents{})
	refused(t, "no time", err, "kit.malformed")
	many := make(map[string][]byte, maxFiles+1)
	for i := range maxFiles + 1 {
		many[BundlesDir+"/"+strconv.Itoa(i)] = nil
	}
	_, err = New(Contents{AsOf: now, Files: many})
	refused(t, "too many", err, "kit.limit")
	_, err = New(Contents{AsOf: now, Instance: "a\"b"})
	refused(t, "instance", err, "kit.name")
}

// An import writes the files beside the repository: none of them may be one
// that a shell, a build or an editor reads.
func TestNamesOfBundles(t *testing.T) {
	for _, name := range []string{
		".envrc", "Makefile", "x/Makefile", "go.mod", ".git/config", ".bashrc", "a.sh", "a.json", "autorun.inf", ".sigstore", ".sigstore.json", "x/.sigstore",
		".x/a.sigstore", "-rf.sigstore", "x/-a.sigstore.json", `a"b.sigstore.json`, "a'b.sigstore", "a$(b).sigstore", "a`b`.sigstore", "a|b.sigstore", "a*.sigstore",
	} {
		_, err := New(Contents{AsOf: now, Files: map[string][]byte{"bundles/" + name: nil}})
		refused(t, name, err, "kit.name", "")
		m := Manifest{AsOf: now, Files: []File{line("bundles/"+name, "")}}
		_, err = parseManifest(m.encode())
		refused(t, name+" read", err, "kit.name", "")
	}
	for _, name := range []string{"a.sigstore.json", "x/y/a.tar.gz.sigstore", "_a+b-c@d~1.sigstore.jsonl", "sha256-00.jsonl"} {
		k, err := New(Contents{AsOf: now, Files: map[string][]byte{"bundles/" + name: []byte("x")}})
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Open(k.Encode(nil), nil); err != nil || back.ID() != k.ID() {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Artifacts have any ending; the name of a bundle is refused.
	for _, name := range []string{
		"artifacts/a.sigstore.json", "artifacts/x/a.sigstore", "artifacts/a.sigstore.jsonl", "artifacts/.bashrc", "artifacts/.git/config", "artifacts/-rf",
		"artifacts/a$(b)", "artifacts/a (1).whl", "artifacts/a b", "artifacts/~", "artifacts/~root", "artifacts/x/~", "artifacts/+cmd", "artifacts/@args",
		"artifacts/a!b", "artifacts/a#b", "artifacts/#", "artifacts/{a,b}", "artifacts/[ab]", "artifacts/a=b", "artifacts/PATH=x", "artifacts/%PATH%", "artifacts/a^b",
		"artifacts/a,b", "artifacts/a(b", "artifacts/a]", "artifacts/a.SIGSTORE", "artifacts/a.Sigstore.Json", "artifacts/x/a.sigstore.JSONL", "policy/a.SIGSTORE.json",
		"bundles/a.SIGSTORE", "policy/a.JSON.exe", "policy/~/a.pem", "bundles/a b.sigstore", "bundles/~a.sigstore", "artifacts/a.", "artifacts/a /b", "artifacts", "artifacts/../a", "policy/Makefile", "policy/a.sh", "policy/a.sigstore.json",
		"policy/.json", "policy/.x/a.pem", "policy/-a.pub", "policy/a.yaml", "policy", "policies/a.json", "Artifacts/a",
	} {
		_, err := New(Contents{AsOf: now, Files: map[string][]byte{name: nil}})
		refused(t, name, err, "kit.name", "")
		m := Manifest{AsOf: now, Files: []File{line(name, "")}}
		_, err = parseManifest(m.encode())
		refused(t, name+" read", err, "kit.name", "")
	}
	for _, name := range []string{"artifacts/a.tar.gz", "artifacts/x/Makefile", "artifacts/a-1.0~rc1+b@2.whl", "policy/expected.jsonl", "policy/keys/release.pem", "policy/a.pub", "policy/root.json"} {
		k, err := New(Contents{AsOf: now, Files: map[string][]byte{name: []byte("x")}})
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Open(k.Encode(nil), nil); err != nil || back.ID() != k.ID() {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Names of targets are the repository's: they are quoted.
	k, err := New(Contents{AsOf: now, Files: map[string][]byte{`repository/targets/a"b`: []byte("x")}})
	if err != nil {
		t.Fatal(err)
	}
	if back, err := Open(k.Encode(nil), nil); err != nil || back.ID() != k.ID() {
		t.Error(err)
	}
}
