// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// terminal is one that a command runs on, with us at the keyboard.
type terminal struct {
	keyboard *os.File
	mutex    sync.Mutex
	screen   bytes.Buffer
	closed   chan struct{}
}

// start runs a command with a terminal for its input and its errors.
func (s *shell) start(args ...string) (*terminal, *exec.Cmd, *bytes.Buffer) {
	s.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = master.Close() })
	var unlock, number int32
	for request, value := range map[uintptr]*int32{syscall.TIOCSPTLCK: &unlock, syscall.TIOCGPTN: &number} {
		if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, master.Fd(), request, uintptr(unsafe.Pointer(value))); e != 0 {
			s.Fatal(e)
		}
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		s.Fatal(err)
	}
	defer slave.Close()
	out := new(bytes.Buffer)
	cmd := exec.CommandContext(s.Context(), "sigbundle", args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.dir, s.env, slave, out, slave
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	t := &terminal{keyboard: master, closed: make(chan struct{})}
	go func() {
		defer close(t.closed)
		part := make([]byte, 4096)
		for {
			n, err := master.Read(part)
			t.mutex.Lock()
			t.screen.Write(part[:n])
			t.mutex.Unlock()
			if err != nil { // EIO once the command has ended
				return
			}
		}
	}()
	return t, cmd, out
}

func (t *terminal) text() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.screen.String()
}

// TestSignPaste has a person without a browser bring the code back.
func TestSignPaste(t *testing.T) {
	s := newShell(t)
	var nonce, redirect string
	mux := http.NewServeMux()
	provider := httptest.NewServer(mux)
	defer provider.Close()
	answer := func(w http.ResponseWriter, v map[string]any) { _ = json.NewEncoder(w).Encode(v) }
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": provider.URL, "token_endpoint": provider.URL + "/token", "authorization_endpoint": provider.URL + "/auth"})
	})
	mux.HandleFunc("/auth", func(w http.ResponseWriter, r *http.Request) {
		nonce, redirect = r.URL.Query().Get("nonce"), r.URL.Query().Get("redirect_uri")
		_, _ = io.WriteString(w, "code-4711")
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("code") != "code-4711" || r.FormValue("redirect_uri") != redirect {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		answer(w, map[string]any{"id_token": jwt(t, map[string]any{"iss": provider.URL, "nonce": nonce})})
	})
	s.config = s.WriteConfig(s.dir, map[string]string{"oidc": provider.URL})
	term, cmd, out := s.start("sign", "app", "--trust-config", s.config, "--oidc-flow", "browser")
	address := regexp.MustCompile(`on any device to say who you are: (http\S+)\s+code: $`)
	var found []string
	for end := time.Now().Add(10 * time.Second); found == nil && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		found = address.FindStringSubmatch(term.text())
	}
	if found == nil {
		t.Fatalf("%q", term.text())
	}
	resp, err := http.Get(found[1])
	if err != nil {
		t.Fatal(err)
	}
	code, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := term.keyboard.Write(append(code, '\n')); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || redirect != "urn:ietf:wg:oauth:2.0:oob" || !strings.HasPrefix(out.String(), "signed app") {
		t.Fatalf("%v: %q, %q", err, out, term.text())
	}
}

