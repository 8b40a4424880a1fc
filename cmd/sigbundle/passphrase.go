// SPDX-License-Identifier: Apache-2.0

package main

// The passphrases of private keys.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/internal/infile"
)

// passwordVariable holds the passphrase of an encrypted key.
const passwordVariable = "SIGBUNDLE_PASSWORD"

// maxPassphrase bounds a passphrase, in bytes.
const maxPassphrase = 1024

// passphraseFlag says where the passphrase of a key comes from: a file, the
// environment, or a person at the terminal.
type passphraseFlag struct{ file string }

func (f *passphraseFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "passphrase-file", "", "read the passphrase of the private key from the first line of this `FILE`")
}

// read returns the passphrase. It asks each of the questions on the terminal,
// and wants the same answer to all of them.
func (f *passphraseFlag) read(questions ...string) ([]byte, error) {
	if f.file != "" {
		return readPassphrase(f.file)
	}
	if value, ok := os.LookupEnv(passwordVariable); ok {
		return []byte(value), nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil, errors.New("passphrase: not given, want --passphrase-file, $" + passwordVariable + " or a terminal")
	}
	var first []byte
	for i, question := range questions {
		answer, err := askHidden(question)
		if err != nil {
			return nil, err
		}
		if i > 0 && !bytes.Equal(answer, first) {
			return nil, errors.New("passphrase: the two answers differ, want the same passphrase twice")
		}
		first = answer
	}
	return first, nil
}

// readPassphrase reads a file of one line.
func readPassphrase(name string) ([]byte, error) {
	data, err := infile.Read(name, maxPassphrase+2)
	if err != nil {
		return nil, err
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	if len(line) > maxPassphrase || bytes.ContainsAny(line, "\r\n") {
		return nil, fmt.Errorf("%s: not a passphrase, want one line of at most %d bytes", name, maxPassphrase)
	}
	if len(line) == 0 {
		return nil, fmt.Errorf("%s: empty, want a passphrase", name)
	}
	return line, nil
}

// askHidden asks a question whose answer is not shown. A person who interrupts
// it gets a terminal that shows what is typed.
func askHidden(question string) ([]byte, error) {
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, err
	}
	interrupted, answered := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(interrupted, os.Interrupt)
	defer close(answered)
	defer signal.Stop(interrupted)
	go func() {
		select {
		case <-interrupted:
			_ = term.Restore(fd, before)
			fmt.Fprintln(os.Stderr)
			os.Exit(command.Usage)
		case <-answered:
		}
	}()
	fmt.Fprint(os.Stderr, question)
	answer, err := term.ReadPassword(fd)
	fmt.Fprintln(os.Stderr)
	if errors.Is(err, io.EOF) {
		return nil, errors.New("passphrase: no answer, want a passphrase")
	}
	return answer, err
}
