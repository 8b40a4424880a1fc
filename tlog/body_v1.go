// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"bytes"
	"crypto"
	"encoding/pem"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// hashV1 returns the hash that Rekor v1 writes as name, 0 if it is not a hash that
// signatures are made with.
func hashV1(name string) crypto.Hash {
	switch name {
	case "sha256":
		return crypto.SHA256
	case "sha384":
		return crypto.SHA384
	case "sha512":
		return crypto.SHA512
	}
	return 0
}

// readHash reads {"algorithm":"sha256","value":"<hex>"}.
func (b *Body) readHash(d *strictjson.Decoder) error {
	var algorithm, value string
	if err := pick(d, field{"algorithm", text(d, &algorithm)}, field{"value", text(d, &value)}); err != nil {
		return err
	}
	return b.setHexDigest(hashV1(algorithm), value)
}

// readPayloadHash is readHash where Rekor v1 only ever uses SHA-256.
func (b *Body) readPayloadHash(d *strictjson.Decoder) error {
	if err := b.readHash(d); err != nil {
		return err
	}
	return b.wantSHA256()
}

// readHashedRekordV001 reads
//
//	{"data":{"hash":{…}},"signature":{"content":"<base64>","publicKey":{"content":"<base64 PEM>"}}}
func readHashedRekordV001(d *strictjson.Decoder, b *Body) error {
	return pick(d,
		field{"data", func() error {
			return pick(d, field{"hash", func() error { return b.readHash(d) }})
		}},
		field{"signature", func() error {
			return pick(d,
				field{"content", octets(d, &b.Signature)},
				field{"publicKey", func() error {
					return pick(d, field{"content", func() error { return b.readVerifier(d) }})
				}})
		}})
}

// readDSSEV001 reads
//
//	{"payloadHash":{…},"signatures":[{"signature":"<base64>","verifier":"<base64 PEM>"}]}
//
// The envelope's hash, also there, is over JSON text that no bundle keeps.
func readDSSEV001(d *strictjson.Decoder, b *Body) error {
	return pick(d,
		field{"payloadHash", func() error { return b.readPayloadHash(d) }},
		field{"signatures", func() error {
			return b.readOne(d, func() error {
				return pick(d,
					field{"signature", octets(d, &b.Signature)},
					field{"verifier", func() error { return b.readVerifier(d) }})
			})
		}})
}

// readIntotoV002 reads
//
//	{"content":{"payloadHash":{…},"envelope":{"payloadType":"…",
//	  "signatures":[{"sig":"<base64 of base64>","publicKey":"<base64 PEM>"}]}}}
func readIntotoV002(d *strictjson.Decoder, b *Body) error {
	signature := func() error {
		return pick(d,
			field{"publicKey", func() error { return b.readVerifier(d) }},
			field{"sig", func() error {
				// The text of the envelope, base64, went through base64 again.
				inner, err := d.Bytes()
				if err != nil {
					return err
				}
				b.Signature, err = strictjson.Base64(string(inner))
				return err
			}})
	}
	envelope := func() error {
		return pick(d,
			field{"payloadType", text(d, &b.PayloadType)},
			field{"signatures", func() error { return b.readOne(d, signature) }})
	}
	return pick(d, field{"content", func() error {
		return pick(d,
			field{"payloadHash", func() error { return b.readPayloadHash(d) }},
			field{"envelope", envelope})
	}})
}

// readOne reads an array of signatures, of which there may be one: a bundle
// has no place for another, so that another would be bound to nothing.
func (b *Body) readOne(d *strictjson.Decoder, element func() error) error {
	err := d.Array(1, func(int) error { return element() })
	if strictjson.IsLimit(err) {
		return refuse.Wrap("tlog.entry.signature", err, "several signatures")
	}
	return err
}

// readVerifier reads base64 of a PEM text with exactly one block, a
// certificate or a public key. What counts is the DER inside: line widths and
// line ends differ among signers.
func (b *Body) readVerifier(d *strictjson.Decoder) error {
	data, err := d.Bytes()
	if err != nil {
		return err
	}
	data = bytes.TrimSpace(data)
	begin := []byte("-----BEGIN ")
	block, rest := pem.Decode(data)
	// The decoder skips text around blocks, and blocks it cannot read.
	if block == nil || len(rest) != 0 || !bytes.HasPrefix(data, begin) || bytes.Count(data, begin) != 1 {
		return refuse.New("tlog.entry.malformed", "verifier is not one PEM block")
	}
	if len(block.Headers) != 0 {
		return refuse.New("tlog.entry.malformed", "PEM block with headers")
	}
	switch block.Type {
	case "CERTIFICATE":
		b.Certificate = block.Bytes
	case "PUBLIC KEY":
		b.PublicKey = block.Bytes
	default:
		return refuse.New("tlog.entry.malformed", "PEM block of type %q", clip(block.Type))
	}
	return nil
}
