// SPDX-License-Identifier: Apache-2.0

package carrier_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/verify"
)

// signed are the bytes of a bundle that someone signed, or that a signature
// covers. No conversion may touch them.
func signed(b *bundle.Bundle) map[string]any {
	m := map[string]any{"signature": b.Signature, "timestamps": b.Timestamps}
	if b.Envelope != nil {
		m["payload"], m["payload type"] = b.Envelope.Payload, b.Envelope.PayloadType
	}
	if b.Leaf != nil {
		m["certificate"] = b.Leaf.Raw
	}
	for i, e := range b.Entries {
		m[fmt.Sprint("entry ", i)] = []any{e.Body.Raw, e.Promise, e.Proof, e.Index, e.Integrated, e.LogID, e.Kind}
	}
	return m
}

// verdict is the code of a verification that accepts every signer.
func verdict(t *testing.T, v *verify.Verifier, b *bundle.Bundle, artifact []byte) string {
	t.Helper()
	a := verify.NoArtifact()
	if b.Envelope == nil || artifact != nil {
		var err error
		if a, err = v.ReadArtifact(bytes.NewReader(artifact), b); err != nil {
			t.Fatal(err)
		}
	}
	_, err := v.Verify(b, a)
	return string(refuse.CodeOf(err))
}

// kinds are those that can be written.
var kinds = []carrier.Kind{
	carrier.KindBundle, carrier.KindLines, carrier.KindArray, carrier.KindNPM, carrier.KindGitHub, carrier.KindAttestation, carrier.KindProvenance,
}

// holdLaws writes an item in every form and reads it again.
func holdLaws(t *testing.T, name string, it carrier.Item, v *verify.Verifier, artifact []byte) (written int) {
	t.Helper()
	want := verdict(t, v, it.Bundle, artifact)
	before := signed(it.Bundle)
	for _, kind := range kinds {
		for _, o := range []carrier.Options{{}, {Timestamps: true}} {
			text, changes, err := carrier.Write(kind, []carrier.Item{it}, o)
			if err != nil {
				if code := string(refuse.CodeOf(err)); !strings.HasPrefix(code, "convert.") {
					t.Errorf("%s, %s: refused with %q: %v", name, kind, code, err)
				}
				continue
			}
			written++
			back, err := carrier.Read(text, carrier.Limits{})
			if err != nil || len(back) != 1 || back[0].Err != nil {
				t.Errorf("%s, %s: %d items, %v", name, kind, len(back), errors.Join(err, back[0].Err))
				continue
			}
			if after := signed(back[0].Bundle); !reflect.DeepEqual(before, after) {
				t.Errorf("%s, %s: signed bytes were changed: %v, want %v", name, kind, after, before)
			}
			if len(back[0].Changes) > 0 {
				t.Errorf("%s, %s: what was written needs changes: %v", name, kind, back[0].Changes)
			}
			got := verdict(t, v, back[0].Bundle, artifact)
			helped := len(it.Bundle.Intermediates) > 0 || it.Bundle.DroppedRoot || it.Bundle.Version != bundle.V03
			if got != want && !(len(changes) > 0 && helped && got != "") {
				t.Errorf("%s, %s: verdict %q, want %q", name, kind, got, want)
			}
			// And once more: the same bytes.
			again, _, err := carrier.Write(kind, back, o)
			if err != nil || !bytes.Equal(again, text) {
				t.Errorf("%s, %s: a second conversion differs: %v", name, kind, err)
			}
		}
	}
	return written
}

