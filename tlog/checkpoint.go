// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"crypto/sha256"
	"slices"
	"strconv"
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Checkpoint is a tree head that a log signed. Only [Log.OpenCheckpoint] makes
// a valid one: the zero value, and any other, is refused everywhere.
type Checkpoint struct {
	Origin     string
	Size       uint64 // leaves in the tree
	Root       Hash
	Extensions []string // further lines that were signed; no meaning here
	// Generation is the version of Rekor that signs in this way. Checkpoints
	// of Rekor v2, whose origin is a bare name, are also what a Rekor v1 log
	// with an ECDSA key signs if it leaves out the number of its tree: then
	// the kind of the entry decides, see [Log.Generation].
	Generation Generation
	SHA256     [sha256.Size]byte // of what was signed

	// Cosigners are the names on signature lines that are not the log's.
	// Those signatures have not been checked.
	Cosigners []string

	// NameMismatch tells that a Rekor v1 log signed under another name than
	// the trust root has for it. Checkpoints with names of single hosts are
	// in the public log; the identity of a v1 log is its key.
	NameMismatch bool

	log    *Log
	either bool // of Rekor v2, or of v1 without the number of a tree
}

// mayBe reports whether the checkpoint may be of generation g.
func (c *Checkpoint) mayBe(g Generation) bool {
	return g == c.Generation || g == V1 && c.either
}

// OpenCheckpoint checks that the log signed a checkpoint, and reads it.
//
// The version of Rekor decides which signature lines are the log's: for v2
// those with its name and its hint, for v1 those with its hint. There must be
// at least one, and all of them must verify. Where the log's ID does not tell
// the version, the origin does, which is part of what is signed, or the hint.
// A bare name is judged as that of a v2 log, whose rules are the stricter ones.
//
// Refusals are tlog.checkpoint.malformed, .unsigned, .signature and .origin.
func (l *Log) OpenCheckpoint(text string) (*Checkpoint, error) {
	if l == nil || l.key == nil {
		return nil, refuse.New("tlog.checkpoint.signature", "no log to check a checkpoint with")
	}
	n, err := parseNote(text)
	if err != nil {
		return nil, err
	}
	c, err := parseTreeHead(n.text)
	if err != nil {
		return nil, err
	}
	c.log, c.SHA256 = l, sha256.Sum256([]byte(n.text))
	if c.Generation = l.generation; c.Generation == 0 {
		c.Generation = l.generationByCheckpoint(n, c.Origin)
		c.either = c.Generation == V2 && l.isNoteID(l.id)
	}
	if err := l.verifyNote(n, c); err != nil {
		return nil, err
	}
	switch c.Generation {
	case V1:
		host, _ := cutTreeID(c.Origin)
		c.NameMismatch = c.NameMismatch || !l.named(host)
		return c, nil
	case V2:
		// The line and what it signs have to bear the same name.
		if l.named(c.Origin) && slices.ContainsFunc(n.sigs, func(s noteSig) bool { return s.name == c.Origin && l.signs(s, V2) }) {
			return c, nil
		}
	}
	return nil, refuse.New("tlog.checkpoint.origin", "checkpoint is of %q, not of the log %q", c.Origin, l.Name())
}

// generationByCheckpoint tells Rekor v1 and v2 apart by the first line of a
// checkpoint: a v2 log signs its name, v1 its name and the number of a tree. 0
// is neither. Where the two have different hints, what has not v2's is v1's.
func (l *Log) generationByCheckpoint(n *note, origin string) Generation {
	if l.id == l.key.ID() && !l.isNoteID(l.id) {
		if l.named(origin) && slices.ContainsFunc(n.sigs, func(s noteSig) bool { return l.signs(s, V2) }) {
			return V2
		}
		return V1
	}
	if _, ok := cutTreeID(origin); ok {
		return V1
	}
	if l.named(origin) {
		return V2
	}
	return 0
}

// cutTreeID splits the origin of a Rekor v1 log, "rekor.sigstore.dev -
// 2605736670972794746". Names hold no spaces, so that no name of a v2 log has
// this form.
func cutTreeID(origin string) (name string, ok bool) {
	i := strings.LastIndex(origin, " - ")
	if i <= 0 {
		return origin, false
	}
	tree := origin[i+len(" - "):]
	if tree == "" || strings.Trim(tree, "0123456789") != "" {
		return origin, false
	}
	return origin[:i], true
}

