// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// from proves from one version of the root.
func from(r *tuftest.Repo, version int) tufroot.Config {
	return tufroot.Config{Roots: [][]byte{r.File(fmt.Sprintf("%d.root.json", version))}, Policy: tufroot.Policy{At: now}}
}

// Roots from before the one that the proof began with are kept as far as they
// exist and are no longer than roots may be.
func TestOlderRoots(t *testing.T) {
	r := newRepo()
	second := r.File("2.root.json")
	long := append(bytes.Clone(second), strings.Repeat(" ", 512_000-len(second))...)
	for what, c := range map[string]struct {
		first, second []byte
		kept          string
	}{
		"all":          {r.File("1.root.json"), second, "1 2 3"},
		"one missing":  {r.File("1.root.json"), nil, "3"},
		"the first":    {nil, second, "2 3"},
		"a long one":   {r.File("1.root.json"), long, "1 2 3"},
		"a longer one": {r.File("1.root.json"), append(long, ' '), "3"},
	} {
		files := r.FS().(fstest.MapFS)
		files["0.root.json"] = &fstest.MapFile{Data: second}
		for name, data := range map[string][]byte{"1.root.json": c.first, "2.root.json": c.second} {
			if files[name].Data = data; data == nil {
				delete(files, name)
			}
		}
		g, err := Gather(Source{FS: files, Config: from(r, 3)}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		var kept []string
		for v := range 5 {
			if g.Files[fmt.Sprintf("repository/%d.root.json", v)] != nil {
				kept = append(kept, fmt.Sprint(v))
			}
		}
		if got := strings.Join(kept, " "); got != c.kept {
			t.Errorf("%s: kept %s, want %s", what, got, c.kept)
		}
		if _, err := newKit(t, g).Prove(from(r, 3)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		g.Files["repository/0.root.json"] = second
		_, err = newKit(t, g).Prove(from(r, 3))
		refused(t, "root 0", err, "kit.unlisted", "0.root.json")
	}
}

// A kit whose roots begin after the one trusted here says what it lacks,
// whether or not the keys have changed in between.
func TestRootsThatAreMissing(t *testing.T) {
	for _, keys := range []int{1, 2} {
		r := newRepo()
		if keys == 2 {
			r.SetKeys("timestamp", 1, "another")
		}
		r.Publish("root", "targets")
		g, err := Gather(Source{FS: r.FS(), Config: from(r, 4)}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		for v := range 3 {
			k := newKit(t, g)
			_, err := k.Prove(from(r, 1))
			if v < 2 {
				if err != nil {
					t.Errorf("roots from %d on: %v", v+1, err)
				}
			} else {
				refused(t, "roots from 3 on", err, "kit.missing", "begins with root 3, and this side trusts root 1")
			}
			if _, err := k.Prove(from(r, 3)); err != nil {
				t.Errorf("roots from %d on, root 3 trusted: %v", v+1, err)
			}
			delete(g.Files, fmt.Sprintf("repository/%d.root.json", v+1))
		}
	}
	g := gather(t, newRepo())
	delete(g.Files, "repository/1.root.json")
	_, err := newKit(t, g).Prove(tufroot.Config{Roots: [][]byte{[]byte("none")}, Policy: tufroot.Policy{At: now}})
	refused(t, "what is no root", err, "tuf.malformed", "root metadata")
}

func TestGatherRefuses(t *testing.T) {
	r := newRepo()
	_, err := Gather(Source{FS: r.FS(), Config: config(r, now)}, []string{"none"}, nil)
	refused(t, "a required target that is not there", err, "tuf.not_found", "none")
	_, err = Gather(Source{FS: r.FS(), Config: config(r, now)}, []string{"../x"}, nil)
	refused(t, "a name that leads out", err, "tuf.name")
	_, err = Gather(Source{FS: r.FS(), Config: config(r, now)}, nil, []string{"../x"})
	refused(t, "an optional one", err, "tuf.name")
	_, err = Gather(Source{FS: r.FS(), Config: config(r, now.Add(2*tuftest.Year))}, nil, nil)
	refused(t, "expired", err, "tuf.expired")
	_, err = Gather(Source{FS: r.FS(), Config: tufroot.Config{Policy: tufroot.Policy{At: now}}}, nil, nil)
	refused(t, "no root", err, "tuf.root")
	_, err = Gather(Source{FS: r.FS(), Cache: true, Config: config(r, now)}, nil, nil)
	refused(t, "no cache", err, "tuf.not_found")
	k := newKit(t, gather(t, r))
	_, err = k.Prove(tufroot.Config{Policy: tufroot.Policy{At: now}})
	refused(t, "a kit, no root", err, "tuf.root")
	g, err := Gather(Source{FS: r.FS(), Config: config(r, now)}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = newKit(t, g).Prove(config(r, now.Add(2*tuftest.Year)))
	refused(t, "a kit without targets, expired", err, "tuf.expired")
}

// Roles and targets keep their names on the way through a kit.
func TestNamesInAKit(t *testing.T) {
	for _, consistent := range []bool{true, false} {
		r := tuftest.New()
		r.Docs["root"]["consistent_snapshot"] = consistent
		r.Delegate("targets", "a b/c", false, "x/*")
		r.AddTarget("a b/c", "x/y", []byte("delegated"))
		r.AddTarget("targets", "plain", []byte("plain"))
		r.AddTarget("targets", "one.two.json", []byte("dots"))
		r.Publish("targets", "a b/c")
		r.Publish("root")
		files := r.FS().(fstest.MapFS)
		files["1.a%20b%2Fc.json"] = files["1.a b/c.json"]
		names := map[string]string{"x/y": "delegated", "plain": "plain", "one.two.json": "dots"}
		var required []string
		for name, data := range names {
			required = append(required, name)
			files["targets/"+name] = &fstest.MapFile{Data: []byte(data)}
		}
		g, err := Gather(Source{FS: files, Config: from(r, 2)}, required, nil)
		if err != nil {
			t.Fatal(err)
		}
		if g.Files["repository/1.a%20b%2Fc.json"] == nil || (g.Files["repository/targets/plain"] == nil) != consistent {
			t.Errorf("consistent %t: gathered %d files, not as a server has them", consistent, len(g.Files))
		}
		p, err := newKit(t, g).Prove(from(r, 2))
		if err != nil {
			t.Fatal(err)
		}
		for name, data := range names {
			if p.Targets[name] == nil || string(p.Targets[name].Data) != data {
				t.Errorf("consistent %t: %q came as %+v", consistent, name, p.Targets[name])
			}
		}
	}
}

// Each file below the targets is one that a role lists, under one of its names.
func TestTargetsOfAKit(t *testing.T) {
	r := newRepo()
	hashed := ""
	for name := range gather(t, r).Files {
		if strings.HasSuffix(name, "."+targetName) {
			hashed = name
		}
	}
	for what, c := range map[string]struct {
		files map[string]string // put in the place of the target's
		code  refuse.Code
	}{
		"with its hash":             {map[string]string{hashed: "a trusted root"}, ""},
		"without":                   {map[string]string{"repository/targets/" + targetName: "a trusted root"}, ""},
		"both":                      {map[string]string{hashed: "a trusted root", "repository/targets/" + targetName: "a trusted root"}, ""},
		"changed":                   {map[string]string{hashed: "A trusted root"}, "tuf.hash"},
		"cut":                       {map[string]string{hashed: "a trusted"}, "tuf.length"},
		"with another hash":         {map[string]string{hashed: "a trusted root", "repository/targets/00." + targetName: "a trusted root"}, "kit.unlisted"},
		"only with another hash":    {map[string]string{"repository/targets/00." + targetName: "a trusted root"}, "kit.unlisted"},
		"under another name":        {map[string]string{hashed: "a trusted root", "repository/targets/other": "x"}, "kit.unlisted"},
		"below another folder":      {map[string]string{hashed: "a trusted root", "repository/targets/x/" + targetName: "a trusted root"}, "kit.unlisted"},
		"a file that is no target":  {map[string]string{"repository/targetsx": "x"}, "kit.unlisted"},
		"a bundle is no target":     {map[string]string{"bundles/targets/x.sigstore": "x"}, ""},
		"without its delegated one": {map[string]string{}, ""},
	} {
		g := gather(t, r)
		delete(g.Files, hashed)
		for name, data := range c.files {
			g.Files[name] = []byte(data)
		}
		_, err := newKit(t, g).Prove(config(r, now))
		if got := refuse.CodeOf(err); got != c.code || (err == nil) != (c.code == "") {
			t.Errorf("%s: %v, code %q, want %q", what, err, got, c.code)
		}
		if what == "with another hash" && !strings.Contains(err.Error(), `listed as "`+targetName) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestMoment(t *testing.T) {
	until := now.Add(500 * time.Millisecond)
	for d, want := range map[time.Duration]time.Time{
		-time.Hour: now.Add(-time.Hour), -time.Millisecond: now, 0: now.Add(-time.Second), time.Hour: now.Add(-time.Second),
	} {
		at := until.Add(d).In(time.FixedZone("there", 3600))
		if got := Moment(tufroot.Status{ProvedAt: at, ValidUntil: until}); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%v after: %v, want %v", d, got, want)
		}
	}
	if got := Moment(tufroot.Status{At: now, Refreshed: now.Add(time.Minute), ValidUntil: now.Add(time.Hour)}); !got.Equal(now.Add(time.Minute)) {
		t.Errorf("judged before the last refresh: %v", got)
	}
}
