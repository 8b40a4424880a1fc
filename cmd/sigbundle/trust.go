// SPDX-License-Identifier: Apache-2.0

package main

// Which trust root a command judges by, and how that root is proved. Nothing
// here opens a connection: `trust refresh` alone fetches trust.

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/age"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/embedded"
	"github.com/sigbundle/sigbundle/trustroot/instances"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
	"github.com/sigbundle/sigbundle/trustroot/tufroot"
)

// storeFlags say where instances and caches are kept.
type storeFlags struct{ dir string }

func (s *storeFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.dir, "trust-dir", "", "keep instances and caches in this `DIR`; else SIGBUNDLE_TRUST_DIR, else the user's own folders")
	_ = cmd.MarkFlagDirname("trust-dir")
}

// checkTrustDir refuses what cannot be a folder, before it is looked into.
func checkTrustDir(cmd *cobra.Command) error {
	f := cmd.Flags().Lookup("trust-dir")
	if f == nil {
		return nil
	}
	what, dir := "--trust-dir", f.Value.String()
	if dir == "" {
		what, dir = "SIGBUNDLE_TRUST_DIR", os.Getenv("SIGBUNDLE_TRUST_DIR")
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("%s %s is not a folder", what, dir)
	}
	return nil
}

func (s *storeFlags) store() instances.Store {
	for _, dir := range []string{s.dir, os.Getenv("SIGBUNDLE_TRUST_DIR")} {
		if dir != "" {
			return instances.At(dir)
		}
	}
	return instances.ForUser()
}

// completeInstances offers the names of the instances.
func (s *storeFlags) completeInstances(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	list, _ := s.store().List()
	var names []cobra.Completion
	for _, in := range list {
		names = append(names, in.Name+"\t"+in.Description)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// ageFlags say by what time and how old trust may be.
type ageFlags struct {
	asOf   string
	maxAge time.Duration
	given  func() bool // whether --max-trust-age is on the command line
}

func (a *ageFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&a.asOf, "as-of", "", "judge the age of trust at this `TIME`, RFC 3339 or a date, instead of now")
	fl.Var(age.Value{Into: &a.maxAge}, "max-trust-age", "refuse trust that was last known to be in force longer ago than this `AGE`, such as 30d or 12h; 0 refuses whatever has expired")
	a.given = func() bool { return fl.Changed("max-trust-age") }
}

// policy returns the policy for proofs. Without --max-trust-age expiry is
// reported and not refused.
func (a *ageFlags) policy() (tufroot.Policy, error) {
	p := tufroot.Policy{At: now(), MaxAge: tufroot.AnyAge}
	if a.asOf != "" {
		t, err := parseTime(a.asOf)
		if err != nil {
			return p, fmt.Errorf("--as-of: %w", err)
		}
		p.At = t
	}
	if a.given != nil && a.given() {
		if a.maxAge < 0 {
			return p, fmt.Errorf("--max-trust-age: %s is negative", age.Text(a.maxAge))
		}
		p.MaxAge = a.maxAge
	}
	return p, nil
}

func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a time of RFC 3339, such as 2026-01-31T12:00:00Z, nor a date", s)
}

// trustFlags choose the trust root.
type trustFlags struct {
	file     string
	instance string
	storeFlags

	files, instances []string // where several are allowed

	ageFlags

	others []namedRoot // for hints; nil: not loaded
}

func (t *trustFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&t.file, "trusted-root", "", "judge by the trust root in this JSON `FILE`")
	fl.StringVar(&t.instance, "instance", embedded.PublicGood, "judge by the trust root of this Sigstore `INSTANCE`: public-good, staging, github, or one that was added")
	t.storeFlags.add(cmd)
	t.ageFlags.add(cmd)
	cmd.MarkFlagsMutuallyExclusive("trusted-root", "instance")
	cmd.MarkFlagsMutuallyExclusive("trusted-root", "max-trust-age")
	_ = cmd.MarkFlagFilename("trusted-root", "json")
	_ = cmd.RegisterFlagCompletionFunc("instance", t.completeInstances)
}

