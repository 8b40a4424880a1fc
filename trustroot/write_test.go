// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/tlog"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// What is written is what protojson reads and writes.
func TestWrittenBack(t *testing.T) {
	r := sample(t)
	written := mustJSON(r)
	var m trustrootv1.TrustedRoot
	if err := protojson.Unmarshal(written, &m); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(&m, r.Proto()) {
		t.Error("MarshalJSON and Proto differ")
	}
	oracle, err := protojson.Marshal(&m)
	if err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	if json.Compact(&a, oracle) != nil || json.Compact(&b, written) != nil || a.String() != b.String() {
		t.Errorf("protojson writes\n%s\nand we write\n%s", a.String(), b.String())
	}
	parsed, err := Parse(written)
	if err != nil {
		t.Fatal(err)
	}
	converted, err := FromProto(&m)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]*Root{"parsed": parsed, "converted": converted} {
		if got, _ := other.MarshalJSON(); !bytes.Equal(got, mustJSON(r)) || other.SHA256() != r.SHA256() {
			t.Errorf("%s root is written differently", name)
		}
		if len(other.Logs()) != 2 || len(other.CTLogs()) != 1 || len(other.CertificateAuthorities()) != 2 || len(other.TimestampAuthorities()) != 1 {
			t.Errorf("%s root lost something", name)
		}
		ca := other.CertificateAuthorities()[0]
		if _, end := ca.Window(); !end.Equal(at(900).Add(999 * time.Millisecond)) {
			t.Errorf("%s root ends at %v", name, end)
		}
		if ca.Subject().CommonName != "line\nbreak ü" || ca.URI() != "https://ca.example" || len(ca.Chain()) != 2 {
			t.Errorf("%s root has %v", name, ca.Subject())
		}
	}
}

func mustJSON(r *Root) []byte {
	b, _ := r.MarshalJSON()
	return b
}

