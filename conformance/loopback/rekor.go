// SPDX-License-Identifier: Apache-2.0

package loopback

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strconv"

	"google.golang.org/protobuf/encoding/protojson"

	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/tlog"
)

// enter has the world's log of one generation take an entry.
func (i *Instance) enter(e virtual.Evidence, fill func(*virtual.EntryInput)) (*rekorv1.TransparencyLogEntry, error) {
	hooks := i.Entry
	outer := hooks.Entry
	hooks.Entry = func(in *virtual.EntryInput) {
		fill(in)
		if outer != nil {
			outer(in)
		}
	}
	signed, err := i.World.Sign(virtual.Request{Evidence: e, Hooks: hooks})
	if err != nil {
		return nil, err
	}
	return signed.Message.GetVerificationMaterial().GetTlogEntries()[0], nil
}

// entryV2 is Rekor v2.
func (i *Instance) entryV2(r *http.Request, body []byte) (*reply, error) {
	if r.Method == http.MethodGet {
		return i.tile(r.URL.Path)
	}
	if r.URL.Path != "/api/v2/log/entries" {
		return &reply{status: http.StatusNotFound, kind: "text/plain"}, nil
	}
	var q struct {
		Entry struct {
			Digest    []byte
			Signature struct {
				Content  []byte
				Verifier struct {
					Certificate *struct{ RawBytes []byte } `json:"x509Certificate"`
					Key         *struct{ RawBytes []byte } `json:"publicKey"`
					KeyDetails  string
				}
			}
		} `json:"hashedRekordRequestV002"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	i.mutex.Lock()
	index, twice := i.seen[string(body)]
	i.mutex.Unlock()
	if i.Index != "ours" {
		index = i.Index
	}
	if twice {
		return &reply{status: http.StatusConflict, kind: "application/json", header: http.Header{"X-Log-Index": {index}}}, nil
	}
	entry, err := i.enter(virtual.RekorV2, func(in *virtual.EntryInput) {
		v := q.Entry.Signature.Verifier
		in.Kind, in.Digest, in.Signature, in.KeyDetails = tlog.HashedRekordV002(), q.Entry.Digest, q.Entry.Signature.Content, v.KeyDetails
		in.Hash = map[int]crypto.Hash{32: crypto.SHA256, 48: crypto.SHA384, 64: crypto.SHA512}[len(in.Digest)]
		if in.Certificate = nil; v.Certificate != nil {
			in.Certificate = v.Certificate.RawBytes
		} else {
			in.PublicKey = v.Key.RawBytes
		}
	})
	if err != nil {
		return nil, err
	}
	i.mutex.Lock()
	i.seen[string(body)] = strconv.Itoa(i.grow(entry.GetCanonicalizedBody()))
	i.mutex.Unlock()
	answer, err := protojson.Marshal(entry)
	return &reply{status: http.StatusCreated, kind: "application/json", body: answer}, err
}

// entryV1 is Rekor v1.
func (i *Instance) entryV1(r *http.Request, body []byte) (*reply, error) {
	if r.Method == http.MethodGet {
		i.mutex.Lock()
		defer i.mutex.Unlock()
		return &reply{status: http.StatusOK, kind: "application/json", body: []byte(i.seen[r.URL.Path])}, nil
	}
	i.mutex.Lock()
	location, twice := i.seen[string(body)]
	i.mutex.Unlock()
	if twice {
		return &reply{status: http.StatusConflict, kind: "application/json", header: http.Header{"Location": {location}}}, nil
	}
	fill, err := proposedV1(body)
	if err != nil {
		return nil, err
	}
	entry, err := i.enter(virtual.RekorV1, fill)
	if err != nil {
		return nil, err
	}
	answer, err := answerV1(entry)
	id := sha256.Sum256(body)
	location = "/api/v1/log/entries/" + hex.EncodeToString(id[:])
	i.mutex.Lock()
	i.seen[string(body)], i.seen[location] = location, string(answer)
	i.mutex.Unlock()
	return &reply{status: http.StatusCreated, kind: "application/json", body: answer}, err
}

// proposedV1 reads a proposed entry.
func proposedV1(body []byte) (func(*virtual.EntryInput), error) {
	var q struct {
		Kind string
		Spec struct {
			Data struct {
				Hash struct{ Algorithm, Value string }
			}
			Signature struct {
				Content   []byte
				PublicKey struct{ Content []byte }
			}
			ProposedContent struct {
				Envelope  string
				Verifiers [][]byte
			}
		}
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	s := q.Spec
	verifier := s.Signature.PublicKey.Content
	var envelope struct {
		Payload    []byte
		Signatures []struct{ Sig []byte }
	}
	if q.Kind == "dsse" {
		verifier = s.ProposedContent.Verifiers[0]
		if err := json.Unmarshal([]byte(s.ProposedContent.Envelope), &envelope); err != nil {
			return nil, err
		}
	}
	block, _ := pem.Decode(verifier)
	return func(in *virtual.EntryInput) {
		if in.Certificate = nil; block.Type == "CERTIFICATE" {
			in.Certificate = block.Bytes
		} else {
			in.PublicKey = block.Bytes
		}
		if q.Kind == "dsse" {
			sum := sha256.Sum256(envelope.Payload)
			in.Kind, in.Hash, in.Digest = tlog.DSSEV001(), crypto.SHA256, sum[:]
			in.Signature, in.Envelope = envelope.Signatures[0].Sig, []byte(s.ProposedContent.Envelope)
			return
		}
		in.Kind, in.Signature = tlog.HashedRekordV001(), s.Signature.Content
		in.Digest, _ = hex.DecodeString(s.Data.Hash.Value)
		in.Hash = map[string]crypto.Hash{"sha256": crypto.SHA256, "sha384": crypto.SHA384, "sha512": crypto.SHA512}[s.Data.Hash.Algorithm]
	}, nil
}

// answerV1 writes an entry as Rekor v1 does.
func answerV1(e *rekorv1.TransparencyLogEntry) ([]byte, error) {
	p := e.GetInclusionProof()
	hashes := []string{}
	for _, h := range p.GetHashes() {
		hashes = append(hashes, hex.EncodeToString(h))
	}
	return json.Marshal(map[string]any{"24296fb24b8ad77a": map[string]any{
		"body": e.GetCanonicalizedBody(), "integratedTime": e.GetIntegratedTime(),
		"logID": hex.EncodeToString(e.GetLogId().GetKeyId()), "logIndex": e.GetLogIndex(),
		"verification": map[string]any{
			"signedEntryTimestamp": e.GetInclusionPromise().GetSignedEntryTimestamp(),
			"inclusionProof": map[string]any{
				"checkpoint": p.GetCheckpoint().GetEnvelope(), "hashes": hashes, "logIndex": p.GetLogIndex(),
				"rootHash": hex.EncodeToString(p.GetRootHash()), "treeSize": p.GetTreeSize(),
			},
		},
	}})
}
