// SPDX-License-Identifier: Apache-2.0

package inspect

import (
	"encoding/hex"
	"time"

	"github.com/sigbundle/sigbundle/tlog"
)

// Entry is one entry of a transparency log.
type Entry struct {
	LogID      string `json:"logId"` // base64
	Index      int64  `json:"index"`
	Integrated Time   `json:"integratedTime,omitzero"`
	Kind       string `json:"kind"`
	Version    string `json:"version"`
	Promise    []byte `json:"promise,omitempty"` // base64
	Body       *Body  `json:"body,omitempty"`
	Proof      *Proof `json:"proof,omitempty"`
}

// Body is what the log says it holds.
type Body struct {
	SHA256            string `json:"sha256"` // of the bytes
	Size              int    `json:"size"`
	Understood        bool   `json:"understood"`       // we know this kind; else nothing follows
	Digest            string `json:"digest,omitempty"` // "ALGORITHM:HEX"
	PayloadType       string `json:"payloadType,omitempty"`
	Signature         []byte `json:"signature,omitempty"`         // base64
	CertificateSHA256 string `json:"certificateSha256,omitempty"` // which certificate,
	KeySHA256         string `json:"keySha256,omitempty"`         // or which key
}

// Proof is an inclusion proof.
type Proof struct {
	Index      uint64   `json:"index"`
	Size       uint64   `json:"size"`
	Root       string   `json:"root"`   // hexadecimal
	Hashes     []string `json:"hashes"` // hexadecimal
	Checkpoint string   `json:"checkpoint,omitempty"`
}

// lastSecond is the last one that RFC 3339 can write. The verifier refuses
// entries after it.
const lastSecond = 253402300799

func entry(e *tlog.Entry) Entry {
	out := Entry{
		LogID:   e.LogID.String(),
		Index:   e.Index,
		Kind:    e.Kind.Name,
		Version: e.Kind.Version,
		Promise: e.Promise,
	}
	if e.Integrated > 0 && e.Integrated <= lastSecond {
		out.Integrated = Time{time.Unix(e.Integrated, 0).UTC()}
	}
	if e.Body != nil {
		out.Body = body(e.Body)
	}
	if p := e.Proof; p != nil {
		out.Proof = &Proof{Index: p.Index, Size: p.Size, Root: hex.EncodeToString(p.Root[:]), Checkpoint: p.Checkpoint}
		out.Proof.Hashes = make([]string, 0, len(p.Hashes)) // a tree of one leaf needs none
		for _, h := range p.Hashes {
			out.Proof.Hashes = append(out.Proof.Hashes, hex.EncodeToString(h[:]))
		}
	}
	return out
}

func body(b *tlog.Body) *Body {
	out := &Body{SHA256: sum(b.Raw), Size: len(b.Raw), Understood: b.Supported()}
	if !out.Understood {
		return out
	}
	out.Digest = hashName(b.Hash) + ":" + hex.EncodeToString(b.Digest)
	out.PayloadType = b.PayloadType
	out.Signature = b.Signature
	if b.Certificate != nil {
		out.CertificateSHA256 = sum(b.Certificate)
	} else {
		out.KeySHA256 = sum(b.PublicKey)
	}
	return out
}
