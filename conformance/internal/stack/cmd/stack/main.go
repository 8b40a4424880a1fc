// SPDX-License-Identifier: Apache-2.0

// Command stack runs a Sigstore signing stack on loopback:
//
//	stack build [-only servers] compile the servers and the other clients
//	stack up [-isolate]         start everything and return
//	stack env                   print how to reach it, as shell exports
//	stack exec -- COMMAND ...   run a command beside it
//	stack token [-issuer ci] [CLAIM=VALUE ...]
//	stack down                  stop it
//
// Every subcommand takes -dir and -bin. Nothing is asked; what a program
// may want to read goes to standard output, all else to standard error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
)

const usage = "usage: stack build|up|env|exec|token|down [flags] [arguments]"

// options are the flags of all subcommands together.
type options struct {
	stack.Config
	only    string
	isolate bool
	timeout time.Duration
	issuer  string
	args    []string
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "stack:", err)
		os.Exit(1)
	}
}

var subcommands = map[string]func(options) error{
	"build": build, "up": up, "env": env, "exec": execute, "token": token, "down": down,
	"supervise": supervise, // what up starts; not for people
}

func run(args []string) error {
	if err := stack.EnterIsolation(); err != nil {
		return err
	}
	if len(args) == 0 || subcommands[args[0]] == nil {
		return errors.New(usage)
	}
	var o options
	fs := flag.NewFlagSet(args[0], flag.ContinueOnError)
	fs.StringVar(&o.Dir, "dir", fallback("STACK_DIR", "run"), "`directory` of the stack: keys, logs, state")
	fs.StringVar(&o.Bin, "bin", fallback("STACK_BIN", "bin"), "`directory` of the built commands")
	fs.StringVar(&o.only, "only", fallback("STACK_ONLY", ""), "build: \"servers\", without the other clients")
	fs.BoolVar(&o.isolate, "isolate", false, "up: in a network namespace with only a loopback interface")
	fs.DurationVar(&o.timeout, "timeout", time.Minute, "up, down: how long to wait")
	fs.StringVar(&o.issuer, "issuer", "email", "token: email or ci")
	if err := fs.Parse(args[1:]); err != nil {
		return err
	}
	o.args = fs.Args()
	return subcommands[args[0]](o)
}

func fallback(variable, value string) string {
	if v := os.Getenv(variable); v != "" {
		return v
	}
	return value
}

func build(o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	root, err := stack.ModuleRoot(".")
	if err != nil {
		return err
	}
	return stack.Build(ctx, root, o.Bin, stack.Set(o.only), os.Stderr)
}

func up(o options) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s, err := stack.Up(o.Config, o.isolate, self, "supervise",
		"-dir", o.Dir, "-bin", o.Bin, "-timeout", o.timeout.String())
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "stack: up in %s\n", s.Dir)
	if s.Isolated {
		fmt.Fprintln(os.Stderr, "stack: reachable through \"stack exec\" only")
	}
	return nil
}

func supervise(o options) error { return stack.Supervise(o.Config, o.timeout) }

// open finds a stack that runs.
func open(o options) (*stack.State, error) {
	s, err := stack.Open(o.Dir)
	if err != nil {
		return nil, err
	}
	if !s.Running() {
		return nil, fmt.Errorf("the stack in %s does not run", s.Dir)
	}
	return s, nil
}

func env(o options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	fmt.Print(s.ShellEnv())
	return nil
}

func execute(o options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	return s.Exec(o.args)
}

func token(o options) error {
	s, err := open(o)
	if err != nil {
		return err
	}
	claims := url.Values{}
	for _, a := range o.args {
		name, value, ok := strings.Cut(a, "=")
		if !ok {
			return fmt.Errorf("want CLAIM=VALUE, got %q", a)
		}
		claims.Set(name, value)
	}
	tok, err := s.Token(o.issuer, claims)
	if err != nil {
		return err
	}
	fmt.Println(tok)
	return nil
}

func down(o options) error {
	s, err := stack.Open(o.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil // nothing to stop
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.timeout)
	defer cancel()
	return s.Down(ctx)
}
