// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// Help that is asked for is no failure.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}, {"refresh", "--help"}, {"--metadata-dir", "d", "download", "-h"}} {
		if err := run(args, time.Time{}); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// The protocol, on a server that has nothing: what succeeds is tested where
// repositories can be made, in package tufsync.
func TestProtocol(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	dir := t.TempDir()
	root := filepath.Join(dir, "initial.json")
	if err := os.WriteFile(root, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC)
	d := filepath.Join(dir, "metadata")
	for _, args := range [][]string{
		nil, {"refresh"}, {"--metadata-dir", d}, {"--metadata-dir", d, "init"}, {"--metadata-dir", d, "init", dir + "/none"},
		{"--metadata-dir", d, "--metadata-url", srv.URL, "refresh"}, {"--metadata-dir", d, "download"}, {"--bad"},
	} {
		if err := run(args, now); err == nil {
			t.Errorf("%q: accepted", args)
		}
	}
	if err := run([]string{"--metadata-dir", d, "init", root}, now); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(d, "root.json")); err != nil || !bytes.Equal(data, []byte("{}")) {
		t.Errorf("%q, %v", data, err)
	}
	if err := run([]string{"--metadata-dir", d, "--metadata-url", srv.URL, "refresh"}, now); err == nil {
		t.Error("refreshed from a root that is none")
	}
}

func TestFakeTime(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.FixedZone("", 3600))
	for value, want := range map[string]time.Time{
		"":                     now,
		"-17701778":            now.Add(-17701778 * time.Second),
		"+0":                   now,
		"1555200":              now.AddDate(0, 0, 18),
		"+18d":                 now.AddDate(0, 0, 18),
		"-1.5h":                now.Add(-90 * time.Minute),
		"+90m":                 now.Add(90 * time.Minute),
		"+2y":                  now.AddDate(0, 0, 730),
		"2025-02-09 09:17:23":  time.Date(2025, 2, 9, 9, 17, 23, 0, now.Location()),
		"@2025-02-09 09:17:23": time.Date(2025, 2, 9, 9, 17, 23, 0, now.Location()),
	} {
		if got, err := fakeTime(value, now); err != nil || !got.Equal(want) {
			t.Errorf("%q: %v, %v, want %v", value, got, err, want)
		}
	}
	for _, value := range []string{"d", "soon", "+18w", "NaN", "+Inf", "1e300", "+200y", "2025-02-09", "2025-13-09 09:17:23", "@+1d", "+1d x2", "%", " "} {
		if got, err := fakeTime(value, now); err == nil {
			t.Errorf("%q: %v, want an error", value, got)
		}
	}
}

// The built command, under the program's variable: a refresh succeeds until
// the metadata expires. That is how the suite asks.
func TestFakeTimeReachesTheCommand(t *testing.T) {
	if os.Getenv("SIGBUNDLE_TUF_MAIN") != "" {
		os.Args = append(os.Args[:1], "--metadata-dir", os.Getenv("SIGBUNDLE_TUF_MAIN"), "--metadata-url", os.Getenv("SIGBUNDLE_TUF_URL"), "refresh")
		main()
		return
	}
	repo := t.TempDir()
	if err := tufrepo(repo); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.FileServer(http.Dir(repo)))
	defer srv.Close()
	for _, c := range []struct {
		fake string
		ok   bool
	}{{"", true}, {"+20d", true}, {"+25d", false}, {"+2160000", false}, {"@2060-01-01 00:00:00", false}, {"nonsense", false}} {
		d := t.TempDir()
		if err := run([]string{"--metadata-dir", d, "init", filepath.Join(repo, "1.root.json")}, time.Now()); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0], "-test.run", "^TestFakeTimeReachesTheCommand$")
		cmd.Env = append(os.Environ(), "SIGBUNDLE_TUF_MAIN="+d, "SIGBUNDLE_TUF_URL="+srv.URL, "FAKETIME="+c.fake)
		if said, err := cmd.CombinedOutput(); (err == nil) != c.ok {
			t.Errorf("FAKETIME=%q: %v, want success: %v\n%s", c.fake, err, c.ok, said)
		}
	}
}

// tufrepo writes a repository that expires in 24 days.
func tufrepo(dir string) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	signer, err := signature.LoadSigner(key, crypto.Hash(0))
	if err != nil {
		return err
	}
	public, err := metadata.KeyFromPublicKey(key.Public())
	if err != nil {
		return err
	}
	expires := time.Now().UTC().Add(24 * 24 * time.Hour)
	root, targets, snapshot, timestamp := metadata.Root(expires), metadata.Targets(expires), metadata.Snapshot(expires), metadata.Timestamp(expires)
	for _, role := range []string{metadata.ROOT, metadata.TARGETS, metadata.SNAPSHOT, metadata.TIMESTAMP} {
		if err := root.Signed.AddKey(public, role); err != nil {
			return err
		}
	}
	sign := func(_ *metadata.Signature, err error) error { return err }
	file := func(name string) string { return filepath.Join(dir, name) }
	return errors.Join(
		sign(root.Sign(signer)), sign(targets.Sign(signer)), sign(snapshot.Sign(signer)), sign(timestamp.Sign(signer)),
		root.ToFile(file("1.root.json"), false), targets.ToFile(file("1.targets.json"), false),
		snapshot.ToFile(file("1.snapshot.json"), false), timestamp.ToFile(file("timestamp.json"), false),
	)
}
