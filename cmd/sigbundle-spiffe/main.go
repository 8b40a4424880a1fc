// SPDX-License-Identifier: Apache-2.0

// Command sigbundle-spiffe asks the SPIFFE Workload API for the identity token
// that sigbundle sign needs. It is a command of its own, because the Workload
// API speaks gRPC, which weighs as much as all of sigbundle.
package main

import (
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/cmd/sigbundle-spiffe/spiffe"
	"github.com/sigbundle/sigbundle/sign/oidc"
)

// version is set by the release build.
var version = "unknown"

func main() { os.Exit(command.Run(newCommand(), os.Args[1:], os.Stdout, os.Stderr)) }

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "sigbundle-spiffe",
		Short: "Get an identity token from the SPIFFE Workload API",
		Long: `Sigbundle-spiffe gets a JWT-SVID for the workload that it runs in. Where
$` + spiffe.SocketVariable + ` is set and sigbundle sign finds no other identity,
it runs this command by itself.

Exit codes: 0 done; 1 the agent gave no token, or one that will not do; 2 the
command line was not understood or a file could not be written.`,
		Version: version,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newToken())
	return root
}

func newToken() *cobra.Command {
	r := spiffe.Request{Getenv: os.Getenv}
	var output string
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Write a token to standard output, or to a file that no other user can read",
		Example: `  sigbundle-spiffe token --socket unix:///run/spire/agent.sock |
    sigbundle sign release.tar.gz --identity-token-file -`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "" {
				if err := new(outfile.Set).Free("--output", output, outfile.Token); err != nil {
					return err
				}
			}
			token, err := spiffe.Fetch(cmd.Context(), r)
			if err != nil {
				return err
			}
			if output != "" {
				return write(output, token.Raw()+"\n")
			}
			_, err = io.WriteString(cmd.OutOrStdout(), token.Raw()+"\n")
			return err
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&r.Audience, "audience", oidc.Audience, "whom the token is for")
	fl.StringVar(&r.Socket, "socket", "", "where the Workload API listens, `unix:///PATH` or tcp://IP:PORT; by default $"+spiffe.SocketVariable)
	fl.StringVar(&r.ID, "spiffe-id", "", "which identity, if the workload has several: spiffe://DOMAIN/PATH")
	fl.StringVar(&output, "output", "", "write the token to this `FILE`")
	return cmd
}

// write puts a token into a file. The file never holds half a token, and no
// other user can read it.
func write(name, text string) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".sigbundle-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
