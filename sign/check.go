// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"

	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
)

// These checks are made again when the finished bundle is verified. They are
// made as early as possible because every later step is public and cannot be
// undone: nothing is logged under a certificate that no verifier will accept.

// checkCertificate checks what the authority issued (client specification,
// Section 2.1.3): our key, a path to the trust root, and the promise of a CT
// log. Whose certificate it is, the Issuer has checked, and verify will.
func (j *job) checkCertificate(detached []byte) error {
	if j.leaf == nil || !bytes.Equal(j.leaf.RawSubjectPublicKeyInfo, j.key.SPKI()) {
		return refuse.New("sign.certificate", "public key: not the one that was sent")
	}
	// No clock is asked: the certificate is new when it begins.
	chains, err := j.Root.Chains(j.leaf, nil, j.leaf.NotBefore)
	if err != nil {
		return err
	}
	list, err := ctlog.ParseList(j.leaf)
	if err != nil {
		return err
	}
	// One that is embedded is enough, whatever comes beside it.
	if j.detached = detached != nil && len(list) == 0; j.detached {
		return j.checkDetached(detached)
	}
	if len(j.Root.CTLogs()) == 0 || j.Require.SCTs < 0 {
		return nil
	}
	return j.checkSCTs(list, chains)
}

// checkDetached verifies an SCT that came beside the certificate, and is over
// all of it (RFC 6962, Section 3.2, x509_entry).
func (j *job) checkDetached(data []byte) error {
	if !j.AllowDetachedSCT {
		return refuse.New("sign.fulcio.detached_sct", "the certificate's signed certificate timestamp is detached, and a bundle has no place for it")
	}
	sct, err := ctlog.ParseDetached(data)
	if err != nil {
		return err
	}
	log := j.Root.CTLog(sct.LogID)
	if log == nil {
		return refuse.New("sct.unknown_log", "detached signed certificate timestamp: CT log %s, which the trust root does not list", sct.LogID)
	}
	_, err = log.VerifyCertificate(sct, j.leaf.Raw)
	return refuse.Wrap("sct.signature", err, "detached, CT log %s", sct.LogID)
}

// checkSCTs looks for one SCT that holds.
func (j *job) checkSCTs(list []ctlog.SCT, chains []trustroot.Chain) error {
	if len(list) == 0 {
		return refuse.New("sct.missing", "signed certificate timestamp: missing")
	}
	var bad error
	for i := range list {
		log := j.Root.CTLog(list[i].LogID)
		if log == nil {
			continue
		}
		for _, c := range chains {
			precert, err := ctlog.NewPrecert(j.leaf, c.Issuer())
			if err == nil {
				_, err = log.Verify(&list[i], precert)
			}
			if err == nil {
				return nil
			}
			bad = refuse.Wrap("sct.signature", err, "CT log %s", list[i].LogID)
		}
	}
	if bad != nil {
		return bad
	}
	return refuse.New("sct.unknown_log", "signed certificate timestamp: CT log %s, which the trust root does not list", list[0].LogID)
}

// checkStamp checks a timestamp over our signature, and that our certificate
// is valid at its time.
func (j *job) checkStamp(der []byte) error {
	token, err := rfc3161.Parse(der)
	if err != nil {
		return err
	}
	var bad error
	for _, listed := range j.Root.TimestampAuthorities() {
		a := rfc3161.Behind(listed)
		if !a.Knows(token) {
			continue
		}
		stamp, err := a.Verify(token, j.signature)
		if err != nil {
			bad = err
			continue
		}
		if j.leaf == nil {
			return nil
		}
		_, err = j.Root.Chains(j.leaf, nil, stamp.Time)
		return refuse.Wrap("chain.expired", err, "the certificate at the time of the timestamp")
	}
	if bad != nil {
		return bad
	}
	return refuse.New("timestamp.signer", "authority: not in the trust root")
}

// checkEntry checks an entry in full (client specification, Section 2.1.7):
// everything that the log signed, and that it is about our signature.
func (j *job) checkEntry(e *tlog.Entry, r tlog.Record, want tlog.Generation) error {
	if e == nil || e.Body == nil {
		return refuse.New("tlog.entry.malformed", "entry: empty")
	}
	// The log is found by its ID, never by the URL: one address may stand for
	// several logs.
	log := j.Root.Log(e.LogID)
	if log == nil {
		return refuse.New("tlog.unknown_log", "log %s: not in the trust root", e.LogID)
	}
	if e.Proof == nil {
		return refuse.New("bundle.proof_missing", "inclusion proof: missing")
	}
	checkpoint, err := log.OpenCheckpoint(e.Proof.Checkpoint)
	if err != nil {
		return err
	}
	generation, err := log.Generation(e, checkpoint)
	if err != nil {
		return err
	}
	if generation != want {
		return refuse.New("tlog.entry.generation", "entry: %s, want %s", generation, want)
	}
	if err := e.VerifyInclusion(checkpoint, generation); err != nil {
		return err
	}
	if err := e.Body.VerifyRecord(generation, r); err != nil {
		return err
	}
	return j.checkPromise(log, e, generation)
}

// checkPromise checks the time that a Rekor v1 log promises.
func (j *job) checkPromise(log *tlog.Log, e *tlog.Entry, g tlog.Generation) error {
	if g != tlog.V1 || len(e.Promise) == 0 {
		return nil
	}
	at, err := log.VerifyPromise(e)
	if err != nil || j.leaf == nil {
		return err
	}
	_, err = j.Root.Chains(j.leaf, nil, at)
	return refuse.Wrap("chain.expired", err, "the certificate at the time of the log entry")
}