// requests are bundles of every shape.
func requests() map[string]virtual.Request {
	all := make(map[string]virtual.Request)
	for _, predicate := range []string{"", "https://slsa.dev/provenance/v1"} {
		for _, version := range []bundle.Version{bundle.V01, bundle.V02, bundle.V03} {
			for evidence := virtual.RekorV1; evidence <= virtual.NoLog; evidence++ {
				for _, stamps := range []int{0, 1} {
					if version == bundle.V01 && evidence != virtual.RekorV1 && evidence != virtual.NoLog {
						continue // every entry of version 0.1 has a promise
					}
					r := virtual.Request{Artifact: []byte("artifact"), PredicateType: predicate, Version: version, Evidence: evidence, Timestamps: stamps}
					all[fmt.Sprintf("%q, %s, logs %d, timestamps %d", predicate, version, evidence, stamps)] = r
				}
			}
		}
	}
	all["promise alone"] = virtual.Request{Artifact: []byte("artifact"), PredicateType: "https://example.org/p", Version: bundle.V01, WithoutProof: true}
	all["no promise"] = virtual.Request{Artifact: []byte("artifact"), PredicateType: "https://example.org/p", WithoutPromise: true}
	return all
}

func TestLawsOnGeneratedBundles(t *testing.T) {
	w, err := virtual.New(virtual.Config{Seed: "carriers"})
	if err != nil {
		t.Fatal(err)
	}
	data, err := w.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true}})
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	var lines, array bytes.Buffer
	var order [][]byte
	for name, r := range requests() {
		s, err := w.Sign(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		items, err := carrier.Read(s.Bundle, carrier.Limits{})
		if err != nil || len(items) != 1 || items[0].Err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		written += holdLaws(t, name, items[0], v, s.Artifact)
		of, err := carrier.Of(items[0].Bundle)
		if err != nil {
			t.Fatal(err)
		}
		written += holdLaws(t, name, of, v, s.Artifact)
		lines.Write(append(bytes.TrimSpace(of.JSON), '\n'))
		array.WriteByte("[,"[min(1, len(order))])
		array.Write(of.JSON)
		order = append(order, items[0].Bundle.Signature)
	}
	if written < 300 {
		t.Errorf("%d conversions: too few", written)
	}
	for what, text := range map[string][]byte{"lines": lines.Bytes(), "lines without their end": bytes.TrimSpace(lines.Bytes()), "array": append(array.Bytes(), ']')} {
		items, err := carrier.Read(text, carrier.Limits{})
		if err != nil || len(items) != len(order) {
			t.Fatalf("%s: %d items, want %d: %v", what, len(items), len(order), err)
		}
		for i, it := range items {
			if it.Err != nil || !bytes.Equal(it.Bundle.Signature, order[i]) {
				t.Fatalf("%s: item %d is another: %v", what, i, it.Err)
			}
		}
	}
}

// Every example that the caller has, by its manifest.
func TestLawsOnExamples(t *testing.T) {
	dir := os.Getenv("SIGBUNDLE_FORMATS")
	if dir == "" {
		t.Skip("SIGBUNDLE_FORMATS names no folder of examples")
	}
	root, err := embedded.TrustedRoot("public-good")
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(verify.Config{Root: root, Policy: verify.Policy{AnyIdentity: true}})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range bytes.Lines(manifest) {
		var m struct{ File, Kind, Expect, Code string }
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(dir, m.File))
		if err != nil {
			t.Fatal(err)
		}
		items, err := carrier.Read(data, carrier.Limits{})
		if err != nil {
			if m.Expect == "accept" && m.Kind != "gitsign" {
				t.Errorf("%s: %v", m.File, err)
			}
			continue
		}
		for i, it := range items {
			seen++
			name := fmt.Sprintf("%s, bundle %d", m.File, i+1)
			if it.Err != nil {
				if m.Expect == "accept" && m.Kind != "gitsign" {
					t.Errorf("%s: %v", name, it.Err)
				}
				continue
			}
			if it.Bundle.Envelope == nil {
				continue // its artifact is not here; the bytes are compared below
			}
			holdLaws(t, name, it, v, nil)
			got := verdict(t, v, it.Bundle, nil)
			if m.Expect == "accept" && got != "" && got != "key.missing" {
				t.Errorf("%s: verdict %q", name, got)
			}
		}
	}
	if seen < 30 {
		t.Errorf("%d bundles of examples: too few", seen)
	}
}
