// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/tlog"
)

// checkpoint signs the head of the tree that an entry was proved in, as a
// C2SP signed note.
func (w *World) checkpoint(r *Request, e *entered, at time.Time) (string, error) {
	l := e.log
	in := &CheckpointInput{
		Generation: l.generation,
		Origin:     l.origin,
		Size:       e.size,
		Root:       slices.Clone(e.root),
		Name:       l.name,
		Hint:       [4]byte(l.id[:]),
		Time:       at,
		Signing:    Signing{Key: l.key},
	}
	if l.generation == tlog.V2 {
		in.Witnesses = w.config.Witnesses
	}
	if r.Checkpoint != nil {
		r.Checkpoint(in)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", in.Origin, in.Size, b64(in.Root))
	for _, line := range in.Extensions {
		text += line + "\n"
	}
	if in.Edit != nil {
		text = in.Edit(text)
	}
	sig, err := in.sign([]byte(text), 0)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(text + "\n" + noteLine(in.Name, in.Hint, sig))
	for _, name := range in.Witnesses {
		line, err := w.cosign(name, text, in.Time)
		if err != nil {
			return "", err
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

// noteLine returns one signature line of a signed note.
func noteLine(name string, hint [4]byte, sig []byte) string {
	return fmt.Sprintf("\u2014 %s %s\n", name, b64(append(hint[:], sig...)))
}

// WitnessKey returns the key with which a witness of that name cosigns.
func (w *World) WitnessKey(name string) (*Key, error) { return w.key("witness/"+name, Ed25519) }

// cosign returns the line of a witness (C2SP tlog-cosignature): an Ed25519
// signature over the time and the text.
func (w *World) cosign(name, text string, at time.Time) (string, error) {
	key, err := w.WitnessKey(name)
	if err != nil {
		return "", err
	}
	sig, err := key.sign(fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", at.Unix(), text), crypto.Hash(0))
	if err != nil {
		return "", err
	}
	pub := key.Public().(ed25519.PublicKey)
	id := sha256.Sum256(slices.Concat([]byte(name+"\n\x04"), pub))
	stamped := binary.BigEndian.AppendUint64(nil, uint64(at.Unix()))
	return noteLine(name, [4]byte(id[:]), append(stamped, sig...)), nil
}
