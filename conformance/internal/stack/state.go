// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// URLs are the base URLs of the services, as signing configs and clients want
// them, none with a slash at the end.
type URLs struct {
	Fulcio string `json:"fulcio"`
	CTLog  string `json:"ctLog"`
	// Rekor1 is Rekor v1. Rekor2 and Rekor2B are Rekor v2, with the read path.
	Rekor1  string `json:"rekor1"`
	Rekor2  string `json:"rekor2"`
	Rekor2B string `json:"rekor2b"`
	// TSA and TSAB are the URLs to post timestamp requests to.
	TSA     string `json:"tsa"`
	TSAB    string `json:"tsab"`
	Witness string `json:"witness"`
	// Issuer and IssuerCI are the values of iss in e-mail and CI tokens.
	Issuer   string `json:"issuer"`
	IssuerCI string `json:"issuerCI"`
	TUF      string `json:"tuf"`
	// Registry has the referrers API, RegistryTags has not. Host and port only,
	// as in an image reference.
	Registry     string `json:"registry"`
	RegistryTags string `json:"registryTags"`
}

// State is what one must know to use a running stack. It is kept in
// stack.json in the stack's directory, and carries no secrets but the request
// token of the make-believe CI job.
type State struct {
	// Dir is the directory of the stack, Bin that of the commands; absolute.
	Dir string `json:"dir"`
	Bin string `json:"bin"`
	// PID is the process that runs the stack, and Started its start time in
	// clock ticks since boot, so that no other process is taken for it.
	PID     int    `json:"pid"`
	Started uint64 `json:"started"`
	// Isolated says that the stack is in a network namespace of its own, and
	// UserNS that it is in a user namespace as well.
	Isolated bool `json:"isolated"`
	UserNS   bool `json:"userns"`
	URLs     URLs `json:"urls"`
	// Servers are the process ids of the servers by name.
	Servers map[string]int `json:"servers"`
	// RequestURL and RequestToken are what GitHub Actions puts into
	// ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN.
	RequestURL   string `json:"requestURL"`
	RequestToken string `json:"requestToken"`
}

const stateFile = "stack.json"

// Open reads the state of the stack in dir. It does not look whether the
// stack still runs.
func Open(dir string) (*State, error) {
	b, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return nil, err
	}
	var s State
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", stateFile, err)
	}
	return &s, nil
}

func (s *State) write() error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.Dir, stateFile), append(b, '\n'), 0o600)
}

// Path is the path of a file in the stack's directory.
func (s *State) Path(name string) string { return filepath.Join(s.Dir, name) }

// Binary is the path of a built command, such as "cosign".
func (s *State) Binary(name string) string { return filepath.Join(s.Bin, name) }

// TrustedRoot is the path of trusted_root.json.
func (s *State) TrustedRoot() string { return s.Path("trusted_root.json") }

// TUFRoot is the path of the root that clients of the TUF repository start from.
func (s *State) TUFRoot() string { return s.Path("tuf/1.root.json") }

// Signing names a signing config (v0.2).
type Signing string

// The signing configs. A client takes the highest API version that it
// supports from each operator, so a bundle with entries of both versions
// needs two runs.
const (
	// RekorV2 has one Rekor v2 log and one timestamp authority.
	RekorV2 Signing = "signing_config.json"
	// RekorV1 has Rekor v1 and one timestamp authority.
	RekorV1 Signing = "signing_config.v1.json"
	// RekorBoth has Rekor v1 and v2 of one operator, selector ANY: v2 wins.
	RekorBoth Signing = "signing_config.both.json"
	// RekorPair has two Rekor v2 logs and two timestamp authorities, each of
	// another operator, selector EXACT 2.
	RekorPair Signing = "signing_config.pair.json"
)

// SigningConfig is the path of a signing config.
func (s *State) SigningConfig(c Signing) string { return s.Path(string(c)) }

// Token asks the issuer ("email" or "ci") for an identity token with these
// claims; see package issuer for the ones that begin with an underscore.
func (s *State) Token(name string, claims url.Values) (string, error) {
	base := map[string]string{"email": s.URLs.Issuer, "ci": s.URLs.IssuerCI}[name]
	if base == "" {
		return "", fmt.Errorf("no issuer %q", name)
	}
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get(base + "/mint?" + claims.Encode())
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("mint: %s: %q", resp.Status, b)
	}
	return string(b), nil
}

// Env is the stack as environment variables, NAME=VALUE.
func (s *State) Env() []string {
	u := s.URLs
	return []string{
		"STACK_DIR=" + s.Dir,
		"STACK_BIN=" + s.Bin,
		"STACK_FULCIO_URL=" + u.Fulcio,
		"STACK_CT_URL=" + u.CTLog,
		"STACK_REKOR1_URL=" + u.Rekor1,
		"STACK_REKOR2_URL=" + u.Rekor2,
		"STACK_REKOR2B_URL=" + u.Rekor2B,
		"STACK_TSA_URL=" + u.TSA,
		"STACK_TSAB_URL=" + u.TSAB,
		"STACK_WITNESS_URL=" + u.Witness,
		"STACK_ISSUER=" + u.Issuer,
		"STACK_ISSUER_CI=" + u.IssuerCI,
		"STACK_TUF_URL=" + u.TUF,
		"STACK_REGISTRY=" + u.Registry,
		"STACK_REGISTRY_TAGS=" + u.RegistryTags,
		"STACK_TRUSTED_ROOT=" + s.TrustedRoot(),
		"STACK_SIGNING_CONFIG=" + s.SigningConfig(RekorV2),
		"STACK_SIGNING_CONFIG_V1=" + s.SigningConfig(RekorV1),
		"STACK_TUF_ROOT=" + s.TUFRoot(),
		"STACK_TOKEN_FILE=" + s.Path("token.email.jwt"),
		"STACK_TOKEN_FILE_CI=" + s.Path("token.ci.jwt"),
		"STACK_CI_REQUEST_URL=" + s.RequestURL,
		"STACK_CI_REQUEST_TOKEN=" + s.RequestToken,
	}
}

// shellQuote makes a word of any text for a POSIX shell.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// ShellEnv is Env as export lines for a POSIX shell.
func (s *State) ShellEnv() string {
	var b strings.Builder
	for _, v := range s.Env() {
		name, value, _ := strings.Cut(v, "=")
		fmt.Fprintf(&b, "export %s=%s\n", name, shellQuote(value))
	}
	return b.String()
}
