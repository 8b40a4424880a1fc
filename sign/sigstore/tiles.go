// SPDX-License-Identifier: Apache-2.0

package sigstore

// Rekor v2 takes the same entry once, and answers the second time with where
// it is and without a proof. Signatures that are the same every time (RSA,
// Ed25519) meet that after an answer got lost, and when a file is signed
// again. The proof is then made from what the log publishes: a checkpoint, and
// tiles of hashes (C2SP tlog-tiles).

import (
	"context"
	"crypto/ecdsa"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign/internal/call"
	"github.com/sigbundle/sigbundle/tlog"
)

const (
	indexHeader = "X-Log-Index" // of the entry that there is already
	tileHeight  = 8             // levels of the tree in one tile
	tileWidth   = 1 << tileHeight
	hashSize    = 32
	// maxPolls is how often a checkpoint is asked for that has the entry in it:
	// the log knows an entry before it publishes it.
	maxPolls      = 20
	pollPause     = time.Second
	maxCheckpoint = 64 << 10 // bytes
)

// duplicate is the refusal of an entry that there is already.
func (l *RekorV2) duplicate(why string) error {
	return refuse.New("sign.rekor.duplicate", "%s has this very signature already, and %s", l.c.URL, why)
}

// existing returns the entry that the log has already, proved by its tiles. A
// key that signs differently each time does better to sign again, which costs
// one request.
func (l *RekorV2) existing(ctx context.Context, record tlog.Record, header http.Header) (*tlog.Entry, error) {
	if _, ok := record.Key.Public().(*ecdsa.PublicKey); ok {
		return nil, l.duplicate("another signature will do")
	}
	if l.c.Root == nil {
		return nil, l.duplicate("there is no trust root to judge its tiles by")
	}
	index, err := strconv.ParseUint(header.Get(indexHeader), 10, 63)
	if err != nil {
		return nil, l.duplicate("does not say where")
	}
	entry, err := l.prove(ctx, record, index)
	if err != nil {
		return nil, l.duplicate(fmt.Sprintf("what it publishes does not prove it, at index %d: %s", index, err))
	}
	return entry, nil
}

// prove builds the entry: what it says we know, since it has to be about our
// signature, and where it is the log says. The proof shows whether that is so.
func (l *RekorV2) prove(ctx context.Context, record tlog.Record, index uint64) (*tlog.Entry, error) {
	raw, err := tlog.BuildBody(record, record.Key.Hash())
	if err != nil {
		return nil, err
	}
	body, err := tlog.ParseBody(raw, tlog.HashedRekordV002())
	if err != nil {
		return nil, err
	}
	p := &tlog.Proof{Index: index}
	log, err := l.checkpoint(ctx, p)
	if err != nil {
		return nil, err
	}
	nodes, err := proof.Inclusion(index, p.Size)
	if err != nil {
		return nil, err
	}
	t := tiles{log: l, size: p.Size, known: make(map[tile][]byte)}
	var hashes [][]byte
	for _, id := range nodes.IDs { // as many as the tree has levels
		hash, err := t.node(ctx, id)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	if hashes, err = nodes.Rehash(hashes, rfc6962.DefaultHasher.HashChildren); err != nil {
		return nil, err
	}
	leaf := body.LeafHash()
	if err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, p.Size, leaf[:], hashes, p.Root[:]); err != nil {
		return nil, err
	}
	for _, h := range hashes {
		p.Hashes = append(p.Hashes, tlog.Hash(h))
	}
	return &tlog.Entry{LogID: log.ID(), Index: int64(index), Kind: tlog.HashedRekordV002(), Body: body, Proof: p}, nil
}

