// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"os/exec"
	"runtime"

	"github.com/sigbundle/sigbundle/sign/oidc"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// ask gets a token from a person, through the configured identity provider.
func (f *signerFlags) ask(ctx context.Context, signing *signingconfig.Config, stderr io.Writer) (*oidc.Token, error) {
	provider, err := signing.OIDC(now())
	if err != nil {
		return nil, err
	}
	cas, err := f.cas()
	if err != nil {
		return nil, err
	}
	c := oidc.FlowConfig{Issuer: provider.URL, CAs: cas, Show: prompt(stderr), Open: openBrowser}
	if f.flow == "device" {
		return oidc.Device(ctx, c)
	}
	return oidc.Browser(ctx, c)
}

// openBrowser starts the person's browser and does not wait for it.
func openBrowser(address string) error {
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
