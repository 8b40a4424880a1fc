// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
)

// opened is an empty file system that notes what it was asked for.
type opened struct{ names []string }

func (o *opened) Open(name string) (fs.File, error) {
	o.names = append(o.names, name)
	return nil, fs.ErrNotExist
}

// nested returns a repository with a delegation, made anew each time.
func nested() *tuftest.Repo {
	r := tuftest.New()
	r.Delegate("targets", "role", true, "dir/*")
	r.AddTarget("role", "dir/file", []byte("x"))
	r.Publish("role", "targets")
	return r
}

func started(t *testing.T, r *tuftest.Repo) *Workflow {
	t.Helper()
	w, err := Start(r.File("1.root.json"))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// targets runs the workflow on a repository up to its top-level targets.
func targets(r *tuftest.Repo) (*Workflow, error) {
	w, err := Start(r.File("1.root.json"))
	for v := 2; err == nil && r.File(fmt.Sprintf("%d.root.json", v)) != nil; v++ {
		_, err = w.Advance(r.File(fmt.Sprintf("%d.root.json", v)))
	}
	if err == nil {
		err = w.SetFloors(Floors{})
	}
	if err == nil {
		_, err = w.Timestamp(r.File("timestamp.json"), nil)
	}
	if err == nil {
		_, err = w.Snapshot(r.File(fmt.Sprintf("%d.snapshot.json", w.WantSnapshot().Version)))
	}
	var want Want
	if err == nil {
		want, err = w.WantRole(TargetsRole)
	}
	if err == nil {
		_, err = w.Targets(r.File(fmt.Sprintf("%d.targets.json", want.Version)), TargetsRole, RootRole)
	}
	return w, err
}

// repeatedSignatures has one key sign twice where two are wanted. The shape
// refuses that.
func repeatedSignatures(t *testing.T) {
	guard(t, "shape.go", "if _, ok := seen[*id]; ok {")
	for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
		r := tuftest.New()
		r.SetKeys(role, 2, role, "second")
		r.Signers[role] = []string{role, role}
		r.Publish("root")
		r.Publish(role)
		if _, err := targets(r); refuse.CodeOf(err) != "tuf.malformed" {
			t.Errorf("%s: %v", role, err)
		}
		if _, err := checkShape(role, r.File(r.Name(role))); refuse.CodeOf(err) != "tuf.malformed" {
			t.Errorf("%s: the shape: %v", role, err)
		}
	}
}

// repeatedDelegatedKeys lets a delegation list one key twice: under one ID,
// and under two.
func repeatedDelegatedKeys(t *testing.T) {
	guard(t, "signatures.go", "if valid[name] = true; len(valid) == t.threshold {")
	for _, alias := range []string{tuftest.KeyID("role"), tuftest.KeyID("alias")} {
		r := nested()
		d := r.Docs["targets"]["delegations"].(object)
		d["keys"].(object)[alias] = tuftest.PublicKey("role")
		grant := d["roles"].([]any)[0].(object)
		grant["keyids"], grant["threshold"] = []any{tuftest.KeyID("role"), alias}, 2
		r.Publish("role", "targets")
		if alias != tuftest.KeyID("role") {
			r.Edit("role", func(f object) {
				sig := f["signatures"].([]any)[0].(object)["sig"]
				f["signatures"] = append(f["signatures"].([]any), object{"keyid": alias, "sig": sig})
			})
		}
		w, err := targets(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Targets(r.File(r.Name("role")), "role", TargetsRole); refuse.CodeOf(err) != "tuf.threshold" {
			t.Errorf("one key, listed twice, is two: %v", err)
		}
	}
}

// keyMaterial lets a root list one key in many spellings, which meet no
// threshold above one, and whose change is no rotation that drops floors.
func keyMaterial(t *testing.T) {
	guard(t, "signatures.go", "if len(usable) < t.threshold {")
	guard(t, "floors.go", "for _, m := range slices.Sorted(maps.Keys(materials(w.set.Root, r.KeyIDs))) {")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	spellings := []object{}
	for _, typ := range []string{"ecdsa", "ecdsa-sha2-nistp256"} {
		for _, s := range []string{text, text + "\n", strings.TrimSpace(text), strings.ReplaceAll(text, "\n", "\r\n")} {
			spellings = append(spellings, object{"keytype": typ, "scheme": "ecdsa-sha2-nistp256", "keyval": object{"public": s}})
		}
	}
	list := func(r *tuftest.Repo, threshold int, spellings ...object) {
		root, ids := r.Docs["root"], []any{}
		for i, s := range spellings {
			ids = append(ids, fmt.Sprint("spelling ", i))
			root["keys"].(object)[ids[i].(string)] = s
		}
		root["roles"].(object)["timestamp"] = object{"keyids": ids, "threshold": threshold}
		r.Publish("root")
		r.Publish("timestamp")
		r.Edit("timestamp", func(f object) {
			message, err := cjson.EncodeCanonical(r.Docs["timestamp"])
			if err != nil {
				t.Fatal(err)
			}
			digest := sha256.Sum256(message)
			signatures := []any{}
			for _, id := range ids {
				sig, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
				if err != nil {
					t.Fatal(err)
				}
				signatures = append(signatures, object{"keyid": id, "sig": hex.EncodeToString(sig)})
			}
			f["signatures"] = signatures
		})
	}
	r := tuftest.New()
	list(r, 2, spellings...)
	if _, err := targets(r); refuse.CodeOf(err) != "tuf.threshold" {
		t.Errorf("%d spellings of one key are two keys: %v", len(spellings), err)
	}
	var names []string
	for _, s := range spellings {
		r := tuftest.New()
		list(r, 1, s)
		w, err := targets(r)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		names = append(names, w.Floors().Keys)
	}
	for _, n := range names {
		if n != names[0] {
			t.Error("another spelling of the key counts as a rotation, and drops the floors")
		}
	}
}
