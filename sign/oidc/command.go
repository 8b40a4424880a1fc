// SPDX-License-Identifier: Apache-2.0

package oidc

// Identities that another command hands out.

import (
	"context"
	"errors"
	"os/exec"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

const (
	// socketVariable says where the SPIFFE Workload API listens (SPIFFE
	// Workload Endpoint, Section 4). The places where agents listen by custom
	// are not tried: any user may make a socket below /tmp.
	socketVariable = "SPIFFE_ENDPOINT_SOCKET"
	spiffeCommand  = "sigbundle-spiffe"
)

// run runs a command. What it says on its standard error may be anything, and
// is not repeated.
func (e *Environment) run(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, ambientTimeout)
	defer cancel()
	out, err := e.Run(ctx, name, args...)
	if errors.Is(err, exec.ErrNotFound) {
		return "", refuse.New("sign.token.ambient", "there is no command %s in PATH", name)
	}
	if err != nil {
		return "", refuse.New("sign.token.ambient", "the command %s %s did not succeed", name, args[0])
	}
	return string(out), nil
}

// output runs a command. One that left others behind, which hold on to its
// standard output, is not waited for beyond ctx.
func output(ctx context.Context, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	return cmd.Output()
}

// fromCircleCI runs the job's own command.
func fromCircleCI(ctx context.Context, e *Environment) (string, error) {
	return e.run(ctx, "circleci", "run", "oidc", "get", "--claims", `{"aud":`+quote(e.Audience)+`}`)
}

// fromSPIFFE runs a command of ours, which is not part of this one: the
// Workload API speaks gRPC, which weighs as much as everything else here.
func fromSPIFFE(ctx context.Context, e *Environment) (string, error) {
	// In one argument, or an audience could pass for a flag.
	token, err := e.run(ctx, spiffeCommand, "token", "--audience="+e.Audience)
	return token, refuse.Wrap("sign.token.ambient", err, "$%s is set", socketVariable)
}
