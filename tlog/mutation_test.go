// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"crypto"
	"crypto/elliptic"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// The tests of this file are for what only a weakened source shows: each of
// them turns red when one condition or number of the package is changed.

// Bounds are spelled out, so that moving one does not move its test.
func TestBoundsAreWhatTheyAre(t *testing.T) {
	const head = "origin\n1\nroot\n"
	const line = "\u2014 name AAAAAAA=\n"
	note := func(size int) string {
		rest := "\n" + line
		return strings.Repeat("a", size-len(rest)-1) + "\n" + rest
	}
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"64 KiB":           {note(65536), true},
		"a byte more":      {note(65537), false},
		"100 signatures":   {head + "\n" + strings.Repeat(line, 100), true},
		"101 signatures":   {head + "\n" + strings.Repeat(line, 101), false},
		"last control":     {"ori\x1fgin\n1\nroot\n\n" + line, false},
		"first no control": {"ori gin\n1\nroot\n\n" + line, true},
	} {
		if _, err := parseNote(c.text); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	for size, long := range map[int]bool{64 << 20: false, 64<<20 + 1: true} {
		_, err := ParseBody(make([]byte, size), Kind{"hashedrekord", "0.0.1"})
		if refuse.CodeOf(err) != "tlog.entry.malformed" || strings.Contains(err.Error(), "longer") != long {
			t.Errorf("body of %d bytes: %v", size, err)
		}
	}
}

// The decoder of hexadecimal returns what it has read before an odd digit.
func TestOddDigitAfterDigest(t *testing.T) {
	var b Body
	if err := b.setHexDigest(crypto.SHA256, strings.Repeat("00", 32)); err != nil {
		t.Fatal(err)
	}
	for _, tail := range []string{"0", "x", "zz"} {
		wantCode(t, b.setHexDigest(crypto.SHA256, strings.Repeat("00", 32)+tail), "tlog.entry.malformed")
	}
}

// A v1 log's hint is that of its SPKI, a v2 log's that of its note key.
func TestHints(t *testing.T) {
	v1, v2 := rekorV1(t).Log, rekorV2(t).Log
	ed := newRekor(t, edKey(3), "rekor.test", "rekor.test - 1", spkiID(t, edKey(3), "")).Log
	for _, l := range []*Log{v1, ed} {
		if id, spki := l.CheckpointKeyID(), l.key.ID(); string(id[:]) != string(spki[:4]) {
			t.Errorf("hint %x of a v1 log", id)
		}
	}
	if id, spki := v2.CheckpointKeyID(), v2.key.ID(); string(id[:]) != string(v2.names[0].id[:4]) || string(id[:]) == string(spki[:4]) {
		t.Errorf("hint %x of a v2 log", id)
	}
}

// Names come from URLs with a scheme and without.
func TestNamesOfURLs(t *testing.T) {
	for url, want := range map[string]string{
		"https://log.test/a/": "log.test/a", "log.test": "log.test", "http://log.test:80": "log.test:80", "": "",
	} {
		if got := nameOf(url); got != want {
			t.Errorf("nameOf(%q) = %q, want %q", url, got, want)
		}
	}
}

// What a log's URL is not, and what a log without a key is not, must not be
// looked into.
func TestNothingInside(t *testing.T) {
	key := signerKey(t, elliptic.P256())
	if got := namesFor(ID{1}, key, Shard{BaseURL: "https://["}); len(got) != 1 || got[0].name != "[" {
		t.Errorf("names %v", got)
	}
	var zero Log
	if zero.IDMatchesKey() {
		t.Error("the zero log fits an ID")
	}
	_, err := zero.VerifyPromise(&Entry{})
	wantCode(t, err, "tlog.unknown_log")
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		k := ecKey(t, curve, 1)
		r := newRekor(t, k, hostV1, originV1, spkiID(t, k, ""))
		if _, c := r.log(t, hashedRekordV001(), HashedRekordV001(), 2, 5); c.NameMismatch {
			t.Error("another log")
		}
	}
}

// A hint of fewer than four bytes says nothing, and is no absent one.
func TestShortCheckpointKeyID(t *testing.T) {
	key := edKey(1)
	spki := spkiOf(t, key)
	id := edNoteID(t, key, hostV2)
	for n := range 33 {
		_, err := NewLog(LogConfig{ID: id, Key: spki, Algorithm: algorithmOf(key), BaseURL: "https://" + hostV2, CheckpointKeyID: id[:n]})
		want := refuse.Code("")
		if 0 < n && n < 4 {
			want = "trust.key"
		}
		wantCode(t, err, want)
	}
}
