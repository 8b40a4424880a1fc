// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/sigbundle/sigbundle/tlog"
)

// rekor is a log of either generation.
type rekor struct {
	generation tlog.Generation
	name       string
	origin     string
	id         [32]byte // its first bytes are the hint in checkpoints
	key        *Key
	earlier    int64 // v1: entries in other trees

	mutex sync.Mutex
	tree  *tree // guarded by mutex
}

func (w *World) newRekorV1() (*rekor, error) {
	key, err := w.key("rekor-v1", w.config.RekorV1Key)
	if err != nil {
		return nil, err
	}
	t, err := w.grownTree("rekor-v1", w.config.RekorV1Size)
	name := "rekor." + w.config.Domain
	return &rekor{
		generation: tlog.V1,
		name:       name,
		origin:     fmt.Sprintf("%s - %d", name, w.config.TreeID),
		id:         sha256.Sum256(key.spki),
		key:        key,
		earlier:    w.config.EarlierShards,
		tree:       t,
	}, err
}

func (w *World) newRekorV2() (*rekor, error) {
	key, err := w.key("rekor-v2", w.config.RekorV2Key)
	if err != nil {
		return nil, err
	}
	t, err := w.grownTree("rekor-v2", w.config.RekorV2Size)
	name := "log2025-1.rekor." + w.config.Domain
	return &rekor{
		generation: tlog.V2,
		name:       name,
		origin:     name,
		id:         noteKeyID(name, key),
		key:        key,
		tree:       t,
	}, err
}

// noteKeyID is the key hash of a signed note (C2SP signed-note), and where
// that has no number for the key's type, what rekor-tiles has instead.
func noteKeyID(name string, key *Key) [32]byte {
	switch pub := key.Public().(type) {
	case ed25519.PublicKey:
		return sha256.Sum256(slices.Concat([]byte(name+"\n\x01"), pub))
	case *rsa.PublicKey:
		return sha256.Sum256(slices.Concat([]byte(name+"\n\xffPKIX-RSA-PKCS#1v1.5"), key.spki))
	}
	return sha256.Sum256(key.spki)
}

// entered is an entry that has its place in a log, but no signature of it.
type entered struct {
	log  *rekor
	kind tlog.Kind
	body []byte
	proved
}

// enter gives an entry its place.
func (l *rekor) enter(kind tlog.Kind, body []byte, later int) (*entered, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	p, err := l.tree.append(body, later)
	if err != nil {
		return nil, fmt.Errorf("virtual: log %s: %w", l.name, err)
	}
	return &entered{l, kind, body, p}, nil
}

// entry signs what the log has to say about an entry.
func (w *World) entry(r *Request, e *entered, at time.Time) (*rekorv1.TransparencyLogEntry, error) {
	l := e.log
	m := &rekorv1.TransparencyLogEntry{
		LogIndex:          int64(e.index) + l.earlier,
		LogId:             &commonv1.LogId{KeyId: l.id[:]},
		KindVersion:       &rekorv1.KindVersion{Kind: e.kind.Name, Version: e.kind.Version},
		CanonicalizedBody: e.body,
	}
	if l.generation == tlog.V1 {
		if err := l.promise(r, m, at); err != nil {
			return nil, err
		}
	}
	if l.generation == tlog.V1 && r.WithoutProof {
		return m, nil
	}
	checkpoint, err := w.checkpoint(r, e, at)
	if err != nil {
		return nil, err
	}
	m.InclusionProof = &rekorv1.InclusionProof{
		LogIndex:   int64(e.index),
		RootHash:   e.root,
		TreeSize:   int64(e.size),
		Hashes:     e.hashes,
		Checkpoint: &rekorv1.Checkpoint{Envelope: checkpoint},
	}
	return m, nil
}

// promise adds the signed entry timestamp. The time exists without it, too:
// the log says it, though it does not sign it.
func (l *rekor) promise(r *Request, m *rekorv1.TransparencyLogEntry, at time.Time) error {
	in := &PromiseInput{
		Body:       m.CanonicalizedBody,
		Integrated: at.Unix(),
		LogID:      l.id,
		Index:      m.LogIndex,
		Signing:    Signing{Key: l.key},
	}
	if r.Promise != nil {
		r.Promise(in)
	}
	m.IntegratedTime, m.LogIndex = in.Integrated, in.Index
	if r.WithoutPromise {
		return nil
	}
	sig, err := in.sign(in.message(), 0)
	m.InclusionPromise = &rekorv1.InclusionPromise{SignedEntryTimestamp: sig}
	return err
}

// message is canonical JSON (RFC 8785) of the entry.
func (in *PromiseInput) message() []byte {
	return fmt.Appendf(nil, `{"body":"%s","integratedTime":%d,"logID":"%s","logIndex":%d}`,
		base64.StdEncoding.EncodeToString(in.Body), in.Integrated, hex.EncodeToString(in.LogID[:]), in.Index)
}

// record fills in what a log is told of a signature.
func (r *Request) record(g tlog.Generation, s *signature) *EntryInput {
	in := &EntryInput{
		Kind:        tlog.HashedRekordV001(),
		Hash:        s.hash,
		Digest:      digest(s.hash, s.message),
		Signature:   s.value,
		Certificate: s.certificate,
		PublicKey:   s.key.spki,
		KeyDetails:  keyKinds[s.key.typ].details.String(),
	}
	kind := r.Kind
	if (kind == tlog.DSSEV002()) != (g == tlog.V2) {
		kind = tlog.Kind{}
	}
	switch {
	case s.envelope != nil && (g == tlog.V1 || kind == tlog.DSSEV002()):
		if in.Kind = kind; kind == (tlog.Kind{}) {
			in.Kind = tlog.DSSEV001()
		}
		in.Hash, in.Digest = crypto.SHA256, digest(crypto.SHA256, s.envelope.Payload)
		in.PayloadType = s.envelope.PayloadType
		in.Envelope = envelopeJSON(s.envelope)
	case g == tlog.V2:
		in.Kind = tlog.HashedRekordV002()
	}
	return in
}
