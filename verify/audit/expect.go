// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/trustroot"
)

// Bounds of a file of expectations. It is held in memory, with a key for each
// subject and digest.
const (
	maxExpectationBytes = 64 << 20
	maxExpectations     = 1 << 18
	maxExpectationLine  = 64 << 10 // bytes
	maxExpectationKeys  = 4096     // files of keys
	maxExpectationRoots = 16       // files of trust roots, and instances
)

// Expectations say for each artifact who must have signed it. They come from
// the operator, never from the store.
type Expectations struct {
	label string
	data  []byte
	lines []span
	names map[string]int            // subjects, to the index in lines
	sums  map[[sha256.Size]byte]int // digests, to the index in lines
	keys  map[string]*sigkey.Key    // by path
	roots map[string]Root           // by linePolicy.rootKey
	files bool                      // whether a line names a trust root in a file
	sum   [sha256.Size]byte         // of data
	print [sha256.Size]byte         // of data and of all files that it names
}

// span is where a line stands in the data, and its number from 1.
type span struct{ begin, end, number int }

// OpenExpectations reads a file of expectations, with the keys and trust roots
// that it names. Their paths are relative to its folder, and lead out of it
// only if outside is set. Instances are loaded by the function, which judges
// the age of their trust; nil refuses all of them.
func OpenExpectations(name string, outside bool, instance func(name string) (Root, error)) (*Expectations, error) {
	data, err := readUpTo(folder(""), name, maxExpectationBytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	x := &Expectations{label: name, data: data, names: make(map[string]int), sums: make(map[[sha256.Size]byte]int),
		keys: make(map[string]*sigkey.Key), roots: make(map[string]Root), sum: sha256.Sum256(data)}
	files := &beside{dir: filepath.Dir(name), instance: instance}
	if outside {
		files.store = folder(files.dir)
	} else {
		root, err := os.OpenRoot(files.dir)
		if err != nil {
			return nil, err
		}
		defer root.Close()
		files.store = confine(root)
	}
	files.seen = append(files.seen, x.sum[:]...)
	if err := x.index(files); err != nil {
		return nil, err
	}
	x.print = sha256.Sum256(files.seen)
	return x, nil
}

// beside reads files of the operator, and notes the hash of each.
type beside struct {
	dir   string
	store store
	seen  []byte

	instance func(name string) (Root, error)
}

func (b *beside) read(name string) ([]byte, error) {
	data, err := readUpTo(b.store, name, maxExpectationBytes)
	sum := sha256.Sum256(data)
	b.seen = append(b.seen, sum[:]...)
	return data, err
}

// readUpTo reads a file of a bounded size.
func readUpTo(s store, name string, most int64) ([]byte, error) {
	f, err := openRegular(s, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("more than %d bytes", most)
	}
	return data, bare(err)
}

// index reads every line once, so that no later line is a surprise.
func (x *Expectations) index(files *beside) error {
	begin, number := 0, 0
	for line := range bytes.Lines(x.data) {
		number++
		s := span{begin, begin + len(line), number}
		begin += len(line)
		if len(trim(line)) == 0 {
			continue
		}
		if err := x.add(s, files); err != nil {
			return fmt.Errorf("%s:%d: %w", x.label, number, err)
		}
	}
	if len(x.lines) == 0 {
		return fmt.Errorf("%s: no expectations", x.label)
	}
	return nil
}

func (x *Expectations) add(s span, files *beside) error {
	if s.end-s.begin > maxExpectationLine {
		return fmt.Errorf("a line of %d bytes, want at most %d", s.end-s.begin, maxExpectationLine)
	}
	if len(x.lines) == maxExpectations {
		return fmt.Errorf("more than %d expectations", maxExpectations)
	}
	i := len(x.lines)
	x.lines = append(x.lines, s)
	e, err := x.at(i)
	if err != nil {
		return err
	}
	if e.subject != "" {
		if j, ok := x.names[e.subject]; ok {
			return fmt.Errorf("the subject %q has an expectation in line %d already", e.subject, x.lines[j].number)
		}
		x.names[e.subject] = i
	}
	if e.digest != nil {
		if j, ok := x.sums[*e.digest]; ok {
			return fmt.Errorf("the digest sha256:%x has an expectation in line %d already", *e.digest, x.lines[j].number)
		}
		x.sums[*e.digest] = i
	}
	return x.load(&e.policy, files)
}

// load reads the key and the trust root that a line names.
func (x *Expectations) load(p *linePolicy, files *beside) error {
	if _, ok := x.keys[p.key]; p.key != "" && !ok {
		if len(x.keys) == maxExpectationKeys {
			return fmt.Errorf("more than %d keys", maxExpectationKeys)
		}
		data, err := files.read(p.key)
		if err == nil {
			x.keys[p.key], err = sigkey.ParsePEM(data)
		}
		if err != nil {
			return fmt.Errorf("key %q: %w", p.key, err)
		}
	}
	key := p.rootKey()
	if _, ok := x.roots[key]; key == "" || ok {
		return nil
	}
	if len(x.roots) == maxExpectationRoots {
		return fmt.Errorf("more than %d trust roots", maxExpectationRoots)
	}
	if p.instance != "" {
		root, err := files.root(p.instance)
		x.roots[key] = root
		return err
	}
	x.files = true
	data, err := files.read(p.trustedRoot)
	var root *trustroot.Root
	if err == nil {
		root, err = trustroot.Parse(data)
	}
	if err != nil {
		return fmt.Errorf("trust root %q: %w", p.trustedRoot, err)
	}
	x.roots[key] = Root{root, "file " + p.trustedRoot + ", as given"}
	return nil
}

// root loads the trust root of an instance.
func (b *beside) root(instance string) (Root, error) {
	if strings.ContainsAny(instance, `/\`) || strings.HasSuffix(instance, ".json") {
		return Root{}, refuse.New("trust.instance", "instance %q looks like a file, want the name of an instance, or the member trusted_root for a trust root in a file", instance)
	}
	if b.instance == nil {
		return Root{}, refuse.New("trust.instance", "instance %q: no instances are known here", instance)
	}
	root, err := b.instance(instance)
	if err == nil && root.Root == nil {
		err = refuse.New("trust.instance", "instance %q has no trust root", instance)
	}
	if err != nil {
		return Root{}, err
	}
	sum := root.SHA256()
	b.seen = append(append(b.seen, root.Source...), sum[:]...)
	return root, nil
}

// at returns an expectation.
func (x *Expectations) at(i int) (*expectation, error) {
	line := trim(x.data[x.lines[i].begin:x.lines[i].end])
	e, err := parseExpectation(line)
	if err != nil {
		return nil, err
	}
	e.index, e.judge = i, ExpectationRef{x.lines[i].number, digest(line)}
	return e, nil
}

// about returns the expectation that is about a subject, a digest, or both;
// one that it finds says nothing else.
func (x *Expectations) about(subject string, sum *[sha256.Size]byte) (*expectation, error) {
	name, named := x.names[subject]
	named = named && subject != ""
	var i int
	var same bool
	if sum != nil {
		i, same = x.sums[*sum]
	}
	switch {
	case !named && !same:
		return nil, refuse.New("input.unexpected", "no expectation is about this evidence")
	case named && same && name != i:
		return nil, refuse.New("expectation.mismatch", "line %d of the expectations has this subject, and line %d this digest",
			x.lines[name].number, x.lines[i].number)
	case named:
		i = name
	}
	e, err := x.at(i)
	if err != nil {
		return nil, err
	}
	if e.subject != "" && !named {
		return nil, refuse.New("expectation.mismatch", "line %d of the expectations has this digest, and the subject %q", e.judge.Line, e.subject)
	}
	return e, nil
}

// find returns the expectation about the artifact of an entry. For a file it
// may have to read the file.
func (x *Expectations) find(e *entry) (*expectation, error) {
	name := e.rec.artifact
	if !e.implied && isDigest(name) {
		text, _ := strings.CutPrefix(name, "sha256:")
		return x.about("", parseSum(text))
	}
	if i, ok := x.names[name]; ok {
		if named, err := x.at(i); err != nil || named.digest != nil {
			return named, err // the digest is compared when the file is read
		}
	}
	if len(x.sums) == 0 {
		return x.about(name, nil)
	}
	f, err := openArtifact(e.store, name)()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return x.about(name, (*[sha256.Size]byte)(h.Sum(nil)))
}

// parseSum reads a SHA-256 in hexadecimal; nil if it is not one.
func parseSum(text string) *[sha256.Size]byte {
	sum, err := hex.DecodeString(text)
	if err != nil || len(sum) != sha256.Size {
		return nil
	}
	return (*[sha256.Size]byte)(sum)
}

// pinned is an artifact that must have a certain digest. It says so at the
// end of the file that is verified, whatever became of the file since it was
// looked up.
func pinned(open func() (io.ReadCloser, error), e *expectation) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		f, err := open()
		if err != nil {
			return nil, err
		}
		h := sha256.New()
		return &pinnedFile{io.TeeReader(f, h), f, func() error {
			if sum := h.Sum(nil); !bytes.Equal(sum, e.digest[:]) {
				return refuse.New("expectation.mismatch", "the artifact has the digest sha256:%x, line %d of the expectations wants sha256:%x", sum, e.judge.Line, *e.digest)
			}
			return nil
		}}, nil
	}
}

type pinnedFile struct {
	io.Reader
	io.Closer
	check func() error
}

func (p *pinnedFile) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if err == io.EOF {
		if differs := p.check(); differs != nil {
			err = differs
		}
	}
	return n, err
}

// ExpectationsInfo is what a summary says of the expectations.
type ExpectationsInfo struct {
	Source string `json:"source"`
	SHA256 string `json:"sha256"` // of the file
	Count  int    `json:"count"`
	// Lowered is how many of them require less of a kind of evidence than the
	// policy of the whole audit, or than its trust root where that says nothing.
	Lowered int `json:"lowered,omitempty"`
	// Unmet is how many of them no verified bundle met; absent for a sample.
	Unmet *int `json:"unmet,omitempty"`
}

func (x *Expectations) info(lowered int) *ExpectationsInfo {
	return &ExpectationsInfo{Source: x.label, SHA256: hex.EncodeToString(x.sum[:]), Count: len(x.lines), Lowered: lowered}
}

// met are the expectations that a verified bundle met, a bit for each.
type met []byte

func newMet(x *Expectations) met {
	if x == nil {
		return nil
	}
	return make(met, (len(x.lines)+7)/8)
}

func (m met) set(i int)      { m[i/8] |= 1 << (i % 8) }
func (m met) has(i int) bool { return m[i/8]&(1<<(i%8)) != 0 }

// unmet writes a finding for each expectation that no bundle met.
func (j *journal) unmet(x *Expectations) (n int, err error) {
	for i := range x.lines {
		if j.state.met.has(i) {
			continue
		}
		e, err := x.at(i)
		if err != nil {
			return n, err
		}
		n++
		f := &Finding{Source: fmt.Sprintf("%s:%d", x.label, e.judge.Line), Artifact: e.subject, Code: "expectation.unmet",
			Message: "no bundle of the source verifies under this expectation", Expectation: &e.judge}
		if f.Artifact == "" {
			f.Artifact = fmt.Sprintf("sha256:%x", *e.digest)
		}
		if err := j.write(f); err != nil {
			return n, err
		}
	}
	return n, j.flush()
}
