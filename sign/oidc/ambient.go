// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
	"github.com/sigbundle/sigbundle/sign/internal/call"
)

const (
	ambientTimeout = 15 * time.Second
	maxAnswer      = 64 << 10
	// tokenVariable is where GitLab and Codefresh jobs find their token, and
	// where another user may put one.
	tokenVariable = "SIGSTORE_ID_TOKEN"
	// tokenFile is where Kubernetes jobs have theirs projected to.
	tokenFile = "/var/run/sigstore/cosign/oidc-token"
)

// Environment is where ambient identities are looked for.
type Environment struct {
	// Getenv is os.Getenv. Required.
	Getenv func(string) string
	// Audience is whom tokens are for; empty means [Audience].
	Audience string
	// TokenFile replaces the file that Kubernetes jobs have; "-" means none.
	TokenFile string
	// MetadataURL replaces the address of Google's metadata server; "-" means that there is none.
	MetadataURL string
	// IAMURL replaces the address where Google hands out tokens of other
	// service accounts.
	IAMURL string
	// CAs, if not nil, are the roots for TLS, instead of the system's.
	CAs *x509.CertPool
	// Run runs a command and returns its standard output; nil means os/exec.
	// CircleCI hands tokens out through a command only, and SPIFFE's Workload
	// API takes one.
	Run func(ctx context.Context, name string, args ...string) ([]byte, error)

	client *call.Client
}

// source is one kind of place that hands tokens out.
type source struct {
	name  string
	here  func(*Environment) bool
	fetch func(context.Context, *Environment) (string, error)
}

// sources are tried in this order. The first that exists decides: an error
// inside it is an error, since the next one would give another identity.
var sources = []source{
	{"variable " + tokenVariable, has(tokenVariable), fromVariable},
	{"GitHub Actions", has("ACTIONS_ID_TOKEN_REQUEST_URL"), fromGitHub},
	{"GitHub Actions", has("GITHUB_ACTIONS"), noPermission},
	{"GitLab CI", has("GITLAB_CI"), noVariable},
	{"Buildkite", has("BUILDKITE_AGENT_ACCESS_TOKEN"), fromBuildkite},
	{"CircleCI", has("CIRCLECI"), fromCircleCI},
	{"Google Cloud", onGoogle, fromGoogle},
	{"Kubernetes", (*Environment).hasFile, func(_ context.Context, e *Environment) (string, error) {
		t, err := FromFile(e.file())
		if err != nil {
			return "", err
		}
		return t.Raw(), nil
	}},
	// Behind the file, which has no other purpose.
	{"SPIFFE", has(socketVariable), fromSPIFFE},
}

func has(name string) func(*Environment) bool {
	return func(e *Environment) bool { return e.Getenv(name) != "" }
}

// Ambient returns the token of the job that the program runs in, and who gave
// it: the variable SIGSTORE_ID_TOKEN, GitHub Actions, GitLab CI, Buildkite,
// CircleCI, Google Cloud, the file of a Kubernetes job, or the SPIFFE Workload
// API. Refusals are
// sign.token.missing if there is none, sign.token.ambient if it cannot be
// had, and sign.oidc.*.
func Ambient(ctx context.Context, e Environment) (*Token, string, error) {
	if e.Audience == "" {
		e.Audience = Audience
	}
	if e.client == nil {
		e.client = call.NewClient(call.Config{CAs: e.CAs})
	}
	if e.Run == nil {
		e.Run = output
	}
	for _, s := range sources {
		if !s.here(&e) {
			continue
		}
		raw, err := s.fetch(ctx, &e)
		if err != nil {
			return nil, "", refuse.Wrap("sign.token.ambient", err, "identity token from %s", s.name)
		}
		t, err := Parse(raw)
		return t, s.name, err
	}
	return nil, "", refuse.New("sign.token.missing", "no identity token, and no CI system that hands them out")
}

func fromVariable(_ context.Context, e *Environment) (string, error) {
	return e.Getenv(tokenVariable), nil
}

func noVariable(context.Context, *Environment) (string, error) {
	return "", refuse.New("sign.token.ambient", "the job has no variable %s, want it declared under id_tokens", tokenVariable)
}

func noPermission(context.Context, *Environment) (string, error) {
	return "", refuse.New("sign.token.ambient", "the job may not ask for a token, want permissions: id-token: write")
}

// fromGitHub asks the runner's token service.
func fromGitHub(ctx context.Context, e *Environment) (string, error) {
	address, err := withQuery(e.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"), url.Values{"audience": {e.Audience}})
	if err != nil {
		return "", err
	}
	return e.ask(ctx, call.Request{
		Method: http.MethodGet, URL: address, Secrets: []string{e.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")},
		Header: map[string]string{"Authorization": "Bearer " + e.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")},
	}, "value")
}

// fromBuildkite asks the agent's API.
func fromBuildkite(ctx context.Context, e *Environment) (string, error) {
	endpoint := e.Getenv("BUILDKITE_AGENT_ENDPOINT")
	if endpoint == "" {
		endpoint = "https://agent.buildkite.com/v3"
	}
	address, err := url.JoinPath(endpoint, "jobs", url.PathEscape(e.Getenv("BUILDKITE_JOB_ID")), "oidc/tokens")
	if err != nil {
		return "", refuse.New("sign.oidc.url", "endpoint of the agent: not an address")
	}
	return e.ask(ctx, call.Request{
		Method: http.MethodPost, URL: address, Body: []byte(`{"audience":` + quote(e.Audience) + `}`),
		Secrets: []string{e.Getenv("BUILDKITE_AGENT_ACCESS_TOKEN")},
		Header: map[string]string{
			"Authorization": "Token " + e.Getenv("BUILDKITE_AGENT_ACCESS_TOKEN"), "Content-Type": "application/json",
		},
	}, "token")
}

// ask sends a request and returns a member of the answer, or with "" all of
// it.
func (e *Environment) ask(ctx context.Context, r call.Request, member string) (string, error) {
	r.Service, r.Timeout, r.Limit, r.Accept = "oidc", ambientTimeout, maxAnswer, []int{http.StatusOK}
	resp, err := e.client.Do(ctx, r)
	if err != nil {
		return "", err
	}
	if member == "" {
		return string(resp.Body), nil
	}
	values, err := members(resp.Body, member)
	if err != nil || values[member] == "" {
		return "", refuse.New("sign.oidc.malformed", "the answer holds no token")
	}
	return values[member], nil
}

// members reads the string members of a JSON object that are named. Its error
// says nothing of the content, which may be secret.
func members(data []byte, names ...string) (map[string]string, error) {
	values := make(map[string]string)
	d := strictjson.NewDecoder(data)
	err := d.Object(func(key string) error {
		for _, name := range names {
			if key == name && d.Kind() == '"' {
				s, err := d.String()
				values[name] = s
				return err
			}
		}
		return d.Skip()
	})
	if err == nil {
		err = d.End()
	}
	if err != nil {
		return nil, refuse.New("sign.oidc.malformed", "the answer is not a JSON object")
	}
	return values, nil
}

// withQuery adds to the query that an address already has.
func withQuery(address string, values url.Values) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", refuse.New("sign.oidc.url", "address to ask for a token: malformed")
	}
	q := u.Query()
	for name, v := range values {
		q[name] = v
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// quote returns a JSON string of plain text, as audiences are.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
