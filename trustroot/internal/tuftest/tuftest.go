// SPDX-License-Identifier: Apache-2.0

// Package tuftest makes TUF repositories for tests: in memory, with keys
// derived from their names, and with nothing checked, so that every kind of
// broken repository can be made. The same calls give the same bytes.
package tuftest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing/fstest"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/cjson"
)

// Object is a JSON object.
type Object = map[string]any

// Start is the time at which every repository begins.
var Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Year is for how long metadata is valid unless a test says otherwise.
const Year = 365 * 24 * time.Hour

// Repo is a repository: the documents to be signed, who signs them, and the
// files as published. Fields may be changed freely between calls.
type Repo struct {
	Docs    map[string]Object   // signed part by role
	Signers map[string][]string // names of the keys that sign a role
	Parents map[string]string   // delegator by delegated role

	mu       sync.Mutex
	files    map[string][]byte
	requests []string
	answer   Answer
}

// Answer may answer a request itself, by returning true.
type Answer func(w http.ResponseWriter, r *http.Request) bool

// Key returns the private key of that name.
func Key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("tuftest " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// KeyID returns the ID under which repositories list a key.
func KeyID(name string) string {
	sum := sha256.Sum256([]byte("id of " + name))
	return hex.EncodeToString(sum[:])
}

// PublicKey returns a key as repositories list it.
func PublicKey(name string) Object {
	return Object{
		"keytype": "ed25519", "scheme": "ed25519",
		"keyval": Object{"public": hex.EncodeToString(Key(name).Public().(ed25519.PublicKey))},
	}
}

// Date writes a time as metadata does.
func Date(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func signedPart(kind string) Object {
	return Object{"_type": kind, "spec_version": "1.0.31", "version": 0, "expires": Date(Start.Add(Year))}
}

// New returns a repository with version 1 of all top-level roles published.
// Each role has one key, called like the role.
func New() *Repo {
	r := &Repo{Docs: map[string]Object{}, Signers: map[string][]string{}, Parents: map[string]string{}, files: map[string][]byte{}}
	root := signedPart("root")
	root["consistent_snapshot"] = true
	root["keys"], root["roles"] = Object{}, Object{}
	r.Docs["root"] = root
	for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
		r.SetKeys(role, 1, role)
	}
	for role, member := range map[string]string{"timestamp": "meta", "snapshot": "meta", "targets": "targets"} {
		r.Docs[role] = signedPart(role)
		r.Docs[role][member] = Object{}
	}
	r.Publish("root")
	r.Publish("targets")
	return r
}

// SetKeys says which keys sign a role, in its delegator's metadata and here.
func (r *Repo) SetKeys(role string, threshold int, names ...string) {
	ids := []any{}
	keys, grant := r.grant(role)
	for _, name := range names {
		ids = append(ids, KeyID(name))
		keys[KeyID(name)] = PublicKey(name)
	}
	grant["keyids"], grant["threshold"] = ids, threshold
	r.Signers[role] = slices.Clone(names)
}

// grant returns the keys of a role's delegator, and what it says of the role.
func (r *Repo) grant(role string) (keys, grant Object) {
	if parent := r.Parents[role]; parent != "" {
		d := r.Docs[parent]["delegations"].(Object)
		for _, g := range d["roles"].([]any) {
			if g := g.(Object); g["name"] == role {
				return d["keys"].(Object), g
			}
		}
	}
	root := r.Docs["root"]
	roles := root["roles"].(Object)
	if roles[role] == nil {
		roles[role] = Object{}
	}
	return root["keys"].(Object), roles[role].(Object)
}

// Delegate adds a delegation by patterns, of a role whose key is called like
// it, and the role, if it is new. Nothing is published.
func (r *Repo) Delegate(parent, role string, terminating bool, patterns ...string) {
	paths := []any{}
	for _, p := range patterns {
		paths = append(paths, p)
	}
	r.DelegateBy(parent, role, Object{"terminating": terminating, "paths": paths})
}

// DelegateBy adds a delegation with the members given.
func (r *Repo) DelegateBy(parent, role string, members Object) {
	doc := r.Docs[parent]
	if doc["delegations"] == nil {
		doc["delegations"] = Object{"keys": Object{}, "roles": []any{}}
	}
	d := doc["delegations"].(Object)
	grant := Object{"name": role, "threshold": 1, "keyids": []any{KeyID(role)}}
	maps.Copy(grant, members)
	d["keys"].(Object)[KeyID(role)] = PublicKey(role)
	d["roles"] = append(d["roles"].([]any), grant)
	if r.Docs[role] == nil {
		r.Docs[role] = signedPart("targets")
		r.Docs[role]["targets"] = Object{}
		r.Signers[role] = []string{role}
		r.Parents[role] = parent
	}
}

// AddTarget lists a target and publishes its file, not the role.
func (r *Repo) AddTarget(role, name string, data []byte) {
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	r.Docs[role]["targets"].(Object)[name] = Object{"length": len(data), "hashes": Object{"sha256": digest}}
	dir, base := path.Split(name)
	r.SetFile("targets/"+dir+digest+"."+base, data)
}

// Expire sets the expiry date of a role.
func (r *Repo) Expire(role string, at time.Time) { r.Docs[role]["expires"] = Date(at) }

// Version returns the version of a role's document.
func (r *Repo) Version(role string) int { return r.Docs[role]["version"].(int) }

// SetVersion sets what the next publication raises by one.
func (r *Repo) SetVersion(role string, v int) { r.Docs[role]["version"] = v }

// Publish raises the versions of roles and signs them, then does the same
// with what lists them: the snapshot and the timestamp.
func (r *Repo) Publish(roles ...string) {
	snapshot := false
	for _, role := range roles {
		if role == "snapshot" || role == "timestamp" {
			continue
		}
		r.Docs[role]["version"] = r.Version(role) + 1
		r.Put(role)
		if role != "root" {
			r.Docs["snapshot"]["meta"].(Object)[role+".json"] = Object{"version": r.Version(role)}
			snapshot = true
		}
	}
	if snapshot || slices.Contains(roles, "snapshot") {
		r.Docs["snapshot"]["version"] = r.Version("snapshot") + 1
		r.Put("snapshot")
		r.Docs["timestamp"]["meta"].(Object)["snapshot.json"] = Object{"version": r.Version("snapshot")}
	}
	if snapshot || slices.Contains(roles, "snapshot") || slices.Contains(roles, "timestamp") {
		r.Docs["timestamp"]["version"] = r.Version("timestamp") + 1
		r.Put("timestamp")
	}
}

// Put signs a role as it stands and puts the file where clients fetch it.
func (r *Repo) Put(role string) { r.SetFile(r.Name(role), r.Sign(role)) }

// Name returns the name of a role's current file.
func (r *Repo) Name(role string) string {
	if role == "timestamp" {
		return "timestamp.json"
	}
	return fmt.Sprintf("%d.%s.json", r.Version(role), role)
}

// Sign returns a role's document signed by its signers.
func (r *Repo) Sign(role string) []byte { return SignDoc(r.Docs[role], r.Signers[role]...) }

// SignDoc returns a document signed by the keys named.
func SignDoc(doc Object, keys ...string) []byte {
	canonical, err := cjson.EncodeCanonical(doc)
	if err != nil {
		panic(err)
	}
	signatures := []any{}
	for _, name := range keys {
		sig := ed25519.Sign(Key(name), canonical)
		signatures = append(signatures, Object{"keyid": KeyID(name), "sig": hex.EncodeToString(sig)})
	}
	data, err := json.MarshalIndent(Object{"signed": doc, "signatures": signatures}, "", " ")
	if err != nil {
		panic(err)
	}
	return data
}

// Edit changes a published file of a role, signatures included.
func (r *Repo) Edit(role string, edit func(file Object)) {
	var file Object
	if err := json.Unmarshal(r.File(r.Name(role)), &file); err != nil {
		panic(err)
	}
	edit(file)
	data, err := json.Marshal(file)
	if err != nil {
		panic(err)
	}
	r.SetFile(r.Name(role), data)
}

// File returns a published file, nil if there is none of that name.
func (r *Repo) File(name string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.files[name]
}

// SetFile publishes a file; nil removes it.
func (r *Repo) SetFile(name string, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if data == nil {
		delete(r.files, name)
		return
	}
	r.files[name] = data
}

// FS returns a copy of all published files.
func (r *Repo) FS() fs.FS {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := fstest.MapFS{}
	for name, data := range r.files {
		m[name] = &fstest.MapFile{Data: slices.Clone(data), Mode: 0o600}
	}
	return m
}

// Requests returns the paths asked for since the last call, as sent.
func (r *Repo) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.requests
	r.requests = nil
	return seen
}

// Intercept has a asked first by each request; nil ends that.
func (r *Repo) Intercept(a Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = a
}

// ServeHTTP serves the published files.
func (r *Repo) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	name := strings.TrimPrefix(req.URL.Path, "/")
	r.mu.Lock()
	r.requests = append(r.requests, strings.TrimPrefix(req.URL.EscapedPath(), "/"))
	data, ok := r.files[name]
	answer := r.answer
	r.mu.Unlock()
	if answer != nil && answer(w, req) {
		return
	}
	if !ok {
		http.Error(w, "no such file", http.StatusNotFound)
		return
	}
	w.Write(data)
}
