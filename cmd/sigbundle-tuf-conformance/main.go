// SPDX-License-Identifier: Apache-2.0

// Command sigbundle-tuf-conformance speaks the client protocol of the public
// tuf-conformance test suite:
//
//	sigbundle-tuf-conformance --metadata-dir D init ROOT
//	sigbundle-tuf-conformance --metadata-dir D --metadata-url U refresh
//	sigbundle-tuf-conformance --metadata-dir D --metadata-url U --target-name P
//	    --target-base-url T --target-dir X download
//
// It exits with 0 on success and with 1 on any failure. The suite looks for
// one file per role in D: they are written from what package tufsync accepts,
// whose own cache is a folder of D.
//
// The variable FAKETIME, which the suite's program faketime sets, says what
// time it is: see fakeTime.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sigbundle/sigbundle/trustroot/tufsync"
)

func main() {
	now, err := fakeTime(os.Getenv(fakeTimeVariable), time.Now())
	if err == nil {
		err = run(os.Args[1:], now)
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Print(usage)
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sigbundle-tuf-conformance:", err)
		os.Exit(1)
	}
}

// usage is the help.
const usage = `sigbundle-tuf-conformance speaks the client protocol of the tuf-conformance suite:

  --metadata-dir D init ROOT
  --metadata-dir D --metadata-url U refresh
  --metadata-dir D --metadata-url U --target-name P
      --target-base-url T --target-dir X download

FAKETIME, if set, is the time: an offset such as +18d or a local date and time.

Exit codes: 0 success; 1 any failure.
`

// anchor is the file in D that keeps the root given to init. It has no
// ".json" at its end, so that the suite does not take it for a role.
const anchor = "initial_root"

// client is one call of the command.
type client struct {
	dir, url   string
	targetsURL string
	targetsDir string
	targets    names
	now        time.Time
}

// names is a flag that may be repeated.
type names []string

func (n *names) String() string     { return fmt.Sprint(*n) }
func (n *names) Set(s string) error { *n = append(*n, s); return nil }

func run(args []string, now time.Time) error {
	c := client{now: now}
	fs := flag.NewFlagSet("sigbundle-tuf-conformance", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&c.dir, "metadata-dir", "", "where trusted metadata is kept")
	fs.StringVar(&c.url, "metadata-url", "", "where the repository's metadata is")
	fs.StringVar(&c.targetsURL, "target-base-url", "", "where the repository's targets are")
	fs.StringVar(&c.targetsDir, "target-dir", "", "where targets are put")
	fs.Var(&c.targets, "target-name", "a target to download")
	if err := fs.Parse(args); err != nil {
		return err
	}
	rest := fs.Args()
	if n := len(rest); n > 0 && slices.Contains([]string{"help", "--help", "-h"}, rest[n-1]) {
		return flag.ErrHelp
	}
	if c.dir == "" {
		return fmt.Errorf("no --metadata-dir given")
	}
	switch verb := fs.Arg(0); {
	case verb == "init" && fs.NArg() == 2:
		return c.init(fs.Arg(1))
	case verb == "refresh" && fs.NArg() == 1:
		c.targets = nil
		return c.refresh()
	case verb == "download" && fs.NArg() == 1:
		if len(c.targets) == 0 || c.targetsDir == "" || c.targetsURL == "" {
			return fmt.Errorf("download needs --target-name, --target-base-url and --target-dir")
		}
		return c.refresh()
	}
	return fmt.Errorf("want init ROOT, refresh or download")
}

// init keeps the trusted root; whether it is a good one shows when it is used.
func (c *client) init(root string) error {
	data, err := os.ReadFile(root)
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(c.dir, anchor), data); err != nil {
		return err
	}
	return replace(filepath.Join(c.dir, "root.json"), data)
}

// refresh brings the metadata up to date and downloads the targets named.
func (c *client) refresh() error {
	root, err := os.ReadFile(filepath.Join(c.dir, anchor))
	if err != nil {
		return err
	}
	result, err := tufsync.Refresh(context.Background(), tufsync.Config{
		Dir:        filepath.Join(c.dir, "cache"),
		Root:       root,
		URL:        c.url,
		TargetsURL: c.targetsURL,
		Now:        c.now,
		Targets:    c.targets,
		Backoff:    50 * time.Millisecond,
		Observe: func(role string, data []byte) error {
			return replace(filepath.Join(c.dir, tufsync.FileName(role)+".json"), data)
		},
	})
	if err != nil {
		return err
	}
	for _, name := range c.targets {
		found, err := result.Target(name)
		if err != nil {
			return err
		}
		if err := replace(filepath.Join(c.targetsDir, tufsync.FileName(name)), found.Data); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file at once, and not at all if it is as wanted already.
func replace(name string, data []byte) error {
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "new-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
