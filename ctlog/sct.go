// SPDX-License-Identifier: Apache-2.0

package ctlog

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"time"

	"github.com/google/certificate-transparency-go/tls"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// Numbers of RFC 6962, Section 3.2.
const (
	version1             = 0 // Version
	certificateTimestamp = 0 // SignatureType
	x509Entry            = 0 // LogEntryType
	precertEntry         = 1
)

const (
	// MaxSCTs bounds the list in one certificate. Certificates of the web
	// carry two to five.
	MaxSCTs = 32

	maxCertificate = 1<<24 - 1       // opaque ASN.1Cert<1..2^24-1>
	maxExtensions  = 1<<16 - 1       // opaque CtExtensions<0..2^16-1>
	maxTimestamp   = 253402300799999 // the last millisecond that RFC 3339 can write
	maxDetached    = 256 << 10       // JSON of one SCT; two members of at most 64 KiB
)

// oidSCTList is the extension of RFC 6962, Section 3.3.
var oidSCTList = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}

// SCT is a signed certificate timestamp of version 1, as read: nothing in it
// has been checked. The zero value never verifies.
type SCT struct {
	LogID      ID
	Timestamp  uint64 // milliseconds since 1970-01-01 UTC, leap seconds ignored
	Extensions []byte // part of what is signed; static logs put a leaf index there
	Algorithm  tls.SignatureAndHashAlgorithm
	Signature  []byte // in the form of Algorithm, without its TLS header
}

// Time returns the timestamp.
func (s *SCT) Time() time.Time { return time.UnixMilli(int64(s.Timestamp)).UTC() }

// message returns what the log signed.
//
//	digitally-signed struct {
//	    Version sct_version;
//	    SignatureType signature_type = certificate_timestamp;
//	    uint64 timestamp;
//	    LogEntryType entry_type;
//	    select(entry_type) {
//	        case x509_entry: ASN.1Cert;
//	        case precert_entry: PreCert; // issuer_key_hash[32], TBSCertificate<1..2^24-1>
//	    } signed_entry;
//	    CtExtensions extensions;
//	};
func (s *SCT) message(entryType uint16, issuer, data []byte) []byte {
	m := make([]byte, 0, 2+8+2+len(issuer)+3+len(data)+2+len(s.Extensions))
	m = append(m, version1, certificateTimestamp)
	m = binary.BigEndian.AppendUint64(m, s.Timestamp)
	m = binary.BigEndian.AppendUint16(m, entryType)
	m = append(m, issuer...)
	m = append(m, byte(len(data)>>16), byte(len(data)>>8), byte(len(data)))
	m = append(m, data...)
	m = binary.BigEndian.AppendUint16(m, uint16(len(s.Extensions)))
	return append(m, s.Extensions...)
}

// ParseList returns the SCTs that are embedded in leaf: nil if it has none,
// else at least one and at most [MaxSCTs]. Everything else, an empty list
// included, is sct.malformed. The result does not share memory with leaf.
func ParseList(leaf *x509.Certificate) ([]SCT, error) {
	if leaf == nil {
		return nil, refuse.New("sct.malformed", "no certificate to take SCTs from")
	}
	var value []byte
	for i := range leaf.Extensions {
		if !leaf.Extensions[i].Id.Equal(oidSCTList) {
			continue
		}
		if value != nil {
			return nil, refuse.New("sct.malformed", "two SCT lists in one certificate")
		}
		value = append([]byte{}, leaf.Extensions[i].Value...)
	}
	if value == nil {
		return nil, nil
	}
	return parseList(value)
}

// parseList reads the value of the extension.
//
//	opaque SerializedSCT<1..2^16-1>;
//	struct {
//	    SerializedSCT sct_list <1..2^16-1>;
//	} SignedCertificateTimestampList;
func parseList(der []byte) ([]SCT, error) {
	s := cryptobyte.String(der)
	var octets, list cryptobyte.String
	if !s.ReadASN1(&octets, cbasn1.OCTET_STRING) || !s.Empty() {
		return nil, refuse.New("sct.malformed", "SCT list is not one octet string")
	}
	if !octets.ReadUint16LengthPrefixed(&list) || !octets.Empty() || list.Empty() {
		return nil, refuse.New("sct.malformed", "SCT list is empty or not as long as it says")
	}
	var scts []SCT
	for !list.Empty() {
		if len(scts) == MaxSCTs {
			return nil, refuse.New("sct.malformed", "more than %d SCTs in one certificate", MaxSCTs)
		}
		var one cryptobyte.String
		if !list.ReadUint16LengthPrefixed(&one) {
			return nil, refuse.New("sct.malformed", "SCT %d of the list is cut off", len(scts))
		}
		sct, err := parseSCT(one)
		if err != nil {
			return nil, refuse.Wrap("sct.malformed", err, "SCT %d of the list", len(scts))
		}
		scts = append(scts, sct)
	}
	return scts, nil
}

