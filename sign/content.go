// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"crypto"
	"errors"
	"io"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
)

// encodedStatement is how every DSSE pre-authentication encoding begins. A
// signature over such a message is also a signature over the envelope that it
// encodes: the holder of the message could turn a signed file into a signed
// statement.
const encodedStatement = "DSSEv1 "

// isEncoded refuses a message that encodes an envelope.
func isEncoded(message []byte) error {
	if bytes.HasPrefix(message, []byte(encodedStatement)) {
		return refuse.New("sign.content.encoding", "the content begins with %q: a signature over it would also sign the statement in it", encodedStatement)
	}
	return nil
}

// Content is what gets signed: a message or a statement. The signer reads all
// of it: a digest alone does not show whether it is that of an encoded
// statement. The zero Content is refused.
type Content struct {
	reader  io.Reader
	hash    crypto.Hash // of digest
	digest  []byte
	payload []byte // of an envelope
}

// Message is a message that is read once, to its end and at constant memory,
// when it is signed. It serves for one signature.
func Message(r io.Reader) Content { return Content{reader: r} }

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
			return err
		}
		return nil
	case c.reader != nil:
		start := make([]byte, len(encodedStatement))
		n, err := io.ReadFull(c.reader, start)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return refuse.Wrap("sign.content", err, "reading")
		}
		if err := isEncoded(start[:n]); err != nil {
			return err
		}
		h := key.Hash().New()
		h.Write(start[:n])
		if _, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{c.reader}, make([]byte, 256<<10)); err != nil {
			return refuse.Wrap("sign.content", err, "reading")
		}
		c.hash, c.digest = key.Hash(), h.Sum(nil)
		return nil
	}
	return refuse.New("sign.content", "nothing to sign")
}
