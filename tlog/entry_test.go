// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/pem"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
)

func TestNewLog(t *testing.T) {
	key := ecKey(t, elliptic.P256(), 1)
	good := LogConfig{ID: spkiID(t, key, ""), Key: spkiOf(t, key), Algorithm: v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256,
		BaseURL: "http://localhost:8000/path/", Operator: "example", Windows: window2024}
	for _, c := range []struct {
		name        string
		code        refuse.Code
		unsupported bool
		change      func(*LogConfig)
	}{
		{"no ID", "trust.key", false, func(c *LogConfig) { c.ID = ID{} }},
		{"no key", "trust.key", false, func(c *LogConfig) { c.Key = nil }},
		{"another curve", "trust.key", false, func(c *LogConfig) { c.Algorithm = v1.PublicKeyDetails_PKIX_ECDSA_P384_SHA_384 }},
		{"unknown algorithm", "trust.key", true, func(c *LogConfig) { c.Algorithm = v1.PublicKeyDetails_ML_DSA_65 }},
		{"wrong checkpoint key", "trust.key", false, func(c *LogConfig) { c.CheckpointKeyID = []byte("abcd") }},
		{"short checkpoint key", "trust.key", false, func(c *LogConfig) { c.CheckpointKeyID = c.ID[:3] }},
		{"window without a start", "trust.window", false, func(c *LogConfig) { c.Windows = make([]Window, 1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := good
			c.change(&cfg)
			_, err := NewLog(cfg)
			wantCode(t, err, c.code)
			var u *sigkey.UnsupportedError
			if errors.As(err, &u) != c.unsupported {
				t.Errorf("%v", err)
			}
		})
	}
	l, err := NewLog(good)
	if err != nil {
		t.Fatal(err)
	}
	if l.Name() != "localhost:8000/path" || l.BaseURL() != good.BaseURL || l.Operator() != "example" ||
		len(l.Windows()) != 1 || l.KeyID() != l.ID() || !l.ValidAt(window2024[0].End) {
		t.Error("accessors do not return what the log was made of")
	}
	for url, name := range map[string]string{
		"": "", "rekor.sigstore.dev": "rekor.sigstore.dev", "https://h/": "h", "http://rekor-local": "rekor-local", "https://h:1/a/b": "h:1/a/b",
	} {
		if got := nameOf(url); got != name {
			t.Errorf("name of %q is %q, want %q", url, got, name)
		}
	}
}

// TestRSALog uses a v2 log with an RSA key, whose ID has a form of its own. By
// the other form it may be of either generation.
func TestRSALog(t *testing.T) {
	block, _ := pem.Decode([]byte(rsaPublic))
	key, err := sigkey.ParseSPKI(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	id := noteID(key, hostV2)
	for want, id := range map[Generation]ID{V2: id, 0: key.ID()} {
		l, err := NewLog(LogConfig{ID: id, Key: block.Bytes, Algorithm: key.Algorithm(), BaseURL: hostV2})
		if err != nil || l.generation != want || !l.IDMatchesKey() {
			t.Errorf("%v: %v", want, err)
		}
	}
}

func TestStrings(t *testing.T) {
	for got, want := range map[string]string{
		V1.String():            "Rekor v1",
		V2.String():            "Rekor v2",
		Generation(0).String(): "unknown generation of Rekor",
		IntotoV002().String():  "intoto 0.0.2",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestVerifyPromise(t *testing.T) {
	r := rekorV1(t)
	good, _ := r.log(t, hashedRekordV001(), HashedRekordV001(), 2, 5)
	good.Index, good.Integrated = 79571823, integrated
	good.Promise = r.promise(t, good)
	if at, err := r.VerifyPromise(good); err != nil || at.Unix() != integrated || at.Location() != time.UTC {
		t.Fatalf("%v, %v", at, err)
	}
	sign := func(e *Entry) { e.Promise = r.promise(t, e) }
	for _, c := range []struct {
		name   string
		code   refuse.Code
		change func(*Entry)
	}{
		{"signature", "tlog.promise.signature", func(e *Entry) { e.Promise[8] ^= 1 }},
		{"no promise", "tlog.promise.signature", func(e *Entry) { e.Promise = nil }},
		{"index", "tlog.promise.signature", func(e *Entry) { e.Index++ }},
		{"time", "tlog.promise.signature", func(e *Entry) { e.Integrated++ }},
		{"body", "tlog.promise.signature", func(e *Entry) { e.Body = parsed(t, " "+string(e.Body.Raw), e.Kind) }},
		{"body made by hand", "tlog.entry.malformed", func(e *Entry) { e.Body = &Body{Raw: e.Body.Raw, Kind: e.Kind} }},
		{"log", "tlog.unknown_log", func(e *Entry) { e.LogID[0] ^= 1 }},
		{"no body", "tlog.entry.malformed", func(e *Entry) { e.Body = nil }},
		{"no time", "tlog.entry.malformed", func(e *Entry) { e.Integrated = 0; sign(e) }},
		{"negative time", "tlog.entry.malformed", func(e *Entry) { e.Integrated = -1; sign(e) }},
		{"time beyond the year 9999", "tlog.entry.malformed", func(e *Entry) { e.Integrated = 253402300800; sign(e) }},
		{"last second of the year 9999", "tlog.window", func(e *Entry) { e.Integrated = 253402300799; sign(e) }},
		{"time beyond doubles", "tlog.entry.malformed", func(e *Entry) { e.Integrated = 1 << 53; sign(e) }},
		{"negative index", "tlog.entry.malformed", func(e *Entry) { e.Index = -1; sign(e) }},
		{"first index", "", func(e *Entry) { e.Index = 0; sign(e) }},
		{"first second of 1970", "tlog.window", func(e *Entry) { e.Integrated = 1; sign(e) }},
		{"last exact index", "", func(e *Entry) { e.Index = 1<<53 - 1; sign(e) }},
		{"index beyond doubles", "tlog.entry.malformed", func(e *Entry) { e.Index = 1 << 53; sign(e) }},
		{"at the start", "", func(e *Entry) { e.Integrated = window2024[0].Start.Unix(); sign(e) }},
		{"at the end", "", func(e *Entry) { e.Integrated = window2024[0].End.Unix(); sign(e) }},
		{"before the start", "tlog.window", func(e *Entry) { e.Integrated = window2024[0].Start.Unix() - 1; sign(e) }},
		{"after the end", "tlog.window", func(e *Entry) { e.Integrated = window2024[0].End.Unix() + 1; sign(e) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := *good
			e.Promise = slices.Clone(good.Promise)
			c.change(&e)
			_, err := r.VerifyPromise(&e)
			wantCode(t, err, c.code)
		})
	}
	two := rekorV2(t)
	e := *good
	e.LogID = two.ID()
	e.Promise = two.promise(t, &e)
	_, err := two.VerifyPromise(&e)
	wantCode(t, err, "tlog.promise.unexpected")
	_, err = new(Log).VerifyPromise(good)
	wantCode(t, err, "tlog.unknown_log")
}

// TestPromisedBytes has the canonical JSON written out.
func TestPromisedBytes(t *testing.T) {
	e := &Entry{LogID: ID{0xc0, 0xd2}, Index: 79571823, Integrated: integrated, Body: &Body{Raw: []byte("{}")}}
	want := `{"body":"e30=","integratedTime":1710869186,"logID":"c0d2` + strings.Repeat("00", 30) + `","logIndex":79571823}`
	if got := string(e.promised()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestVerifyInclusion walks through all entries of small trees with the slow
// tree as oracle, and damages every part of the longest proofs.
func TestVerifyInclusion(t *testing.T) {
	for _, r := range []*rekor{rekorV1(t), rekorV2(t)} {
		raw, k, g := hashedRekordV001(), HashedRekordV001(), V1
		if r.generation == V2 {
			raw, k, g = hashedRekordV002(), HashedRekordV002(), V2
		}
		for size := 1; size <= 18; size++ {
			for index := range size {
				e, c := r.log(t, raw, k, index, size)
				if err := e.VerifyInclusion(c, g); err != nil {
					t.Fatalf("%s, %d of %d: %v", g, index, size, err)
				}
				inner := bits.Len64(uint64(index) ^ uint64(size-1))
				if want := inner + bits.OnesCount64(uint64(index)>>inner); len(e.Proof.Hashes) != want {
					t.Errorf("%d of %d: path of %d, want %d", index, size, len(e.Proof.Hashes), want)
				}
				for i := range e.Proof.Hashes {
					e.Proof.Hashes[i][31] ^= 1
					wantCode(t, e.VerifyInclusion(c, g), "tlog.inclusion")
					e.Proof.Hashes[i][31] ^= 1
				}
			}
		}
	}
}

func TestVerifyInclusionRefuses(t *testing.T) {
	one, two := rekorV1(t), rekorV2(t)
	good1, c1 := one.log(t, hashedRekordV001(), HashedRekordV001(), 5, 11)
	good2, c2 := two.log(t, hashedRekordV002(), HashedRekordV002(), 5, 11)
	for _, c := range []struct {
		name   string
		code   refuse.Code
		change func(*Entry, *Checkpoint)
	}{
		{"body", "tlog.inclusion", func(e *Entry, _ *Checkpoint) { e.Body = parsed(t, " "+string(e.Body.Raw), e.Kind) }},
		{"index", "tlog.inclusion", func(e *Entry, _ *Checkpoint) { e.Proof.Index++; e.Index++ }},
		{"index out of the tree", "tlog.inclusion", func(e *Entry, _ *Checkpoint) { e.Proof.Index, e.Index = 11, 11 }},
		{"huge index", "tlog.inclusion", func(e *Entry, _ *Checkpoint) { e.Proof.Index, e.Index = 1<<63, -1<<63 }},
		{"size and copy", "tlog.inclusion", func(e *Entry, c *Checkpoint) { e.Proof.Size, c.Size = 1<<64-1, 1<<64-1 }},
		{"empty tree", "tlog.inclusion", func(e *Entry, c *Checkpoint) { e.Proof.Size, c.Size = 0, 0 }},
		{"root and copy", "tlog.inclusion", func(e *Entry, c *Checkpoint) { e.Proof.Root[0], c.Root[0] = 1, 1 }},
		{"copy of the size", "tlog.checkpoint.root", func(e *Entry, _ *Checkpoint) { e.Proof.Size++ }},
		{"copy of the root", "tlog.checkpoint.root", func(e *Entry, _ *Checkpoint) { e.Proof.Root[31] ^= 1 }},
		{"hash added", "tlog.inclusion", func(e *Entry, _ *Checkpoint) { e.Proof.Hashes = append(e.Proof.Hashes, Hash{}) }},
		{"hash missing", "tlog.inclusion", func(e *Entry, _ *Checkpoint) { e.Proof.Hashes = e.Proof.Hashes[1:] }},
		{"hashes swapped", "tlog.inclusion", func(e *Entry, _ *Checkpoint) { slices.Reverse(e.Proof.Hashes) }},
		{"no hash", "tlog.inclusion", func(e *Entry, _ *Checkpoint) { e.Proof.Hashes = nil }},
		{"too many hashes", "tlog.inclusion", func(e *Entry, _ *Checkpoint) { e.Proof.Hashes = make([]Hash, maxPath+1) }},
		{"no proof", "tlog.inclusion", func(e *Entry, _ *Checkpoint) { e.Proof = nil }},
		{"no body", "tlog.inclusion", func(e *Entry, _ *Checkpoint) { e.Body = nil }},
		{"checkpoint that nobody opened", "tlog.inclusion", func(_ *Entry, c *Checkpoint) { c.log = nil }},
		{"entry of another log", "tlog.entry.generation", func(e *Entry, _ *Checkpoint) { e.LogID[0] ^= 1 }},
	} {
		for _, in := range []struct {
			e *Entry
			c *Checkpoint
			g Generation
		}{{good1, c1, V1}, {good2, c2, V2}} {
			t.Run(fmt.Sprint(in.g, " ", c.name), func(t *testing.T) {
				e, p, head := *in.e, *in.e.Proof, *in.c
				p.Hashes = slices.Clone(p.Hashes)
				e.Proof = &p
				c.change(&e, &head)
				wantCode(t, e.VerifyInclusion(&head, in.g), c.code)
			})
		}
	}
	wantCode(t, good1.VerifyInclusion(nil, V1), "tlog.inclusion")
	wantCode(t, good1.VerifyInclusion(c1, 0), "tlog.entry.generation")
	wantCode(t, good1.VerifyInclusion(c1, V2), "tlog.entry.generation")
	// Rekor v1 numbers entries across shards, Rekor v2 has one number.
	far1, far2 := *good1, *good2
	far1.Index, far2.Index = 1<<40, 1<<40
	wantCode(t, far1.VerifyInclusion(c1, V1), "")
	wantCode(t, far2.VerifyInclusion(c2, V2), "tlog.inclusion")
}

// TestNameFromID covers logs that sign under their bare host.
func TestNameFromID(t *testing.T) {
	pub := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public()
	key, err := sigkey.New(v1.PublicKeyDetails_PKIX_ED25519, pub)
	if err != nil {
		t.Fatal(err)
	}
	const base = "http://127.0.0.1:3000/log"
	for name, want := range map[string]string{
		"127.0.0.1:3000/log": "127.0.0.1:3000/log", "127.0.0.1": "127.0.0.1", "elsewhere": "127.0.0.1:3000/log",
	} {
		got := namesFor(noteID(key, name), key, Shard{BaseURL: base})
		if got[0].name != want || (len(got) == 2) != (name == "elsewhere") {
			t.Errorf("ID for the name %q: got %v, want %q", name, got, want)
		}
	}
}
