// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// A journal writes the findings, and the state that a killed run continues
// from. The state is never ahead of the findings: they are on disk before it
// is written, and it replaces the one before in a single step. What stands in
// the file of findings beyond the state was written by a run that was killed;
// it is cut off, and written again.
type journal struct {
	w     *bufio.Writer
	file  *os.File // nil: the findings go elsewhere
	path  string   // of the state; empty: there is none
	hash  hash.Hash
	state state

	step func(name string) error // called before each effect on the disk
}

// state is how far a run has come. It always lies between two entries of the
// source.
type state struct {
	run      string // fingerprint of source, policy and sample
	header   header
	cursor   cursor
	findings int64
	bundles  int64 // findings about a bundle that was read
	verified int64
	codes    map[string]int64
	offset   int64 // bytes of findings
	met      met

	roots     []TrustRoot // judged by, in the order of the findings, those of the audit first
	moreRoots bool
}

// header is what a state says of its run in plain, so that a run that cannot
// continue it can say why.
type header struct {
	AsOf         string      `json:"as_of,omitempty"` // that was asked for
	PolicySHA256 string      `json:"policy_sha256"`
	TrustRoots   []TrustRoot `json:"trust_roots"`
}

// differs says how this run differs from that of a state.
func (h header) differs(from header) error {
	named := func(asOf string) string {
		if asOf == "" {
			return "no certain time"
		}
		return asOf
	}
	switch {
	case !slices.Equal(from.TrustRoots, h.TrustRoots):
		return fmt.Errorf("the trust root differs: the state is about %s, and this audit uses %s", listed(from.TrustRoots), listed(h.TrustRoots))
	case from.PolicySHA256 != h.PolicySHA256:
		return fmt.Errorf("the policy differs: the state is about that with sha256:%s, and this audit uses sha256:%s", from.PolicySHA256, h.PolicySHA256)
	case from.AsOf != h.AsOf:
		return fmt.Errorf("the time differs: the state is about an audit as of %s, and this one is as of %s", named(from.AsOf), named(h.AsOf))
	}
	return nil
}

// listed names trust roots for a person.
func listed(roots []TrustRoot) string {
	var all []string
	for _, r := range roots {
		all = append(all, fmt.Sprintf("%s (sha256:%s)", r.Source, r.SHA256))
	}
	return strings.Join(all, "; ")
}

