// SPDX-License-Identifier: Apache-2.0

// Command release builds everything that a release publishes, into an empty
// folder: archives, packages, a container image, a bill of materials and their
// checksums. The same commit and version give the same bytes everywhere.
//
//	go run ./cmd/internal/release -version v0.1.0 -out dist
//
// It needs no network beyond the modules of go.mod, and signs nothing:
// docs/guide/releasing.md says what comes after it.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// target is a system that is built for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "-" + t.arch }

// targets are all of them.
var targets = []target{
	{"darwin", "amd64"}, {"darwin", "arm64"}, {"linux", "amd64"}, {"linux", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"},
}

// commands are what an archive holds.
var commands = []string{"sigbundle", "sigbundle-conformance"}

// form is the form of versions: semantic ones (semver.org).
var form = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)

// release is one run.
type release struct {
	version string // "v0.1.0"
	out     string
	time    time.Time // of the commit: what every file is dated
	commit  string
	targets []target

	pages map[string][]byte // manual pages and completions, by their names in archives
	built map[target]map[string][]byte
	sums  map[string]string // SHA-256 of what was written, by name
}

func main() {
	r := &release{}
	flag.StringVar(&r.version, "version", "", "the `VERSION`, such as v0.1.0")
	flag.StringVar(&r.out, "out", "dist", "write into `FOLDER`, which must be empty or absent")
	only := flag.String("only", "", "build for `SYSTEM` alone, such as linux-amd64")
	flag.Parse()
	r.targets = slices.DeleteFunc(slices.Clone(targets), func(t target) bool { return *only != "" && t.String() != *only })
	if err := r.run(); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func (r *release) run() error {
	if !form.MatchString(r.version) {
		return fmt.Errorf("-version %q: not a semantic version, want one such as v0.1.0", r.version)
	}
	if len(r.targets) == 0 {
		return errors.New("-only: no such system, want one such as linux-amd64")
	}
	if entries, err := os.ReadDir(r.out); err == nil && len(entries) > 0 {
		return fmt.Errorf("-out %s: not empty, want an empty or absent folder", r.out)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(r.out, 0o777); err != nil {
		return err
	}
	r.built, r.sums = make(map[target]map[string][]byte), make(map[string]string)
	for _, step := range []func() error{r.dated, r.documents, r.build, r.archives, r.packages, r.image, r.materials, r.formulas, r.checksums} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// dated finds the commit and its time.
func (r *release) dated() error {
	commit, err := output(nil, "git", "rev-parse", "HEAD")
	if err != nil {
		return err
	}
	r.commit = strings.TrimSpace(string(commit))
	stamp := os.Getenv("SOURCE_DATE_EPOCH")
	if stamp == "" {
		out, err := output(nil, "git", "log", "-1", "--format=%ct")
		if err != nil {
			return err
		}
		stamp = strings.TrimSpace(string(out))
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return fmt.Errorf("time of the commit: %q is no number of seconds", stamp)
	}
	r.time = time.Unix(seconds, 0).UTC()
	return nil
}

// documents makes the manual pages and completions, and collects the texts
// that every archive has.
func (r *release) documents() error {
	r.pages = make(map[string][]byte)
	for _, name := range []string{"LICENSE", "README.md", "NEWS.md"} {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		r.pages[name] = data
	}
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	env := []string{"SOURCE_DATE_EPOCH=" + strconv.FormatInt(r.time.Unix(), 10)}
	flags := "-X main.version=" + r.version
	if _, err := output(env, "go", "run", "-tags", "man", "-ldflags", flags, "./cmd/sigbundle", "man", dir); err != nil {
		return err
	}
	pages, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, p := range pages {
		if r.pages["man/man1/"+p.Name()], err = os.ReadFile(filepath.Join(dir, p.Name())); err != nil {
			return err
		}
	}
	for shell, name := range map[string]string{
		"bash": "completions/bash/sigbundle", "zsh": "completions/zsh/_sigbundle", "fish": "completions/fish/sigbundle.fish", "powershell": "completions/sigbundle.ps1",
	} {
		if r.pages[name], err = output(nil, "go", "run", "./cmd/sigbundle", "completion", shell); err != nil {
			return err
		}
	}
	return nil
}

// build compiles the commands for every system, as `make build` does.
func (r *release) build() error {
	for _, t := range r.targets {
		dir, err := os.MkdirTemp("", "release")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		env := []string{"GOOS=" + t.os, "GOARCH=" + t.arch, "CGO_ENABLED=0"}
		args := []string{"build", "-trimpath", "-buildvcs=false", "-tags", "nethttpomithttp2", "-ldflags", "-s -w -X main.version=" + r.version, "-o", dir + string(filepath.Separator)}
		for _, c := range commands {
			args = append(args, "./cmd/"+c)
		}
		if _, err := output(env, "go", args...); err != nil {
			return err
		}
		files := make(map[string][]byte)
		for _, c := range commands {
			if t.os == "windows" {
				c += ".exe"
			}
			if files[c], err = os.ReadFile(filepath.Join(dir, c)); err != nil {
				return err
			}
		}
		r.built[t] = files
	}
	return nil
}

// stem is the first part of the names of what is published.
func (r *release) stem() string { return "sigbundle-" + strings.TrimPrefix(r.version, "v") }

// archives writes one archive for each system.
func (r *release) archives() error {
	for _, t := range r.targets {
		top := r.stem() + "-" + t.String() + "/"
		var list []file
		for name, data := range r.built[t] {
			list = append(list, file{top + name, data, 0o755})
		}
		for name, data := range r.pages {
			list = append(list, file{top + name, data, 0o644})
		}
		name, write := r.stem()+"-"+t.String()+".tar.gz", tarball
		if t.os == "windows" {
			name, write = r.stem()+"-"+t.String()+".zip", zipped
		}
		data, err := write(list, r.time)
		if err != nil {
			return err
		}
		if err := r.write(name, data); err != nil {
			return err
		}
	}
	return nil
}

// write writes a file below the output folder and remembers its digest.
func (r *release) write(name string, data []byte) error {
	path := filepath.Join(r.out, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	r.sums[name] = hex.EncodeToString(sum[:])
	return os.WriteFile(path, data, 0o666)
}

// checksums writes the digests of everything else, as sha256sum does.
func (r *release) checksums() error {
	var b bytes.Buffer
	for _, name := range sorted(r.sums) {
		if !strings.Contains(name, "/") { // an image names its own content
			fmt.Fprintf(&b, "%s  %s\n", r.sums[name], name)
		}
	}
	return r.write("SHA256SUMS", b.Bytes())
}

// output runs a program and returns what it printed.
func output(env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