// verifyNote checks the log's own lines, and notes the names on all others.
func (l *Log) verifyNote(n *note, c *Checkpoint) error {
	message := []byte(n.text)
	own := 0
	for _, s := range n.sigs {
		if !l.signs(s, c.Generation) {
			c.Cosigners = append(c.Cosigners, s.name)
			continue
		}
		verify := l.verifyV1
		if c.Generation == V2 {
			verify = l.key.Verify
		}
		if err := verify(message, s.sig); err != nil {
			return refuse.Wrap("tlog.checkpoint.signature", err, "checkpoint line of %q under the key of log %s", s.name, l.id)
		}
		own++
		c.NameMismatch = c.NameMismatch || !l.named(s.name)
	}
	if own == 0 {
		return refuse.New("tlog.checkpoint.unsigned", "checkpoint of %q has no signature line of log %s", c.Origin, l.id)
	}
	return nil
}

// signs reports whether a line claims to be the log's.
func (l *Log) signs(s noteSig, g Generation) bool {
	if g == V2 {
		return slices.ContainsFunc(l.names, func(n noteName) bool {
			return s.name == n.name && s.hint == [hintSize]byte(n.id[:])
		})
	}
	return l.hints(s.hint[:])
}

// parseTreeHead reads the text of a checkpoint, C2SP tlog-checkpoint.
func parseTreeHead(text string) (*Checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 {
		return nil, malformed("checkpoint with %d lines, want an origin, a size and a root hash", len(lines))
	}
	for _, line := range lines {
		if line == "" {
			return nil, malformed("empty line in a checkpoint")
		}
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return nil, malformed("%q is not the size of a tree", lines[1])
	}
	root, err := strictBase64.DecodeString(lines[2])
	if err != nil || len(root) != len(Hash{}) {
		return nil, malformed("%q is not the root hash of a tree", lines[2])
	}
	return &Checkpoint{Origin: lines[0], Size: size, Root: Hash(root), Extensions: lines[3:]}, nil
}

// Generation decides which version of Rekor an entry of the log follows, from
// what the log's owner declared or the log signed: the log's ID, the verified
// checkpoint c (nil if the entry has none), and failing both, the promise,
// which only v1 makes and which the caller must verify. The kind of the body
// has to agree.
//
// ID and checkpoint of a log with an ECDSA key leave it open if the origin is
// a bare name. Then a kind that only v1 has decides for v1. It decides on
// nothing that is not proved: a body of that kind has to be in the tree that
// the log signed, by [Entry.VerifyInclusion], where no Rekor v2 puts one.
//
// Refusals are tlog.unknown_log, tlog.entry.generation, tlog.entry.kind,
// tlog.entry.unsupported and tlog.promise.unexpected.
func (l *Log) Generation(e *Entry, c *Checkpoint) (Generation, error) {
	if l == nil || l.key == nil || e == nil {
		return 0, refuse.New("tlog.unknown_log", "entry: no log or no entry to check")
	}
	if e.LogID != l.id {
		return 0, refuse.New("tlog.unknown_log", "entry of log %s, not of log %s", e.LogID, l.id)
	}
	g := l.generation
	switch {
	case c != nil && (c.log == nil || c.log.id != l.id):
		return 0, refuse.New("tlog.entry.generation", "checkpoint is not one of log %s", l.id)
	case c != nil:
		g = c.Generation
	case g == 0 && len(e.Promise) > 0:
		g = V1
	}
	if e.Body == nil || e.Body.Kind != e.Kind {
		return 0, refuse.New("tlog.entry.kind", "entry has no body of kind %q", e.Kind)
	}
	if format, ok := e.Body.Kind.format(); ok && c != nil && c.mayBe(format.generation) {
		g = format.generation
	}
	if err := e.Body.follows(g); err != nil {
		return 0, err
	}
	if g == V2 && len(e.Promise) > 0 {
		return 0, refuse.New("tlog.promise.unexpected", "log %s is Rekor v2, which makes no promises", l.id)
	}
	return g, nil
}
