// SPDX-License-Identifier: Apache-2.0

package differ

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/sigbundle/sigbundle/tlog"
)

// mended returns a question about the same bundle after a change, written as
// protobuf's own library writes JSON, zeros included; nil if that library does
// not read the bundle.
func mended(q *Question, change func(*bundlev1.Bundle)) []*Question {
	m := new(bundlev1.Bundle)
	if err := protojson.Unmarshal(q.Bundle, m); err != nil {
		return nil
	}
	if change != nil {
		change(m)
	}
	text, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
	var out bytes.Buffer
	if err != nil || json.Compact(&out, text) != nil { // its white space is random
		return nil
	}
	c := *q
	c.Bundle = out.Bytes()
	return []*Question{&c}
}

// rewritten is the bundle in canonical JSON.
func rewritten(q *Question) []*Question { return mended(q, nil) }

// withoutKeyID takes the key ID out of the envelope. No signature covers it.
func withoutKeyID(q *Question) []*Question {
	return mended(q, func(m *bundlev1.Bundle) {
		for _, s := range m.GetDsseEnvelope().GetSignatures() {
			s.Keyid = ""
		}
	})
}

// withDigest puts the artifact's digest where there is none.
func withDigest(q *Question) []*Question {
	sum := sha256.Sum256(q.Artifact)
	digest := sum[:]
	if q.Artifact == nil {
		var err error
		if _, text := q.digest(); text == "" {
			return nil
		} else if digest, err = hex.DecodeString(text); err != nil {
			return nil
		}
	}
	return mended(q, func(m *bundlev1.Bundle) {
		if s := m.GetMessageSignature(); s != nil && s.MessageDigest == nil {
			s.MessageDigest = &commonv1.HashOutput{Algorithm: commonv1.HashAlgorithm_SHA2_256, Digest: digest}
		}
	})
}

// byTimestampAlone takes the promises away and demands a time.
func byTimestampAlone(q *Question) []*Question {
	list := mended(q, func(m *bundlev1.Bundle) {
		for _, e := range m.GetVerificationMaterial().GetTlogEntries() {
			e.InclusionPromise, e.IntegratedTime = nil, 0
		}
	})
	for i, c := range list {
		if c.demand().times == 0 {
			c.Policy.Require.Times = 1
			list[i] = c.prepare()
		}
	}
	return list
}

// fewerTimestamps leaves each timestamp out in turn, and then all.
func fewerTimestamps(q *Question) (list []*Question) {
	m := new(bundlev1.Bundle)
	if protojson.Unmarshal(q.Bundle, m) != nil {
		return nil
	}
	for i := range m.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps() {
		list = append(list, mended(q, func(m *bundlev1.Bundle) {
			d := m.VerificationMaterial.TimestampVerificationData
			d.Rfc3161Timestamps = slices.Delete(d.Rfc3161Timestamps, i, i+1)
		})...)
	}
	return append(list, mended(q, func(m *bundlev1.Bundle) { m.GetVerificationMaterial().TimestampVerificationData = nil })...)
}

// oneEntryLess leaves each log entry out in turn.
func oneEntryLess(q *Question) (list []*Question) {
	for i := range 2 {
		list = append(list, mended(q, func(m *bundlev1.Bundle) {
			if v := m.GetVerificationMaterial(); i < len(v.GetTlogEntries()) {
				v.TlogEntries = slices.Delete(v.TlogEntries, i, i+1)
			}
		})...)
	}
	return list
}

// underTheHost gives the signatures on checkpoints the name that is in the
// log's URL. No signature covers it.
func underTheHost(q *Question) []*Question {
	return mended(q, func(m *bundlev1.Bundle) {
		for _, e := range m.GetVerificationMaterial().GetTlogEntries() {
			id, checkpoint := e.GetLogId().GetKeyId(), e.GetInclusionProof().GetCheckpoint()
			if len(id) != len(tlog.ID{}) || checkpoint == nil {
				continue
			}
			if log := q.judge.root.Log(tlog.ID(id)); log != nil {
				checkpoint.Envelope = renamed(checkpoint.Envelope, log.Name())
			}
		}
	})
}

// renamed returns a signed note whose signatures all have one name.
func renamed(note, name string) string {
	text, signatures, found := strings.Cut(note, "\n\n")
	if !found {
		return note
	}
	var b strings.Builder
	b.WriteString(text + "\n\n")
	for line := range strings.Lines(signatures) {
		if fields := strings.Fields(line); len(fields) == 3 {
			line = fields[0] + " " + name + " " + fields[2] + "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

// asPKCS1 writes the RSA keys of the trust root in the old form.
func asPKCS1(q *Question) []*Question {
	m := q.judge.root.Proto()
	for _, l := range slices.Concat(m.Tlogs, m.Ctlogs) {
		public, err := x509.ParsePKIXPublicKey(l.GetPublicKey().GetRawBytes())
		if key, ok := public.(*rsa.PublicKey); ok && err == nil {
			l.PublicKey = proto.CloneOf(l.PublicKey)
			l.PublicKey.RawBytes = x509.MarshalPKCS1PublicKey(key)
			l.PublicKey.KeyDetails = commonv1.PublicKeyDetails_PKCS1_RSA_PKCS1V5
		}
	}
	text, err := protojson.Marshal(m)
	var out bytes.Buffer
	if err != nil || json.Compact(&out, text) != nil {
		return nil
	}
	c := *q
	c.TrustedRoot = out.Bytes()
	return []*Question{c.prepare()}
}
