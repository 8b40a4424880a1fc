// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
)

// trustFlags choose the trust root.
type trustFlags struct {
	file     string
	instance string
}

func (t *trustFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&t.file, "trusted-root", "", "judge by the trust root in this JSON `FILE`")
	fl.StringVar(&t.instance, "instance", "public-good", "judge by the embedded trust root of this Sigstore `INSTANCE`: public-good, staging or github")
	cmd.MarkFlagsMutuallyExclusive("trusted-root", "instance")
	_ = cmd.MarkFlagFilename("trusted-root", "json")
	_ = cmd.RegisterFlagCompletionFunc("instance", cobra.FixedCompletions([]string{"public-good", "staging", "github"}, cobra.ShellCompDirectiveNoFileComp))
}

// load returns the trust root and says where it came from.
func (t *trustFlags) load() (*trustroot.Root, string, error) {
	if t.file == "" {
		root, err := embedded.TrustedRoot(t.instance)
		if err != nil {
			return nil, "", &refusal{err}
		}
		return root, t.instance + ", embedded", nil
	}
	data, err := readFile(t.file)
	if err != nil {
		return nil, "", err
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		return nil, "", &refusal{refuse.Wrap("trust.malformed", err, "%s", t.file)}
	}
	return root, fmt.Sprintf("file %s, as given", t.file), nil
}