func TestMediaTypeWritten(t *testing.T) {
	p := ordinary(t)
	plain := logConfig(t, "log", at(0), at(1))
	operated := plain
	operated.Operator = "example.com"
	l, err := tlog.NewLog(tlog.LogConfig{ID: tlog.ID{1}, Key: plain.Key, Algorithm: plain.Algorithm, BaseURL: plain.BaseURL})
	if err != nil {
		t.Fatal(err)
	}
	hinted := plain
	id := l.CheckpointKeyID()
	hinted.CheckpointKeyID = id[:]
	ca := authority(at(0), at(1), p.anchor)
	ca.Operator = "example.com"
	tests := []struct {
		name string
		c    Config
		want string
	}{
		{"nothing", Config{}, MediaTypeV01},
		{"plain", Config{Logs: []LogConfig{plain}}, MediaTypeV01},
		{"operator of a log", Config{Logs: []LogConfig{operated}}, MediaTypeV02},
		{"operator of a CT log", Config{CTLogs: []LogConfig{operated}}, MediaTypeV02},
		{"checkpoint key ID", Config{Logs: []LogConfig{hinted}}, MediaTypeV02},
		{"operator of a CA", Config{CertificateAuthorities: []AuthorityConfig{ca}}, MediaTypeV02},
		{"operator of a TSA", Config{TimestampAuthorities: []AuthorityConfig{ca}}, MediaTypeV02},
	}
	for _, tt := range tests {
		r, err := New(tt.c)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if r.MediaType() != tt.want || r.Proto().GetMediaType() != tt.want {
			t.Errorf("%s: media type %q", tt.name, r.MediaType())
		}
		if again, err := Parse(mustJSON(r)); err != nil || again.MediaType() != tt.want || !proto.Equal(again.Proto(), r.Proto()) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestFromProtoRefuses(t *testing.T) {
	good := sample(t).Proto()
	tests := map[string]struct {
		change func(*trustrootv1.TrustedRoot)
		code   string
	}{
		"media type":      {func(m *trustrootv1.TrustedRoot) { m.MediaType = "" }, "trust.media_type"},
		"no start":        {func(m *trustrootv1.TrustedRoot) { m.Tlogs[0].PublicKey.ValidFor.Start = nil }, "trust.window"},
		"no range":        {func(m *trustrootv1.TrustedRoot) { m.CertificateAuthorities[0].ValidFor = nil }, "trust.window"},
		"malformed time":  {func(m *trustrootv1.TrustedRoot) { m.Tlogs[0].PublicKey.ValidFor.End.Nanos = -1 }, "trust.malformed"},
		"Go's zero time":  {func(m *trustrootv1.TrustedRoot) { m.Tlogs[0].PublicKey.ValidFor.End = timestamppb.New(time.Time{}) }, "trust.malformed"},
		"nil log":         {func(m *trustrootv1.TrustedRoot) { m.Ctlogs[0] = nil }, "trust.window"},
		"nil authority":   {func(m *trustrootv1.TrustedRoot) { m.TimestampAuthorities[0] = nil }, "trust.window"},
		"nil certificate": {func(m *trustrootv1.TrustedRoot) { m.CertificateAuthorities[0].CertChain.Certificates[0] = nil }, "trust.malformed"},
		"no key":          {func(m *trustrootv1.TrustedRoot) { m.Tlogs[0].PublicKey.RawBytes = nil }, "trust.key"},
		"duplicate":       {func(m *trustrootv1.TrustedRoot) { m.Tlogs[1].LogId = m.Tlogs[0].LogId }, "trust.duplicate"},
		"too many": {func(m *trustrootv1.TrustedRoot) {
			m.Tlogs = make([]*trustrootv1.TransparencyLogInstance, maxInstances+1)
		}, "trust.limit"},
		"long text": {func(m *trustrootv1.TrustedRoot) { m.Tlogs[0].BaseUrl = string(make([]byte, maxText+1)) }, "trust.limit"},
	}
	for name, tt := range tests {
		m := proto.Clone(good).(*trustrootv1.TrustedRoot)
		tt.change(m)
		_, err := FromProto(m)
		if got, ok := err.(interface{ Code() string }); !ok || got.Code() != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	if _, err := FromProto(nil); err == nil {
		t.Error("nil is no trust root")
	}
}

func TestMerge(t *testing.T) {
	p := ordinary(t)
	id := [32]byte{9}
	with := func(key, url string, start, end time.Time) LogConfig {
		c := logConfig(t, "x", start, end)
		c.Key, c.ID, c.BaseURL = spkiOf(t, key), id, url
		return c
	}
	make1 := func(c ...LogConfig) *Root { return mustNew(t, Config{Logs: c, CTLogs: c}) }
	a, b := sample(t), sample(t)
	same, err := Merge(a, b, a)
	if err != nil || !bytes.Equal(mustJSON(same), mustJSON(a)) {
		t.Errorf("equal roots merge into something else: %v", err)
	}
	r, err := Merge(make1(with("k", "u", at(0), at(2)), with("k", "u", at(6), at(7))), make1(with("k", "u", at(1), at(3))), make1(with("k", "u", at(9), time.Time{})))
	if err != nil {
		t.Fatal(err)
	}
	l := r.Log(tlog.ID(id))
	if len(l.Windows()) != 3 || !l.ValidAt(at(3)) || l.ValidAt(at(4)) || !l.ValidAt(at(7)) || l.ValidAt(at(8)) || !l.ValidAt(at(99)) {
		t.Errorf("windows %v", l.Windows())
	}
	bridge, err := Merge(r, make1(with("k", "u", at(2), at(9))))
	if err != nil || len(bridge.Log(tlog.ID(id)).Windows()) != 1 {
		t.Errorf("windows that meet do not unite: %v", err)
	}
	_, err = Merge(make1(with("k", "u", at(0), at(1))), make1(with("other", "u", at(2), at(3))))
	wantCode(t, "another key", err, codeConflict)
	shards, err := Merge(make1(with("k", "u", at(0), at(1))), make1(with("k", "v", at(0), at(3))))
	if err != nil || len(shards.Logs()) != 1 || !shards.Log(tlog.ID(id)).ValidAt(at(3)) {
		t.Errorf("a key under two URLs: %v", err)
	}
	for name, change := range map[string]func(c *LogConfig){
		"operator":          func(c *LogConfig) { c.Operator = "b" },
		"checkpoint key ID": func(c *LogConfig) { c.CheckpointKeyID = []byte("else") },
	} {
		one, two := logConfig(t, "x", at(0), at(1)), logConfig(t, "x", at(2), at(3))
		sum := mustNew(t, Config{Logs: []LogConfig{one}}).Logs()[0].CheckpointKeyID()
		one.Operator, one.CheckpointKeyID = "a", sum[:]
		if _, err := Merge(mustNew(t, Config{Logs: []LogConfig{one}}), mustNew(t, Config{Logs: []LogConfig{two}})); err != nil {
			t.Errorf("%s only in one: %v", name, err)
		}
		two.ID = mustNew(t, Config{Logs: []LogConfig{two}}).Logs()[0].ID()
		if name == "operator" {
			change(&two)
			_, err = Merge(mustNew(t, Config{Logs: []LogConfig{one}}), mustNew(t, Config{Logs: []LogConfig{two}}))
			wantCode(t, "another "+name, err, codeConflict)
		}
	}
	_, err = Merge(a, nil)
	wantCode(t, "nil", err, codeMalformed)
	two, err := Merge(rootOf(t, authority(at(0), at(1), p.anchor)), rootOf(t, authority(at(0), at(2), p.anchor)))
	if err != nil || len(two.CertificateAuthorities()) != 2 {
		t.Errorf("authorities with different windows stay apart: %v", err)
	}
	if empty, err := Merge(); err != nil || len(empty.Logs()) != 0 {
		t.Errorf("nothing merges into nothing: %v", err)
	}
}

// Roots do not share memory with messages.
func TestNoSharing(t *testing.T) {
	m := sample(t).Proto()
	r, err := FromProto(m)
	if err != nil {
		t.Fatal(err)
	}
	before := mustJSON(r)
	clear(m.Tlogs[0].LogId.KeyId)
	clear(m.Tlogs[0].PublicKey.RawBytes)
	clear(r.Proto().Ctlogs[0].PublicKey.RawBytes)
	if !bytes.Equal(before, mustJSON(r)) {
		t.Error("the root changed with the message")
	}
}

// FuzzParse holds trust roots against protojson and against what is written
// back, which loses nothing.
func FuzzParse(f *testing.F) {
	f.Add(mustJSON(sample(f)))
	for _, name := range []string{"public-good", "staging"} {
		b, err := os.ReadFile(filepath.Join("embedded", "data", name, "trusted_root.json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			if _, ok := err.(interface{ Code() string }); !ok {
				t.Fatalf("error without a code: %v", err)
			}
			return
		}
		again, err := Parse(mustJSON(r))
		if err != nil {
			t.Fatalf("does not read what it wrote: %v", err)
		}
		if !bytes.Equal(mustJSON(again), mustJSON(r)) {
			t.Fatal("writes differently the second time")
		}
		if len(r.Ignored()) > 0 {
			return // names of the future are not protojson's
		}
		var m trustrootv1.TrustedRoot
		if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, &m); err != nil {
			t.Fatalf("protojson: %v", err)
		}
		m.MediaType = r.Proto().MediaType // which may be written as another one
		want, err := FromProto(&m)
		if err != nil || !proto.Equal(want.Proto(), r.Proto()) {
			t.Fatalf("protojson reads another root: %v", err)
		}
	})
}
