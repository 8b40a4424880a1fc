// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/age"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
	"github.com/sigbundle/sigbundle/trustroot/tufsync"
	"github.com/sigbundle/sigbundle/verify"
)

// optionalTargets are fetched where a repository has them: what a signer
// needs to know.
var optionalTargets = []string{"signing_config.v0.2.json", "signing_config_rekor_v2.v0.2.json"}

func newTrustList() *cobra.Command {
	var store storeFlags
	var ages ageFlags
	var output outputFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the instances that are known, and how fresh each one's trust is",
		Example: `  sigbundle trust list
  sigbundle trust list --format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := output.check(); err != nil {
				return err
			}
			policy, err := ages.policy()
			if err != nil {
				return err
			}
			list, err := store.store().List()
			if err != nil {
				return asRefusal(err)
			}
			var rows []listRow
			for _, in := range list {
				row := listRow{Instance: in}
				row.Mirror, row.TargetsURL = shownURL(in.Mirror), shownURL(in.TargetsURL)
				if l, err := loadInstance(store.store(), in.Name, policy); err != nil {
					row.Problem = err.Error()
				} else {
					row.Source, _ = l.aged(policy.At)
				}
				rows = append(rows, row)
			}
			if output.format == "json" {
				return writeJSON(cmd.OutOrStdout(), rows)
			}
			return listText(cmd.OutOrStdout(), rows)
		},
	}
	store.add(cmd)
	ages.add(cmd)
	output.add(cmd)
	return cmd
}

// shownURL returns a URL without secrets, "" for "".
func shownURL(s string) string {
	if s == "" {
		return ""
	}
	return tufsync.Shown(s)
}

type listRow struct {
	instances.Instance
	Source  string `json:"source,omitempty"`
	Problem string `json:"problem,omitempty"`
}

func listText(w io.Writer, rows []listRow) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "INSTANCE\tMIRROR\tTRUST ROOT")
	for _, r := range rows {
		state := r.Source
		if r.Problem != "" {
			state = "none: " + r.Problem
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", r.Name, dash(screen.Escape(r.Mirror)), screen.Escape(state))
	}
	return t.Flush()
}

type addFlags struct {
	storeFlags
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

The root has to be a file that you have. It is never fetched from the mirror:
whoever answers first would be trusted for good.`,
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
	f.storeFlags.add(cmd)
	return cmd
}

func (f *addFlags) run(w io.Writer, name string) error {
	if err := f.read(name); err != nil {
		return err
	}
	added, err := f.store().Add(f.in)
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
		f.in.ClientTrust, err = readFile(f.clientFile)
		return err
	case f.root == "":
		return errors.New("say what the instance is to be proved from: --root FILE, obtained from its operator and not from the mirror, or --client-trust FILE")
	case f.in.Mirror == "":
		return errors.New("--root needs the --mirror of the TUF repository")
	}
	for _, u := range []string{f.in.Mirror, f.in.TargetsURL} {
		if _, err := tufsync.DirName(u); err != nil && u != "" {
			return fmt.Errorf("--mirror or --targets-url: %w", err)
		}
	}
	f.in.TUFRoot, err = readFile(f.root)
	return err
}

type refreshFlags struct {
	store    storeFlags
	output   outputFlags
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
	f.store.add(cmd)
	f.output.add(cmd)
	cmd.ValidArgsFunction = f.store.completeInstances
	return cmd
}

func (f *refreshFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.output.check(); err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{embedded.PublicGood}
	}
	if f.mirror != "" && len(args) > 1 {
		return errors.New("--mirror is for one instance")
	}
	if f.attempts < 0 || f.attempts > maxAttempts || f.timeout < 0 {
		return fmt.Errorf("--attempts is at most %d, and neither it nor --timeout is negative", maxAttempts)
	}
	if err := checkTargets(f.targets); err != nil {
		return err
	}
	ages := ageFlags{asOf: f.asOf}
	policy, err := ages.policy()
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
			var refused *refusal
			if err = asRefusal(err); worst == nil || !errors.As(worst, &refused) && errors.As(err, &refused) {
				worst = err
			}
			row.Code, row.Problem = verify.CodeOf(err), err.Error()
		}
		rows = append(rows, row)
	}
	if failed == 1 && len(args) == 1 && f.output.format == "text" {
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
			return fmt.Errorf("--target %q is not a clean relative path", name)
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
	store := f.store.store()
	in, err := store.Find(name)
	if err != nil {
		return row, err
	}
	if in.TUFRoot == nil {
		return row, fmt.Errorf("the instance %s has no TUF repository to refresh from", name)
	}
	dir := store.CacheDir(name)
	if dir == "" {
		return row, errors.New("there is no folder to keep caches in: name one with --trust-dir")
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
	row.Changed, row.Missing, row.Source = result.Changed, result.Missing, describeStatus(result.Status())
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
	return refuse.Wrap("trust.malformed", err, "the trust root is signed and cannot be used by this version of sigbundle; a newer one may")
}

func (f *refreshFlags) print(w io.Writer, rows []refreshRow) error {
	if f.output.format == "json" {
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
