// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/infile"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/verify"
	"github.com/sigbundle/sigbundle/verify/choose"
	"github.com/sigbundle/sigbundle/verify/codes"
	"github.com/sigbundle/sigbundle/verify/names"
)

// Status is what becomes of an entry.
type Status int

// The statuses. The zero Status is not among them.
const (
	Verified      Status = iota + 1
	Refused              // there is evidence, and it does not prove the entry; or the entry is malformed
	Unsigned             // no evidence is about the entry's digest
	NotComparable        // the lock file gives no digest that evidence speaks of
	Skipped              // nothing is fetched that has evidence of its own
)

var statusNames = [...]string{"", "verified", "refused", "unsigned", "not comparable", "skipped"}

// String returns the status in words.
func (s Status) String() string {
	if s < 0 || int(s) >= len(statusNames) {
		return ""
	}
	return statusNames[s]
}

// A Row is what became of one entry.
type Row struct {
	Entry    Entry
	Status   Status
	Err      error    // why it is not verified, coded
	Evidence []string // what proves it, FILE or FILE:NUMBER of the bundle in it
}

// Config says what to judge and by what.
type Config struct {
	File *File // required
	// Evidence is a folder. Every file in it, at any depth, may hold bundles,
	// as package carrier reads them. Links are not followed.
	Evidence string
	// Judges hold the policy. What evidence says never changes it. Required.
	Judges *choose.Roots
	// Signatures is how many distinct signatures an entry needs; 0 is 1.
	Signatures int
	// Distinct returns what two signatures have in common only if they are the
	// same; nil: their bytes.
	Distinct func(signature []byte) string
	// MaxBundle bounds the bytes of one bundle; 0 is [bundle.MaxSize].
	MaxBundle int
}

// A Coverage is what a folder of evidence proves about a lock file.
type Coverage struct {
	config Config
	wanted map[string]*found // by digest; nil until there is evidence
	named  map[string]*twin  // by what names one file

	Files      int // that were read
	Bundles    int // that were found in them
	Unreadable int // files and bundles that could not be read
	Unused     int // bundles that are about no entry
	Links      int // which are not followed
}

// found is what was found about one digest.
type found struct {
	proofs  []proof
	refused error
	place   string // of what was refused
	more    bool   // there is more evidence than is looked at
}

// proof is one verified bundle.
type proof struct {
	place, signature string
	names            []string // of the subjects with the digest; nil: a message signature names nothing
}

// twin is what the lock file, or evidence, says of a name that has one file.
type twin struct {
	digest   string
	conflict bool   // the lock file has two digests for it
	other    string // evidence that proves another digest for it
}

// Bounds of what is kept.
const (
	maxProofs   = 64       // of one digest
	maxEvidence = 64 << 20 // bytes of one file
)

// Cover reads the lock file and the evidence, and judges. An error says why that
// could not be carried out, or what is wrong with the lock file as a whole.
func Cover(ctx context.Context, c Config) (*Coverage, error) {
	if c.File == nil || c.Judges == nil || c.Judges.First() == nil {
		return nil, errors.New("coverage needs a lock file and a policy")
	}
	if c.MaxBundle <= 0 || c.MaxBundle > bundle.MaxSize {
		c.MaxBundle = bundle.MaxSize
	}
	c.Signatures = max(c.Signatures, 1)
	if c.Distinct == nil {
		c.Distinct = func(s []byte) string { return string(s) }
	}
	v := &Coverage{config: c, wanted: make(map[string]*found), named: make(map[string]*twin)}
	for e, err := range c.File.All() {
		if err != nil {
			return nil, err
		}
		if e.Skip != "" || e.Err != nil {
			continue
		}
		key := digestKey(e.Digest.Algorithm, e.Digest.Value)
		v.wanted[key] = nil
		if name := e.fileKey(); name != "" {
			switch t := v.named[name]; {
			case t == nil:
				v.named[name] = &twin{digest: key}
			case t.digest != key:
				t.conflict = true
			}
		}
	}
	root, err := os.Stat(c.Evidence)
	if err == nil && !root.IsDir() {
		err = fmt.Errorf("%s: not a folder", c.Evidence)
	}
	if err == nil {
		err = v.walk(ctx, c.Evidence, "", 0)
	}
	return v, err
}

func digestKey(algorithm string, value []byte) string { return algorithm + string(value) }

// fileKey returns what names exactly one file of a package manager, "" if the
// entry's name may stand for several.
func (e *Entry) fileKey() string {
	switch {
	case e.Type == "npm":
		return "npm " + e.Name + "@" + e.Version
	case e.Type == "gem":
		return "gem " + e.File
	case e.Type == "pypi" && e.File != "":
		if p, err := names.ParsePython(e.File); err == nil {
			return "pypi " + p.Key()
		}
	}
	return ""
}

// maxDepth bounds folders within one another.
const maxDepth = 64

