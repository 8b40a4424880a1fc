// SPDX-License-Identifier: Apache-2.0

//go:build unix

package bounds_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sigbundle/sigbundle/bundle/gitsign"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/kit"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/audit"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func password() ([]byte, error) { return []byte("password"), nil }

// pemOf reads a private key of which the input is the inside.
func pemOf(kind string) func([]byte) {
	return func(b []byte) {
		_, _ = sign.ParsePEM(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), "", password)
	}
}

// modelHead begins the statement of a model signature.
const modelHead = `{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://model_signing/signature/v1.0","subject":[{"name":"m","digest":{"sha256":"00"}}],`

// The beginnings of git objects.
const (
	gitName   = "045f683042529876c1fe28f97f416c1501ffa433"
	gitCommit = "tree " + gitName + "\nauthor A <a@a> 1 +0000\ncommitter A <a@a> 1 +0000\n"
	gitTag    = "object " + gitName + "\ntype commit\ntag a\n\n"
)

// gitSignature reads a tag of which the input is the signature.
func gitSignature(b []byte) {
	text := pem.EncodeToMemory(&pem.Block{Type: "SIGNED MESSAGE", Bytes: b})
	_, _ = gitsign.Read(append([]byte(gitTag), text...), nil)
}

// A repository of one Ed25519 key.
var (
	tufKey   = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	tufGrant = `{"keyids":["k"],"threshold":1}`
	topRoles = `"roles":{"root":` + tufGrant + `,"snapshot":` + tufGrant + `,"targets":` + tufGrant + `,"timestamp":` + tufGrant + `}`
)

// role returns the frame of metadata that is well formed, and whose signature
// does not verify.
func role(name, members string) string {
	return `{"signatures":[{"keyid":"k","sig":"` + strings.Repeat("00", ed25519.SignatureSize) + `"}],"signed":{"_type":"` + name +
		`","expires":"2100-01-01T00:00:00Z","spec_version":"1.0","version":1,` + members + `}}`
}

// signed returns metadata with a signature. The first members must sort before
// expires, the last between it and spec_version, as in the canonical form.
func signed(name, first, last string) []byte {
	text := `{"_type":"` + name + `",` + first + `"expires":"2100-01-01T00:00:00Z",` + last + `,"spec_version":"1.0","version":1}`
	if name == "targets" { // targets sorts behind spec_version
		text = `{"_type":"targets","expires":"2100-01-01T00:00:00Z","spec_version":"1.0",` + last + `,"version":1}`
	}
	sig := ed25519.Sign(tufKey, []byte(text))
	return fmt.Appendf(nil, `{"signatures":[{"keyid":"k","sig":"%x"}],"signed":%s}`, sig, text)
}

var repository = sync.OnceValue(func() fstest.MapFS {
	public := hex.EncodeToString(tufKey.Public().(ed25519.PublicKey))
	files := fstest.MapFS{}
	for name, data := range map[string][]byte{
		"1.root.json": signed("root", `"consistent_snapshot":true,`,
			`"keys":{"k":{"keytype":"ed25519","keyval":{"public":"`+public+`"},"scheme":"ed25519"}},`+topRoles),
		"timestamp.json":  signed("timestamp", "", `"meta":{"snapshot.json":{"version":1}}`),
		"1.snapshot.json": signed("snapshot", "", `"meta":{"targets.json":{"version":1}}`),
		"1.targets.json":  signed("targets", "", `"targets":{}`),
	} {
		files[name] = &fstest.MapFile{Data: data}
	}
	return files
})

func openRepository(name string, data []byte) error {
	files := fstest.MapFS{}
	for name, file := range repository() {
		files[name] = file
	}
	root := files["1.root.json"].Data
	if name != "" {
		files[name] = &fstest.MapFile{Data: data}
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r, err := tufroot.Open(files, tufroot.Config{Roots: [][]byte{root}, Policy: tufroot.Policy{At: at}})
	if err == nil {
		_, _ = r.Target("a")
	}
	return err
}

// tufFile proves a repository of which one file is the input.
func tufFile(name string) func([]byte) {
	return func(b []byte) { _ = openRepository(name, b) }
}

// tufTargets proves a repository whose targets are the input, signed.
func tufTargets(b []byte) {
	_ = openRepository("1.targets.json", signed("targets", "", `"targets":`+string(b)))
}

// The repository without a hostile file is proved: otherwise the others would
// be refused too early.
func TestRepository(t *testing.T) {
	if err := openRepository("", nil); err != nil {
		t.Error(err)
	}
	if err := openRepository("1.targets.json", signed("targets", "", `"targets":`+values["many targets"](1<<10))); err != nil {
		t.Error(err)
	}
}

const kitHead = `{"schema":"` + kit.Schema + `","instance":"a","asOf":"2026-01-01T00:00:00Z",`

// kitManifest opens a kit whose manifest is the input.
func kitManifest(b []byte) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	put(w, "manifest.json", b)
	put(w, "manifest.sha256", fmt.Appendf(nil, "%x  manifest.json\n", sha256.Sum256(b)))
	_ = w.Close()
	_, _ = kit.Open(out.Bytes(), nil)
}

