// SPDX-License-Identifier: Apache-2.0

package trustroot

import (
	"time"

	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

// instances writes a list of TransparencyLogInstance.
func (w *writer) instances(name string, list []instance) {
	w.list(name, len(list), func(i int) {
		w.comma()
		w.object(func() { w.instance(&list[i]) })
	})
}

// authorities writes a list of CertificateAuthority.
func (w *writer) authorities(name string, list []AuthorityConfig) {
	w.list(name, len(list), func(i int) {
		w.comma()
		w.object(func() { w.authority(&list[i]) })
	})
}

// list writes a member with n elements, or nothing if there are none.
func (w *writer) list(name string, n int, element func(i int)) {
	if n == 0 {
		return
	}
	w.key(name)
	w.nest('[', ']', func() {
		for i := range n {
			element(i)
		}
	})
}

func (w *writer) instance(in *instance) {
	w.text("baseUrl", in.BaseURL)
	w.text("hashAlgorithm", in.unknownHash)
	w.enum("hashAlgorithm", int32(in.hash), v1.HashAlgorithm_name)
	w.message("publicKey", func() {
		w.bytes("rawBytes", in.Key)
		w.text("keyDetails", in.unknownKey)
		w.enum("keyDetails", int32(in.Algorithm), v1.PublicKeyDetails_name)
		w.window(in.Start, in.End)
	})
	if len(in.id) > 0 {
		w.message("logId", func() { w.bytes("keyId", in.id) })
	}
	if len(in.CheckpointKeyID) > 0 {
		w.message("checkpointKeyId", func() { w.bytes("keyId", in.CheckpointKeyID) })
	}
	w.text("operator", in.Operator)
}

func (w *writer) authority(a *AuthorityConfig) {
	if a.Subject != (Subject{}) {
		w.message("subject", func() {
			w.text("organization", a.Subject.Organization)
			w.text("commonName", a.Subject.CommonName)
		})
	}
	w.text("uri", a.URI)
	w.message("certChain", func() {
		w.list("certificates", len(a.Chain), func(i int) {
			w.comma()
			w.object(func() { w.bytes("rawBytes", a.Chain[i].Raw) })
		})
	})
	w.window(a.Start, a.End)
	w.text("operator", a.Operator)
}

func (w *writer) window(start, end time.Time) {
	w.message("validFor", func() {
		w.time("start", start)
		if !end.IsZero() {
			w.time("end", end)
		}
	})
}
