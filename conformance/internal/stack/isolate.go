// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// isolatedVar marks processes that Isolate started: "net", or "user" if they
// are in a user namespace too.
const isolatedVar = "SIGBUNDLE_STACK_ISOLATED"

// Isolated says whether this process is in a network namespace of its own
// that has nothing but a loopback interface.
func Isolated() bool { return os.Getenv(isolatedVar) != "" }

func inUserNS() bool { return os.Getenv(isolatedVar) == "user" }

// isolation is how a child gets into a new network namespace. Who is not root
// needs a user namespace for that, in which it is.
func isolation() (mark string, attr *syscall.SysProcAttr) {
	attr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGTERM}
	if os.Geteuid() == 0 {
		return "net", attr
	}
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	return "user", attr
}

// ErrNoNamespace says that the system does not let us make a network namespace.
var ErrNoNamespace = errors.New("no network namespace to be had")

// ExitNoLoopback is the exit code of a program that Isolate started and that
// could not bring its loopback interface up: some systems give namespaces, and
// no rights in them.
const ExitNoLoopback = 72

// Isolate runs this program again, with the same arguments, in a new network
// namespace, and returns its exit code. The program must call EnterIsolation
// first thing, and exit with ExitNoLoopback if that fails. Anything that needs
// the network must be done before. ErrNoNamespace means that nothing was run.
func Isolate() (code int, err error) {
	mark, attr := isolation()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), isolatedVar+"="+mark)
	cmd.SysProcAttr = attr
	// An interrupt at the terminal reaches the child too; it decides.
	signal.Ignore(os.Interrupt)
	defer signal.Reset(os.Interrupt)
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == ExitNoLoopback:
		return 0, fmt.Errorf("%w with a loopback interface", ErrNoNamespace)
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	case errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC):
		return 0, fmt.Errorf("%w: %w", ErrNoNamespace, err)
	}
	return 0, err
}

// EnterIsolation brings the loopback interface up in a program that Isolate
// started; in any other it does nothing.
func EnterIsolation() error {
	if !Isolated() {
		return nil
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("loopback interface: %w", err)
	}
	return nil
}

// Exec replaces this program by a command that runs beside the stack: with
// its environment, and in its network namespace. It returns on error only.
func (s *State) Exec(args []string) error {
	if len(args) == 0 {
		return errors.New("no command")
	}
	if s.Isolated && !Isolated() {
		enter := []string{"nsenter", "--target", fmt.Sprint(s.PID), "--net"}
		if s.UserNS {
			enter = append(enter, "--user", "--preserve-credentials")
		}
		args = append(append(enter, "--"), args...)
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	return syscall.Exec(path, args, append(os.Environ(), s.Env()...))
}