func put(w *tar.Writer, name string, data []byte) {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}); err != nil {
		panic(err)
	}
	must(w.Write(data))
}

// archives are hostile archives of about n bytes.
var archives = map[string]func(n int) []byte{
	"zeros": func(n int) []byte { return make([]byte, n) },
	"a long manifest": func(n int) []byte {
		return archive(func(w *tar.Writer, _ *bytes.Buffer) { put(w, "manifest.json", make([]byte, n)) })
	},
	"many files": func(n int) []byte {
		return archive(func(w *tar.Writer, out *bytes.Buffer) {
			var m strings.Builder
			m.WriteString(kitHead + `"files":[`)
			count := max(1, n/700)
			for i := range count {
				fmt.Fprintf(&m, `{"name":"repository/%06x","size":0,"sha256":"%x"}`, i, sha256.Sum256(nil))
				if i < count-1 {
					m.WriteByte(',')
				}
			}
			text := []byte(m.String() + "]}")
			put(w, "manifest.json", text)
			put(w, "manifest.sha256", fmt.Appendf(nil, "%x  manifest.json\n", sha256.Sum256(text)))
			for i := range count {
				put(w, fmt.Sprintf("repository/%06x", i), nil)
			}
		})
	},
	"long names": func(n int) []byte {
		return archive(func(w *tar.Writer, out *bytes.Buffer) {
			for out.Len() < n {
				put(w, strings.Repeat("a", min(n, 100_000)), nil)
			}
		})
	},
	"many headers before one file": func(n int) []byte {
		return archive(func(w *tar.Writer, out *bytes.Buffer) {
			for i := 0; out.Len() < n; i++ {
				_ = w.WriteHeader(&tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "x", PAXRecords: map[string]string{"SCHILY.xattr.a": fmt.Sprint(i)}, Format: tar.FormatPAX})
			}
		})
	},
}

func archive(write func(*tar.Writer, *bytes.Buffer)) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	write(w, &out)
	_ = w.Close()
	return out.Bytes()
}

var publicGood = sync.OnceValue(func() *trustroot.Root { return must(embedded.TrustedRoot("public-good")) })

func runAudit(c audit.Config) {
	c.Roots = []audit.Root{{Root: publicGood(), Source: "embedded"}}
	c.Trust = tufroot.Policy{MaxAge: tufroot.AnyAge}
	c.Policy = verify.Policy{AnyIdentity: true}
	c.NoArtifact = true
	_, _ = audit.Run(context.Background(), c)
}

// auditList audits the input.
func auditList(b []byte) {
	runAudit(audit.Config{Source: audit.NewList("list", bytes.NewReader(b)), Out: io.Discard})
}

// folder makes a folder for the duration of a call.
func folder(use func(dir string)) {
	dir := must(os.MkdirTemp("", "bounds"))
	defer os.RemoveAll(dir)
	use(dir)
}

func write(name string, data []byte) string {
	if err := os.WriteFile(name, data, 0o644); err != nil {
		panic(err)
	}
	return name
}

// auditState continues an audit of which the state is the input.
func auditState(b []byte) {
	folder(func(dir string) {
		list := write(filepath.Join(dir, "list"), []byte("{}\n"))
		l := must(audit.OpenList(list))
		defer l.Close()
		runAudit(audit.Config{Source: l, File: filepath.Join(dir, "findings"), State: write(filepath.Join(dir, "state"), b)})
	})
}

// expectations opens the input as a file of expectations.
func expectations(b []byte) {
	folder(func(dir string) {
		_, _ = audit.OpenExpectations(write(filepath.Join(dir, "expectations"), b), false, nil)
	})
}

// build builds the command in a folder.
func build(t *testing.T, dir string) string {
	t.Helper()
	command := filepath.Join(dir, "sigbundle")
	if out, err := exec.Command("go", "build", "-o", command, "github.com/sigbundle/sigbundle/cmd/sigbundle").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return command
}

// costOfCommand runs the command on the input and returns the processor time
// and the peak of its memory.
func costOfCommand(t *testing.T, command string, args []string, file string, data []byte) (time.Duration, uint64) {
	t.Helper()
	write(file, data)
	args = append([]string(nil), args...)
	for i, a := range args {
		if a == "FILE" {
			args[i] = file
		}
	}
	c := exec.Command(command, args...)
	c.Env = append(os.Environ(), "HOME="+filepath.Dir(file), "XDG_CACHE_HOME="+filepath.Dir(file))
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	_ = c.Run()
	if c.ProcessState == nil || !c.ProcessState.Exited() {
		t.Fatalf("%s: %v", args[0], c.ProcessState)
	}
	if n := out.Len(); n > 64<<10+4*len(data) {
		t.Errorf("%s: %d bytes of output for %d of input: %.200s", args[0], n, len(data), out.Bytes())
	}
	peak := uint64(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	if runtime.GOOS == "linux" {
		peak <<= 10
	}
	return c.ProcessState.UserTime() + c.ProcessState.SystemTime(), peak
}
