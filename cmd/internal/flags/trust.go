// SPDX-License-Identifier: Apache-2.0

package flags

// Which trust root a command judges by, and how that root is proved. Nothing
// here opens a connection: `trust refresh` alone fetches trust.

import (
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

// TrustDir say where instances and caches are kept.
type TrustDir struct{ Dir string }

func (s *TrustDir) Add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.Dir, "trust-dir", "", "keep instances and caches in this `DIR`; else SIGBUNDLE_TRUST_DIR, else the user's own folders")
	_ = cmd.MarkFlagDirname("trust-dir")
}

// CheckTrustDir refuses what cannot be a folder, before it is looked into.
func CheckTrustDir(cmd *cobra.Command) error {
	f := cmd.Flags().Lookup("trust-dir")
	if f == nil {
		return nil
	}
	what, dir := "--trust-dir", f.Value.String()
	if dir == "" {
		what, dir = "SIGBUNDLE_TRUST_DIR", os.Getenv("SIGBUNDLE_TRUST_DIR")
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return fmt.Errorf("%s %s: not a folder, want one", what, dir)
	}
	return nil
}

func (s *TrustDir) Store() instances.Store {
	for _, dir := range []string{s.Dir, os.Getenv("SIGBUNDLE_TRUST_DIR")} {
		if dir != "" {
			return instances.At(dir)
		}
	}
	return instances.ForUser()
}

// CompleteInstances offers the names of the instances.
func (s *TrustDir) CompleteInstances(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	list, _ := s.Store().List()
	var names []cobra.Completion
	for _, in := range list {
		names = append(names, in.Name+"\t"+in.Description)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// TrustAge say by what time and how old trust may be.
type TrustAge struct {
	AsOf   string
	maxAge time.Duration
	given  func() bool // whether --max-trust-age is on the command line
}

func (a *TrustAge) Add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&a.AsOf, "as-of", "", "judge the age of trust at this `TIME`, RFC 3339 or a date, instead of now")
	fl.Var(age.Value{Into: &a.maxAge}, "max-trust-age", "refuse trust that was last known to be in force longer ago than this `AGE`, such as 30d or 12h; 0 refuses whatever has expired")
	a.given = func() bool { return fl.Changed("max-trust-age") }
}

// Policy returns the policy for proofs. Without --max-trust-age expiry is
// reported and not refused.
func (a *TrustAge) Policy() (tufroot.Policy, error) {
	p := tufroot.Policy{At: Now(), MaxAge: tufroot.AnyAge}
	if a.AsOf != "" {
		t, err := ParseTime(a.AsOf)
		if err != nil {
			return p, fmt.Errorf("--as-of: %w", err)
		}
		p.At = t
	}
	if a.given != nil && a.given() {
		if a.maxAge < 0 {
			return p, fmt.Errorf("--max-trust-age %s: negative, want an age such as 30d", age.Text(a.maxAge))
		}
		p.MaxAge = a.maxAge
	}
	return p, nil
}

func ParseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q: not a time, want RFC 3339 such as 2026-01-31T12:00:00Z, or a date", s)
}

// Trust choose the trust root.
type Trust struct {
	File     string
	Instance string
	TrustDir

	Files, instances []string // where several are allowed

	TrustAge
}

func (t *Trust) Add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&t.File, "trusted-root", "", "judge by the trust root in this JSON `FILE`")
	fl.StringVar(&t.Instance, "instance", embedded.PublicGood, "judge by the trust root of this Sigstore `INSTANCE`: public-good, staging, github, or one that was added")
	t.TrustDir.Add(cmd)
	t.TrustAge.Add(cmd)
	cmd.MarkFlagsMutuallyExclusive("trusted-root", "instance")
	cmd.MarkFlagsMutuallyExclusive("trusted-root", "max-trust-age")
	_ = cmd.MarkFlagFilename("trusted-root", "json")
	_ = cmd.RegisterFlagCompletionFunc("instance", t.CompleteInstances)
}

// Named says where a trust root came from, how it was proved and as of when, in
// words that do not change from day to day.
func (l *Root) Named() string {
	if l.Status != nil {
		return l.Instance + ", " + dated(*l.Status)
	}
	return l.Source
}

// Standing is named, and what has expired since.
func (l *Root) Standing() string {
	if l.Status != nil {
		return l.Named() + expired(*l.Status)
	}
	return l.Source
}

// LoadAged returns the trust root and says, for a reader of today, where it
// came from and how old it is.
func (t *Trust) LoadAged() (*trustroot.Root, string, error) {
	l, err := t.Find()
	if err != nil {
		return nil, "", err
	}
	return l.Root, l.Source, nil
}

// Aged is the source as those read it who look at roots: for one that is built
// in, whose report is the same on every day, with the age of what is newest in
// it, in words of its own too.
func (l *Root) Aged(at time.Time) (source, old string) {
	switch {
	case l.Status != nil && l.Status.ProvedAt.IsZero():
		return l.Source, ""
	case l.Status != nil:
		return l.Source, age.Words(l.Status.Age)
	case l.Newest.IsZero() || at.Before(l.Newest):
		return l.Source, ""
	}
	old = age.Words(at.Sub(l.Newest))
	return l.Source + ", " + old + " old", old
}

// Find looks, in this order, at the file given, the instance's cache, and the
// root that is built in.
func (t *Trust) Find() (*Root, error) {
	policy, err := t.Policy()
	if err != nil {
		return nil, err
	}
	if t.File != "" {
		if policy.MaxAge != tufroot.AnyAge {
			return nil, refuse.New("tuf.age", "%s: a trust root in a file has no age, want a command without --max-trust-age", t.File)
		}
		return loadFile(t.File)
	}
	return t.loadInstance(t.Instance, policy)
}

