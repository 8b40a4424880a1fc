// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// maxExact is the largest integer that canonical JSON can write (RFC 8785,
// Section 3.2.2.3: numbers are doubles).
const maxExact = 1<<53 - 1

// maxTime is the last second that RFC 3339 can write, and so a report.
const maxTime = 253402300799

// VerifyPromise checks the signed entry timestamp of a Rekor v1 entry and
// returns the time at which the log integrated it. That time is worth
// something only if the entry is bound to the bundle by [Body.VerifyRecord]:
// anyone can copy a promise about somebody else's entry.
//
// Refusals are tlog.unknown_log, tlog.promise.unexpected,
// tlog.promise.signature, tlog.entry.malformed and tlog.window.
func (l *Log) VerifyPromise(e *Entry) (time.Time, error) {
	switch {
	case l == nil || l.key == nil || e == nil:
		return time.Time{}, refuse.New("tlog.unknown_log", "promise: no log or no entry to check")
	case e.LogID != l.id:
		return time.Time{}, refuse.New("tlog.unknown_log", "entry of log %s, not of log %s", e.LogID, l.id)
	case l.generation == V2:
		return time.Time{}, refuse.New("tlog.promise.unexpected", "log %s is Rekor v2, which makes no promises", l.id)
	case len(e.Promise) == 0:
		return time.Time{}, refuse.New("tlog.promise.signature", "entry %d of log %s has no promise", e.Index, l.id)
	case !e.Body.parsed() || e.Index < 0 || e.Index > maxExact || e.Integrated <= 0 || e.Integrated > maxTime:
		return time.Time{}, refuse.New("tlog.entry.malformed", "entry %d of log %s has no body, index or time that could be signed", e.Index, l.id)
	}
	if err := l.verifyV1(e.promised(), e.Promise); err != nil {
		return time.Time{}, refuse.Wrap("tlog.promise.signature", err, "promise of entry %d under the key of log %s", e.Index, l.id)
	}
	t := time.Unix(e.Integrated, 0).UTC()
	if !l.ValidAt(t) {
		return time.Time{}, refuse.New("tlog.window", "entry %d: integrated at %s, outside the validity period of the key of log %s",
			e.Index, t.Format(time.RFC3339), l.id)
	}
	return t, nil
}

// promised returns what a promise signs: an object in canonical JSON (RFC
// 8785), which for base64, hex and small integers is what is written here.
func (e *Entry) promised() []byte {
	b := make([]byte, 0, base64.StdEncoding.EncodedLen(len(e.Body.Raw))+200)
	b = append(b, `{"body":"`...)
	b = base64.StdEncoding.AppendEncode(b, e.Body.Raw)
	b = append(b, `","integratedTime":`...)
	b = strconv.AppendInt(b, e.Integrated, 10)
	b = append(b, `,"logID":"`...)
	b = hex.AppendEncode(b, e.LogID[:])
	b = append(b, `","logIndex":`...)
	b = strconv.AppendInt(b, e.Index, 10)
	return append(b, '}')
}
