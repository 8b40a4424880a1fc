// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/sigbundle/sigbundle/conformance/internal/stack/issuer"
	"github.com/sigbundle/sigbundle/conformance/internal/stack/registry"
	"github.com/sigbundle/sigbundle/conformance/internal/stack/tiles"
	"github.com/sigbundle/sigbundle/conformance/internal/stack/tufrepo"
	"github.com/sigbundle/sigbundle/conformance/internal/stack/witness"
)

// Config says where a stack lives.
type Config struct {
	// Dir is the directory for keys, configurations, logs and state. It is
	// made if need be; what an earlier stack left there is removed.
	Dir string
	// Bin is the directory that Build filled.
	Bin string
}

// Stack is a running stack. Its methods are safe for concurrent use.
type Stack struct {
	State

	material  *material
	issuer    *issuer.Server
	witness   *witness.Witness
	spawn     *spawner
	processes []*process // in the order of their start
	closers   []io.Closer
	closeOnce sync.Once
	closeErr  error
}

// Start starts all servers and returns when each of them answers. If one does
// not until ctx is done, all are stopped, and the error ends with its log.
func Start(ctx context.Context, c Config) (*Stack, error) {
	s := &Stack{State: State{PID: os.Getpid(), Isolated: Isolated(), UserNS: inUserNS(), Servers: map[string]int{}}}
	if err := s.start(ctx, c); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context, c Config) error {
	if err := s.prepare(c); err != nil {
		return err
	}
	if err := s.startHelpers(); err != nil {
		return err
	}
	a, err := newAddresses()
	if err != nil {
		return err
	}
	waits, err := s.startServers(ctx, a)
	if err != nil {
		return err
	}
	for _, wait := range waits {
		if err := wait(); err != nil {
			return err
		}
	}
	if err := s.writeTokens(); err != nil {
		return err
	}
	return s.State.write()
}

// prepare makes the directory and all keys.
func (s *Stack) prepare(c Config) error {
	var err error
	if s.Dir, err = filepath.Abs(c.Dir); err != nil {
		return err
	}
	if s.Bin, err = filepath.Abs(c.Bin); err != nil {
		return err
	}
	if s.Started, err = startTime(os.Getpid()); err != nil {
		return err
	}
	if err := clearDir(s.Dir); err != nil {
		return err
	}
	// Written first so that the next start knows the directory as a stack's.
	if err := s.State.write(); err != nil {
		return err
	}
	for _, d := range []string{"log", "rekor2", "rekor2b"} {
		if err := os.MkdirAll(s.Path(d), 0o755); err != nil {
			return err
		}
	}
	s.spawn = newSpawner()
	s.material, err = newMaterial(s.Dir, time.Now())
	return err
}

// clearDir makes dir, or empties it if a stack was there before. Any other
// directory that is not empty is left alone.
func clearDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) == 0 {
		return err
	}
	old, err := Open(dir)
	if err != nil {
		return fmt.Errorf("%s is not empty and not a stack's: %w", dir, err)
	}
	if old.Running() {
		return fmt.Errorf("a stack runs in %s already (process %d)", dir, old.PID)
	}
	for _, n := range names {
		if err := os.RemoveAll(filepath.Join(dir, n.Name())); err != nil {
			return err
		}
	}
	return nil
}

