// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/cmd/internal/inspect"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/tlog"
)

func public(t *testing.T, name string) *bundle.Bundle {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "public", name))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func text(t *testing.T, in *inspect.Inspection) string {
	t.Helper()
	var w bytes.Buffer
	if err := in.WriteText(&w, "file", false); err != nil {
		t.Fatal(err)
	}
	return w.String()
}

// Every group is marked, and in JSON nothing stands outside the mark.
func TestEverythingIsMarked(t *testing.T) {
	groups := map[string][]string{
		"dsse.sigstore.json":               {"bundle", "envelope", "statement", "certificate", "further certificate 1", "log entry 1"},
		"github_release.zip.sigstore.json": {"bundle", "envelope", "statement", "certificate", "timestamp 1"},
		"npm-publish.sigstore.json":        {"bundle", "envelope", "statement", "managed key", "log entry 1"},
		"othername.sigstore.json":          {"bundle", "message", "certificate", "log entry 1"},
	}
	for name, want := range groups {
		in := inspect.Of(public(t, name))
		var got []string
		for line := range strings.Lines(text(t, in)) {
			if strings.HasPrefix(line, " ") {
				continue
			}
			group, ok := strings.CutSuffix(line, "  UNVERIFIED\n")
			if !ok {
				t.Errorf("%s: %q is not marked", name, line)
			}
			got = append(got, group)
		}
		if strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("%s: groups %q, want %q", name, got, want)
		}
		data, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(data, &members); err != nil {
			t.Fatal(err)
		}
		if len(members) != 3 || members["schema"] == nil || members["sha256"] == nil || members["unverified"] == nil {
			t.Errorf("%s: members outside of unverified: %s", name, data)
		}
	}
}

// What an attacker writes cannot pass for a line of ours, nor reach the
// terminal's interpreter.
func TestHostileText(t *testing.T) {
	const hostile = "\x1b[2Jverified\r\n\u202egood\u0085"
	b := *public(t, "npm-publish.sigstore.json") // a copy: bundles are shared
	b.KeyHint = hostile
	b.Envelope = &dsse.Envelope{Payload: []byte(hostile), PayloadType: hostile, KeyID: hostile}
	b.Timestamps = [][]byte{[]byte(hostile)}
	b.Entries = []tlog.Entry{{
		Kind:  tlog.Kind{Name: hostile, Version: hostile},
		Body:  &tlog.Body{Raw: []byte(hostile)},
		Proof: &tlog.Proof{Checkpoint: hostile + "\nverified  file\n"},
	}}
	got := text(t, inspect.Of(&b))
	for _, r := range got {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%U reaches the terminal", r)
		}
	}
	for line := range strings.Lines(got) {
		if strings.HasPrefix(strings.TrimSpace(line), "verified") {
			t.Errorf("foreign text begins a line: %q", line)
		}
	}
}

// Bundles that carry as little as a bundle can do not upset it.
func TestLittle(t *testing.T) {
	b := &bundle.Bundle{Entries: []tlog.Entry{{}}}
	if got := text(t, inspect.Of(b)); !strings.Contains(got, "digest           none") || !strings.Contains(got, "proof            none") {
		t.Errorf("got %s", got)
	}
}

// Whatever times a bundle states, it can be written.
func TestTimesBeyondRFC3339(t *testing.T) {
	for _, year := range []int{-1, 0, 10000, 99999, math.MaxInt32} {
		b := *public(t, "dsse.sigstore.json")
		leaf := *b.Leaf
		leaf.NotBefore = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		leaf.NotAfter = leaf.NotBefore
		b.Leaf = &leaf
		b.Entries = []tlog.Entry{{Integrated: 1 << 62}, {Integrated: -1 << 62}}
		if _, err := json.Marshal(inspect.Of(&b)); err != nil {
			t.Errorf("year %d: %v", year, err)
		}
		if got := text(t, inspect.Of(&b)); !strings.Contains(got, "not before") {
			t.Errorf("year %d: got %s", year, got)
		}
	}
}
