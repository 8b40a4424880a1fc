// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/tlog"
)

func TestTileNumber(t *testing.T) {
	for n, want := range map[uint64]string{0: "000", 7: "007", 999: "999", 1000: "x001/000", 1234067: "x001/x234/067", 1_000_000_000: "x001/x000/x000/000"} {
		if got := tileNumber(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

// TestExisting loses an answer, and signs again with a key that signs the same
// way each time, in trees whose edges lie everywhere.
func TestExisting(t *testing.T) {
	for _, c := range [][2]int{{0, 0}, {0, 1}, {1, 0}, {254, 0}, {255, 0}, {256, 0}, {255, 1}, {300, 700}, {511, 0}, {700, 300}, {65535, 0}, {65536, 300}, {10, 66000}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			i := newInstance(t)
			i.Earlier, i.Later = c[0], c[1]
			config := i.config(newToken(t, nil), tlog.V2)
			config.Algorithm = sign.Ed25519ph
			i.LoseAnswers("rekor2", 1)
			i.signed(t, config, sign.Message(strings.NewReader(artifact)))
			if i.Called("fulcio") != 1 {
				t.Error("began again")
			}
		})
	}
	i := newInstance(t)
	for _, a := range []sign.Algorithm{sign.RSA2048, sign.Ed25519ph} {
		config := i.config(nil, tlog.V2)
		config.Issuer, config.Key = nil, mustKey(t, a)
		for range 3 {
			i.signed(t, config, sign.Message(strings.NewReader(artifact)))
			i.signed(t, config, sign.Statement(statementAbout(t, artifact)))
		}
	}
}

// TestReplacedTile meets a log whose partial tiles have grown since.
func TestReplacedTile(t *testing.T) {
	i := newInstance(t)
	i.Earlier, i.Later = 10, 300
	i.Checkpoint = func(in *virtual.CheckpointInput) { in.Size, in.Root = 200, i.RootAt(200) }
	i.Tiles = func(path string, data []byte) []byte {
		if strings.Contains(path, ".p/") {
			return nil
		}
		return data
	}
	config := i.config(newToken(t, nil), tlog.V2)
	config.Algorithm = sign.Ed25519ph
	i.LoseAnswers("rekor2", 1)
	i.signed(t, config, sign.Message(strings.NewReader(artifact)))
}

// TestExistingAttacks has what the log publishes be wrong. There is never a
// bundle, and never another code: the log has the signature.
func TestExistingAttacks(t *testing.T) {
	tile := func(edit func([]byte) []byte) func(*instance) {
		return func(i *instance) {
			i.Tiles = func(path string, data []byte) []byte {
				if strings.HasSuffix(path, "checkpoint") {
					return data
				}
				return edit(data)
			}
		}
	}
	checkpoint := func(edit func([]byte) []byte) func(*instance) {
		return func(i *instance) {
			i.Tiles = func(path string, data []byte) []byte {
				if strings.HasSuffix(path, "checkpoint") {
					return edit(data)
				}
				return data
			}
		}
	}
	other, err := virtual.New(virtual.Config{Seed: "somebody else"})
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := other.Key("stranger", virtual.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		want  string
		wrong func(*instance)
	}{
		"no index":                {"does not say where", func(i *instance) { i.Index = "" }},
		"an index that is none":   {"does not say where", func(i *instance) { i.Index = "-1" }},
		"an index beyond numbers": {"does not say where", func(i *instance) { i.Index = "9223372036854775808" }},
		"another's index":         {"at index 3", func(i *instance) { i.Index = "3" }},
		"an index to come":        {"406 entries, too few", func(i *instance) { i.Index = "9223372036854775807" }},
		"no checkpoint":           {"status 404", checkpoint(func([]byte) []byte { return nil })},
		"a broken checkpoint":     {"of a log that the trust root does not list", checkpoint(func(b []byte) []byte { return bytes.Replace(b, []byte("\n406\n"), []byte("\n407\n"), 1) })},
		"an endless checkpoint":   {"more than", checkpoint(func(b []byte) []byte { return bytes.Repeat(b, 1000) })},
		"another log's checkpoint": {"of a log that the trust root does not list", func(i *instance) {
			i.Checkpoint = func(in *virtual.CheckpointInput) { in.Key = stranger }
		}},
		"another tree's root": {"does not prove it", func(i *instance) {
			i.Checkpoint = func(in *virtual.CheckpointInput) { in.Root = bytes.Repeat([]byte{7}, 32) }
		}},
		"no tiles":         {"status 404", tile(func([]byte) []byte { return nil })},
		"empty tiles":      {"has 0 bytes", tile(func([]byte) []byte { return []byte{} })},
		"short tiles":      {"bytes", tile(func(b []byte) []byte { return b[:len(b)-32] })},
		"torn tiles":       {"bytes", tile(func(b []byte) []byte { return b[:len(b)-1] })},
		"long tiles":       {"more than", tile(func(b []byte) []byte { return append(b, make([]byte, 9000)...) })},
		"one bit in tiles": {"does not prove it", tile(func(b []byte) []byte { b[0] ^= 1; return b })},
		"swapped hashes": {"does not prove it", tile(func(b []byte) []byte {
			return append(append(bytes.Clone(b[32:64]), b[:32]...), b[64:]...)
		})},
	} {
		t.Run(name, func(t *testing.T) {
			i := newInstance(t)
			i.Earlier, i.Later = 5, 400
			c.wrong(i)
			config := i.config(newToken(t, nil), tlog.V2)
			config.Algorithm = sign.Ed25519ph
			i.LoseAnswers("rekor2", 1)
			err := i.refused(t, config, sign.Message(strings.NewReader(artifact)), "sign.rekor.duplicate")
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q does not say %q", err, c.want)
			}
		})
	}
	i := newInstance(t)
	config := i.config(newToken(t, nil), tlog.V2)
	config.Algorithm = sign.Ed25519ph
	config.Logs[0].(*RekorV2).c.Root = nil
	i.LoseAnswers("rekor2", 1)
	i.refused(t, config, sign.Message(strings.NewReader(artifact)), "sign.rekor.duplicate")
}

// TestPublishedLater waits for a checkpoint that has the entry.
func TestPublishedLater(t *testing.T) {
	i := newInstance(t)
	i.Earlier = 20
	old := 3
	i.Checkpoint = func(in *virtual.CheckpointInput) {
		if old--; old >= 0 {
			in.Size, in.Root = 20, i.RootAt(20)
		}
	}
	config := i.config(newToken(t, nil), tlog.V2)
	config.Algorithm = sign.Ed25519ph
	i.LoseAnswers("rekor2", 1)
	i.signed(t, config, sign.Message(strings.NewReader(artifact)))
	if old != -1 {
		t.Errorf("%d checkpoints too few", old+1)
	}
}
