// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ready is what Supervise tells Up when the stack stands; anything else is an
// error text.
const ready = "ready"

// reportFD is the file descriptor that Up gives the supervisor to report on.
const reportFD = 3

// Up starts a stack that outlives this process: command (this program, with
// arguments that make it call Supervise) becomes its supervisor, detached
// from the terminal, in a network namespace of its own if isolate is true.
func Up(c Config, isolate bool, command ...string) (*State, error) {
	if err := os.MkdirAll(filepath.Dir(c.Dir), 0o755); err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if isolate {
		mark, attr := isolation()
		attr.Pdeathsig = 0 // the stack stays when we go
		cmd.SysProcAttr = attr
		cmd.Env = append(os.Environ(), isolatedVar+"="+mark)
	}
	cmd.SysProcAttr.Setsid = true
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		return nil, err
	}
	report, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if string(report) != ready {
		_ = cmd.Wait() // it ends with the error that it reported
		return nil, fmt.Errorf("the stack did not start: %s", bytes.TrimSpace(report))
	}
	return Open(c.Dir)
}

// Supervise is the supervisor's whole life: it starts the stack, reports to
// Up, and stops the stack when it is told to (SIGTERM, interrupt).
func Supervise(c Config, timeout time.Duration) error {
	// The servers must not inherit it: Up reads to the end.
	syscall.CloseOnExec(reportFD)
	report := os.NewFile(reportFD, "report")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	starting, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	s, err := Start(starting, c)
	if err != nil {
		_, _ = fmt.Fprint(report, err)
		return err
	}
	_, err = fmt.Fprint(report, ready)
	if err = errors.Join(err, report.Close()); err == nil {
		<-ctx.Done()
	}
	if err = errors.Join(err, s.Close()); err != nil {
		// No one reads what a detached process prints.
		err = errors.Join(err, os.WriteFile(s.Path("log/supervise.log"), []byte(err.Error()+"\n"), 0o644))
	}
	return err
}

// Running says whether the process that runs the stack exists.
func (s *State) Running() bool {
	t, err := startTime(s.PID)
	return err == nil && t == s.Started
}

// Down stops the stack, and waits until it has stopped or ctx is done.
func (s *State) Down(ctx context.Context) error {
	if !s.Running() {
		return nil
	}
	if err := syscall.Kill(s.PID, syscall.SIGTERM); err != nil {
		return err
	}
	for s.Running() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d does not stop: %w", s.PID, context.Cause(ctx))
		case <-time.After(pollEvery):
		}
	}
	return nil
}

// startTime is when a process started, in clock ticks since boot; together
// with the id it names a process for good. A zombie counts as gone.
func startTime(pid int) (uint64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// proc_pid_stat(5): the name, in parentheses, may hold anything; state is
	// field 3 and starttime field 22.
	i := bytes.LastIndexByte(b, ')')
	fields := strings.Fields(string(b[i+1:]))
	if i < 0 || len(fields) < 20 {
		return 0, errors.New("malformed stat")
	}
	if fields[0] == "Z" {
		return 0, errors.New("process has ended")
	}
	return strconv.ParseUint(fields[19], 10, 64)
}