// parseSCT reads one timestamp, to its last byte.
//
//	struct {
//	    Version sct_version;
//	    LogID id;
//	    uint64 timestamp;
//	    CtExtensions extensions;
//	    digitally-signed struct { … };
//	} SignedCertificateTimestamp;
func parseSCT(s cryptobyte.String) (SCT, error) {
	var sct SCT
	var version uint8
	var extensions cryptobyte.String
	if !s.ReadUint8(&version) || version != version1 {
		return SCT{}, refuse.New("sct.malformed", "version is not 1")
	}
	if !s.CopyBytes(sct.LogID[:]) || !s.ReadUint64(&sct.Timestamp) || !s.ReadUint16LengthPrefixed(&extensions) {
		return SCT{}, refuse.New("sct.malformed", "cut off")
	}
	sct.Extensions = extensions
	if err := sct.finish(s); err != nil {
		return SCT{}, err
	}
	return sct, nil
}

// finish reads the signature and checks what both forms of an SCT share.
//
//	struct {
//	    SignatureAndHashAlgorithm algorithm;
//	    opaque signature<0..2^16-1>;
//	} DigitallySigned;   // RFC 5246, Section 4.7
func (s *SCT) finish(signed cryptobyte.String) error {
	var hash, algorithm uint8
	var signature cryptobyte.String
	if !signed.ReadUint8(&hash) || !signed.ReadUint8(&algorithm) ||
		!signed.ReadUint16LengthPrefixed(&signature) || !signed.Empty() || signature.Empty() {
		return refuse.New("sct.malformed", "signature is empty, or not as long as it says")
	}
	s.Signature = signature
	s.Algorithm = tls.SignatureAndHashAlgorithm{
		Hash:      tls.HashAlgorithm(hash),
		Signature: tls.SignatureAlgorithm(algorithm),
	}
	switch s.Algorithm {
	case tls.SignatureAndHashAlgorithm{Hash: tls.SHA256, Signature: tls.ECDSA},
		tls.SignatureAndHashAlgorithm{Hash: tls.SHA256, Signature: tls.RSA},
		ed25519Intrinsic:
	default:
		return refuse.New("sct.malformed", "hash %d with signature algorithm %d", hash, algorithm)
	}
	if s.Timestamp > maxTimestamp {
		return refuse.New("sct.malformed", "timestamp %d is out of range", s.Timestamp)
	}
	return nil
}

// ParseDetached reads an SCT as a log, and a CA that does not embed SCTs,
// returns it: the JSON object of RFC 6962, Section 4.1. Members that are not
// in that section are ignored. Refusals are sct.malformed.
func ParseDetached(data []byte) (*SCT, error) {
	if len(data) > maxDetached {
		return nil, refuse.New("sct.malformed", "detached SCT is longer than %d bytes", maxDetached)
	}
	var sct SCT
	var version, timestamp int64 = -1, -1
	var id, signed []byte
	d := strictjson.NewDecoder(data)
	err := d.Object(func(key string) (err error) {
		switch key {
		case "sct_version":
			version, err = d.Int64()
		case "id":
			id, err = d.Bytes()
		case "timestamp":
			timestamp, err = d.Int64()
		case "extensions":
			sct.Extensions, err = d.Bytes()
		case "signature":
			signed, err = d.Bytes()
		default:
			err = d.Skip()
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	switch {
	case err != nil:
		return nil, refuse.Wrap("sct.malformed", err, "detached SCT")
	case version != version1:
		return nil, refuse.New("sct.malformed", "version of the detached SCT is not 1")
	case len(id) != len(sct.LogID):
		return nil, refuse.New("sct.malformed", "log ID of the detached SCT has %d bytes, want %d", len(id), len(sct.LogID))
	case timestamp < 0:
		return nil, refuse.New("sct.malformed", "detached SCT without a timestamp")
	case len(sct.Extensions) > maxExtensions:
		return nil, refuse.New("sct.malformed", "extensions of the detached SCT are too long")
	}
	sct.LogID, sct.Timestamp = ID(id), uint64(timestamp)
	if err := sct.finish(signed); err != nil {
		return nil, refuse.Wrap("sct.malformed", err, "detached SCT")
	}
	return &sct, nil
}
