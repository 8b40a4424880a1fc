// SPDX-License-Identifier: Apache-2.0

package gitsign

import (
	"encoding/hex"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
	"github.com/sigbundle/sigbundle/tlog"
)

// maxSaved bounds the bytes of a saved entry.
const maxSaved = 1 << 20

// parseSaved reads what a Rekor v1 log answers about one entry:
//
//	{"UUID":{"body":BASE64,"integratedTime":N,"logID":HEX,"logIndex":N,"verification":{…}}}
//
// The index and the time are the log's word, which its promise or its proof
// has to hold.
func parseSaved(data []byte) (*rekorv1.TransparencyLogEntry, *tlog.Body, error) {
	if len(data) > maxSaved {
		return nil, nil, refuse.New("gitsign.limit", "log entry: %d bytes, want at most %d", len(data), maxSaved)
	}
	var e *rekorv1.TransparencyLogEntry
	d := strictjson.NewDecoder(data)
	err := d.Object(func(string) (err error) {
		if e != nil {
			return refuse.New("gitsign.entry", "two entries in one file, want one")
		}
		e, err = savedEntry(d)
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err == nil && e == nil {
		err = refuse.New("gitsign.entry", "no entry in the file")
	}
	if err != nil {
		return nil, nil, refuse.Wrap("gitsign.entry", err, "log entry")
	}
	kind := tlog.HashedRekordV001()
	body, err := tlog.ParseBody(e.GetCanonicalizedBody(), kind)
	if err != nil {
		return nil, nil, refuse.Wrap("gitsign.entry", err, "log entry")
	}
	e.KindVersion = &rekorv1.KindVersion{Kind: kind.Name, Version: kind.Version}
	return e, body, nil
}

func savedEntry(d *strictjson.Decoder) (*rekorv1.TransparencyLogEntry, error) {
	e := new(rekorv1.TransparencyLogEntry)
	return e, d.Object(func(key string) (err error) {
		switch key {
		case "body":
			e.CanonicalizedBody, err = d.Bytes()
		case "integratedTime":
			e.IntegratedTime, err = d.Int64()
		case "logID":
			var id []byte
			if id, err = hexed(d); err == nil {
				e.LogId = &commonv1.LogId{KeyId: id}
			}
		case "logIndex":
			e.LogIndex, err = d.Int64()
		case "verification":
			err = savedVerification(d, e)
		default:
			err = d.Skip() // an attestation, which is no evidence
		}
		return err
	})
}

func savedVerification(d *strictjson.Decoder, e *rekorv1.TransparencyLogEntry) error {
	return d.Object(func(key string) (err error) {
		switch key {
		case "signedEntryTimestamp":
			var set []byte
			set, err = d.Bytes()
			e.InclusionPromise = &rekorv1.InclusionPromise{SignedEntryTimestamp: set}
		case "inclusionProof":
			e.InclusionProof, err = savedProof(d)
		default:
			err = d.Skip()
		}
		return err
	})
}

func savedProof(d *strictjson.Decoder) (*rekorv1.InclusionProof, error) {
	p := new(rekorv1.InclusionProof)
	return p, d.Object(func(key string) (err error) {
		switch key {
		case "checkpoint":
			p.Checkpoint = new(rekorv1.Checkpoint)
			p.Checkpoint.Envelope, err = d.String()
		case "hashes":
			err = d.Array(bundle.MaxProofHashes, func(int) error {
				h, err := hexed(d)
				p.Hashes = append(p.Hashes, h)
				return err
			})
		case "logIndex":
			p.LogIndex, err = d.Int64()
		case "rootHash":
			p.RootHash, err = hexed(d)
		case "treeSize":
			p.TreeSize, err = d.Int64()
		default:
			err = d.Skip()
		}
		return err
	})
}

func hexed(d *strictjson.Decoder) ([]byte, error) {
	text, err := d.String()
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}
