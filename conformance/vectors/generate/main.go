// SPDX-License-Identifier: Apache-2.0

// Command generate writes every story to testdata/virtual, and the reference of
// codes, below the directory that it is given. Files of stories that no longer
// exist are removed.
package main

import (
	"log"
	"os"
	"path/filepath"

	"github.com/sigbundle/sigbundle/conformance/vectors"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("generate: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: generate DIRECTORY")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(top string) error {
	told, err := vectors.Tell()
	if err != nil {
		return err
	}
	files, err := vectors.Files(told)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(top, "testdata", "virtual")); err != nil {
		return err
	}
	for name, data := range files {
		path := filepath.Join(top, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