// serve runs a handler in this process, on a free port of hostA. The handler
// is made when the address is known.
func (s *Stack) serve(host string, handler func(base string) (http.Handler, error)) (base string, err error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	base = "http://" + l.Addr().String()
	h, err := handler(base)
	if err != nil {
		return "", errors.Join(err, l.Close())
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	s.closers = append(s.closers, srv)
	go func() { _ = srv.Serve(l) }() // ends with ErrServerClosed
	return base, nil
}

// startHelpers starts what needs no other server: issuer, witness, registries.
func (s *Stack) startHelpers() error {
	base, err := s.serve(hostA, func(base string) (h http.Handler, err error) {
		if s.issuer, err = issuer.New(base); err != nil {
			return nil, err
		}
		return s.issuer.Handler(), nil
	})
	if err != nil {
		return err
	}
	s.URLs.Issuer, s.URLs.IssuerCI = base+"/"+issuer.Email, base+"/"+issuer.CI
	s.RequestURL, s.RequestToken = s.issuer.RequestURL(), s.issuer.RequestToken()

	if s.witness, err = witness.New("witness.example"); err != nil {
		return err
	}
	for log, origin := range origins {
		v, err := s.material.noteVerifier(log, origin)
		if err != nil {
			return err
		}
		s.witness.Add(v)
	}
	if s.URLs.Witness, err = s.serve(hostA, given(s.witness)); err != nil {
		return err
	}
	if err := s.material.writeWitness(s.URLs.Witness, s.witness.VerifierKey()); err != nil {
		return err
	}
	for to, h := range map[*string]http.Handler{
		&s.URLs.Registry: registry.New(), &s.URLs.RegistryTags: registry.NewWithoutReferrers(),
	} {
		base, err := s.serve(hostA, given(h))
		if err != nil {
			return err
		}
		u, err := url.Parse(base)
		if err != nil {
			return err
		}
		*to = u.Host
	}
	return nil
}

func given(h http.Handler) func(string) (http.Handler, error) {
	return func(string) (http.Handler, error) { return h, nil }
}

// startTUF writes trusted root and signing configs, and serves them by TUF.
func (s *Stack) startTUF() error {
	targets, err := s.material.writeTrust(s.URLs)
	if err != nil {
		return err
	}
	if err := tufrepo.Write(s.Path("tuf"), targets); err != nil {
		return err
	}
	s.URLs.TUF, err = s.serve(hostA, given(http.FileServer(http.Dir(s.Path("tuf")))))
	return err
}

// startTiles puts the read path before a Rekor v2 server.
func (s *Stack) startTiles(name string, server address) (string, error) {
	u, err := url.Parse(server.url())
	if err != nil {
		return "", err
	}
	return s.serve(server.host, given(tiles.Handler(s.Path(name), u)))
}

// tokenLife is how long the tokens in the token files are good: a stack that
// a person started may stand for a day.
const tokenLife = 24 * time.Hour

func (s *Stack) writeTokens() error {
	for _, name := range []string{issuer.Email, issuer.CI} {
		tok, err := s.issuer.Token(issuer.Request{Issuer: name, Lifetime: tokenLife})
		if err != nil {
			return err
		}
		if err := s.material.write("token."+name+".jwt", []byte(tok)); err != nil {
			return err
		}
	}
	return nil
}

// Close stops all servers, the last one first, and waits for their end. The
// files stay. It can be called more than once.
func (s *Stack) Close() error {
	s.closeOnce.Do(func() {
		var errs []error
		for _, p := range slices.Backward(s.processes) {
			errs = append(errs, p.stop())
		}
		for _, c := range slices.Backward(s.closers) {
			errs = append(errs, c.Close())
		}
		if s.spawn != nil {
			s.spawn.close()
		}
		s.closeErr = errors.Join(errs...)
	})
	return s.closeErr
}

// Kill ends a server for good (SIGKILL); connections to it are refused from
// then on. The names are the keys of Servers.
func (s *Stack) Kill(server string) error {
	for _, p := range s.processes {
		if p.name == server {
			err := p.cmd.Process.Kill()
			<-p.done
			return err
		}
	}
	return fmt.Errorf("no server %q", server)
}

// Pause stops a server from running (SIGSTOP): it accepts connections and
// does not answer. The names are the keys of Servers.
func (s *State) Pause(server string) error { return s.signal(server, syscall.SIGSTOP) }

// Resume undoes Pause.
func (s *State) Resume(server string) error { return s.signal(server, syscall.SIGCONT) }

func (s *State) signal(server string, sig syscall.Signal) error {
	pid := s.Servers[server]
	if pid == 0 {
		return fmt.Errorf("no server %q", server)
	}
	return syscall.Kill(pid, sig)
}