// walk reads the files of a folder, in the order in which the folder lists them:
// what is kept of them does not depend on it.
func (v *Coverage) walk(ctx context.Context, dir, below string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%s: more than %d folders within one another", dir, maxDepth)
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		children, err := f.ReadDir(1024)
		for _, child := range children {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			name, place := filepath.Join(dir, child.Name()), below+child.Name()
			switch {
			case child.IsDir():
				if err := v.walk(ctx, name, place+"/", depth+1); err != nil {
					return err
				}
			case child.Type()&fs.ModeSymlink != 0:
				v.Links++
			case child.Type().IsRegular():
				v.file(ctx, name, place)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (v *Coverage) file(ctx context.Context, name, place string) {
	data, err := infile.Read(name, maxEvidence)
	if err != nil {
		v.Unreadable++
		return
	}
	v.Files++
	n := 0
	for item, err := range carrier.All(data, carrier.Limits{}) {
		if ctx.Err() != nil {
			return
		}
		n++
		at := place
		if n > 1 {
			at = fmt.Sprintf("%s:%d", place, n)
		}
		if err != nil {
			v.Unreadable++
			continue
		}
		v.item(item, at)
	}
}

// item judges a bundle by each digest of the lock file that it speaks of.
func (v *Coverage) item(e carrier.Element, place string) {
	if len(e.Raw) > v.config.MaxBundle {
		v.Unreadable++
		return
	}
	it := e.Open()
	b, claim := it.Bundle, it.Err
	if refuse.CodeOf(claim) == "carrier.claim" { // the bundle is readable, and refused by its carrier
		b, _ = bundle.Parse(it.JSON)
	}
	if b == nil {
		v.Unreadable++
		return
	}
	v.Bundles++
	used := false
	if b.Envelope == nil {
		if d := b.MessageDigest; d != nil {
			used = v.judge(b, hashName(d.Algorithm.String()), d.Value, place, claim, nil, new(error))
		}
	} else if s, err := dsse.ParseStatement(b.Envelope.Payload, 0); err == nil {
		used = v.statement(b, s, place, claim)
	}
	if !used {
		v.Unused++
	}
}

// hashName returns the name in statements of a hash, whose own is SHA-256.
func hashName(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", "")) }

func (v *Coverage) statement(b *bundle.Bundle, s *dsse.Statement, place string, claim error) (used bool) {
	// What it says is not proved yet. It decides what is judged only.
	subjects := make(map[string][]string)
	var order []string
	for _, subject := range s.Subjects {
		for _, d := range subject.Digests {
			key := digestKey(d.Algorithm, d.Value)
			if _, ok := v.wanted[key]; ok {
				if subjects[key] == nil {
					order = append(order, key)
				}
				subjects[key] = append(subjects[key], subject.Name)
			}
		}
	}
	slices.Sort(order)
	var settled error
	for _, key := range order {
		algorithm := key[:len("sha256")]
		used = v.judge(b, algorithm, []byte(key[len(algorithm):]), place, claim, subjects[key], &settled) || used
	}
	for _, subject := range s.Subjects {
		t := v.named[subjectKey(subject.Name)]
		if t == nil || t.other != "" && t.other <= place {
			continue
		}
		for _, d := range subject.Digests {
			if len(d.Value) == 0 || !strings.HasPrefix(t.digest, d.Algorithm) || digestKey(d.Algorithm, d.Value) == t.digest {
				continue
			}
			used = true
			a, err := verify.ArtifactDigest(d.Algorithm, d.Value)
			if err != nil || claim != nil || settled != nil {
				continue
			}
			judge, _ := v.config.Judges.For(b)
			if _, err := judge.Verify(b, a); err == nil {
				t.other = place
			} else if !ofArtifact(err) {
				settled = err
			}
		}
	}
	return used
}

// subjectKey returns the key of what names exactly one file, see fileKey.
func subjectKey(name string) string {
	if p, err := names.ParsePURL(name); err == nil && p.Type == "npm" && p.Version != "" {
		return "npm " + p.FullName() + "@" + p.Version
	}
	if p, err := names.ParsePython(name); err == nil {
		return "pypi " + p.Key()
	}
	if _, err := names.ParseGem(name); err == nil {
		return "gem " + name
	}
	return ""
}

// ofArtifact says of a refusal that another artifact might have another verdict.
// Every other one holds for all subjects of a statement.
func ofArtifact(err error) bool { return strings.HasPrefix(codes.Of(err), "artifact.") }

// judge holds a bundle against one digest, if the lock file has it. What is
// settled of the bundle without regard to the artifact is not judged again.
func (v *Coverage) judge(b *bundle.Bundle, algorithm string, value []byte, place string, claim error, subjects []string, settled *error) bool {
	key := digestKey(algorithm, value)
	w, ok := v.wanted[key]
	if !ok {
		return false
	}
	if w == nil {
		w = new(found)
		v.wanted[key] = w
	}
	err := claim
	if err == nil {
		err = *settled
	}
	if err == nil {
		var a verify.Artifact
		if a, err = verify.ArtifactDigest(algorithm, value); err == nil {
			judge, _ := v.config.Judges.For(b)
			if _, err = judge.Verify(b, a); err != nil && !ofArtifact(err) {
				*settled = err
			}
		}
	}
	switch {
	case err != nil:
		// Of several the first by its place, whichever was read first.
		if w.refused == nil || place < w.place {
			w.refused, w.place = refuse.New(refuse.CodeOf(err), "%s: %v", place, err), place // without the report that err carries
		}
	case len(w.proofs) == maxProofs: // copies say nothing new
		signature := v.config.Distinct(b.Signature)
		w.more = w.more || !slices.ContainsFunc(w.proofs, func(p proof) bool { return p.signature == signature })
	default:
		w.proofs = append(w.proofs, proof{place, v.config.Distinct(b.Signature), subjects})
	}
	return true
}

// Rows yields what became of each entry, in the order of the lock file.
func (v *Coverage) Rows() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for e, err := range v.config.File.All() {
			if err != nil || !yield(v.row(e)) { // Cover has met every error
				return
			}
		}
	}
}

func (v *Coverage) row(e Entry) Row {
	r := Row{Entry: e}
	switch {
	case e.Skip != "":
		r.Status = Skipped
		return r
	case e.Err != nil:
		r.Status, r.Err = Refused, e.Err
		switch refuse.CodeOf(e.Err) {
		case "artifact.not_comparable", "lock.no_digest":
			r.Status = NotComparable
		}
		return r
	}
	w := v.wanted[digestKey(e.Digest.Algorithm, e.Digest.Value)]
	if w == nil {
		w = new(found)
	}
	t := v.named[e.fileKey()]
	if t != nil && t.conflict {
		return r.refuse("lock.conflict", "the lock file has two digests for it")
	}
	if w.more {
		return r.refuse("lock.limit", "more than %d bundles about one digest", maxProofs)
	}
	var misnamed *proof
	signatures := make(map[string]bool)
	for i := range w.proofs {
		p := &w.proofs[i]
		if p.names != nil && !slices.ContainsFunc(p.names, e.names) {
			if misnamed == nil || p.place < misnamed.place {
				misnamed = p
			}
			continue
		}
		signatures[p.signature] = true
		r.Evidence = append(r.Evidence, p.place)
	}
	slices.Sort(r.Evidence)
	switch {
	case len(signatures) >= v.config.Signatures:
		r.Status = Verified
		return r
	case misnamed != nil:
		return r.refuse("lock.subject", "%s names %q for this digest, want %s", misnamed.place, clip(misnamed.names[0]), clip(e.subject()))
	case w.refused != nil:
		r.Status, r.Err, r.Evidence = Refused, w.refused, nil
		return r
	case len(signatures) > 0:
		return r.refuse("lock.threshold", "%d distinct signatures, want %d", len(signatures), v.config.Signatures)
	case t != nil && t.other != "":
		return r.refuse("artifact.mismatch", "%s proves another digest for this name", t.other)
	}
	r = r.refuse("lock.unsigned", "no evidence about its digest")
	r.Status = Unsigned
	return r
}

func (r Row) refuse(code refuse.Code, format string, args ...any) Row {
	r.Status, r.Err, r.Evidence = Refused, r.Entry.wrong(code, format, args...), nil
	return r
}

// subject says by which name a statement should name the entry.
func (e *Entry) subject() string {
	if e.File != "" {
		return e.File
	}
	namespace, name, found := strings.Cut(e.Name, "/")
	if !found {
		namespace, name = "", e.Name
	}
	return names.PURL{Type: e.Type, Namespace: namespace, Name: name, Version: e.Version}.String()
}

// names reports whether the name of a subject is the entry's: its package URL,
// or the name of its file.
func (e *Entry) names(subject string) bool {
	if p, err := names.ParsePURL(subject); err == nil {
		return p.Type == e.Type && e.sameName(p.FullName(), p.Version)
	}
	switch e.Type {
	case "npm": // the file that npm pack writes
		flat := strings.ReplaceAll(strings.TrimPrefix(e.Name, "@"), "/", "-")
		return subject == flat+"-"+e.Version+".tgz"
	case "gem":
		return subject == e.File
	case "pypi":
		p, err := names.ParsePython(subject)
		if err != nil {
			return false
		}
		if e.File != "" {
			own, err := names.ParsePython(e.File)
			return err == nil && own.Equal(p)
		}
		version, err := names.PythonVersion(e.Version)
		return p.Project == e.Name && (e.Version == "" || err == nil && version == p.Version)
	}
	return false
}

// sameName compares the parts of a package URL. One without a version names no
// file.
func (e *Entry) sameName(name, version string) bool {
	if e.Type != "pypi" || e.Version == "" {
		return name == e.Name && version != "" && (version == e.Version || e.Version == "")
	}
	own, err := names.PythonVersion(e.Version)
	other, err2 := names.PythonVersion(version)
	return name == e.Name && err == nil && err2 == nil && own == other
}
