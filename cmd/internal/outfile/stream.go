// SPDX-License-Identifier: Apache-2.0

package outfile

import (
	"errors"
	"os"
)

// A Stream is an output file that is written piece by piece, under the rules of
// [Write]: until [Stream.Commit] a regular file keeps its old content.
type Stream struct {
	*os.File
	target string // that takes the file's place; empty for a device or a pipe
}

// Begin begins an output file.
func Begin(name string) (*Stream, error) {
	target, info, err := find(name)
	if err != nil {
		return nil, err
	}
	if info != nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		return &Stream{File: f}, err
	}
	f, err := temporary(target, 0o666)
	if err == nil && info != nil {
		err = f.Chmod(info.Mode().Perm())
	}
	return &Stream{f, target}, err
}

// Commit puts the file in its place.
func (s *Stream) Commit() error {
	if s.target == "" {
		return s.Close()
	}
	err := errors.Join(s.Sync(), s.Close())
	if err == nil {
		err = os.Rename(s.Name(), s.target)
	}
	if err != nil {
		_ = os.Remove(s.Name())
	}
	return err
}

// Abort drops what was written.
func (s *Stream) Abort() {
	_ = s.Close()
	if s.target != "" {
		_ = os.Remove(s.Name())
	}
}
