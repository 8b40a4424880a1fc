// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"crypto"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
	"github.com/sigbundle/sigbundle/sign/internal/call"
	"github.com/sigbundle/sigbundle/tlog"
)

// entriesV1 is where entries are created and found.
const entriesV1 = "/api/v1/log/entries"

// maxHashes bounds an inclusion proof: a tree has at most 2⁶³ leaves.
const maxHashes = 64

// RekorV1 is a log of Rekor v1. It is a [sign.Log], and safe for concurrent
// use.
type RekorV1 struct{ c RekorConfig }

// NewRekorV1 returns the log.
func NewRekorV1(c RekorConfig) *RekorV1 {
	c.URL = strings.TrimSuffix(c.URL, "/")
	return &RekorV1{c}
}

// String names the log in errors.
func (l *RekorV1) String() string { return "transparency log " + l.c.URL }

// Generation implements [sign.Log].
func (l *RekorV1) Generation() tlog.Generation { return tlog.V1 }

// Append implements [sign.Log]. Refusals are sign.rekor.*, and those of
// reading an entry.
func (l *RekorV1) Append(ctx context.Context, record tlog.Record) (*tlog.Entry, error) {
	kind, body, err := requestV1(record)
	if err != nil {
		return nil, err
	}
	resp, err := l.c.Client.do(ctx, &call.Request{
		Service: "rekor", Method: http.MethodPost, URL: l.c.URL + entriesV1, Body: body,
		Header:  map[string]string{"Content-Type": "application/json", "Accept": "application/json"},
		Timeout: rekorV1Timeout, Limit: maxEntry, Accept: []int{http.StatusCreated, http.StatusConflict},
	})
	if err != nil {
		return nil, err
	}
	if resp.Status == http.StatusConflict {
		if resp, err = l.fetch(ctx, resp.Header.Get("Location")); err != nil {
			return nil, err
		}
	}
	entry, err := parseEntryV1(resp.Body, kind)
	if err != nil {
		return nil, malformed("rekor", err, l.c.URL)
	}
	return entry, nil
}

// fetch gets the entry that the log already has, which is as good as a new
// one if it turns out to be about the same signature. The log says where it
// is; only an address of the log itself is followed.
func (l *RekorV1) fetch(ctx context.Context, location string) (*call.Response, error) {
	base, err := url.Parse(l.c.URL + entriesV1)
	if err != nil {
		return nil, refuse.New("sign.rekor.url", "%q is not an address", l.c.URL)
	}
	target, err := base.Parse(location)
	if err != nil || location == "" || target.Scheme != base.Scheme || target.Host != base.Host || target.User != nil {
		return nil, refuse.New("sign.rekor.duplicate", "%s has this entry already, at an address that is not of the log: %.120q", l.c.URL, location)
	}
	return l.c.Client.do(ctx, &call.Request{
		Service: "rekor", Method: http.MethodGet, URL: target.String(),
		Header:  map[string]string{"Accept": "application/json"},
		Timeout: rekorV1Timeout, Limit: maxEntry, Accept: []int{http.StatusOK},
	})
}

var hashNamesV1 = map[crypto.Hash]string{crypto.SHA256: "sha256", crypto.SHA384: "sha384", crypto.SHA512: "sha512"}

// requestV1 is a proposed entry (rekor, pkg/types/hashedrekord and dsse).
func requestV1(r tlog.Record) (tlog.Kind, []byte, error) {
	block := &pem.Block{Type: "PUBLIC KEY", Bytes: r.Key.SPKI()}
	if r.Certificate != nil {
		block = &pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate}
	}
	verifier := pem.EncodeToMemory(block)
	type object = map[string]any
	kind, spec := tlog.DSSEV001(), object(nil)
	if r.Envelope != nil {
		spec = object{"proposedContent": object{"envelope": envelopeText(r.Envelope), "verifiers": [][]byte{verifier}}}
	} else {
		hash := r.Key.Hash()
		if len(r.Digests[hash]) == 0 {
			return kind, nil, refuse.New("sign.rekor.unsupported", "Rekor v1 takes no message signed with %s", r.Key.Algorithm())
		}
		kind = tlog.HashedRekordV001()
		spec = object{
			"data":      object{"hash": object{"algorithm": hashNamesV1[hash], "value": hex.EncodeToString(r.Digests[hash])}},
			"signature": object{"content": r.Signature, "publicKey": object{"content": verifier}},
		}
	}
	body, err := json.Marshal(object{"apiVersion": kind.Version, "kind": kind.Name, "spec": spec})
	return kind, body, err
}

