// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// Client is a second implementation.
type Client interface {
	Name() string
	// Artifacts says whether it compares the subjects of statements with the
	// artifact. For one that leaves that to its caller, we do too.
	Artifacts() bool
	// Fits returns why a question cannot be put to it, "" if it can.
	Fits(q *Question) string
	// Ask returns its answer. An error is a fault of the connection.
	Ask(q *Question) (Answer, error)
	Close() error
}

// patience is how long a client may think about one bundle.
const patience = 60 * time.Second

// worker is a client in a process of its own, which answers line by line.
type worker struct {
	name      string
	artifacts bool
	fits      func(*Question) string
	process   *exec.Cmd
	in        io.WriteCloser
	out       *bufio.Scanner
	known     map[[32]byte]bool // trust roots that it has
}

// wireQuestion is a question as it travels.
type wireQuestion struct {
	Bundle     string         `json:"bundle"` // base64
	Root       string         `json:"root"`
	Artifact   *string        `json:"artifact,omitempty"` // base64
	Digest     string         `json:"digest,omitempty"`   // SHA-256, hex
	Any        bool           `json:"any,omitempty"`
	Identities []wireIdentity `json:"identities,omitempty"`
	Keys       []wireKey      `json:"keys,omitempty"`
	Logs       int            `json:"logs"`
	SCTs       int            `json:"scts"`
	Times      int            `json:"times"`
}

type wireIdentity struct {
	SAN      string `json:"san"`
	Issuer   string `json:"issuer"`
	NoIssuer bool   `json:"noIssuer,omitempty"`
}

type wireKey struct {
	SPKI  string    `json:"spki"` // base64
	Hint  string    `json:"hint,omitempty"`
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
}

type wireRoot struct {
	Root string `json:"root"`
	JSON string `json:"json"`
}

func startWorker(w *worker, command ...string) (*worker, error) {
	w.process = exec.Command(command[0], command[1:]...)
	w.known = make(map[[32]byte]bool)
	var err error
	if w.in, err = w.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.out = bufio.NewScanner(out)
	w.out.Buffer(nil, 1<<24)
	return w, w.process.Start()
}

func (w *worker) Name() string            { return w.name }
func (w *worker) Artifacts() bool         { return w.artifacts }
func (w *worker) Fits(q *Question) string { return w.fits(q) }

// Close ends the process, by ending its input.
func (w *worker) Close() error {
	err := w.in.Close()
	return errors.Join(err, w.process.Wait())
}

func (w *worker) Ask(q *Question) (Answer, error) {
	id := sha256.Sum256(q.TrustedRoot)
	if !w.known[id] {
		w.known[id] = true
		if err := w.send(wireRoot{hex.EncodeToString(id[:]), string(q.TrustedRoot)}); err != nil {
			return Answer{}, err
		}
	}
	if err := w.send(wire(q, hex.EncodeToString(id[:]))); err != nil {
		return Answer{}, err
	}
	// A client that hangs is ended, and its silence fails the run.
	timer := time.AfterFunc(patience, func() { w.process.Process.Kill() })
	defer timer.Stop()
	if !w.out.Scan() {
		return Answer{}, fmt.Errorf("%s gave no answer to %s: %w", w.name, q.Title(), errors.Join(w.out.Err(), io.ErrUnexpectedEOF))
	}
	var answer struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	err := json.Unmarshal(w.out.Bytes(), &answer)
	return Answer{answer.OK, answer.Error}, err
}

func (w *worker) send(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.in.Write(append(line, '\n'))
	return err
}

func wire(q *Question, root string) wireQuestion {
	d := q.demand()
	m := wireQuestion{Bundle: base64.StdEncoding.EncodeToString(q.Bundle), Root: root, Any: q.Policy.AnyIdentity, Logs: d.logs, SCTs: d.scts, Times: d.times}
	if q.Artifact != nil {
		text := base64.StdEncoding.EncodeToString(q.Artifact)
		m.Artifact = &text
	} else {
		_, m.Digest = q.digest()
	}
	for _, id := range q.Policy.Identities {
		m.Identities = append(m.Identities, wireIdentity{id.SAN.Exact, id.Issuer.Exact, id.Issuer.Absent})
	}
	for _, k := range q.Policy.Keys {
		m.Keys = append(m.Keys, wireKey{base64.StdEncoding.EncodeToString(k.SPKI), k.Hint, k.Start, k.End})
	}
	return m
}

// exact reports whether all names in the policy are plain strings.
func (q *Question) exact() bool {
	for _, id := range q.Policy.Identities {
		if id.SAN.Regexp != "" || id.Issuer.Regexp != "" {
			return false
		}
	}
	return true
}

func jsFits(q *Question) string {
	switch d := q.demand(); {
	case !q.plain() || !q.exact():
		return "policy that it has no words for"
	case d.timestamps > 0:
		return "threshold for timestamps alone"
	case q.Artifact == nil && !q.envelope():
		return "message without the artifact itself"
	}
	return ""
}

func pythonFits(q *Question) string {
	algorithm, _ := q.digest()
	switch d := q.demand(); {
	case len(q.Policy.Keys) > 0:
		return "managed key"
	case !q.plain() || !q.exact():
		return "policy that it has no words for"
	case d != demand{logs: 1, scts: 1, times: 1}:
		return "threshold other than one of each"
	case q.Digest != "" && algorithm != "sha256":
		return "digest other than SHA-256"
	case q.Artifact == nil && q.Digest == "" && !q.envelope():
		return "message without an artifact"
	}
	for _, id := range q.Policy.Identities {
		if id.Issuer.Absent {
			return "policy that it has no words for"
		}
	}
	return ""
}
