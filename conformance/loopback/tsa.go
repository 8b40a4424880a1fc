// SPDX-License-Identifier: Apache-2.0

package loopback

import (
	"bytes"
	"crypto/sha256"
	"encoding/asn1"
	"math/big"
	"net/http"

	"github.com/sigbundle/sigbundle/conformance/virtual"
)

// timestamp is the timestamp authority.
func (i *Instance) timestamp(_ *http.Request, body []byte) (*reply, error) {
	var q struct {
		Version int
		Imprint struct {
			Algorithm asn1.RawValue
			Hash      []byte
		}
		Nonce        *big.Int
		Certificates bool `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	hooks := i.Stamp
	outer := hooks.Timestamp
	hooks.Timestamp = func(in *virtual.TimestampInput) {
		made := sha256.Sum256(in.Message)
		in.Nonce = q.Nonce
		in.Info = func(info []byte) []byte { return bytes.Replace(info, made[:], q.Imprint.Hash, 1) }
		if outer != nil {
			outer(in)
		}
	}
	signed, err := i.World.Sign(virtual.Request{Evidence: virtual.NoLog, Hooks: hooks})
	if err != nil {
		return nil, err
	}
	stamps := signed.Message.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps()
	return &reply{status: http.StatusCreated, kind: "application/timestamp-reply", body: stamps[0].GetSignedTimestamp()}, nil
}
