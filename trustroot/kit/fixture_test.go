// SPDX-License-Identifier: Apache-2.0

package kit

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/internal/tuftest"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

var update = flag.Bool("update", false, "write the command's fixture anew")

// The tests of the command use a private instance, "acme", that lies in
// cmd/sigbundle/testdata/acme: two states of its TUF repository, its
// ClientTrustConfig, and an artifact with a bundle. All of it is made here, and
// is the same to the byte every time.
func TestCommandFixture(t *testing.T) {
	dir := filepath.Join("..", "..", "cmd", "sigbundle", "testdata", "acme")
	files := acme(t)
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, data) {
			t.Errorf("%s is not as made here (%v): run with -update, and read what changes", name, err)
		}
	}
}

func acme(t *testing.T) map[string][]byte {
	t.Helper()
	world, err := virtual.New(virtual.Config{Seed: "acme", Domain: "acme.example", Time: tuftest.Start.AddDate(0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	artifact := []byte("hello\n")
	signed, err := world.Sign(virtual.Request{Artifact: artifact, Timestamps: 1})
	if err != nil {
		t.Fatal(err)
	}
	data, err := world.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	written, _ := root.MarshalJSON()
	files := map[string][]byte{"hello.txt": artifact, "hello.txt.sigstore.json": signed.Bundle, "trusted_root.json": written}

	service := func(url string) []signingconfig.Service {
		return []signingconfig.Service{{URL: url, MajorAPIVersion: 1, Start: tuftest.Start}}
	}
	signing, err := signingconfig.New(signingconfig.Contents{
		Fulcios: service("https://fulcio.acme.example"), Rekors: service("https://rekor.acme.example"),
		RekorChoice: signingconfig.Choice{Selector: signingconfig.Any},
	})
	if err != nil {
		t.Fatal(err)
	}
	if files["client_trust_config.json"], err = signingconfig.MarshalClientTrust(root, signing); err != nil {
		t.Fatal(err)
	}
	signingJSON, _ := signing.MarshalJSON()

	repo := tuftest.New()
	repo.AddTarget("targets", "trusted_root.json", files["trusted_root.json"])
	repo.Expire("timestamp", tuftest.Start.AddDate(0, 0, 7))
	repo.Publish("targets")
	files["root.json"] = repo.File("1.root.json")
	copyFS(t, files, "tuf-1", repo.FS())
	repo.AddTarget("targets", "signing_config.v0.2.json", signingJSON)
	repo.Publish("root")
	repo.Expire("timestamp", tuftest.Start.AddDate(0, 1, 0))
	repo.Publish("targets")
	copyFS(t, files, "tuf-2", repo.FS())
	return files
}

func copyFS(t *testing.T, files map[string][]byte, dir string, from fs.FS) {
	t.Helper()
	n := 0
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		files[dir+"/"+name], err = fs.ReadFile(from, name)
		return err
	})
	if err == nil && n < 5 {
		err = fmt.Errorf("only %d files", n)
	}
	if err != nil {
		t.Fatal(err)
	}
}
