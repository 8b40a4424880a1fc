// SPDX-License-Identifier: Apache-2.0

package tuf

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// A visit is a role to be searched and the roles through which it was reached.
type visit struct {
	role  string
	above []string
}

// Find searches for a target: pre-order, depth first, delegations in the
// order in which they are listed, each role once, and nothing but its
// descendants after a terminating one (TUF specification, section 5.6.7).
//
// load must call [Workflow.Targets] for the role under that delegator, each
// time: what verified under one delegator says nothing about another. If it
// fails, so does the search: a role that cannot be had might have listed it.
func (w *Workflow) Find(name string, load func(role, delegator string) error) (*Target, error) {
	if err := CheckTargetName(name); err != nil {
		return nil, err
	}
	stack := []visit{{role: TargetsRole}}
	visited := map[string]bool{}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if visited[v.role] {
			continue
		}
		if len(visited) > MaxDelegations {
			return nil, refuse.New("tuf.limit", "target %q not found in the first %d roles", clip(name), len(visited))
		}
		visited[v.role] = true
		delegator := RootRole
		if len(v.above) > 0 {
			delegator = v.above[len(v.above)-1]
		}
		if err := load(v.role, delegator); err != nil {
			return nil, err
		}
		md := w.set.Targets[v.role]
		if md == nil {
			return nil, refuse.New("tuf.not_found", "the role %q was not loaded", clip(v.role))
		}
		roles := append(slices.Clone(v.above), v.role)
		if info := md.Signed.Targets[name]; info != nil {
			return w.newTarget(name, info, roles)
		}
		children, terminating := delegated(md.Signed.Delegations, name)
		if terminating {
			stack = nil
		}
		for _, c := range slices.Backward(children) {
			stack = append(stack, visit{c, roles})
		}
	}
	return nil, refuse.New("tuf.not_found", "no role lists the target %q%s", clip(name), w.listed())
}

// listed names a few targets of the top-level role, for a person who asked for
// one that does not exist.
func (w *Workflow) listed() string {
	const most = 8
	md := w.set.Targets[TargetsRole]
	if md == nil || len(md.Signed.Targets) == 0 {
		return ""
	}
	names := slices.Sorted(maps.Keys(md.Signed.Targets))
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	for i, name := range names {
		names[i] = strconv.Quote(clip(name))
	}
	return "; the targets role lists " + strings.Join(names, ", ") + more
}

// delegated returns the roles that are trusted with a target, in order, up
// to the first terminating one. go-tuf has a function of that name, but it
// compares hash prefixes in base64 and patterns by the rules of the system
// that it runs on.
func delegated(d *metadata.Delegations, name string) (roles []string, terminating bool) {
	switch {
	case d == nil:
		return nil, false
	case d.SuccinctRoles != nil:
		r := d.SuccinctRoles.GetRolesForTarget(name)[0]
		return []string{r.Name}, true
	}
	sum := sha256.Sum256([]byte(name))
	digest := hex.EncodeToString(sum[:])
	for _, r := range d.Roles {
		match := slices.ContainsFunc(r.Paths, func(p string) bool { return matches(p, name) }) ||
			slices.ContainsFunc(r.PathHashPrefixes, func(p string) bool { return strings.HasPrefix(digest, p) })
		if !match {
			continue
		}
		roles = append(roles, r.Name)
		if r.Terminating {
			return roles, true
		}
	}
	return roles, false
}

// matches reports whether a path matches a shell-style pattern, in which no
// wildcard matches a slash. A malformed pattern matches nothing.
func matches(pattern, name string) bool {
	ok, _ := path.Match(shellPattern(pattern), name)
	return ok
}

// shellPattern returns a pattern of the shell as package path writes it: the
// shell negates a set by "!", that package by "^", and in a set of the shell
// "]" may come first.
func shellPattern(s string) string {
	var b strings.Builder
	for i, set := 0, false; i < len(s); i++ {
		b.WriteByte(s[i])
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case set:
			set = s[i] != ']'
		case s[i] == '[':
			set = true
			if strings.HasPrefix(s[i+1:], "!") {
				b.WriteByte('^')
				i++
			}
			if i+1 < len(s) && (s[i+1] == '^' || s[i+1] == ']') {
				b.WriteString(`\` + s[i+1:i+2])
				i++
			}
		}
	}
	return b.String()
}
