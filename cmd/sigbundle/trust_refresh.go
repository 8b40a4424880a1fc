// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/command"
	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/internal/age"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/trustroot/tufsync"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// optionalTargets are fetched where a repository has them: what a signer
// needs to know.
var optionalTargets = []string{"signing_config.v0.2.json", "signing_config_rekor_v2.v0.2.json"}

type refreshFlags struct {
	store    flags.TrustDir
	output   flags.Output
	mirror   string
	targets  []string
	notFound []int
	timeout  time.Duration
	attempts int
	asOf     string
}

func newTrustRefresh() *cobra.Command {
	f := new(refreshFlags)
	cmd := &cobra.Command{
		Use:   "refresh [NAME...]",
		Short: "Bring instances' trust roots up to date, over the network",
		Long: `Refresh updates the caches of instances from their TUF repositories, following
the TUF client workflow from the root that is built in or was added. No other
command fetches trust. Without a name it refreshes public-good.

A refresh that fails leaves the trust of the one before as it was and says why.
Exit code 1 means that a repository was refused, 2 that it could not be had.`,
		Example: `  sigbundle trust refresh
  sigbundle trust refresh staging acme
  sigbundle trust refresh --mirror file:///mnt/tuf-mirror
  sigbundle trust refresh --target signing_config.json`,
		RunE: f.run,
	}
	fl := cmd.Flags()
	fl.StringVar(&f.mirror, "mirror", "", "fetch from this `URL` instead, for one instance")
	fl.StringArrayVar(&f.targets, "target", nil, "fetch this further `TARGET` too; repeatable")
	fl.IntSliceVar(&f.notFound, "not-found", nil, "HTTP status `CODES` by which the mirror says that a file does not exist")
	fl.Var(age.Value{Into: &f.timeout}, "timeout", "give up on an attempt after this `TIME` (default 30s)")
	fl.IntVar(&f.attempts, "attempts", 0, "ask this many `TIMES` while answers do not come (default 4)")
	fl.StringVar(&f.asOf, "as-of", "", "judge expiry at this `TIME` instead of now, for copies of repositories")
	f.store.Add(cmd)
	f.output.Add(cmd)
	cmd.ValidArgsFunction = f.store.CompleteInstances
	return cmd
}

func (f *refreshFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.output.Check(); err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{embedded.PublicGood}
	}
	if f.mirror != "" && len(args) > 1 {
		return errors.New("--mirror: given with several instances, want one")
	}
	if f.attempts < 0 || f.attempts > maxAttempts {
		return fmt.Errorf("--attempts %d: out of range, want a number from 0 to %d", f.attempts, maxAttempts)
	}
	if f.timeout < 0 {
		return fmt.Errorf("--timeout %v: negative, want a duration such as 30s", f.timeout)
	}
	if err := checkTargets(f.targets); err != nil {
		return err
	}
	ages := flags.TrustAge{AsOf: f.asOf}
	policy, err := ages.Policy()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var rows []refreshRow
	failed := 0
	var worst error // a refusal before anything else, whatever the order
	for _, name := range args {
		row, err := f.refresh(ctx, name, policy.At)
		if err != nil {
			failed++
			var refused *command.Refusal
			if err = command.Refuse(err); worst == nil || !errors.As(worst, &refused) && errors.As(err, &refused) {
				worst = err
			}
			row.Code, row.Problem = codes.Of(err), err.Error()
		}
		rows = append(rows, row)
	}
	if failed == 1 && len(args) == 1 && f.output.Format == "text" {
		return worst
	}
	if err := f.print(cmd.OutOrStdout(), rows); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d instances not refreshed: %w", failed, len(args), worst)
	}
	return nil
}

// maxAttempts is what package tufsync allows.
const maxAttempts = 20

// checkTargets refuses names on the command line that no target can have.
func checkTargets(names []string) error {
	for _, name := range names {
		if !fs.ValidPath(name) || name == "." {
			return fmt.Errorf("--target %q: not a clean relative path, want a name such as signing_config.json", name)
		}
	}
	return nil
}

// refreshRow is the outcome for one instance.
type refreshRow struct {
	Name    string   `json:"name"`
	Changed bool     `json:"changed"`
	Source  string   `json:"source,omitempty"`
	Missing []string `json:"missing,omitempty"` // targets that the repository does not have
	Code    string   `json:"code,omitempty"`    // of the refusal
	Problem string   `json:"problem,omitempty"`
}

func (f *refreshFlags) refresh(ctx context.Context, name string, at time.Time) (refreshRow, error) {
	row := refreshRow{Name: name}
	store := f.store.Store()
	in, err := store.Find(name)
	if err != nil {
		return row, err
	}
	if in.TUFRoot == nil {
		return row, fmt.Errorf("instance %s: no TUF repository, want an instance that was added with --root and --mirror", name)
	}
	dir := store.CacheDir(name)
	if dir == "" {
		return row, errors.New("trust cache: no folder for it, want --trust-dir DIR")
	}
	c := tufsync.Config{
		Dir: dir, Root: in.TUFRoot, URL: in.Mirror, TargetsURL: in.TargetsURL, Now: at, NotFound: in.NotFound,
		Targets: append([]string{instances.RootTarget}, f.targets...), Optional: optionalTargets,
		Timeout: f.timeout, Attempts: f.attempts,
	}
	if f.mirror != "" {
		c.URL, c.TargetsURL = f.mirror, ""
	}
	if f.notFound != nil {
		c.NotFound = f.notFound
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return row, err
	}
	result, err := tufsync.Refresh(ctx, c)
	if err != nil {
		return row, err
	}
	if err := usable(result.Repository); err != nil {
		return row, err
	}
	row.Changed, row.Missing, row.Source = result.Changed, result.Missing, flags.DescribeStatus(result.Status())
	return row, nil
}

// usable refuses a trust root that is proved and cannot be used by this
// program: every verification would fail.
func usable(repo *tufroot.Repository) error {
	found, err := repo.Target(instances.RootTarget)
	if err != nil {
		return err
	}
	_, err = trustroot.Parse(found.Data)
	return unusable(err)
}

// unusable says of an error of parsing a proved trust root what helps.
func unusable(err error) error {
	return refuse.Wrap("trust.malformed", err, "trust root: signed, but this version of sigbundle cannot use it, want a newer version")
}

func (f *refreshFlags) print(w io.Writer, rows []refreshRow) error {
	if f.output.Format == "json" {
		return writeJSON(w, rows)
	}
	for _, r := range rows {
		state := "up to date"
		if r.Changed {
			state = "updated"
		}
		text := r.Source
		if r.Problem != "" {
			state, text = "failed", r.Problem+" ("+dash(r.Code)+")"
		}
		if _, err := fmt.Fprintf(w, "%s  %s, %s\n", screen.Escape(r.Name), state, screen.Escape(text)); err != nil {
			return err
		}
	}
	return nil
}
