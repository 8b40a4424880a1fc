// SPDX-License-Identifier: Apache-2.0

package flags

// Several trust roots: each bundle is judged by one of them, whole.

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// severalFlag is --trusted-root or --instance where it may be given several
// times.
type severalFlag struct {
	all *[]string
	one *string // the first of them, for what looks at one
}

func (f *severalFlag) Set(s string) error {
	if len(*f.all) == trustroot.MaxRoots {
		return fmt.Errorf("too many trust roots, want at most %d", trustroot.MaxRoots)
	}
	if *f.all = append(*f.all, s); len(*f.all) == 1 {
		*f.one = s
	}
	return nil
}

func (f *severalFlag) String() string     { return "" }
func (f *severalFlag) Type() string       { return "string" }
func (f *severalFlag) GetSlice() []string { return *f.all }

// AllowSeveral makes --trusted-root and --instance of a command repeatable.
func (t *Trust) AllowSeveral(cmd *cobra.Command) {
	const rule = "; repeatable: each bundle is judged by the one root that knows its authorities"
	file := cmd.Flags().Lookup("trusted-root")
	file.Value, file.Usage = &severalFlag{&t.Files, &t.File}, "judge by the trust root in this `FILE`, JSON or JSON Lines"+rule
	instance := cmd.Flags().Lookup("instance")
	instance.Value = &severalFlag{&t.instances, &t.Instance}
	instance.Usage += rule
}

// Load returns the trust roots that the flags choose, one or several.
func (t *Trust) Load() (all []*Root, err error) {
	policy, err := t.Policy()
	if err != nil {
		return nil, err
	}
	if len(t.Files) > 0 {
		return t.loadFiles()
	}
	for i, name := range t.instances {
		if slices.Contains(t.instances[:i], name) {
			continue // it is one root, however often it is named
		}
		l, err := t.loadInstance(name, policy)
		if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	if len(all) > 0 {
		return all, nil
	}
	l, err := t.Find()
	return []*Root{l}, err
}

// loadFiles loads the trust roots of all files, one or several in each.
func (t *Trust) loadFiles() (all []*Root, err error) {
	for _, name := range t.Files {
		data, err := ReadRegular(name)
		if err != nil {
			return nil, err
		}
		if signingconfig.IsClientTrust(data) {
			one, err := parseFile(name, data)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
			continue
		}
		found, err := trustroot.ParseAll(data)
		if err != nil {
			return nil, refuse.Wrap("trust.malformed", err, "%s", name)
		}
		for i, root := range found {
			l := &Root{Root: root, Source: fmt.Sprintf("file %s, as given", name)}
			if len(found) > 1 {
				l.Source = fmt.Sprintf("file %s, root %d of %d, as given", name, i+1, len(found))
			}
			all = append(all, l)
		}
		if len(all) > trustroot.MaxRoots {
			return nil, refuse.New("trust.limit", "%s: too many trust roots, want at most %d", name, trustroot.MaxRoots)
		}
	}
	return all, nil
}
