// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"

	"github.com/spf13/cobra"
)

func newTrustVerify() *cobra.Command {
	f := new(kitFlags)
	cmd := &cobra.Command{
		Use:   "verify KIT",
		Short: "Prove a kit, offline, from the root known here",
		Long: `Verify checks every byte of a kit and proves the TUF repository in it from the
root that is built in or was added, at the time of --as-of. What the kit says
of itself is not believed. A kit of an instance that is known here must not be
older than what was seen of it; --root asks for no more than the file.`,
		Example: `  sigbundle trust verify kit.tar
  sigbundle trust verify kit.tar --max-trust-age 720h
  sigbundle trust verify delta.tar --base kit.tar --root root.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return refusedJSON(&f.output, cmd.OutOrStdout(), f.verify(cmd.OutOrStdout(), args[0]))
		},
	}
	f.add(cmd)
	f.addReading(cmd)
	cmd.Flags().StringVar(&f.rootFile, "root", "", "prove the kit from the TUF root in this `FILE`")
	cmd.MarkFlagsMutuallyExclusive("root", "instance")
	return cmd
}

func (f *kitFlags) verify(w io.Writer, name string) error {
	if err := f.output.Check(); err != nil {
		return err
	}
	k, sum, err := f.readKit(name)
	if err != nil {
		return err
	}
	p, in, err := f.prove(k)
	if err != nil {
		return err
	}
	return f.print(w, "verified", reportKit(k, sum, in.Name, p.Status()))
}
