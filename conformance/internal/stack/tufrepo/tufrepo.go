// SPDX-License-Identifier: Apache-2.0

// Package tufrepo writes a TUF repository: version 1 of every role, one
// Ed25519 key a role, consistent snapshots, valid for a year.
package tufrepo

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// Write fills the directory dir. The keys of targets are the target names,
// the values their bytes. The root that clients start from is
// dir/1.root.json; the same is at dir/root.json.
func Write(dir string, targets map[string][]byte) error {
	if err := os.MkdirAll(filepath.Join(dir, "targets"), 0o755); err != nil {
		return err
	}
	// The specification has no fractions of seconds in times.
	expires := time.Now().UTC().AddDate(1, 0, 0).Truncate(time.Second)
	root, tgt := metadata.Root(expires), metadata.Targets(expires)
	snap, ts := metadata.Snapshot(expires), metadata.Timestamp(expires)
	for name, data := range targets {
		tf, err := metadata.TargetFile().FromBytes(name, data, "sha256")
		if err != nil {
			return err
		}
		tgt.Signed.Targets[name] = tf
		path := filepath.Join(dir, "targets", hex.EncodeToString(tf.Hashes["sha256"])+"."+name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	keys := map[string]signature.Signer{}
	for _, role := range []string{metadata.ROOT, metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP} {
		var err error
		if keys[role], err = newKey(root, role); err != nil {
			return err
		}
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	return errors.Join(
		signed(root.Sign(keys[metadata.ROOT])), signed(tgt.Sign(keys[metadata.TARGETS])),
		signed(snap.Sign(keys[metadata.SNAPSHOT])), signed(ts.Sign(keys[metadata.TIMESTAMP])),
		root.ToFile(file("1.root.json"), false), root.ToFile(file("root.json"), false),
		tgt.ToFile(file("1.targets.json"), false), snap.ToFile(file("1.snapshot.json"), false),
		ts.ToFile(file("timestamp.json"), false),
	)
}

// newKey makes the key of a role and enters it into the root.
func newKey(root *metadata.Metadata[metadata.RootType], role string) (signature.Signer, error) {
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	k, err := metadata.KeyFromPublicKey(priv.Public())
	if err != nil {
		return nil, err
	}
	if err := root.Signed.AddKey(k, role); err != nil {
		return nil, err
	}
	return signature.LoadSigner(priv, crypto.Hash(0))
}

func signed(_ *metadata.Signature, err error) error { return err }
