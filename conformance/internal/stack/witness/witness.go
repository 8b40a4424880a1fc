// SPDX-License-Identifier: Apache-2.0

// Package witness is a C2SP tlog-witness that keeps its state in memory: it
// cosigns the checkpoints of the logs it knows as long as each extends the
// one before (https://c2sp.org/tlog-witness).
package witness

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

const (
	maxBody  = 16 << 10
	maxProof = 63 // hashes; the specification's own limit
)

// Witness cosigns. It is safe for concurrent use.
type Witness struct {
	signer note.Signer
	vkey   string

	mu   sync.Mutex
	logs map[string]*state // by origin; the states too are under mu
}

type state struct {
	verifier note.Verifier
	size     uint64
	root     []byte
}

// New makes a witness with a new key.
func New(name string) (*Witness, error) {
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, err
	}
	w := &Witness{logs: map[string]*state{}}
	if w.signer, err = fnote.NewSignerForCosignatureV1(skey); err != nil {
		return nil, err
	}
	if w.vkey, err = fnote.VKeyToCosignatureV1(vkey); err != nil {
		return nil, err
	}
	return w, nil
}

// VerifierKey is the key of the cosignatures (type 0x04, cosignature/v1).
func (w *Witness) VerifierKey() string { return w.vkey }

// Add makes the witness know a log; the name of the verifier is the origin.
func (w *Witness) Add(v note.Verifier) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logs[v.Name()] = &state{verifier: v}
}

// ServeHTTP answers POST /add-checkpoint.
func (w *Witness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/add-checkpoint" {
		http.NotFound(rw, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxBody))
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	lines, err := w.add(body)
	var c *conflict
	var refused *refusal
	switch {
	case errors.As(err, &c):
		rw.Header().Set("Content-Type", "text/x.tlog.size")
		rw.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintln(rw, c.size)
	case errors.As(err, &refused):
		http.Error(rw, err.Error(), refused.status)
	case err != nil:
		http.Error(rw, err.Error(), http.StatusInternalServerError)
	default:
		_, _ = io.WriteString(rw, lines)
	}
}

type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

// conflict says that the proof does not start at the size cosigned last.
type conflict struct{ size uint64 }

func (c *conflict) Error() string { return fmt.Sprintf("latest size is %d", c.size) }

// request is the body of add-checkpoint: "old N", proof lines, an empty line
// and the checkpoint.
type request struct {
	old        uint64
	proof      [][]byte
	checkpoint string
}

func parse(body []byte) (*request, error) {
	malformed := &refusal{http.StatusBadRequest, "malformed request"}
	head, cp, ok := strings.Cut(string(body), "\n\n")
	first, rest, _ := strings.Cut(head, "\n")
	size, found := strings.CutPrefix(first, "old ")
	old, err := strconv.ParseUint(size, 10, 64)
	if !ok || !found || err != nil {
		return nil, malformed
	}
	req := &request{old: old, checkpoint: cp}
	for line := range strings.Lines(rest) {
		h, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line, "\n"))
		if err != nil || len(req.proof) == maxProof {
			return nil, malformed
		}
		req.proof = append(req.proof, h)
	}
	return req, nil
}

// add checks a checkpoint and returns the cosignature lines.
func (w *Witness) add(body []byte) (string, error) {
	req, err := parse(body)
	if err != nil {
		return "", err
	}
	origin, _, _ := strings.Cut(req.checkpoint, "\n")
	w.mu.Lock()
	defer w.mu.Unlock()
	log := w.logs[origin]
	if log == nil {
		return "", &refusal{http.StatusNotFound, "unknown log"}
	}
	n, err := note.Open([]byte(req.checkpoint), note.VerifierList(log.verifier))
	if err != nil {
		return "", &refusal{http.StatusForbidden, err.Error()}
	}
	size, root, err := sizeAndRoot(n.Text)
	if err != nil || req.old > size {
		return "", &refusal{http.StatusBadRequest, "malformed checkpoint"}
	}
	if req.old != log.size || size == log.size && log.root != nil && !bytes.Equal(root, log.root) {
		return "", &conflict{log.size}
	}
	if req.old > 0 && req.old < size {
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, req.old, size, req.proof, log.root, root); err != nil {
			return "", &refusal{http.StatusUnprocessableEntity, err.Error()}
		}
	}
	signed, err := note.Sign(&note.Note{Text: n.Text}, w.signer)
	if err != nil {
		return "", err
	}
	log.size, log.root = size, root
	_, lines, _ := strings.Cut(string(signed), "\n\n")
	return lines, nil
}

// sizeAndRoot reads the second and third line of a checkpoint.
func sizeAndRoot(text string) (uint64, []byte, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 {
		return 0, nil, errors.New("too few lines")
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil {
		return 0, nil, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	return size, root, err
}