// named says where a trust root came from, how it was proved and as of when, in
// words that do not change from day to day.
func (l *loaded) named() string {
	if l.status != nil {
		return l.instance + ", " + dated(*l.status)
	}
	return l.source
}

// standing is named, and what has expired since.
func (l *loaded) standing() string {
	if l.status != nil {
		return l.named() + expired(*l.status)
	}
	return l.source
}

// loadAged returns the trust root and says, for a reader of today, where it
// came from and how old it is.
func (t *trustFlags) loadAged() (*trustroot.Root, string, error) {
	l, err := t.find()
	if err != nil {
		return nil, "", err
	}
	return l.root, l.source, nil
}

// aged is the source as those read it who look at roots: for one that is built
// in, whose report is the same on every day, with the age of what is newest in
// it, in words of its own too.
func (l *loaded) aged(at time.Time) (source, old string) {
	switch {
	case l.status != nil && l.status.ProvedAt.IsZero():
		return l.source, ""
	case l.status != nil:
		return l.source, age.Words(l.status.Age)
	case l.newest.IsZero() || at.Before(l.newest):
		return l.source, ""
	}
	old = age.Words(at.Sub(l.newest))
	return l.source + ", " + old + " old", old
}

// find looks, in this order, at the file given, the instance's cache, and the
// root that is built in.
func (t *trustFlags) find() (*loaded, error) {
	policy, err := t.policy()
	if err != nil {
		return nil, err
	}
	if t.file != "" {
		if policy.MaxAge != tufroot.AnyAge {
			return nil, &refusal{refuse.New("tuf.age", "the file %s has no age to judge: leave --max-trust-age out", t.file)}
		}
		return loadFile(t.file)
	}
	return t.loadInstance(t.instance, policy)
}

// loadInstance is loadInstance, and says of a file what flag it goes with.
func (t *trustFlags) loadInstance(name string, policy tufroot.Policy) (*loaded, error) {
	l, err := loadInstance(t.store(), name, policy)
	if refuse.CodeOf(err) == "trust.instance" && looksLikeFile(name) {
		return nil, refuse.New("trust.instance", "--instance %q looks like a file, want the name of an instance, or --trusted-root for a trust root in a file", name)
	}
	return l, err
}

// looksLikeFile reports whether a name that no instance has is that of a file.
func looksLikeFile(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".jsonl") || exists(name)
}

// loaded is a trust root with its provenance.
type loaded struct {
	root     *trustroot.Root
	source   string
	instance string          // "" for a file
	status   *tufroot.Status // nil: not proved by TUF
	newest   time.Time       // of a built-in root: when its newest instance began
}

// loadFile takes a trust root, or the one in a ClientTrustConfig, as it is.
func loadFile(name string) (*loaded, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, err
	}
	return parseFile(name, data)
}

// parseFile reads what loadFile takes.
func parseFile(name string, data []byte) (*loaded, error) {
	root, err := trustroot.Parse(data)
	if refuse.CodeOf(err) == "trust.media_type" && signingconfig.IsClientTrust(data) {
		c, clientErr := signingconfig.ParseClientTrust(data)
		if clientErr != nil {
			return nil, refuse.Wrap("signingconfig.malformed", clientErr, "%s", name)
		}
		root, err = c.Root, nil
	}
	if err != nil {
		return nil, refuse.Wrap("trust.malformed", err, "%s", name)
	}
	return &loaded{root: root, source: fmt.Sprintf("file %s, as given", name)}, nil
}

// loadInstance proves an instance's cache if it has one, and else takes what
// is built in. A cache that is there and is refused is never passed over.
func loadInstance(store instances.Store, name string, policy tufroot.Policy) (*loaded, error) {
	in, err := store.Find(name)
	if err != nil {
		return nil, asRefusal(err)
	}
	if in.ClientTrust != nil {
		root, _, err := store.Services(name, policy)
		if err != nil {
			return nil, asRefusal(err)
		}
		return &loaded{root: root, source: name + ", as added", instance: name}, nil
	}
	repo, err := store.Open(in, policy)
	if err != nil {
		return nil, asRefusal(refuse.Wrap("tuf.cache", err, "cache of the instance %s", name))
	}
	if repo == nil {
		return loadEmbedded(in, policy)
	}
	found, err := repo.Target(instances.RootTarget)
	if err != nil {
		return nil, asRefusal(refuse.Wrap("tuf.cache", err, "cache of the instance %s", name))
	}
	root, err := trustroot.Parse(found.Data)
	if err != nil {
		return nil, asRefusal(refuse.Wrap("trust.malformed", err, "trust root of the instance %s", name))
	}
	return &loaded{root: root, source: name + ", " + describeStatus(found.Status), instance: name, status: &found.Status}, nil
}

