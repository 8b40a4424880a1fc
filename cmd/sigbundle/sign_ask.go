// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/term"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/sign/oidc"
)

// person gets a token from a person, through the configured identity provider.
func (h *holder) person(ctx context.Context) (*oidc.Token, error) {
	provider, err := h.signing.OIDC(flags.Now())
	if err != nil {
		return nil, &command.Refusal{Err: err}
	}
	if h.audience == "" {
		h.ask(ctx)
		if want := h.want(provider.URL); want != oidc.Audience {
			return nil, &command.Refusal{Err: h.refuseAudience(want)}
		}
	}
	stderr := h.cmd.ErrOrStderr()
	c := oidc.FlowConfig{Issuer: provider.URL, ClientID: h.want(provider.URL), CAs: h.cas, Show: prompt(stderr), Open: openBrowser}
	if stdin, ok := h.cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(stdin.Fd())) {
		c.ReadCode = func() (string, error) { return readLine(stdin, stderr, "code: ") }
	}
	flow := oidc.Browser
	if h.flow == "device" {
		flow = oidc.Device
	}
	token, err := flow(ctx, c)
	if err != nil {
		return nil, &command.Refusal{Err: err}
	}
	return token, nil
}

// readLine asks for a line. A terminal hands out one at a time.
func readLine(stdin io.Reader, stderr io.Writer, question string) (string, error) {
	fmt.Fprint(stderr, question)
	line := make([]byte, 4096)
	n, err := stdin.Read(line)
	return string(line[:n]), err
}

// openBrowser starts the person's browser and does not wait for it.
func openBrowser(address string) error {
	if runtime.GOOS == "linux" && os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("no display")
	}
	name, args := "xdg-open", []string{address}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", address}
	}
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return nil
}
