// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

const (
	// grace is how long a server may take to stop after SIGTERM.
	grace = 5 * time.Second
	// pollEvery is the pause between two looks at a server that comes up.
	pollEvery = 20 * time.Millisecond
	// probeTimeout bounds one look.
	probeTimeout = 2 * time.Second
	// tailSize is how much of a log an error shows, in bytes.
	tailSize = 2 << 10
)

// process is a server that runs. done is closed when it has ended.
type process struct {
	name string
	log  string // path
	cmd  *exec.Cmd
	done chan struct{}
}

// spawner starts processes that die with this one. The kernel sends the
// parent-death signal when the *thread* that started a child ends, so one
// thread is kept for this.
type spawner struct{ jobs chan func() }

func newSpawner() *spawner {
	s := &spawner{make(chan func())}
	go func() {
		runtime.LockOSThread()
		for job := range s.jobs {
			job()
		}
	}()
	return s
}

func (s *spawner) close() { close(s.jobs) }

// start runs a command with its output in dir/log/NAME.log.
func (s *spawner) start(dir, name, path string, args ...string) (*process, error) {
	p := &process{name: name, log: filepath.Join(dir, "log", name+".log"), done: make(chan struct{})}
	out, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	p.cmd = exec.Command(path, args...)
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = out, out
	// HOME: some of the servers look for a configuration file there.
	p.cmd.Env = append(os.Environ(), "HOME="+dir)
	// A group of its own: an interrupt at the terminal must not reach the
	// servers before the stack asks them to stop.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	s.jobs <- func() { started <- p.cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	go func() {
		_ = p.cmd.Wait() // the log tells why
		close(p.done)
	}()
	return p, nil
}

func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop ends the process: SIGTERM, and SIGKILL when grace is over.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGCONT) // a paused one would not hear
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return nil
	case <-time.After(grace):
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	return fmt.Errorf("%s: killed, as it did not stop within %v", p.name, grace)
}

func (p *process) tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(b[max(0, len(b)-tailSize):]))
}

var errNotYet = errors.New("not yet")

// await looks again and again until probe succeeds. It gives up when the
// process has ended or ctx is done.
func (p *process) await(ctx context.Context, probe func(context.Context) error) error {
	for {
		one, cancel := context.WithTimeout(ctx, probeTimeout)
		err := probe(one)
		cancel()
		switch {
		case err == nil:
			return nil
		case !p.alive():
			return fmt.Errorf("%s has ended:\n%s", p.name, p.tail())
		case ctx.Err() != nil:
			return fmt.Errorf("%s is not up (%w): %w\n%s", p.name, err, context.Cause(ctx), p.tail())
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollEvery):
		}
	}
}

// answers is a probe: GET url gives 200.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", url, resp.Status)
		}
		return nil
	}
}

// exists is a probe: the file exists.
func exists(path string) func(context.Context) error {
	return func(context.Context) error {
		if _, err := os.Stat(path); err != nil {
			return errNotYet
		}
		return nil
	}
}
