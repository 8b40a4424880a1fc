// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"crypto"
	"crypto/elliptic"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/zerotest"
)

// No zero value, and none that is made by hand, passes for anything that a
// log said, and no call panics.
func TestZeroValues(t *testing.T) {
	key := ecKey(t, elliptic.P256(), 1)
	r := newRekor(t, key, hostV1, originV1, spkiID(t, key, ""))
	e, c := r.log(t, hashedRekordV001(), HashedRekordV001(), 2, 5)
	e.Integrated = integrated
	e.Promise = r.promise(t, e)
	id, kind, generation, record := r.ID(), HashedRekordV001(), V1, messageRecord(t)
	config := &LogConfig{
		ID: id, Key: spkiOf(t, key), Algorithm: algorithmOf(key), BaseURL: "https://" + hostV1, Windows: window2024,
		CheckpointKeyID: id[:hintSize],
	}
	zerotest.Package{
		Types: map[string]any{
			"Body":       e.Body,
			"Checkpoint": c,
			"Entry":      e,
			"Generation": &generation,
			"Hash":       &e.Proof.Root,
			"ID":         &id,
			"Kind":       &kind,
			"Log":        r.Log,
			"LogConfig":  config,
			"Proof":      e.Proof,
			"PublicKey":  &record.Key,
			"Record":     &record,
			"Shard":      &Shard{BaseURL: hostV1},
			"Window":     &window2024[0],
		},
		Funcs: map[string]any{
			"BuildBody": BuildBody, "NewLog": NewLog, "ParseBody": ParseBody, "DSSEV001": DSSEV001, "DSSEV002": DSSEV002,
			"HashedRekordV001": HashedRekordV001, "HashedRekordV002": HashedRekordV002, "IntotoV002": IntotoV002,
		},
		Args: []any{
			e.Body.Raw, e.Proof.Checkpoint, crypto.SHA256, time.Unix(integrated, 0),
		},
		Accepted: map[string]string{
			"Log.Generation(g,g,z)": "the promise tells the generation, and gives nothing else",
			"LogConfig.NoteID(g,z)": "the name has a default",
		},
	}.Run(t)
}

// A copy of a body can be changed, and then says what no one logged.
func TestCopiedBody(t *testing.T) {
	b := *parsed(t, hashedRekordV001(), HashedRekordV001())
	r := messageRecord(t)
	wantCode(t, b.VerifyRecord(V1, r), "tlog.entry.malformed")
	if b.Supported() {
		t.Error("a copy is supported")
	}
}

// A key without a value is not the key of an entry that has a certificate.
func TestZeroKey(t *testing.T) {
	r := messageRecord(t)
	r.Certificate, r.Key = nil, new(sigkey.Key)
	wantCode(t, parsed(t, hashedRekordV001(), HashedRekordV001()).VerifyRecord(V1, r), "tlog.entry.key")
	e := envelopeRecord(t)
	e.Certificate, e.Key = nil, new(sigkey.Key)
	for _, k := range []Kind{DSSEV001(), IntotoV002()} {
		wantCode(t, parsed(t, bodies[k](), k).VerifyRecord(V1, e), "tlog.entry.key")
	}
}
