// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"crypto"

	"github.com/sigbundle/sigbundle/internal/sigkey"
)

// Body is a parsed entry body: what a log says about one signature.
type Body struct {
	Raw         []byte // the bytes that the log hashed
	Kind        Kind
	Hash        crypto.Hash // what Digest was made with
	Digest      []byte      // of the data; of the payload for dsse and intoto
	Signature   []byte
	Certificate []byte           // DER; nil if the body holds a bare key
	PublicKey   []byte           // DER SubjectPublicKeyInfo; nil if it holds a certificate
	PayloadType string           // intoto only
	Algorithm   sigkey.Algorithm // hashedrekord 0.0.2 only
}
