// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"

	commonv1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	trustedRootType   = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
	signingConfigType = "application/vnd.dev.sigstore.signingconfig.v0.2+json"

	// operatorA runs everything but the second log and the second timestamp
	// authority, which belong to operatorB: clients take one service of each.
	operatorA = "stack.example"
	operatorB = "other.example"
)

// trustedRoot describes all servers.
func (m *material) trustedRoot(u URLs) (*trustrootv1.TrustedRoot, error) {
	root := &trustrootv1.TrustedRoot{
		MediaType: trustedRootType,
		CertificateAuthorities: []*trustrootv1.CertificateAuthority{
			m.describe(m.ca, u.Fulcio, operatorA),
		},
		TimestampAuthorities: []*trustrootv1.CertificateAuthority{
			m.describe(m.tsa["tsa"], u.TSA, operatorA),
			m.describe(m.tsa["tsab"], u.TSAB, operatorB),
		},
	}
	logs := map[string]*trustrootv1.TransparencyLogInstance{}
	for _, l := range []struct{ name, url, operator string }{
		{"ct", u.CTLog, operatorA}, {"rekor1", u.Rekor1, operatorA},
		{"rekor2", u.Rekor2, operatorA}, {"rekor2b", u.Rekor2B, operatorB},
	} {
		var err error
		if logs[l.name], err = m.log(l.name, l.url, l.operator); err != nil {
			return nil, err
		}
	}
	root.Ctlogs = append(root.Ctlogs, logs["ct"])
	root.Tlogs = append(root.Tlogs, logs["rekor1"], logs["rekor2"], logs["rekor2b"])
	return root, nil
}

func (m *material) validity() *commonv1.TimeRange {
	return &commonv1.TimeRange{Start: timestamppb.New(m.start)}
}

func (m *material) describe(a authority, uri, operator string) *trustrootv1.CertificateAuthority {
	chain := &commonv1.X509CertificateChain{}
	for _, c := range a.chain {
		chain.Certificates = append(chain.Certificates, &commonv1.X509Certificate{RawBytes: c.Raw})
	}
	return &trustrootv1.CertificateAuthority{
		Subject: &commonv1.DistinguishedName{
			Organization: organization, CommonName: a.chain[len(a.chain)-1].Subject.CommonName,
		},
		Uri: uri, CertChain: chain, ValidFor: m.validity(), Operator: operator,
	}
}

// log describes a log. CT and Rekor v1 logs are known by SHA-256 of their
// SPKI, Rekor v2 logs by the key id of their checkpoints.
func (m *material) log(name, url, operator string) (*trustrootv1.TransparencyLogInstance, error) {
	spki, err := m.spki(name)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(spki)
	details := commonv1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256
	if _, ok := m.logKey[name].Public().(ed25519.PublicKey); ok {
		details = commonv1.PublicKeyDetails_PKIX_ED25519
		if id, err = m.noteID(name, origins[name]); err != nil {
			return nil, err
		}
	}
	return &trustrootv1.TransparencyLogInstance{
		BaseUrl: url, HashAlgorithm: commonv1.HashAlgorithm_SHA2_256, Operator: operator,
		PublicKey: &commonv1.PublicKey{RawBytes: spki, KeyDetails: details, ValidFor: m.validity()},
		LogId:     &commonv1.LogId{KeyId: id[:]},
	}, nil
}

// signingConfig fills in what all signing configs share.
func (m *material) signingConfig(u URLs) *trustrootv1.SigningConfig {
	return &trustrootv1.SigningConfig{
		MediaType:       signingConfigType,
		CaUrls:          []*trustrootv1.Service{m.service(u.Fulcio, 1, operatorA)},
		OidcUrls:        []*trustrootv1.Service{m.service(u.Issuer, 1, operatorA)},
		TsaUrls:         []*trustrootv1.Service{m.service(u.TSA, 1, operatorA)},
		RekorTlogConfig: &trustrootv1.ServiceConfiguration{Selector: trustrootv1.ServiceSelector_ANY},
		TsaConfig:       &trustrootv1.ServiceConfiguration{Selector: trustrootv1.ServiceSelector_ANY},
	}
}

func (m *material) service(url string, version uint32, operator string) *trustrootv1.Service {
	return &trustrootv1.Service{Url: url, MajorApiVersion: version, ValidFor: m.validity(), Operator: operator}
}

func (m *material) signingConfigs(u URLs) map[Signing]*trustrootv1.SigningConfig {
	out := map[Signing]*trustrootv1.SigningConfig{}
	v1, v2 := m.service(u.Rekor1, 1, operatorA), m.service(u.Rekor2, 2, operatorA)
	v2b, tsab := m.service(u.Rekor2B, 2, operatorB), m.service(u.TSAB, 1, operatorB)
	for name, logs := range map[Signing][]*trustrootv1.Service{
		RekorV1: {v1}, RekorV2: {v2}, RekorBoth: {v1, v2}, RekorPair: {v2, v2b},
	} {
		out[name] = m.signingConfig(u)
		out[name].RekorTlogUrls = logs
	}
	pair := out[RekorPair]
	pair.TsaUrls = append(pair.TsaUrls, tsab)
	for _, c := range []*trustrootv1.ServiceConfiguration{pair.RekorTlogConfig, pair.TsaConfig} {
		c.Selector, c.Count = trustrootv1.ServiceSelector_EXACT, 2
	}
	return out
}

// writeTrust writes trusted_root.json and the signing configs, and returns
// what goes into the TUF repository.
func (m *material) writeTrust(u URLs) (targets map[string][]byte, err error) {
	root, err := m.trustedRoot(u)
	if err != nil {
		return nil, err
	}
	files := map[string]proto.Message{"trusted_root.json": root}
	for name, c := range m.signingConfigs(u) {
		files[string(name)] = c
	}
	data := map[string][]byte{}
	for name, msg := range files {
		b, e := protojson.MarshalOptions{Multiline: true}.Marshal(msg)
		data[name] = append(b, '\n')
		err = errors.Join(err, e, m.write(name, data[name]))
	}
	return map[string][]byte{
		"trusted_root.json":        data["trusted_root.json"],
		"signing_config.v0.2.json": data[string(RekorV2)],
	}, err
}