// TestSignProgress shows on a terminal how far it is, and nowhere else.
func TestSignProgress(t *testing.T) {
	s := newShell(t)
	s.Issuers = []map[string]any{{"issuerUrl": "https://accounts.example.test", "audience": "sigstore"}}
	s.env = append(s.env, "SIGSTORE_ID_TOKEN="+jwt(t, map[string]any{"email": nil, "sub": "dev@example.test"}))
	args := []string{"sign", "--trust-config", s.config}
	for i := range 12 {
		args = append(args, "f"+fmt.Sprint(i))
		s.write(args[len(args)-1], fmt.Sprint(i))
	}
	term, cmd, out := s.start(args...)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %q", err, term.text())
	}
	<-term.closed
	if !strings.Contains(term.text(), "sigbundle: signing") || !strings.Contains(term.text(), "/12") {
		t.Errorf("no progress: %q", term.text())
	}
	if strings.Count(out.String(), "signed f") != 12 || strings.Contains(out.String(), "\r") {
		t.Errorf("standard output: %q", out)
	}
	if quiet := s.run(0, "", "sigbundle", append(args, "--replace")...); strings.Contains(quiet, "signing") || strings.Contains(quiet, "\r") {
		t.Errorf("progress without a terminal: %q", quiet)
	}
	term, cmd, _ = s.start("sign", "f0", "--replace", "--trust-config", s.config)
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	<-term.closed
	if got := term.text(); got != "" {
		t.Errorf("progress of one file: %q", got)
	}
}

// waits waits until the terminal shows the text.
func (t *terminal) waits(s *shell, text string) {
	s.Helper()
	for end := time.Now().Add(20 * time.Second); !strings.Contains(t.text(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("%q does not show %q", t.text(), text)
		}
	}
}

// TestKeygenAsks asks for the passphrase twice, shows none, and makes a key
// that signs what verifies.
func TestKeygenAsks(t *testing.T) {
	s := newShell(t)
	ask := func(answers [2]string, args ...string) (*terminal, *exec.Cmd, *bytes.Buffer) {
		term, cmd, out := s.start(args...)
		for i, question := range []string{"passphrase for the new key: ", "the same passphrase again: "} {
			term.waits(s, question)
			if _, err := term.keyboard.WriteString(answers[i] + "\n"); err != nil {
				t.Fatal(err)
			}
		}
		return term, cmd, out
	}
	term, cmd, _ := ask([2]string{"correct horse", "correct house"}, "keygen", "--output", "a.key")
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("two passphrases: %v", err)
	}
	term.waits(s, "the two answers differ")
	if names, err := filepath.Glob(filepath.Join(s.dir, "a.*")); err != nil || names != nil {
		t.Errorf("%q, %v", names, err)
	}
	term, cmd, _ = ask([2]string{"", ""}, "keygen", "--output", "a.key")
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("an empty passphrase: %v", err)
	}
	term.waits(s, "passphrase: empty")
	term, cmd, out := ask([2]string{"correct horse", "correct horse"}, "keygen", "--output", "a.key")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %q", err, term.text())
	}
	if strings.Contains(term.text()+out.String(), "correct") {
		t.Errorf("the passphrase is shown: %q", term.text())
	}
	term, cmd, _ = s.start("sign", "app", "--key", "a.key", "--trust-config", s.config)
	term.waits(s, "passphrase of a.key: ")
	if _, err := term.keyboard.WriteString("correct horse\n"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %q", err, term.text())
	}
	s.run(0, "", "sigbundle", "verify", "app", "--trusted-root", s.root(), "--key", "a.pub")
	s.run(0, "", "sigbundle", "keygen", "--output", "b.key", "--no-passphrase")
	s.run(1, "", "sigbundle", "verify", "app", "--trusted-root", s.root(), "--key", "b.pub")
	// Without a terminal no one is asked.
	if out := s.run(2, "correct horse\ncorrect horse\n", "sigbundle", "keygen", "--output", "c.key"); !strings.Contains(out, "passphrase: not given") || !strings.Contains(out, "--passphrase-file") {
		t.Errorf("%q", out)
	}
	// A person who interrupts the question leaves nothing behind.
	term, cmd, _ = s.start("keygen", "--output", "d.key")
	term.waits(s, "passphrase for the new key: ")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 2 {
		t.Errorf("interrupted: %v", err)
	}
	if names, err := filepath.Glob(filepath.Join(s.dir, "[cd].*")); err != nil || names != nil {
		t.Errorf("%q, %v", names, err)
	}
}
