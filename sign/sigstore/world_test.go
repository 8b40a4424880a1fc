// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/sign/oidc"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
)

// instance is a Sigstore whose services answer over HTTP on loopback, as the
// real ones do, with what a virtual one makes.
type instance struct {
	t     testing.TB
	world *virtual.World
	root  *trustroot.Root

	fulcio, tsa, rekor1, rekor2 *httptest.Server

	// What goes wrong: hooks make a service lie, fault stands before one.
	certificate, stamp, entry virtual.Hooks
	fault                     map[string]http.HandlerFunc // returns by panic(pass) to let the service answer

	mutex    sync.Mutex
	impostor string            // whom Fulcio certifies instead
	seen     map[string]string // what Rekor has: location by request
	last     map[string][]byte // the last request of each service
	calls    map[string]int
}

// pass is what a fault panics with to let the service answer.
type pass struct{}

func newInstance(t testing.TB) *instance {
	t.Helper()
	w, err := virtual.New(virtual.Config{Seed: "signing"})
	if err != nil {
		t.Fatal(err)
	}
	i := &instance{t: t, world: w, fault: map[string]http.HandlerFunc{}, seen: map[string]string{}, calls: map[string]int{}, last: map[string][]byte{}}
	i.root = rootOf(t, w)
	i.fulcio = i.serve("fulcio", i.signingCert)
	i.tsa = i.serve("tsa", i.timestamp)
	i.rekor1 = i.serve("rekor1", i.entryV1)
	i.rekor2 = i.serve("rekor2", i.entryV2)
	return i
}

func rootOf(t testing.TB, w *virtual.World) *trustroot.Root {
	t.Helper()
	data, err := w.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func (i *instance) serve(name string, h func(*http.Request, []byte) (int, string, []byte, error)) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		i.mutex.Lock()
		i.calls[name]++
		i.last[name] = body
		i.mutex.Unlock()
		if f := i.fault[name]; f != nil && stopped(f, w, r) {
			return
		}
		status, kind, answer, err := h(r, body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", kind)
		if status == http.StatusConflict {
			w.Header().Set("Location", string(answer))
		}
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	}))
	i.t.Cleanup(s.Close)
	return s
}

// stopped runs a fault and reports whether it answered.
func stopped(f http.HandlerFunc, w http.ResponseWriter, r *http.Request) (answered bool) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case pass:
			answered = false
		default:
			panic(v)
		}
	}()
	f(w, r)
	return true
}

func (i *instance) signingCert(_ *http.Request, body []byte) (int, string, []byte, error) {
	var q struct {
		Credentials struct {
			Token string `json:"oidcIdentityToken"`
		}
		Request struct {
			Key   struct{ Content string } `json:"publicKey"`
			Proof []byte                   `json:"proofOfPossession"`
		} `json:"publicKeyRequest"`
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return 0, "", nil, err
	}
	token, err := oidc.Parse(q.Credentials.Token)
	if err != nil {
		return 0, "", nil, err
	}
	block, _ := pem.Decode([]byte(q.Request.Key.Content))
	key, err := sigkey.ParseSPKI(block.Bytes)
	if err != nil {
		return 0, "", nil, err
	}
	proved := key
	if key.Hash() == crypto.SHA512 && key.Algorithm() == sign.Ed25519ph {
		proved, _ = key.With(7) // PKIX_ED25519
	}
	if err := proved.Verify([]byte(token.Challenge()), q.Request.Proof); err != nil {
		return 0, "", nil, err
	}
	hooks := i.certificate
	outer := hooks.Certificate
	hooks.Certificate = func(c *virtual.CertificateInput) {
		c.PublicKey = key.Public()
		if outer != nil {
			outer(c)
		}
	}
	san := token.Names()[0]
	if i.impostor != "" {
		san = i.impostor
	}
	signed, err := i.world.Sign(virtual.Request{SAN: san, Issuer: token.Issuer(), Hooks: hooks})
	if err != nil {
		return 0, "", nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed.Certificate})
	for _, c := range i.root.CertificateAuthorities()[0].Chain() {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	var chain []string
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		chain = append(chain, string(pem.EncodeToMemory(block)))
	}
	answer, err := json.Marshal(map[string]any{"signedCertificateEmbeddedSct": map[string]any{"chain": map[string]any{"certificates": chain}}})
	return http.StatusOK, "application/json", answer, err
}