// loadEmbedded takes a root that came with the program. It has no date of its
// own, so a bound on its age cannot be kept.
func loadEmbedded(in instances.Instance, policy tufroot.Policy) (*loaded, error) {
	if !in.BuiltIn {
		return nil, refuse.New("trust.instance", "the instance %s was never refreshed: run sigbundle trust refresh %s, or trust import", in.Name, in.Name)
	}
	if policy.MaxAge != tufroot.AnyAge {
		return nil, &refusal{refuse.New("tuf.age", "the instance %s has no proved cache, and the trust root that is built in has no age to judge: run sigbundle trust refresh %s, or trust import", in.Name, in.Name)}
	}
	root, err := embedded.TrustedRoot(in.Name)
	if err != nil {
		return nil, asRefusal(err)
	}
	l := &loaded{root: root, source: in.Name + ", embedded", instance: in.Name, newest: root.Newest()}
	if !l.newest.IsZero() {
		l.source += ", its newest instance of " + l.newest.UTC().Format(time.DateOnly)
	}
	return l, nil
}

// dated says how and as of when trust was proved, or that this is not known.
func dated(s tufroot.Status) string {
	var b strings.Builder
	fmt.Fprintf(&b, "proved by TUF from root %d", s.Start)
	if len(s.Roles) > 0 && s.Roles[0].Version != s.Start {
		fmt.Fprintf(&b, " to %d", s.Roles[0].Version)
	}
	switch {
	case s.Behind && s.Start == s.Newest:
		b.WriteString(", which the copy lacks: it is older, or incomplete")
	case s.Behind:
		fmt.Fprintf(&b, ", older than the root known here, %d", s.Newest)
	}
	if s.ProvedAt.IsZero() {
		fmt.Fprintf(&b, ", judged as of %s, before its refresh at %s", at(s.At), at(s.Refreshed))
	} else {
		fmt.Fprintf(&b, ", as of %s", at(s.ProvedAt))
	}
	return b.String()
}

// describeStatus says in one line how trust was proved and how old it is.
func describeStatus(s tufroot.Status) string {
	if s.ProvedAt.IsZero() {
		return dated(s) + expired(s)
	}
	return dated(s) + ", " + age.Words(s.Age) + " old" + expired(s)
}

// expired lists what has expired, and since when.
func expired(s tufroot.Status) (text string) {
	for _, r := range s.Roles {
		if r.Expired {
			text += fmt.Sprintf(", %s expired since %s", r.Name, at(r.Expires))
		}
	}
	return text
}

// asRefusal makes a coded error one about content, exit code 1. Others are
// about the command's surroundings, as are an instance that is not known and a
// network that fails: nothing was judged.
func asRefusal(err error) error {
	var already *refusal
	if err == nil || errors.As(err, &already) {
		return err
	}
	switch refuse.CodeOf(err) {
	case "", "trust.instance", "tuf.network", "tuf.timeout", "tuf.status", "tuf.forbidden", "tuf.truncated", "tuf.locked", "tuf.url", "tuf.read":
		return err
	case "tuf.cache":
		if !damaged(err) {
			return err
		}
	}
	return &refusal{err}
}

// damaged tells a cache with the wrong content from one that the system did
// not let us read or write.
func damaged(err error) bool {
	var path *fs.PathError
	var link *os.LinkError
	return !errors.As(err, &path) && !errors.As(err, &link)
}

// fingerprint names a file for comparing it with what someone published.
func fingerprint(sum [32]byte) string { return "sha256:" + hex.EncodeToString(sum[:]) }
