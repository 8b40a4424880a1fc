// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"crypto/sha256"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// makeRoot writes down all authorities of the world. Each counts from a year
// before the world's time, with no end.
func (w *World) makeRoot() *trustrootv1.TrustedRoot {
	root := &trustrootv1.TrustedRoot{MediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}
	for _, l := range []*rekor{w.v1, w.v2} {
		if l != nil {
			root.Tlogs = append(root.Tlogs, w.instance("https://"+l.name, l.key, l.id))
		}
	}
	if w.ct != nil {
		root.Ctlogs = append(root.Ctlogs, w.instance("https://ctfe."+w.config.Domain+"/2025", w.ct, sha256.Sum256(w.ct.spki)))
	}
	root.CertificateAuthorities = append(root.CertificateAuthorities, w.authority("https://fulcio."+w.config.Domain, w.ca))
	for _, t := range w.tsas {
		root.TimestampAuthorities = append(root.TimestampAuthorities, w.authority(t.uri, t.chain))
	}
	return root
}

func (w *World) validity() *commonv1.TimeRange {
	return &commonv1.TimeRange{Start: timestamppb.New(w.start())}
}

func (w *World) instance(url string, key *Key, id [32]byte) *trustrootv1.TransparencyLogInstance {
	return &trustrootv1.TransparencyLogInstance{
		BaseUrl:       url,
		HashAlgorithm: commonv1.HashAlgorithm_SHA2_256,
		PublicKey: &commonv1.PublicKey{
			RawBytes:   key.spki,
			KeyDetails: keyKinds[key.typ].details,
			ValidFor:   w.validity(),
		},
		LogId: &commonv1.LogId{KeyId: id[:]},
	}
}

func (w *World) authority(uri string, chain []issuer) *trustrootv1.CertificateAuthority {
	anchor := chain[len(chain)-1].cert
	m := &trustrootv1.CertificateAuthority{
		Subject:   &commonv1.DistinguishedName{Organization: w.config.Domain, CommonName: anchor.Subject.CommonName},
		Uri:       uri,
		CertChain: &commonv1.X509CertificateChain{},
		ValidFor:  w.validity(),
	}
	for _, c := range chain {
		m.CertChain.Certificates = append(m.CertChain.Certificates, &commonv1.X509Certificate{RawBytes: c.cert.Raw})
	}
	return m
}
