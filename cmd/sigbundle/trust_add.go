// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/trustroot/tufsync"
)

type addFlags struct {
	flags.TrustDir
	in               instances.Instance
	root, clientFile string
}

func newTrustAdd() *cobra.Command {
	f := new(addFlags)
	cmd := &cobra.Command{
		Use:   "add NAME --root FILE --mirror URL | add NAME --client-trust FILE",
		Short: "Make a private instance known",
		Long: `Add makes an instance known under a name, by its TUF root and the mirror of its
repository, or by its ClientTrustConfig. It prints the file's SHA-256: compare
it with what the instance's operator says.

The root must be a file that you have. It is never fetched from the mirror: the
first server to answer would be trusted for good.`,
		Example: `  sigbundle trust add acme --root root.json --mirror https://tuf.acme.example
  sigbundle trust add lab --client-trust client_trust_config.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.OutOrStdout(), args[0]) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.root, "root", "", "the instance's TUF root metadata, a `FILE`")
	fl.StringVar(&f.in.Mirror, "mirror", "", "the `URL` of the TUF repository: https, http or file")
	fl.StringVar(&f.in.TargetsURL, "targets-url", "", "the `URL` of the repository's target files, if not targets/ below the mirror")
	fl.IntSliceVar(&f.in.NotFound, "not-found", nil, "HTTP status `CODES` by which the mirror says that a file does not exist; 404 if none is given")
	fl.StringVar(&f.in.Description, "description", "", "a line of `TEXT` for lists")
	fl.StringVar(&f.clientFile, "client-trust", "", "a ClientTrustConfig `FILE`, for an instance without a TUF repository")
	cmd.MarkFlagsMutuallyExclusive("root", "client-trust")
	cmd.MarkFlagsMutuallyExclusive("mirror", "client-trust")
	_ = cmd.MarkFlagFilename("root", "json")
	_ = cmd.MarkFlagFilename("client-trust", "json")
	f.TrustDir.Add(cmd)
	return cmd
}

func (f *addFlags) run(w io.Writer, name string) error {
	if err := f.read(name); err != nil {
		return err
	}
	added, err := f.Store().Add(f.in)
	if file := cmp.Or(f.root, f.clientFile); err != nil && !strings.HasPrefix(string(refuse.CodeOf(err)), "instance.") {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err != nil {
		return err // about what was given: exit code 2
	}
	fmt.Fprintf(w, "added   %s\nsha256  %s\n", added.Name, added.RootSHA256)
	if added.TUFRoot == nil {
		return nil
	}
	version, err := tufroot.CheckRoot(added.TUFRoot)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "root    version %d\nnext    sigbundle trust refresh %s\n", version, added.Name)
	return err
}

// read fills in the instance from the files named.
func (f *addFlags) read(name string) (err error) {
	f.in.Name = name
	switch {
	case f.clientFile != "":
		f.in.ClientTrust, err = flags.ReadRegular(f.clientFile)
		return err
	case f.root == "":
		return errors.New("trust: not given, want --root FILE from the instance's operator (not from the mirror), or --client-trust FILE")
	case f.in.Mirror == "":
		return errors.New("--root: no TUF repository given, want --mirror URL too")
	}
	for _, u := range []string{f.in.Mirror, f.in.TargetsURL} {
		if _, err := tufsync.DirName(u); err != nil && u != "" {
			return fmt.Errorf("--mirror or --targets-url: %w", err)
		}
	}
	if f.in.TUFRoot, err = flags.ReadRegular(f.root); err != nil {
		return err
	}
	if _, parseErr := trustroot.ParseAll(f.in.TUFRoot); parseErr == nil {
		return fmt.Errorf("--root %s: this is a trust root, want TUF root metadata (root.json)", f.root)
	}
	return nil
}