func (i *instance) timestamp(_ *http.Request, body []byte) (int, string, []byte, error) {
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
		return 0, "", nil, err
	}
	hooks := i.stamp
	outer := hooks.Timestamp
	hooks.Timestamp = func(in *virtual.TimestampInput) {
		made := sha256.Sum256(in.Message)
		in.Nonce = q.Nonce
		in.Info = func(info []byte) []byte { return bytes.Replace(info, made[:], q.Imprint.Hash, 1) }
		if outer != nil {
			outer(in)
		}
	}
	signed, err := i.world.Sign(virtual.Request{Evidence: virtual.NoLog, Hooks: hooks})
	if err != nil {
		return 0, "", nil, err
	}
	return http.StatusCreated, "application/timestamp-reply",
		signed.Message.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps()[0].GetSignedTimestamp(), nil
}

// enter has the world's log of one generation take an entry.
func (i *instance) enter(e virtual.Evidence, fill func(*virtual.EntryInput)) (*rekorv1.TransparencyLogEntry, error) {
	hooks := i.entry
	outer := hooks.Entry
	hooks.Entry = func(in *virtual.EntryInput) {
		fill(in)
		if outer != nil {
			outer(in)
		}
	}
	signed, err := i.world.Sign(virtual.Request{Evidence: e, Hooks: hooks})
	if err != nil {
		return nil, err
	}
	return signed.Message.GetVerificationMaterial().GetTlogEntries()[0], nil
}

func (i *instance) entryV2(r *http.Request, body []byte) (int, string, []byte, error) {
	if r.URL.Path != "/api/v2/log/entries" {
		return http.StatusNotFound, "text/plain", nil, nil
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
		return 0, "", nil, err
	}
	i.mutex.Lock()
	_, twice := i.seen[string(body)]
	i.seen[string(body)] = "v2"
	i.mutex.Unlock()
	if twice {
		return http.StatusConflict, "application/json", []byte("/nowhere"), nil
	}
	entry, err := i.enter(virtual.RekorV2, func(in *virtual.EntryInput) {
		v := q.Entry.Signature.Verifier
		in.Kind, in.Digest, in.Signature, in.KeyDetails = tlog.HashedRekordV002, q.Entry.Digest, q.Entry.Signature.Content, v.KeyDetails
		in.Hash = map[int]crypto.Hash{32: crypto.SHA256, 48: crypto.SHA384, 64: crypto.SHA512}[len(in.Digest)]
		if in.Certificate = nil; v.Certificate != nil {
			in.Certificate = v.Certificate.RawBytes
		} else {
			in.PublicKey = v.Key.RawBytes
		}
	})
	if err != nil {
		return 0, "", nil, err
	}
	answer, err := protojson.Marshal(entry)
	return http.StatusCreated, "application/json", answer, err
}

func (i *instance) entryV1(r *http.Request, body []byte) (int, string, []byte, error) {
	if r.Method == http.MethodGet {
		i.mutex.Lock()
		defer i.mutex.Unlock()
		return http.StatusOK, "application/json", []byte(i.seen[r.URL.Path]), nil
	}
	i.mutex.Lock()
	location, twice := i.seen[string(body)]
	i.mutex.Unlock()
	if twice {
		return http.StatusConflict, "application/json", []byte(location), nil
	}
	fill, err := proposedV1(body)
	if err != nil {
		return 0, "", nil, err
	}
	entry, err := i.enter(virtual.RekorV1, fill)
	if err != nil {
		return 0, "", nil, err
	}
	answer, err := answerV1(entry)
	id := sha256.Sum256(body)
	location = "/api/v1/log/entries/" + hex.EncodeToString(id[:])
	i.mutex.Lock()
	i.seen[string(body)], i.seen[location] = location, string(answer)
	i.mutex.Unlock()
	return http.StatusCreated, "application/json", answer, err
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
			in.Kind, in.Hash, in.Digest = tlog.DSSEV001, crypto.SHA256, sum[:]
			in.Signature, in.Envelope = envelope.Signatures[0].Sig, []byte(s.ProposedContent.Envelope)
			return
		}
		in.Kind, in.Signature = tlog.HashedRekordV001, s.Signature.Content
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

// called returns how often a service was asked.
func (i *instance) called(name string) int {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return i.calls[name]
}
