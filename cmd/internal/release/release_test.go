// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
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
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/conformance/loopback"
)

// extracted unpacks a gzipped tar archive, which must be in order and have one
// date and owner.
func extracted(t *testing.T, name, into string, date time.Time) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(date) || h.Uid != 0 || h.Gid != 0 || len(names) > 0 && names[len(names)-1] >= h.Name {
			t.Errorf("%s: date %v, owner %d, after %v", h.Name, h.ModTime, h.Uid, names)
		}
		names = append(names, h.Name)
		path := filepath.Join(into, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o755)
		} else {
			var data []byte
			if data, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(path, data, h.FileInfo().Mode().Perm())
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A release for this system is made twice, with the same bytes. What it holds
// is unpacked, and signs and verifies the release itself, with services on
// loopback in place of the public ones.
func TestRehearsal(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the container image and the Debian package are Linux's")
	}
	t.Chdir("../../..")
	t.Setenv("SOURCE_DATE_EPOCH", "1767225600")
	if _, err := exec.Command("git", "rev-parse", "HEAD").Output(); err != nil {
		t.Skip("no Git repository to release from")
	}
	dir := t.TempDir()
	var all [2]*release
	for i := range all {
		all[i] = &release{version: "v0.1.0-rc.1", out: filepath.Join(dir, fmt.Sprint(i)), targets: []target{{"linux", runtime.GOARCH}}}
		if err := all[i].run(); err != nil {
			t.Fatal(err)
		}
	}
	one, two := all[0], all[1]
	for name, sum := range one.sums {
		if two.sums[name] != sum {
			t.Errorf("%s: the second run wrote other bytes", name)
		}
	}
	if len(one.sums) != len(two.sums) || len(one.sums) < 10 {
		t.Errorf("%d and %d files", len(one.sums), len(two.sums))
	}

	archive := one.stem() + "-linux-" + runtime.GOARCH
	names := strings.Join(extracted(t, filepath.Join(one.out, archive+".tar.gz"), dir, one.time), " ")
	for _, want := range []string{"/LICENSE", "/README.md", "/man/man1/sigbundle-verify.1", "/completions/zsh/_sigbundle", "/sigbundle-conformance"} {
		if !strings.Contains(names+" ", archive+want+" ") {
			t.Errorf("the archive lacks %s: %s", want, names)
		}
	}
	services := loopback.New(t)
	config := services.WriteConfig(dir, nil)
	root, err := services.World.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "root.json"), root, 0o600); err != nil {
		t.Fatal(err)
	}
	claims := fmt.Sprintf(`{"iss":"https://accounts.example.test","aud":"sigstore","sub":"42","email":"dev@example.test","email_verified":true,"exp":%d}`, time.Now().Add(time.Hour).Unix())
	part := base64.RawURLEncoding.EncodeToString
	token := part([]byte(`{"alg":"none"}`)) + "." + part([]byte(claims)) + "." + part([]byte("x"))
	run := func(want int, args ...string) string {
		t.Helper()
		cmd := exec.Command(filepath.Join(dir, archive, "sigbundle"), args...)
		cmd.Dir, cmd.Env = one.out, []string{"HOME=" + dir, "SIGSTORE_ID_TOKEN=" + token}
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Fatalf("%q: exit code %d, want %d: %v\n%s", args, code, want, err, out)
		}
		return string(out)
	}
	if got := run(0, "version"); !strings.HasPrefix(got, "sigbundle v0.1.0-rc.1 ") {
		t.Errorf("version: %s", got)
	}
	judge := []string{"--trusted-root", filepath.Join(dir, "root.json"), "--identity", "dev@example.test", "--issuer", "https://accounts.example.test"}
	for name := range one.sums {
		if strings.Contains(name, "/") {
			continue
		}
		run(0, "sign", name, "--trust-config", config)
		run(0, append([]string{"verify", name}, judge...)...)
	}
	run(0, "sign", "--oci-layout", "image:v0.1.0-rc.1", "--trust-config", config)
	run(0, append([]string{"verify", "--oci-layout", "image:v0.1.0-rc.1"}, judge...)...)

	sums := filepath.Join(one.out, "SHA256SUMS")
	listed, err := os.ReadFile(sums)
	if err != nil || bytes.Count(listed, []byte("\n")) < 5 || !bytes.Contains(listed, []byte("  "+archive+".tar.gz\n")) {
		t.Errorf("%s, %v", listed, err)
	}
	if err := os.WriteFile(sums, bytes.Replace(listed, []byte("a"), []byte("b"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	run(1, append([]string{"verify", "SHA256SUMS"}, judge...)...)

	var bom struct{ Components []material }
	if data, err := os.ReadFile(filepath.Join(one.out, one.stem()+".cdx.json")); err != nil || json.Unmarshal(data, &bom) != nil || len(bom.Components) < 10 {
		t.Errorf("%d components, %v", len(bom.Components), err)
	}
	if path, err := exec.LookPath("dpkg-deb"); err == nil {
		deb, _ := filepath.Glob(filepath.Join(one.out, "*.deb"))
		if len(deb) != 1 || !strings.HasSuffix(deb[0], "_0.1.0~rc.1_"+runtime.GOARCH+".deb") {
			t.Fatalf("%v", deb)
		}
		if out, err := exec.Command(path, "-x", deb[0], filepath.Join(dir, "deb")).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		if info, err := os.Stat(filepath.Join(dir, "deb/usr/bin/sigbundle")); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%v, %v", info, err)
		}
	}
}

// A wrong command line builds nothing.
func TestRefused(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*release{
		{version: "", out: t.TempDir(), targets: targets}, {version: "0.1.0", out: t.TempDir(), targets: targets}, {version: "v0.1", out: t.TempDir(), targets: targets},
		{version: "v0.1.0 -X main.x=y", out: t.TempDir(), targets: targets}, {version: "v01.0.0", out: t.TempDir(), targets: targets},
		{version: "v0.1.0", out: full, targets: targets}, {version: "v0.1.0", out: filepath.Join(full, "x"), targets: targets}, {version: "v0.1.0", out: t.TempDir()},
	} {
		if err := r.run(); err == nil {
			t.Errorf("%+v is accepted", r)
		}
	}
}
