// SPDX-License-Identifier: Apache-2.0

package virtual

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"

	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/tlog"
)

// body writes an entry as its log has it: canonical JSON (RFC 8785). All
// strings in it but payload types are base64, hex or plain names.
func (in *EntryInput) body() ([]byte, error) {
	var spec string
	switch in.Kind {
	case tlog.HashedRekordV001():
		spec = fmt.Sprintf(`{"data":{"hash":%s},"signature":{"content":"%s","publicKey":{"content":"%s"}}}`,
			hashV1(in.Hash, in.Digest), b64(in.Signature), in.verifierV1())
	case tlog.DSSEV001():
		spec = fmt.Sprintf(`{"envelopeHash":%s,"payloadHash":%s,"signatures":[{"signature":"%s","verifier":"%s"}]}`,
			envelopeHash(in.Envelope), hashV1(in.Hash, in.Digest), b64(in.Signature), in.verifierV1())
	case tlog.IntotoV002():
		spec = fmt.Sprintf(`{"content":{"envelope":{"payloadType":%s,"signatures":[{"publicKey":"%s","sig":"%s"}]},"hash":%s,"payloadHash":%s}}`,
			quote(in.PayloadType), in.verifierV1(), b64([]byte(b64(in.Signature))), envelopeHash(in.Envelope), hashV1(in.Hash, in.Digest))
	case tlog.HashedRekordV002():
		spec = fmt.Sprintf(`{"hashedRekordV002":{"data":{"algorithm":"%s","digest":"%s"},"signature":{"content":"%s","verifier":%s}}}`,
			hashNameV2(in.Hash), b64(in.Digest), b64(in.Signature), in.verifierV2())
	case tlog.DSSEV002():
		spec = fmt.Sprintf(`{"dsseV002":{"payloadHash":{"algorithm":"%s","digest":"%s"},"signatures":[{"content":"%s","verifier":%s}]}}`,
			hashNameV2(in.Hash), b64(in.Digest), b64(in.Signature), in.verifierV2())
	default:
		return nil, fmt.Errorf("virtual: no log writes entries of kind %q %q", in.Kind.Name, in.Kind.Version)
	}
	return fmt.Appendf(nil, `{"apiVersion":"%s","kind":"%s","spec":%s}`, in.Kind.Version, in.Kind.Name, spec), nil
}

func b64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// quote returns a JSON string in the spelling of RFC 8785.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""` // cannot happen: every string has an encoding
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

func hashV1(h crypto.Hash, value []byte) string {
	name := "sha256"
	switch h {
	case crypto.SHA384:
		name = "sha384"
	case crypto.SHA512:
		name = "sha512"
	}
	return fmt.Sprintf(`{"algorithm":"%s","value":"%s"}`, name, hex.EncodeToString(value))
}

func envelopeHash(envelope []byte) string {
	return hashV1(crypto.SHA256, digest(crypto.SHA256, envelope))
}

func hashNameV2(h crypto.Hash) string {
	switch h {
	case crypto.SHA384:
		return "SHA2_384"
	case crypto.SHA512:
		return "SHA2_512"
	}
	return "SHA2_256"
}

// verifierV1 is base64 of PEM, which is base64 itself.
func (in *EntryInput) verifierV1() string {
	block := &pem.Block{Type: "PUBLIC KEY", Bytes: in.PublicKey}
	if in.Certificate != nil {
		block = &pem.Block{Type: "CERTIFICATE", Bytes: in.Certificate}
	}
	return b64(pem.EncodeToMemory(block))
}

func (in *EntryInput) verifierV2() string {
	member, value := "publicKey", in.PublicKey
	if in.Certificate != nil {
		member, value = "x509Certificate", in.Certificate
	}
	return fmt.Sprintf(`{"keyDetails":"%s","%s":{"rawBytes":"%s"}}`, in.KeyDetails, member, b64(value))
}

// envelopeJSON is the envelope in the form that signers send to Rekor v1.
func envelopeJSON(e *dsse.Envelope) []byte {
	keyID := ""
	if e.KeyID != "" {
		keyID = `"keyid":` + quote(e.KeyID) + ","
	}
	return fmt.Appendf(nil, `{"payload":"%s","payloadType":%s,"signatures":[{%s"sig":"%s"}]}`,
		b64(e.Payload), quote(e.PayloadType), keyID, b64(e.Signature))
}