// checkpoint fetches one that holds the entry and that a log of the trust
// root has signed. Whose it is its signature says.
func (l *RekorV2) checkpoint(ctx context.Context, p *tlog.Proof) (*tlog.Log, error) {
	for range maxPolls {
		text, err := l.read(ctx, "/api/v2/checkpoint", maxCheckpoint, http.StatusOK)
		if err != nil {
			return nil, err
		}
		log, c := l.open(string(text.Body))
		if log == nil {
			return nil, refuse.New("tlog.unknown_log", "checkpoint: of a log that the trust root does not list")
		}
		if p.Size, p.Root, p.Checkpoint = c.Size, c.Root, string(text.Body); p.Size > p.Index {
			return log, nil
		}
		if err := l.c.Client.call.Wait(ctx, pollPause); err != nil {
			return nil, err
		}
	}
	return nil, refuse.New("tlog.inclusion", "checkpoint: %d entries, too few for the entry", p.Size)
}

func (l *RekorV2) open(text string) (*tlog.Log, *tlog.Checkpoint) {
	for _, log := range l.c.Root.Logs() {
		if c, err := log.OpenCheckpoint(text); err == nil && c.Generation == tlog.V2 {
			return log, c
		}
	}
	return nil, nil
}

func (l *RekorV2) read(ctx context.Context, path string, limit int64, accept ...int) (*call.Response, error) {
	return l.c.Client.do(ctx, &call.Request{
		Service: "rekor", Method: http.MethodGet, URL: l.c.URL + path, Timeout: rekorV1Timeout, Limit: limit, Accept: accept,
	})
}

// tile is one by its level and its number.
type tile struct{ level, number uint64 }

// tiles are those of a tree of one size.
type tiles struct {
	log   *RekorV2
	size  uint64
	known map[tile][]byte
}

// node returns the hash of a node of the tree. A tile has the lowest of its
// eight levels; the others follow from it.
func (t *tiles) node(ctx context.Context, id compact.NodeID) ([]byte, error) {
	within := id.Level % tileHeight
	first := id.Index << within // in its row of hashes
	data, err := t.fetch(ctx, tile{uint64(id.Level / tileHeight), first / tileWidth})
	if err != nil {
		return nil, err
	}
	from := first % tileWidth * hashSize
	to := from + hashSize<<within
	if to > uint64(len(data)) {
		return nil, refuse.New("tlog.inclusion", "a tile ends before the hash that is needed")
	}
	row := slices.Collect(slices.Chunk(data[from:to], hashSize))
	for ; len(row) > 1; row = row[:len(row)/2] {
		for i := range len(row) / 2 {
			row[i] = rfc6962.DefaultHasher.HashChildren(row[2*i], row[2*i+1])
		}
	}
	return row[0], nil
}

// fetch returns the hashes of a tile. The one at the right edge is partial,
// and may have been replaced by the whole one since.
func (t *tiles) fetch(ctx context.Context, id tile) ([]byte, error) {
	if data := t.known[id]; data != nil {
		return data, nil
	}
	path, width := fmt.Sprintf("/api/v2/tile/%d/%s", id.level, tileNumber(id.number)), uint64(tileWidth)
	row := t.size >> (tileHeight * id.level)
	partial := row/tileWidth == id.number
	address := path
	if partial {
		width = row % tileWidth
		address = fmt.Sprintf("%s.p/%d", path, width)
	}
	accept := []int{http.StatusOK}
	if partial {
		accept = append(accept, http.StatusNotFound)
	}
	resp, err := t.log.read(ctx, address, tileWidth*hashSize, accept...)
	if err == nil && resp.Status == http.StatusNotFound {
		resp, err = t.log.read(ctx, path, tileWidth*hashSize, http.StatusOK)
	}
	if err != nil {
		return nil, err
	}
	if uint64(len(resp.Body)) < width*hashSize || len(resp.Body)%hashSize != 0 {
		return nil, refuse.New("sign.rekor.malformed", "%s has %d bytes", address, len(resp.Body))
	}
	t.known[id] = resp.Body[:width*hashSize]
	return t.known[id], nil
}

// tileNumber writes a number in groups of three digits, all but the last with
// an x before them (C2SP tlog-tiles, Section "Merkle Tree").
func tileNumber(n uint64) string {
	text := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		text = fmt.Sprintf("x%03d/%s", n%1000, text)
	}
	return text
}