// fingerprint tells runs apart whose findings must not be mixed.
func (c *Config) fingerprint(below bound) string {
	text := fmt.Sprintf("%q %q %q %t %t %+v %v", c.Source.Label(), c.trustRoots(), c.PolicyKey, c.NoArtifact, c.AllowOutside, below, c.Trust.MaxAge)
	if t, ok := c.Source.(*Tree); ok && t.RequireBundles {
		text += " all"
	}
	if c.Expectations != nil {
		text += fmt.Sprintf(" %x", c.Expectations.print)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// openJournal begins the findings, or continues them.
func openJournal(c *Config, run string, policy []byte) (*journal, error) {
	j := &journal{path: c.State, hash: sha256.New(), step: c.step}
	by := c.trustRoots()
	j.state = state{run: run, codes: make(map[string]int64), met: newMet(c.Expectations), roots: by, header: header{PolicySHA256: digest(policy), TrustRoots: by}}
	if !c.AsOf.IsZero() {
		j.state.header.AsOf = c.AsOf.UTC().Format(time.RFC3339Nano)
	}
	if j.step == nil {
		j.step = func(string) error { return nil }
	}
	if c.File == "" {
		j.w = bufio.NewWriter(c.Out)
		return j, nil
	}
	// A pipe that is opened for reading, too, has a reader for ever, even if
	// no program reads.
	flags := os.O_WRONLY
	if c.State != "" {
		flags = os.O_RDWR
	}
	f, err := openOutput(c.File, flags)
	if err != nil {
		return nil, err
	}
	j.file = f
	if c.State == "" {
		_ = f.Truncate(0) // a pipe cannot be cut off
	}
	if err := j.begin(); err != nil {
		f.Close()
		return nil, err
	}
	j.w = bufio.NewWriterSize(f, 1<<16)
	return j, nil
}

// begin puts file and state into agreement.
func (j *journal) begin() error {
	if j.path == "" {
		return nil
	}
	if err := lock(j.file); err != nil {
		return fmt.Errorf("%s: another audit is writing it: %w", j.file.Name(), err)
	}
	data, err := readState(j.path)
	if err == nil && len(data) == 0 {
		info, err := j.file.Stat()
		switch {
		case err != nil:
			return err
		case info.Size() > 0: // of which run they are, nothing says
			return fmt.Errorf("%s is empty, and %s holds findings; remove it to start afresh", j.path, j.file.Name())
		}
		return j.replace()
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err := j.file.Truncate(0); err != nil {
			return err
		}
		return j.replace()
	}
	if err != nil {
		return err
	}
	sum, err := j.state.parse(data)
	if err != nil {
		return fmt.Errorf("%s: %w; remove it to start afresh", j.path, err)
	}
	n, err := io.Copy(j.hash, io.LimitReader(j.file, j.state.offset))
	if err != nil {
		return err
	}
	if n != j.state.offset || hex.EncodeToString(j.hash.Sum(nil)) != sum {
		return fmt.Errorf("%s does not hold the findings that %s is about; remove the state to start afresh", j.file.Name(), j.path)
	}
	if err := j.file.Truncate(j.state.offset); err != nil {
		return err
	}
	_, err = j.file.Seek(j.state.offset, io.SeekStart)
	return err
}

// maxState bounds a state, in bytes.
const maxState = 16 << 20

// readState reads a state that this user wrote. Where others may write, theirs
// would have the audit pass over what it never judged.
func readState(name string) ([]byte, error) {
	f, err := openRegular(folder(""), name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !mine(info) {
		return nil, fmt.Errorf("%s belongs to another user, want a state of your own", name)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err == nil && len(data) > maxState {
		err = fmt.Errorf("%s has more than %d bytes", name, maxState)
	}
	return data, err
}

// write numbers a finding, counts it and writes it.
func (j *journal) write(f *Finding) error {
	s := &j.state
	f.N = s.findings + 1
	line, err := f.line()
	if err != nil {
		return err
	}
	if _, err := j.w.Write(line); err != nil {
		return err
	}
	j.hash.Write(line)
	if f.root != (report.RootInfo{}) {
		s.judgedBy(TrustRoot{f.root.Source, f.root.SHA256.String()})
	}
	s.findings++
	if f.read {
		s.bundles++
	}
	s.offset += int64(len(line))
	if f.Verified {
		s.verified++
		if f.Expectation != nil {
			s.met.set(f.expectation)
		}
	} else {
		s.codes[f.Code]++
	}
	return nil
}

// save brings the findings to disk, and then the state if there is one. It
// must be called between two entries.
func (j *journal) save() error {
	if err := j.flush(); err != nil || j.path == "" {
		return err
	}
	return j.replace()
}

// flush brings the findings to disk.
func (j *journal) flush() error {
	if err := j.step("flush"); err != nil {
		return err
	}
	if err := j.w.Flush(); err != nil {
		return err
	}
	if j.path == "" {
		return nil
	}
	if err := j.step("sync findings"); err != nil {
		return err
	}
	return j.file.Sync()
}

// replace writes the state under another name and gives it its own.
func (j *journal) replace() error {
	data, err := j.state.marshal(hex.EncodeToString(j.hash.Sum(nil)))
	if err != nil {
		return err
	}
	// An unpredictable name that is new: where others may write, a name that
	// is known could be a link to a file of ours.
	next := filepath.Join(filepath.Dir(j.path), ".sigbundle-"+rand.Text())
	if err := j.step("write state"); err != nil {
		return err
	}
	f, err := os.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer os.Remove(next) // or it has its own name by then
	_, err = f.Write(data)
	if err == nil {
		err = j.step("sync state")
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := j.step("rename state"); err != nil {
		return err
	}
	if err := os.Rename(next, j.path); err != nil {
		return err
	}
	if err := j.step("sync folder"); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(j.path))
}

// syncFolder makes a rename last. Not every system can; where it cannot, a
// power failure may bring back the state before, which is as good.
func syncFolder(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return nil
	}
	_ = dir.Sync()
	return dir.Close()
}

// close closes the file. It does not save: a run that was stopped in the
// middle of an entry continues from the state before.
func (j *journal) close() error {
	if j.path == "" {
		if err := j.w.Flush(); err != nil {
			return err
		}
	}
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}

const stateSchema = "sigbundle.audit.state.v1"

// stateFile is the JSON form of the state.
type stateFile struct {
	Schema         string           `json:"schema"`
	Run            string           `json:"run"`
	Header         header           `json:"header"`
	Entries        int64            `json:"entries"`
	Chain          string           `json:"chain"`
	Findings       int64            `json:"findings"`
	Bundles        int64            `json:"bundles"`
	Verified       int64            `json:"verified"`
	Codes          map[string]int64 `json:"codes"`
	Offset         int64            `json:"offset"`
	FindingsSHA256 string           `json:"findings_sha256"`
	Met            []byte           `json:"met,omitempty"`
	TrustRoots     []TrustRoot      `json:"trust_roots"`
	MoreTrustRoots bool             `json:"more_trust_roots,omitempty"`
}

func (s *state) marshal(sum string) ([]byte, error) {
	data, err := json.Marshal(stateFile{stateSchema, s.run, s.header, s.cursor.entries, hex.EncodeToString(s.cursor.chain[:]),
		s.findings, s.bundles, s.verified, s.codes, s.offset, sum, s.met, s.roots, s.moreRoots})
	return append(data, '\n'), err
}

// parse reads a state of the same run, and returns the hash of its findings.
func (s *state) parse(data []byte) (sum string, err error) {
	f := stateFile{Bundles: -1} // it may not be missing
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return "", fmt.Errorf("damaged: %w", err)
	}
	chain, err := hex.DecodeString(f.Chain)
	refused := int64(0)
	known := true
	for code, n := range f.Codes {
		refused += n
		known = known && n >= 0 && refuse.Describe(refuse.Code(code)).Cause != ""
	}
	if f.Schema != stateSchema {
		return "", fmt.Errorf("not the state of an audit: schema %q", f.Schema)
	}
	if err := s.header.differs(f.Header); err != nil {
		return "", err
	}
	switch {
	case f.Run != s.run:
		return "", errors.New("the state is about another source, or about other files, flags or another sample")
	case err != nil || len(chain) != len(s.cursor.chain) || strings.TrimSpace(string(data[d.InputOffset():])) != "",
		!known, len(f.Met) != len(s.met), f.Entries < 0 || f.Offset < 0 || f.Verified < 0 || refused < 0 || f.Findings != f.Verified+refused,
		f.Bundles < f.Verified || f.Bundles > f.Findings:
		return "", errors.New("damaged")
	case len(f.TrustRoots) < len(s.roots) || len(f.TrustRoots) > maxTrustRoots || !slices.Equal(f.TrustRoots[:len(s.roots)], s.roots):
		return "", errors.New("damaged: these trust roots are not those of an audit")
	}
	s.met = f.Met
	s.roots, s.moreRoots = f.TrustRoots, f.MoreTrustRoots
	s.cursor = cursor{f.Entries, [len(s.cursor.chain)]byte(chain)}
	s.findings, s.bundles, s.verified, s.offset = f.Findings, f.Bundles, f.Verified, f.Offset
	for code, n := range f.Codes {
		s.codes[code] = n
	}
	return f.FindingsSHA256, nil
}
