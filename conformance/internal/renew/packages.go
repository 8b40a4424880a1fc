// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The packages, pinned on the day named first. Their order decides which of several equal
// copies is named as the source.
const (
	pinned     = "2026-11-22"
	npmTUF     = "@sigstore/tuf@5.0.1"
	pyPI       = "sigstore==4.5.1"
	sigstoreGo = "github.com/sigstore/sigstore-go@v1.3.0"
	githubCLI  = "github.com/cli/cli/v2@v2.100.0"
	crate      = "sigstore-trust-root"
	crateAt    = "0.15.1"
)

const (
	publicGood    = "public-good/"
	staging       = "staging/"
	github        = "github/"
	publicGoodURL = "https://tuf-repo-cdn.sigstore.dev"
	stagingURL    = "https://tuf-repo-cdn.sigstage.dev"

	maxFile = 16 << 20 // of one file in a package
)

// collect downloads the packages into dir and returns what they carry.
func collect(dir string) ([]file, error) {
	var all []file
	for _, get := range []func(string) ([]file, error){fromNPM, fromPyPI, fromSigstoreGo, fromGitHubCLI, fromCrate} {
		files, err := get(dir)
		if err != nil {
			return nil, err
		}
		all = append(all, files...)
	}
	return all, nil
}

// fromNPM reads seeds.json, which holds a TUF root and targets in base64 for
// each repository.
func fromNPM(dir string) ([]file, error) {
	out, err := client(dir, "npm", "pack", "--silent", npmTUF)
	if err != nil {
		return nil, err
	}
	raw, err := fromTarball(filepath.Join(dir, filepath.Base(strings.TrimSpace(string(out)))), "package/seeds.json")
	if err != nil {
		return nil, err
	}
	var seeds map[string]struct {
		Root    string            `json:"root.json"`
		Targets map[string]string `json:"targets"`
	}
	if err := json.Unmarshal(raw, &seeds); err != nil {
		return nil, fmt.Errorf("%s: %w", npmTUF, err)
	}
	seed := seeds[publicGoodURL]
	var files []file
	for _, f := range []struct{ name, path, text string }{
		{"root.json", "root.json", seed.Root},
		{"trusted_root.json", "targets, trusted_root.json", seed.Targets["trusted_root.json"]},
	} {
		b, err := base64.StdEncoding.DecodeString(f.text)
		if err != nil || len(b) == 0 {
			return nil, fmt.Errorf("%s: no %s: %w", npmTUF, f.name, err)
		}
		files = append(files, file{publicGood + f.name, "npm " + npmTUF, "seeds.json: " + publicGoodURL + ", " + f.path, b})
	}
	return files, nil
}

func fromPyPI(dir string) ([]file, error) {
	if _, err := client(dir, "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", pyPI); err != nil {
		return nil, err
	}
	wheels, err := filepath.Glob(filepath.Join(dir, "sigstore-*.whl"))
	if err != nil || len(wheels) != 1 {
		return nil, fmt.Errorf("%s: %d wheels", pyPI, len(wheels))
	}
	wheel, err := zip.OpenReader(wheels[0])
	if err != nil {
		return nil, err
	}
	defer wheel.Close()
	var files []file
	for _, instance := range []struct{ name, url string }{{publicGood, publicGoodURL}, {staging, stagingURL}} {
		for _, name := range []string{"root.json", "trusted_root.json"} {
			path := "sigstore/_store/" + strings.NewReplacer(":", "%3A", "/", "%2F").Replace(instance.url) + "/" + name
			b, err := fromZip(&wheel.Reader, path)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", pyPI, path, err)
			}
			files = append(files, file{instance.name + name, "PyPI " + pyPI, path, b})
		}
	}
	return files, nil
}

func fromSigstoreGo(dir string) ([]file, error) {
	return fromModule(dir, sigstoreGo, map[string]string{
		publicGood + "root.json": "pkg/tuf/repository/root.json",
		staging + "root.json":    "pkg/tuf/repository/staging_root.json",
	})
}

func fromGitHubCLI(dir string) ([]file, error) {
	return fromModule(dir, githubCLI, map[string]string{
		github + "root.json": "pkg/cmd/attestation/verification/embed/tuf-repo.github.com/root.json",
	})
}

// fromCrate reads the crate of the Rust client, the only package that carries
// GitHub's trusted root. Cargo has compared its checksum with the index.
func fromCrate(dir string) ([]file, error) {
	if _, err := client(dir, "cargo", "info", "--quiet", crate+"@"+crateAt); err != nil {
		return nil, err
	}
	home := os.Getenv("CARGO_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return nil, err
		}
		home = filepath.Join(user, ".cargo")
	}
	found, err := filepath.Glob(filepath.Join(home, "registry", "src", "*", crate+"-"+crateAt))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("crate %s %s: %d copies below %s", crate, crateAt, len(found), home)
	}
	var files []file
	for _, f := range []struct{ name, path string }{
		{publicGood + "root.json", "repository/tuf_root.json"},
		{publicGood + "trusted_root.json", "src/trusted_root.json"},
		{github + "root.json", "repository/tuf_github_root.json"},
		{github + "trusted_root.json", "src/trusted_root_github.json"},
	} {
		b, err := os.ReadFile(filepath.Join(found[0], filepath.FromSlash(f.path)))
		if err != nil {
			return nil, err
		}
		files = append(files, file{f.name, "crate " + crate + "@" + crateAt, f.path, b})
	}
	return files, nil
}

// fromModule reads files of a Go module, whose checksum the go command has
// compared with the checksum database.
func fromModule(dir, module string, paths map[string]string) ([]file, error) {
	out, err := client(dir, "go", "mod", "download", "-json", module)
	if err != nil {
		return nil, err
	}
	var m struct{ Dir string }
	if err := json.Unmarshal(out, &m); err != nil {
		return nil, err
	}
	var files []file
	for name, path := range paths {
		b, err := os.ReadFile(filepath.Join(m.Dir, filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		files = append(files, file{name, "Go module " + module, path, b})
	}
	return files, nil
}

// client runs the ordinary client of a registry in dir.
func client(dir, name string, args ...string) ([]byte, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, stdout.Bytes(), stderr.Bytes())
	}
	return stdout.Bytes(), nil
}

func fromTarball(name, path string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: no %s", filepath.Base(name), path)
		}
		if err != nil {
			return nil, err
		}
		if h.Name == path {
			return io.ReadAll(io.LimitReader(t, maxFile))
		}
	}
}

func fromZip(z *zip.Reader, path string) ([]byte, error) {
	f, err := z.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}
