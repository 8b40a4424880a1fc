// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A finding stays small, whatever a line says.
func TestFindingsAreBounded(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, line := range []string{
		`{"bundle":"` + long + `"}`, `{"bundle":"missing","artifact":"` + long + `"}`, `{"` + long + `":1,"bundle":"a"}`,
		`{"bundle":"` + strings.Repeat(`\u001b`, 1<<17) + `"}`, `{"mediaType":"` + long + `"}`, `{"bundle":"a","bundle` + long + `":1}`,
		`{"bundle":{"mediaType":"` + long + `"}}`, `{"attestations":[{"predicateType":"` + long + `","bundle":` + string(signed()[2].Bundle) + `}]}`,
		`{"bundle":` + strings.Repeat("[", 1<<20) + `}`, `{"bundle":1` + strings.Repeat("0", 1<<20) + `}`, long,
	} {
		var out bytes.Buffer
		c := anyone(t, listOf(line), &out)
		c.NoArtifact = true
		if _, err := Run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if out.Len() > 16<<10 {
			t.Errorf("%.40s: %d bytes of findings", line, out.Len())
		}
	}
	name := strings.Repeat("x", maxName)
	got, _ := findings(t, anyone(t, listOf(`{"bundle":"`+name+`"}`, `{"bundle":"`+name+`x"}`), nil))
	expect(t, got, "list:1#0 input.bundle\nlist:2#0 input.line\n")
}

// What is no file under a bundle's name signs nothing.
func TestPlantedBundleNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"folder", "inner", "socket", "link", "empty"} {
		write(t, filepath.Join(dir, name), []byte(name))
	}
	os.Mkdir(filepath.Join(dir, "folder.sigstore.json"), 0o777)
	os.Mkdir(filepath.Join(dir, "inner.sigstore"), 0o777)
	write(t, filepath.Join(dir, "inner.sigstore", "x.sigstore.json"), nil)
	l, err := net.Listen("unix", filepath.Join(dir, "socket.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := os.Symlink("folder.sigstore.json", filepath.Join(dir, "link.sigstore.json")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "empty.sigstore.jsonl"), nil)
	tr := tree(t, dir)
	tr.RequireBundles = true
	got, sum := findings(t, anyone(t, tr, nil))
	expect(t, got, `
		empty.sigstore.jsonl#1 bundle.empty
		folder#0 input.unsigned
		inner#0 input.unsigned
		inner.sigstore/x.sigstore.json#1 bundle.empty
		link.sigstore.json#0 input.bundle
		socket.sigstore.json#0 input.bundle
		`)
	if sum.Coverage.Unsigned != 2 {
		t.Errorf("%+v", sum.Coverage)
	}
	if n := tr.Count(); n != int64(len(got)) {
		t.Errorf("%d entries are counted, of %d", n, len(got))
	}
}

// Pages grow with a folder, and what is read stays the same.
func TestPagesGrow(t *testing.T) {
	dir := t.TempDir()
	var want strings.Builder
	for i := range 200 {
		for j := range 3 {
			name := fmt.Sprintf("%03d/%d.sigstore", i, j)
			write(t, filepath.Join(dir, name), nil)
			want.WriteString(name + "\n")
		}
	}
	tr := tree(t, dir)
	tr.page = 16
	var got strings.Builder
	for e := range tr.entries() {
		got.WriteString(e.place + "\n")
	}
	if got.String() != want.String() || tr.held != 0 {
		t.Errorf("%d names held: %s", tr.held, got.String())
	}
}

// A state is evidence of what was judged: it has known codes and a bound, and
// is this user's own.
func TestPlantedStates(t *testing.T) {
	for name, change := range map[string]func(*shop){
		"unknown code":   func(s *shop) { replaceIn(s.t, s.state, `"input.bundle":`, `"\u001b[2Jinput.bundle":`) },
		"counts below 0": func(s *shop) { replaceIn(s.t, s.state, `"codes":{`, `"codes":{"input.artifact":-1,"input.link":1,`) },
		"large":          func(s *shop) { appendTo(s.t, s.state, bytes.Repeat([]byte(" "), maxState)) },
	} {
		s := newShop(t)
		if _, err := Run(t.Context(), s.config()); err != nil {
			t.Fatal(err)
		}
		change(s)
		if _, err := Run(t.Context(), s.config()); err == nil {
			t.Errorf("%s: continued", name)
		}
	}
	if os.Geteuid() == 0 { // only root can give a file away
		s := newShop(t)
		if _, err := Run(t.Context(), s.config()); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(s.state, 12345, -1); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), s.config()); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
			t.Errorf("another user's state: %v", err)
		}
	}
}
