// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// state keeps outcomes in a file, so that a run can be broken off.
type state struct {
	file     string
	outcomes map[string]string // by package stamp and key of the change
	hints    map[string]string // the last test that noticed a change, by its key
}

// kept is a line of the file.
type kept struct {
	Stamp, Key, Outcome, By string
}

// load reads the file, if there is one.
func (s *state) load() error {
	s.outcomes, s.hints = make(map[string]string), make(map[string]string)
	data, err := os.ReadFile(s.file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for line := range bytes.Lines(data) {
		var k kept
		if json.Unmarshal(line, &k) == nil {
			s.remember(k)
		}
	}
	return nil
}

func (s *state) remember(k kept) {
	s.outcomes[k.Stamp+k.Key] = k.Outcome
	s.hints[k.Key] = k.By
}

func (s *state) outcome(stamp string, c *change) string {
	if o, ok := s.outcomes[stamp+c.key()]; ok {
		return o
	}
	return untried
}

// hint names the test that noticed a change when it was last tried.
func (s *state) hint(c *change) string { return s.hints[c.key()] }

// keep appends an outcome to the file.
func (s *state) keep(stamp string, c *change, outcome, by string) error {
	k := kept{stamp, c.key(), outcome, by}
	s.remember(k)
	line, err := json.Marshal(k)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(s.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// hashFiles is a hash over files and their names.
func hashFiles(files []string) (string, error) {
	h := sha256.New()
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n", f, len(data))
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
