// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The other clients' packages, pinned, and the programs that speak for them.
//
//go:embed clients/package.json clients/package-lock.json clients/requirements.txt clients/verify.cjs clients/verify.py
var programs embed.FS

// installTime bounds the installation of a client.
const installTime = 5 * time.Minute

// Clients starts all clients that this machine can run. Of each other it
// returns why not, by name. Packages are installed below dir, once.
func Clients(dir string) (running []Client, missing map[string]error) {
	missing = make(map[string]error)
	running = append(running, sigstoreGo{})
	for _, c := range []struct {
		name  string
		start func(dir string) (*worker, error)
	}{{"@sigstore/verify", startJS}, {"sigstore (Python)", startPython}} {
		w, err := c.start(dir)
		if err != nil {
			missing[c.name] = err
			continue
		}
		w.name = c.name
		running = append(running, w)
	}
	return running, missing
}

func startJS(dir string) (*worker, error) {
	where, err := install(dir, []string{"package.json", "package-lock.json", "verify.cjs"}, func(where string) error {
		return run(where, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved")
	})
	if err != nil {
		return nil, err
	}
	return startWorker(&worker{fits: jsFits}, "node", filepath.Join(where, "verify.cjs"))
}

func startPython(dir string) (*worker, error) {
	interpreter, err := InstallPython(dir)
	if err != nil {
		return nil, err
	}
	return startWorker(&worker{fits: pythonFits, artifacts: true}, interpreter, filepath.Join(filepath.Dir(interpreter), "..", "..", "..", "verify.py"))
}

// pythonFiles are what the Python client is made of.
var pythonFiles = []string{"requirements.txt", "verify.py"}

// InstallPython returns an interpreter that has the packages of
// clients/requirements.txt, installed below dir at the first call.
func InstallPython(dir string) (interpreter string, err error) {
	where, err := install(dir, pythonFiles, func(where string) error {
		if err := run(where, "python3", "-m", "venv", "venv"); err != nil {
			return err
		}
		return run(where, filepath.Join("venv", "bin", "pip"), "install", "--quiet", "--no-deps", "--only-binary", ":all:", "-r", "requirements.txt")
	})
	return filepath.Join(where, "venv", "bin", "python"), err
}

// InstalledPython returns what InstallPython has installed below dir; it
// installs nothing.
func InstalledPython(dir string) (interpreter string, err error) {
	where, err := install(dir, pythonFiles, nil)
	return filepath.Join(where, "venv", "bin", "python"), err
}

// Cache is the folder in which clients are installed unless another is named.
func Cache() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "sigbundle-differ"), err
}

// install puts a client into a folder named by what it is made of, so that a
// change of anything makes a new one. Without do it must be there.
func install(dir string, files []string, do func(where string) error) (where string, err error) {
	sum := sha256.New()
	contents := make(map[string][]byte)
	for _, name := range files {
		if contents[name], err = programs.ReadFile("clients/" + name); err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", name, len(contents[name]), contents[name])
	}
	where = filepath.Join(dir, hex.EncodeToString(sum.Sum(nil))[:16])
	done := filepath.Join(where, "installed")
	if _, err := os.Stat(done); err == nil {
		return where, nil
	} else if do == nil {
		return "", err
	}
	if err := os.RemoveAll(where); err != nil {
		return "", err
	}
	if err := os.MkdirAll(where, 0o755); err != nil {
		return "", err
	}
	for name, data := range contents {
		if err := os.WriteFile(filepath.Join(where, name), data, 0o644); err != nil {
			return "", err
		}
	}
	if err := do(where); err != nil {
		return "", err
	}
	return where, os.WriteFile(done, nil, 0o644)
}

func run(dir string, command ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), installTime)
	defer cancel()
	if !strings.Contains(command[0], string(filepath.Separator)) {
		if _, err := exec.LookPath(command[0]); err != nil {
			return err
		}
	} else {
		command[0] = filepath.Join(dir, command[0])
	}
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Dir = dir
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", command[0], err, complaint(said.String()))
	}
	return nil
}

// complaint picks the first line that speaks of an error.
func complaint(text string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(strings.ToLower(line), "error") {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(text)
}
