// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// What an audit reads, its source says, line by line, in a tree or a list of
// any size: whether an output is part of it is unknown in advance. So an
// output that exists must be one: it is empty, or begins as an
// audit begins such a file, and no bundle lies beside it. Devices and pipes
// hold nothing that could be lost.

// The beginnings of what an audit writes. A run that was killed may have left
// a part of one.
const (
	findingsBegin = `{"n":1,"source":"`
	stateBegin    = `{"schema":"` + stateSchema + `",`
	summaryBegin  = "{\n  \"schema\": \"" + SummarySchema + `",`
)

var summaryText = regexp.MustCompile(`\A[^\n]*: \d+ findings?: \d+ verified, \d+ refused; \d+ bundles?\n`)

// checkFiles refuses files for findings and state that hold anything else.
func (c *Config) checkFiles() error {
	if c.State == "" {
		return checkOutput(c.File, "the findings", begins(findingsBegin))
	}
	for _, name := range []string{c.File, c.State} {
		if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file: an audit cannot be continued from it", name)
		}
	}
	return errors.Join(
		checkOutput(c.File, "the findings", begins(findingsBegin)),
		checkOutput(c.State, "the state", begins(stateBegin)))
}

// CheckSummary refuses to write a summary over a file that holds anything
// else than an earlier one.
func CheckSummary(name string) error {
	return checkOutput(name, "the summary", func(head []byte) bool {
		return begins(summaryBegin)(head) || summaryText.Match(head)
	})
}

// begins returns what reports whether a file is empty, or begins so.
func begins(text string) func([]byte) bool {
	return func(head []byte) bool {
		n := min(len(head), len(text))
		return string(head[:n]) == text[:n]
	}
}

// maxHead is how much of a file is looked at, in bytes: more than the longest
// name of a source takes.
const maxHead = 64 << 10

func checkOutput(name, what string, ours func(head []byte) bool) error {
	if err := noLink(name); err != nil {
		return err
	}
	for _, suffix := range suffixes { // also if the artifact is gone
		if _, err := os.Lstat(name + suffix); name != "" && err == nil {
			return fmt.Errorf("will not overwrite %s: an artifact, with the bundle %s%s beside it", name, filepath.Base(name), suffix)
		}
	}
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return notBundle(name)
	}
	if err == nil && !info.Mode().IsRegular() {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	var head bytes.Buffer
	if _, err := io.Copy(&head, io.LimitReader(f, maxHead)); err != nil {
		return err
	}
	if !ours(head.Bytes()) {
		return fmt.Errorf("will not overwrite %s: not %s of an earlier audit", name, what)
	}
	return notBundle(name)
}

// notBundle refuses the name of a bundle: what an audit writes would be taken
// for the bundle of the file beside it.
func notBundle(name string) error {
	if isBundleName(strings.ToLower(name)) {
		return fmt.Errorf("%s is the name of a bundle, want one that does not end in %s", name, strings.Join(suffixes, ", "))
	}
	return nil
}

// noLink refuses a link to a file: any user who can write to the folder can make it
// lead to any file of ours. Links to pipes and devices stay, such as
// /dev/stdout.
func noLink(name string) error {
	info, err := os.Lstat(name)
	if err != nil || info.Mode().Type() != fs.ModeSymlink || filepath.Dir(filepath.Clean(name)) == "/dev" {
		return nil
	}
	if to, err := os.Stat(name); err != nil || to.Mode().IsRegular() {
		return fmt.Errorf("%s is a link, want the name of a file", name)
	}
	return nil
}

// openOutput opens the file of findings, and makes it if it is not there. It
// writes to no file that took its place meanwhile.
func openOutput(name string, flags int) (*os.File, error) {
	before, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return os.OpenFile(name, flags|os.O_CREATE|os.O_EXCL, 0o666)
	}
	if err != nil {
		return nil, err
	}
	if before.Mode().IsRegular() {
		flags = flags&^os.O_WRONLY | os.O_RDWR | nonblocking
	}
	f, err := os.OpenFile(name, flags, 0)
	if err != nil {
		return nil, err
	}
	if after, err := f.Stat(); err != nil || !os.SameFile(before, after) {
		return nil, errors.Join(fmt.Errorf("%s was replaced while the audit began", name), f.Close())
	}
	if before.Mode().IsRegular() { // what is asked is the open file, whatever has its name by now
		head := make([]byte, len(findingsBegin))
		n, err := f.ReadAt(head, 0)
		if err == io.EOF {
			err = nil
		}
		if err == nil && !begins(findingsBegin)(head[:n]) {
			err = fmt.Errorf("will not overwrite %s: not the findings of an earlier audit", name)
		}
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, nil
}
