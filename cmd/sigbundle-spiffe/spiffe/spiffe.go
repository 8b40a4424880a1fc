// SPDX-License-Identifier: Apache-2.0

// Package spiffe gets identity tokens from the SPIFFE Workload API.
package spiffe

import (
	"context"
	"errors"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/jwtsvid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc/status"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign/oidc"
)

// SocketVariable says where the Workload API listens (SPIFFE Workload
// Endpoint, Section 4).
const SocketVariable = "SPIFFE_ENDPOINT_SOCKET"

// timeout bounds the one request: an agent is on the same machine.
const timeout = 10 * time.Second

// Request says what token is wanted.
type Request struct {
	// Getenv is os.Getenv. Required.
	Getenv func(string) string
	// Socket is where the API listens; empty means SocketVariable.
	Socket string
	// Audience is whom the token is for. Required.
	Audience string
	// ID chooses among the identities of the workload; empty means that it
	// must have one.
	ID string
}

// Fetch gets a token. Refusals are sign.token.*; an error without a code is
// about the request.
func Fetch(ctx context.Context, r Request) (*oidc.Token, error) {
	socket := r.Socket
	if socket == "" {
		socket = r.Getenv(SocketVariable)
	}
	if socket == "" {
		return nil, errors.New("Workload API: address not given, want --socket or $" + SocketVariable)
	}
	if err := workloadapi.ValidateAddress(socket); err != nil {
		return nil, err
	}
	params := jwtsvid.Params{Audience: r.Audience}
	if r.Audience == "" {
		return nil, errors.New("--audience is empty")
	}
	if r.ID != "" {
		var err error
		if params.Subject, err = spiffeid.FromString(r.ID); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	client, err := workloadapi.New(ctx, workloadapi.WithAddr(socket))
	if err != nil {
		return nil, refuse.Wrap("sign.token.ambient", err, "Workload API")
	}
	defer client.Close()
	svids, err := client.FetchJWTSVIDs(ctx, params)
	if err != nil {
		return nil, refuse.New("sign.token.ambient", "the Workload API at %s gives no token: %s: %.200q", socket, status.Code(err), status.Convert(err).Message())
	}
	return choose(svids, r)
}

// choose returns the token of the one identity, or of the one that was named:
// who signs is not to be left to the order of a list.
func choose(svids []*jwtsvid.SVID, r Request) (*oidc.Token, error) {
	if len(svids) != 1 {
		return nil, refuse.New("sign.token.ambient", "workload: has %d identities, want --spiffe-id to choose one", len(svids))
	}
	token, err := oidc.Parse(svids[0].Marshal())
	if err != nil {
		return nil, err
	}
	if r.ID != "" && token.Challenge() != r.ID {
		return nil, refuse.New("sign.token.subject", "the Workload API answered with a token of %q, not of %s", token.Challenge(), r.ID)
	}
	return token, token.Check(oidc.Expect{Audience: r.Audience, Now: time.Now()})
}
