// SPDX-License-Identifier: Apache-2.0

package tufdiff

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing/fstest"

	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/trustroot/tufsync"
)

// Ours answers with this module's client, each case in a folder of its own.
type Ours struct {
	dir   string
	count int
}

// NewOurs returns the client, which keeps what it learns below dir.
func NewOurs(dir string) *Ours { return &Ours{dir: dir} }

// Name implements Client.
func (*Ours) Name() string { return ours }

// base is a repository's address, at which nothing is asked.
const base = "http://repository.invalid/"

// Run implements Client.
func (o *Ours) Run(c *Case) ([]Answer, error) {
	var answers []Answer
	o.count++
	dir := filepath.Join(o.dir, strconv.Itoa(o.count))
	for _, s := range c.Steps {
		_, err := tufsync.Refresh(context.Background(), tufsync.Config{
			Dir: dir, Root: c.Root, URL: base, Now: s.Now, Targets: s.Targets, Attempts: 1, Transport: transport(s.Files),
		})
		answers = append(answers, answer(err))
	}
	return answers, nil
}

func answer(err error) Answer {
	if err != nil {
		return Answer{Reason: err.Error()}
	}
	return Answer{OK: true}
}

// Offline answers with package tufroot alone, which proves a copy of the
// repository as it is. It remembers the floors.
type Offline struct{}

// Name implements Client.
func (Offline) Name() string { return offline }

// Run implements Client.
func (Offline) Run(c *Case) ([]Answer, error) {
	var answers []Answer
	var floors tufroot.Floors
	for _, s := range c.Steps {
		files := fstest.MapFS{}
		for name, data := range s.Files {
			files[name] = &fstest.MapFile{Data: data}
		}
		repo, err := tufroot.Open(files, tufroot.Config{Roots: [][]byte{c.Root}, Policy: tufroot.Policy{At: s.Now}, Floors: floors})
		if err == nil {
			err = repo.Judge()
		}
		for _, name := range s.Targets {
			if err == nil {
				_, err = repo.Target(name)
			}
		}
		if err == nil {
			floors = repo.Floors()
		}
		answers = append(answers, answer(err))
	}
	return answers, nil
}

// transport serves files from memory.
type transport map[string][]byte

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	name := strings.TrimPrefix(req.URL.EscapedPath(), "/")
	if strings.HasPrefix(name, "targets/") {
		name = strings.TrimPrefix(req.URL.Path, "/")
	}
	data, ok := t[name]
	status := http.StatusOK
	if !ok {
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(data)), ContentLength: int64(len(data)), Request: req}, nil
}
