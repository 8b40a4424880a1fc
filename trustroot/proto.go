// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// FromProto compiles a message under the rules of [Parse]. Its source bytes,
// for [Root.SHA256], are those of MarshalJSON.
func FromProto(m *trustrootv1.TrustedRoot) (*Root, error) {
	if err := checkMediaType(m.GetMediaType()); err != nil {
		return nil, err
	}
	var doc document
	var err error
	if doc.tlogs, err = protoLogs(m.GetTlogs()); err != nil {
		return nil, refuse.Wrap(codeMalformed, err, "tlogs")
	}
	if doc.ctlogs, err = protoLogs(m.GetCtlogs()); err != nil {
		return nil, refuse.Wrap(codeMalformed, err, "ctlogs")
	}
	if doc.cas, err = protoAuthorities(m.GetCertificateAuthorities()); err != nil {
		return nil, refuse.Wrap(codeMalformed, err, "certificateAuthorities")
	}
	if doc.tsas, err = protoAuthorities(m.GetTimestampAuthorities()); err != nil {
		return nil, refuse.Wrap(codeMalformed, err, "timestampAuthorities")
	}
	if err := doc.bounds(); err != nil {
		return nil, err
	}
	return compileWritten(doc)
}

func protoLogs(list []*trustrootv1.TransparencyLogInstance) ([]instance, error) {
	if len(list) > maxInstances {
		return nil, refuse.New(codeLimit, "more than %d instances", maxInstances)
	}
	out := make([]instance, 0, len(list))
	for i, m := range list {
		key := m.GetPublicKey()
		in := instance{
			LogConfig: LogConfig{
				Key: clone(key.GetRawBytes()), Algorithm: key.GetKeyDetails(),
				BaseURL: m.GetBaseUrl(), Operator: m.GetOperator(),
				CheckpointKeyID: clone(m.GetCheckpointKeyId().GetKeyId()),
			},
			id: clone(m.GetLogId().GetKeyId()), hash: m.GetHashAlgorithm(),
		}
		var err error
		if in.Start, in.End, err = protoRange(key.GetValidFor()); err != nil {
			return nil, refuse.Wrap(codeMalformed, err, "number %d", i+1)
		}
		out = append(out, in)
	}
	return out, nil
}

func protoAuthorities(list []*trustrootv1.CertificateAuthority) ([]AuthorityConfig, error) {
	if len(list) > maxInstances {
		return nil, refuse.New(codeLimit, "more than %d instances", maxInstances)
	}
	out := make([]AuthorityConfig, 0, len(list))
	for i, m := range list {
		a := AuthorityConfig{
			Subject: Subject{m.GetSubject().GetOrganization(), m.GetSubject().GetCommonName()},
			URI:     m.GetUri(), Operator: m.GetOperator(),
		}
		certs := m.GetCertChain().GetCertificates()
		if len(certs) > maxChain {
			return nil, refuse.New(codeLimit, "number %d: more than %d certificates", i+1, maxChain)
		}
		for _, c := range certs {
			cert, err := parseCertificate(c.GetRawBytes())
			if err != nil {
				return nil, refuse.Wrap(codeMalformed, err, "number %d", i+1)
			}
			a.Chain = append(a.Chain, cert)
		}
		var err error
		if a.Start, a.End, err = protoRange(m.GetValidFor()); err != nil {
			return nil, refuse.Wrap(codeMalformed, err, "number %d", i+1)
		}
		out = append(out, a)
	}
	return out, nil
}

func protoRange(m *v1.TimeRange) (start, end time.Time, err error) {
	if start, err = protoTime(m.GetStart()); err == nil {
		end, err = protoTime(m.GetEnd())
	}
	return start, end, err
}

func protoTime(m *timestamppb.Timestamp) (time.Time, error) {
	if m == nil {
		return time.Time{}, nil
	}
	if err := m.CheckValid(); err != nil {
		return time.Time{}, refuse.New(codeMalformed, "malformed time")
	}
	return checkTime(m.AsTime())
}

// Proto returns the trust root as a message of its own. Instances with an
// algorithm that this version has no number for are left out; they are listed
// by [Root.Ignored].
func (r *Root) Proto() *trustrootv1.TrustedRoot {
	m := &trustrootv1.TrustedRoot{MediaType: r.doc.mediaType()}
	for i := range r.doc.tlogs {
		if in := &r.doc.tlogs[i]; in.unknownKey+in.unknownHash == "" {
			m.Tlogs = append(m.Tlogs, in.proto())
		}
	}
	for i := range r.doc.ctlogs {
		if in := &r.doc.ctlogs[i]; in.unknownKey+in.unknownHash == "" {
			m.Ctlogs = append(m.Ctlogs, in.proto())
		}
	}
	for i := range r.doc.cas {
		m.CertificateAuthorities = append(m.CertificateAuthorities, r.doc.cas[i].proto())
	}
	for i := range r.doc.tsas {
		m.TimestampAuthorities = append(m.TimestampAuthorities, r.doc.tsas[i].proto())
	}
	return m
}

func (in *instance) proto() *trustrootv1.TransparencyLogInstance {
	m := &trustrootv1.TransparencyLogInstance{
		BaseUrl: in.BaseURL, HashAlgorithm: in.hash, Operator: in.Operator,
		PublicKey: &v1.PublicKey{
			RawBytes: clone(in.Key), KeyDetails: in.Algorithm, ValidFor: protoWindow(in.Start, in.End),
		},
	}
	if len(in.id) > 0 {
		m.LogId = &v1.LogId{KeyId: clone(in.id)}
	}
	if len(in.CheckpointKeyID) > 0 {
		m.CheckpointKeyId = &v1.LogId{KeyId: clone(in.CheckpointKeyID)}
	}
	return m
}

func (a *AuthorityConfig) proto() *trustrootv1.CertificateAuthority {
	m := &trustrootv1.CertificateAuthority{
		Uri: a.URI, Operator: a.Operator, CertChain: &v1.X509CertificateChain{}, ValidFor: protoWindow(a.Start, a.End),
	}
	if a.Subject != (Subject{}) {
		m.Subject = &v1.DistinguishedName{Organization: a.Subject.Organization, CommonName: a.Subject.CommonName}
	}
	for _, c := range a.Chain {
		m.CertChain.Certificates = append(m.CertChain.Certificates, &v1.X509Certificate{RawBytes: clone(c.Raw)})
	}
	return m
}

func protoWindow(start, end time.Time) *v1.TimeRange {
	m := &v1.TimeRange{Start: timestamppb.New(start)}
	if !end.IsZero() {
		m.End = timestamppb.New(end)
	}
	return m
}

// clone keeps messages and roots from sharing memory; nil stays nil.
func clone(b []byte) []byte { return append([]byte(nil), b...) }
