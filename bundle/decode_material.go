// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	bundlev1 "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	rekorv1 "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
)

// This file reads the messages below the verification material.

func (r *reader) publicKey() *commonv1.PublicKeyIdentifier {
	return message(r, func(m *commonv1.PublicKeyIdentifier, name string) bool {
		if name != "hint" {
			return false
		}
		m.Hint = r.text()
		return true
	})
}

func (r *reader) chain() *commonv1.X509CertificateChain {
	return message(r, func(m *commonv1.X509CertificateChain, name string) bool {
		if name != "certificates" {
			return false
		}
		r.list(MaxCertificates, func() { m.Certificates = append(m.Certificates, r.certificate()) })
		return true
	})
}

func (r *reader) certificate() *commonv1.X509Certificate {
	return message(r, func(m *commonv1.X509Certificate, name string) bool {
		if name != "rawBytes" {
			return false
		}
		m.RawBytes = r.bytes()
		return true
	})
}

func (r *reader) timestamps() *bundlev1.TimestampVerificationData {
	return message(r, func(m *bundlev1.TimestampVerificationData, name string) bool {
		if name != "rfc3161Timestamps" {
			return false
		}
		r.list(MaxTimestamps, func() { m.Rfc3161Timestamps = append(m.Rfc3161Timestamps, r.timestamp()) })
		return true
	})
}

func (r *reader) timestamp() *commonv1.RFC3161SignedTimestamp {
	return message(r, func(m *commonv1.RFC3161SignedTimestamp, name string) bool {
		if name != "signedTimestamp" {
			return false
		}
		m.SignedTimestamp = r.bytes()
		return true
	})
}

func (r *reader) entry() *rekorv1.TransparencyLogEntry {
	return message(r, func(m *rekorv1.TransparencyLogEntry, name string) bool {
		switch name {
		case "logIndex":
			m.LogIndex = r.int64()
		case "logId":
			m.LogId = r.logID()
		case "kindVersion":
			m.KindVersion = r.kindVersion()
		case "integratedTime":
			m.IntegratedTime = r.int64()
		case "inclusionPromise":
			m.InclusionPromise = r.promise()
		case "inclusionProof":
			m.InclusionProof = r.proof()
		case "canonicalizedBody":
			m.CanonicalizedBody = r.bytes()
		default:
			return false
		}
		return true
	})
}

func (r *reader) logID() *commonv1.LogId {
	return message(r, func(m *commonv1.LogId, name string) bool {
		if name != "keyId" {
			return false
		}
		m.KeyId = r.bytes()
		return true
	})
}

func (r *reader) kindVersion() *rekorv1.KindVersion {
	return message(r, func(m *rekorv1.KindVersion, name string) bool {
		switch name {
		case "kind":
			m.Kind = r.text()
		case "version":
			m.Version = r.text()
		default:
			return false
		}
		return true
	})
}

func (r *reader) promise() *rekorv1.InclusionPromise {
	return message(r, func(m *rekorv1.InclusionPromise, name string) bool {
		if name != "signedEntryTimestamp" {
			return false
		}
		m.SignedEntryTimestamp = r.bytes()
		return true
	})
}

func (r *reader) proof() *rekorv1.InclusionProof {
	return message(r, func(m *rekorv1.InclusionProof, name string) bool {
		switch name {
		case "logIndex":
			m.LogIndex = r.int64()
		case "rootHash":
			m.RootHash = r.bytes()
		case "treeSize":
			m.TreeSize = r.int64()
		case "hashes":
			r.list(MaxProofHashes, func() { m.Hashes = append(m.Hashes, r.bytes()) })
		case "checkpoint":
			m.Checkpoint = r.checkpoint()
		default:
			return false
		}
		return true
	})
}

func (r *reader) checkpoint() *rekorv1.Checkpoint {
	return message(r, func(m *rekorv1.Checkpoint, name string) bool {
		if name != "envelope" {
			return false
		}
		m.Envelope = r.text()
		return true
	})
}