// envelopeText is the envelope in JSON, as text within JSON. Text and bytes
// of payload and signature are base64.
func envelopeText(e *dsse.Envelope) string {
	type signature struct {
		KeyID string `json:"keyid,omitempty"`
		Sig   []byte `json:"sig"`
	}
	data, err := json.Marshal(struct {
		Payload     []byte      `json:"payload"`
		PayloadType string      `json:"payloadType"`
		Signatures  []signature `json:"signatures"`
	}{e.Payload, e.PayloadType, []signature{{e.KeyID, e.Signature}}})
	if err != nil {
		return "" // cannot happen: bytes and strings; the log would refuse it
	}
	return string(data)
}

// parseEntryV1 reads {"UUID": {…}}, which must hold one entry.
func parseEntryV1(data []byte, kind tlog.Kind) (*tlog.Entry, error) {
	var entry *tlog.Entry
	d := strictjson.NewDecoder(data)
	err := d.Object(func(string) (err error) {
		if entry != nil {
			return errors.New("more than one entry")
		}
		entry, err = readEntryV1(d, kind)
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err == nil && entry == nil {
		err = errors.New("no entry")
	}
	return entry, err
}

func readEntryV1(d *strictjson.Decoder, kind tlog.Kind) (*tlog.Entry, error) {
	e := &tlog.Entry{Kind: kind}
	var raw []byte
	err := d.Object(func(name string) (err error) {
		switch name {
		case "body":
			raw, err = d.Bytes()
		case "integratedTime":
			e.Integrated, err = d.Int64()
		case "logID":
			err = readHash(d, e.LogID[:])
		case "logIndex":
			e.Index, err = d.Int64()
		case "verification":
			err = readVerification(d, e)
		default:
			err = d.Skip()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if e.Index < 0 || e.Integrated < 0 {
		return nil, errors.New("negative log index or time")
	}
	e.Body, err = tlog.ParseBody(raw, kind)
	return e, err
}

func readVerification(d *strictjson.Decoder, e *tlog.Entry) error {
	return d.Object(func(name string) (err error) {
		switch name {
		case "signedEntryTimestamp":
			e.Promise, err = d.Bytes()
		case "inclusionProof":
			e.Proof = new(tlog.Proof)
			err = readProof(d, e.Proof)
		default:
			err = d.Skip()
		}
		return err
	})
}

func readProof(d *strictjson.Decoder, p *tlog.Proof) error {
	return d.Object(func(name string) (err error) {
		switch name {
		case "logIndex":
			p.Index, err = readUint(d)
		case "treeSize":
			p.Size, err = readUint(d)
		case "rootHash":
			err = readHash(d, p.Root[:])
		case "checkpoint":
			p.Checkpoint, err = d.String()
		case "hashes":
			err = d.Array(maxHashes, func(int) error {
				var h tlog.Hash
				err := readHash(d, h[:])
				p.Hashes = append(p.Hashes, h)
				return err
			})
		default:
			err = d.Skip()
		}
		return err
	})
}

func readUint(d *strictjson.Decoder) (uint64, error) {
	n, err := d.Int64()
	if err == nil && n < 0 {
		err = errors.New("negative number in a proof")
	}
	return uint64(n), err
}

// readHash reads a hash in hexadecimal, as Rekor v1 writes them.
func readHash(d *strictjson.Decoder, into []byte) error {
	s, err := d.String()
	if err != nil {
		return err
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(into) {
		return errors.New("a hash is not 32 bytes of hexadecimal")
	}
	copy(into, b)
	return nil
}
