// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/trustroot/tufsync"
)

func newTrustRemove() *cobra.Command {
	var store flags.TrustDir
	forget := false
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Forget an instance and its cache",
		Long: `Remove forgets an instance that was added, with its cache and with which
versions of it were seen. Of an instance that is built in it forgets the cache
alone: versions older than those that were seen are refused as before, unless
--forget-versions is given.`,
		Example: `  sigbundle trust remove acme
  sigbundle trust remove public-good --forget-versions`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			said, err := removeInstance(cmd.Context(), store.Store(), args[0], forget)
			if err != nil {
				return command.Refuse(err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), said)
			return err
		},
	}
	cmd.Flags().BoolVar(&forget, "forget-versions", false, "forget which versions of a built-in instance were seen too, so that older ones pass")
	store.Add(cmd)
	cmd.ValidArgsFunction = store.CompleteInstances
	return cmd
}

// removeInstance says what it has forgotten: that older versions can pass
// again must not go unnoticed.
func removeInstance(ctx context.Context, store instances.Store, name string, forget bool) (string, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	in, err := store.Find(name)
	dir, seen := store.CacheDir(name), false
	if dir != "" {
		floors, err := tufroot.CacheFloors(infile.Dir(dir))
		seen = err != nil || floors.Root > 0
	}
	if err == nil && in.BuiltIn && !forget && dir != "" {
		kept, err := tufsync.Empty(ctx, dir)
		if err != nil || kept {
			return "removed the cache of " + name + ", not which versions were seen: older ones are refused as before", err
		}
	}
	if err := store.Remove(name); err != nil {
		return "", err
	}
	if !seen {
		return "removed " + name, nil
	}
	return "removed " + name + ", and which versions of it were seen: older ones will pass again", nil
}