// loadInstance is loadInstance, and says of a file what flag it goes with.
func (t *Trust) loadInstance(name string, policy tufroot.Policy) (*Root, error) {
	l, err := LoadInstance(t.Store(), name, policy)
	if refuse.CodeOf(err) == "trust.instance" && looksLikeFile(name) {
		return nil, refuse.New("trust.instance", "--instance %q: looks like a file, want the name of an instance, or --trusted-root for a trust root in a file", name)
	}
	return l, err
}

// looksLikeFile reports whether a name that no instance has is that of a file.
func looksLikeFile(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".jsonl") || Exists(name)
}

// Root is a trust root with its provenance.
type Root struct {
	Root     *trustroot.Root
	Source   string
	Instance string          // "" for a file
	Status   *tufroot.Status // nil: not proved by TUF
	Newest   time.Time       // of a built-in root: when its newest entry began
}

// loadFile takes a trust root, or the one in a ClientTrustConfig, as it is.
func loadFile(name string) (*Root, error) {
	data, err := ReadRegular(name)
	if err != nil {
		return nil, err
	}
	return parseFile(name, data)
}

// parseFile reads what loadFile takes.
func parseFile(name string, data []byte) (*Root, error) {
	root, err := trustroot.Parse(data)
	if refuse.CodeOf(err) == "trust.media_type" && signingconfig.IsClientTrust(data) {
		c, clientErr := signingconfig.ParseClientTrust(data)
		if clientErr != nil {
			return nil, refuse.Wrap("signingconfig.malformed", clientErr, "%s", name)
		}
		root, err = c.Root, nil
	}
	if err != nil {
		if several, _ := trustroot.ParseAll(data); len(several) > 1 {
			return nil, refuse.New("trust.malformed", "%s: holds several trust roots; only --trusted-root of verify and audit takes that", name)
		}
		return nil, refuse.Wrap("trust.malformed", err, "%s", name)
	}
	return &Root{Root: root, Source: fmt.Sprintf("file %s, as given", name)}, nil
}

// LoadInstance proves an instance's cache if it has one, and else takes what
// is built in. A cache that exists and is refused is never passed over.
func LoadInstance(store instances.Store, name string, policy tufroot.Policy) (*Root, error) {
	in, err := store.Find(name)
	if err != nil {
		return nil, err
	}
	if in.ClientTrust != nil {
		root, _, err := store.Services(name, policy)
		if err != nil {
			return nil, err
		}
		return &Root{Root: root, Source: name + ", as added", Instance: name}, nil
	}
	repo, err := store.Open(in, policy)
	if err != nil {
		return nil, refuse.Wrap("tuf.cache", err, "instance %s: cache", name)
	}
	if repo == nil {
		return loadEmbedded(in, policy)
	}
	found, err := repo.Target(instances.RootTarget)
	if err != nil {
		return nil, refuse.Wrap("tuf.cache", err, "instance %s: cache", name)
	}
	root, err := trustroot.Parse(found.Data)
	if err != nil {
		return nil, refuse.Wrap("trust.malformed", err, "instance %s: trust root", name)
	}
	return &Root{Root: root, Source: name + ", " + DescribeStatus(found.Status), Instance: name, Status: &found.Status}, nil
}

// loadEmbedded takes a root that came with the program. It has no date of its
// own, so a bound on its age cannot be kept.
func loadEmbedded(in instances.Instance, policy tufroot.Policy) (*Root, error) {
	if !in.BuiltIn {
		return nil, refuse.New("trust.instance", "instance %s: never refreshed, want sigbundle trust refresh %s or trust import first", in.Name, in.Name)
	}
	if policy.MaxAge != tufroot.AnyAge {
		return nil, refuse.New("tuf.age", "instance %s: the trust root built into the program has no age, want sigbundle trust refresh %s or trust import first", in.Name, in.Name)
	}
	root, err := embedded.TrustedRoot(in.Name)
	if err != nil {
		return nil, err
	}
	l := &Root{Root: root, Source: in.Name + " trust root, built in", Instance: in.Name, Newest: root.NewestStart()}
	if !l.Newest.IsZero() {
		l.Source += "; newest entry " + l.Newest.UTC().Format(time.DateOnly)
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
		b.WriteString(", missing from the copy, which is older or incomplete")
	case s.Behind:
		fmt.Fprintf(&b, ", older than the root known here, %d", s.Newest)
	}
	if s.ProvedAt.IsZero() {
		fmt.Fprintf(&b, ", checked as of %s, before its refresh at %s", At(s.At), At(s.Refreshed))
	} else {
		fmt.Fprintf(&b, ", as of %s", At(s.ProvedAt))
	}
	return b.String()
}

// DescribeStatus says in one line how trust was proved and how old it is.
func DescribeStatus(s tufroot.Status) string {
	if s.ProvedAt.IsZero() {
		return dated(s) + expired(s)
	}
	return dated(s) + ", " + age.Words(s.Age) + " old" + expired(s)
}

// expired lists what has expired, and since when.
func expired(s tufroot.Status) (text string) {
	for _, r := range s.Roles {
		if r.Expired {
			text += fmt.Sprintf(", %s expired since %s", r.Name, At(r.Expires))
		}
	}
	return text
}

func Exists(name string) bool {
	_, err := os.Stat(name)
	return !errors.Is(err, fs.ErrNotExist)
}
