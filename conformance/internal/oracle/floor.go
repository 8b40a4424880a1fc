// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"sync/atomic"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/fastverify"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
)

// Floor returns the cryptography of a row and nothing but: the signature
// checks and hashes that no verifier can leave out, by the standard library,
// over messages as long as those of the row's first item. Links above the
// leaf are not among them; they are the same for all bundles.
//
// The keys are made here, of the row's kinds: what a check costs depends on
// the curve and on the length of the message, not on who signed it. With
// tables, all ECDSA keys but the signer's own use them.
func Floor(row Row, tables *fastverify.Tables) (Judge, string, error) {
	f := floor{tables: tables}
	root, err := trustroot.Parse(row.Root)
	if err != nil {
		return nil, "", err
	}
	b, err := bundle.Parse(row.Items[0].Bundle)
	if err != nil {
		return nil, "", err
	}
	for _, step := range []func(*trustroot.Root, *bundle.Bundle) error{f.signer, f.entries, f.timestamps} {
		if err := step(root, b); err != nil {
			return nil, "", err
		}
	}
	return func(Item) error {
		for _, step := range f.steps {
			if !step() {
				return fmt.Errorf("the floor of %s gave way", row.Name)
			}
		}
		return nil
	}, f.describe(), nil
}

type floor struct {
	tables *fastverify.Tables
	steps  []func() bool
	count  map[string]int
	order  []string
}

func (f *floor) add(what string, step func() bool) {
	if f.count == nil {
		f.count = make(map[string]int)
	}
	if f.count[what] == 0 {
		f.order = append(f.order, what)
	}
	f.count[what]++
	f.steps = append(f.steps, step)
}

func (f *floor) describe() string {
	text := ""
	for _, what := range f.order {
		if text != "" {
			text += " + "
		}
		text += fmt.Sprintf("%d × %s", f.count[what], what)
	}
	return text
}

// signature adds a check by a key like pub of a message of size bytes. A nil
// tables is for keys that do not recur.
func (f *floor) signature(tables *fastverify.Tables, pub crypto.PublicKey, h crypto.Hash, size int) error {
	message := make([]byte, size)
	switch pub := pub.(type) {
	case *ecdsa.PublicKey:
		key, err := ecdsa.GenerateKey(pub.Curve, rand.Reader)
		if err != nil {
			return err
		}
		// Different messages, which need different parts of the tables.
		var sigs [64][]byte
		for i := range sigs {
			message[0] = byte(i)
			if sigs[i], err = ecdsa.SignASN1(rand.Reader, key, hash(h, message)); err != nil {
				return err
			}
		}
		messages := func(i int) []byte { return append([]byte{byte(i)}, message[1:]...) }
		var turn atomic.Int64
		f.add(pub.Curve.Params().Name, func() bool {
			i := int(turn.Add(1)) % len(sigs)
			return tables.Verify(&key.PublicKey, hash(h, messages(i)), sigs[i])
		})
	case ed25519.PublicKey:
		pub, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		sig := ed25519.Sign(key, message)
		f.add("Ed25519", func() bool { return ed25519.Verify(pub, message, sig) })
	default:
		return fmt.Errorf("no floor for a key of type %T", pub)
	}
	return nil
}

// hashes adds SHA-256 over a message of size bytes.
func (f *floor) hash(size int) {
	message := make([]byte, size)
	f.add("SHA-256", func() bool { return sha256.Sum256(message) != [32]byte{} })
}

func hash(h crypto.Hash, message []byte) []byte {
	w := h.New()
	w.Write(message)
	return w.Sum(nil)
}

// signer adds the signature itself, the link below the issuer, and the SCT.
func (f *floor) signer(root *trustroot.Root, b *bundle.Bundle) error {
	size := 32 // a message of a digest's length: the artifact is given as a digest
	if b.Envelope != nil {
		size = len(b.Envelope.PAE())
	}
	if b.Leaf == nil {
		return f.signature(f.tables, &ecdsa.PublicKey{Curve: elliptic.P256()}, crypto.SHA256, size)
	}
	key := b.Leaf.PublicKey.(*ecdsa.PublicKey)
	if err := f.signature(nil, key, hashFor(key), size); err != nil {
		return err
	}
	chains, err := root.Chains(b.Leaf, b.Intermediates, b.Leaf.NotBefore)
	if err != nil {
		return err
	}
	issuer := chains[0].Issuer().PublicKey
	h := crypto.SHA384
	if b.Leaf.SignatureAlgorithm == x509.ECDSAWithSHA256 {
		h = crypto.SHA256
	}
	if err := f.signature(f.tables, issuer, h, len(b.Leaf.RawTBSCertificate)); err != nil {
		return err
	}
	ct := root.CTLogs()[0].PublicKey()
	return f.signature(f.tables, ct, crypto.SHA256, len(b.Leaf.RawTBSCertificate))
}

func hashFor(pub *ecdsa.PublicKey) crypto.Hash {
	if pub.Curve == elliptic.P384() {
		return crypto.SHA384
	}
	return crypto.SHA256
}

// entries adds promises, checkpoints and the hashes of inclusion proofs.
func (f *floor) entries(root *trustroot.Root, b *bundle.Bundle) error {
	for i := range b.Entries {
		e := &b.Entries[i]
		log := root.Log(e.LogID)
		if log == nil {
			continue
		}
		if e.Promise != nil {
			if err := f.signature(f.tables, log.PublicKey(), crypto.SHA256, 4*len(e.Body.Raw)/3+150); err != nil {
				return err
			}
		}
		if e.Proof == nil {
			continue
		}
		if err := f.signature(f.tables, log.PublicKey(), crypto.SHA256, len(e.Proof.Checkpoint)); err != nil {
			return err
		}
		f.hash(1 + len(e.Body.Raw))
		for range e.Proof.Hashes {
			f.hash(1 + 2*len(tlog.Hash{}))
		}
	}
	return nil
}

// timestamps adds the signatures of tokens, and the hashes of what they stamp
// and say.
func (f *floor) timestamps(root *trustroot.Root, b *bundle.Bundle) error {
	for _, der := range b.Timestamps {
		token, err := rfc3161.Parse(der)
		if err != nil {
			return err
		}
		for _, listed := range root.TimestampAuthorities() {
			a := rfc3161.Behind(listed)
			if !a.Knows(token) {
				continue
			}
			stamp, err := a.Verify(token, b.Signature)
			if err != nil {
				return err
			}
			f.hash(len(b.Signature))
			f.hash(len(der) / 2) // TSTInfo
			key := stamp.Signer.PublicKey.(*ecdsa.PublicKey)
			if err := f.signature(f.tables, key, hashFor(key), 150); err != nil {
				return err
			}
			break
		}
	}
	return nil
}
