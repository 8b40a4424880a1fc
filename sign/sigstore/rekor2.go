// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign/internal/call"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
)

// RekorConfig describes a transparency log of either generation.
type RekorConfig struct {
	Client *Client
	URL    string // base, without the path of the API
	// Root, if not nil, has the keys by which a log of Rekor v2 can prove an
	// entry that it has already.
	Root *trustroot.Root
}

// RekorV2 is a log of Rekor v2. It is a [sign.Log], and safe for concurrent
// use.
type RekorV2 struct{ c RekorConfig }

// NewRekorV2 returns the log.
func NewRekorV2(c RekorConfig) *RekorV2 {
	c.URL = strings.TrimSuffix(c.URL, "/")
	return &RekorV2{c}
}

// String names the log in errors.
func (l *RekorV2) String() string { return "transparency log " + l.c.URL }

// Generation implements [sign.Log].
func (l *RekorV2) Generation() tlog.Generation { return tlog.V2 }

// Append implements [sign.Log]. Refusals are sign.rekor.*, and those of
// reading an entry.
func (l *RekorV2) Append(ctx context.Context, record tlog.Record) (*tlog.Entry, error) {
	body, err := requestV2(record)
	if err != nil {
		return nil, err
	}
	r := &call.Request{
		Service: "rekor", Method: http.MethodPost, URL: l.c.URL + "/api/v2/log/entries", Body: body,
		Header:  map[string]string{"Content-Type": "application/json", "Accept": "application/json"},
		Timeout: rekorV2Timeout, Limit: maxEntry,
		Accept: []int{http.StatusOK, http.StatusCreated, http.StatusConflict, http.StatusMethodNotAllowed},
	}
	resp, err := l.c.Client.do(ctx, r)
	if err != nil {
		return nil, err
	}
	switch resp.Status {
	case http.StatusConflict:
		return l.existing(ctx, record, resp.Header)
	case http.StatusMethodNotAllowed:
		return nil, r.Refuse("frozen", resp.Status, resp.Body)
	}
	entry, err := bundle.ParseEntry(resp.Body)
	if err != nil {
		return nil, malformed("rekor", err, l.c.URL)
	}
	return &entry, nil
}

// requestV2 is the body of a request (rekor-tiles, CreateEntryRequest).
func requestV2(r tlog.Record) ([]byte, error) {
	hash := r.Key.Hash()
	digest := r.Digests[hash]
	if r.Envelope != nil {
		digest = r.Envelope.Digest(hash)
	}
	if len(digest) == 0 {
		return nil, refuse.New("sign.rekor.unsupported", "Rekor v2 takes no signature with %s", r.Key.Algorithm())
	}
	type raw struct {
		Bytes []byte `json:"rawBytes"`
	}
	var request struct {
		Entry struct {
			Digest    []byte `json:"digest"`
			Signature struct {
				Content  []byte `json:"content"`
				Verifier struct {
					Certificate *raw   `json:"x509Certificate,omitempty"`
					Key         *raw   `json:"publicKey,omitempty"`
					Details     string `json:"keyDetails"`
				} `json:"verifier"`
			} `json:"signature"`
		} `json:"hashedRekordRequestV002"`
	}
	e := &request.Entry
	e.Digest, e.Signature.Content = digest, r.Signature
	e.Signature.Verifier.Details = r.Key.Algorithm().String()
	if r.Certificate != nil {
		e.Signature.Verifier.Certificate = &raw{r.Certificate}
	} else {
		e.Signature.Verifier.Key = &raw{r.Key.SPKI()}
	}
	return json.Marshal(request)
}
