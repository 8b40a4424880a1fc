// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto"
	"io"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Content is what gets signed: a message or a statement. The zero Content is
// refused.
type Content struct {
	reader  io.Reader
	hash    crypto.Hash // of digest
	digest  []byte
	payload []byte // of an envelope
}

// Message is a message that is read once, to its end and at constant memory,
// when it is signed. It serves for one signature.
func Message(r io.Reader) Content { return Content{reader: r} }

// Digest is a message that is known by its digest. The hash must be the
// key's: a P-384 key signs no SHA-256.
func Digest(h crypto.Hash, digest []byte) Content {
	return Content{hash: h, digest: bytes.Clone(digest)}
}

// Statement is an in-toto statement, which is signed in an envelope, byte for
// byte as it is. See [NewStatement].
func Statement(payload []byte) Content { return Content{payload: bytes.Clone(payload)} }

// read finds out what the key has to sign. It is called once.
func (c *Content) read(key *Key) error {
	switch {
	case c.payload != nil:
		// The finished bundle would be refused for it, too, after it has been
		// made public.
		if _, err := dsse.ParseStatement(c.payload, 0); err != nil {
			return refuse.Wrap("sign.content", err, "statement")
		}
		return nil
	case c.reader != nil:
		h := key.Hash().New()
		if _, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{c.reader}, make([]byte, 256<<10)); err != nil {
			return refuse.Wrap("sign.content", err, "reading")
		}
		c.hash, c.digest = key.Hash(), h.Sum(nil)
		return nil
	case c.digest == nil:
		return refuse.New("sign.content", "nothing to sign")
	case c.hash != key.Hash():
		return refuse.New("sign.content", "a %s digest cannot be signed with %s, which takes %s", c.hash, key.Algorithm(), key.Hash())
	case len(c.digest) != c.hash.Size():
		return refuse.New("sign.content", "the digest has %d bytes, a %s digest has %d", len(c.digest), c.hash, c.hash.Size())
	}
	return nil
}
