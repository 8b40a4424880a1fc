// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/verify/report"
)

// extremes are times that RFC 3339, or time.Time, cannot write.
var extremes = []time.Time{
	{},
	time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC),
	time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("west", -3600)),
	time.Date(2025, 1, 1, 0, 0, 0, 0, time.FixedZone("far", 100*3600)),
	time.Date(2025, 1, 1, 0, 0, 0, 0, time.FixedZone("seconds", 1)),
	time.Unix(math.MaxInt64, 999999999),
	time.Unix(math.MinInt64, 0),
	time.UnixMilli(math.MaxInt64),
	time.UnixMilli(math.MinInt64),
}

// everywhere sets every value of type T in v, and gives each slice and each
// pointer on the way a value. It returns how many it set.
func everywhere[T any](v reflect.Value, value T) int {
	if p, ok := v.Addr().Interface().(*T); ok {
		*p = value
		return 1
	}
	n := 0
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		n = everywhere(v.Elem(), value)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		n = everywhere(v.Index(0), value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				n += everywhere(v.Field(i), value)
			}
		}
	}
	return n
}

// No time keeps a report from being written.
func TestExtremeTimesInReports(t *testing.T) {
	var r report.Report
	if n := everywhere(reflect.ValueOf(&r).Elem(), time.Time{}); n != 6 {
		t.Errorf("%d times in a report, want 6", n)
	}
	r = report.Report{}
	if n := everywhere(reflect.ValueOf(&r).Elem(), report.Instant{}); n != 6 {
		t.Errorf("%d members of a report are of type Instant, want all 6 times", n)
	}
	for _, at := range extremes {
		var r report.Report
		everywhere(reflect.ValueOf(&r).Elem(), report.Instant{Time: at})
		data, err := json.Marshal(&r)
		if err != nil {
			t.Errorf("%v: %v", at, err)
		}
		var again report.Report
		if err := json.Unmarshal(data, &again); err != nil {
			t.Errorf("%v: %v", at, err)
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, data, "", "  "); err != nil || !bytes.Equal(r.MarshalIndent(), append(indented.Bytes(), '\n')) {
			t.Errorf("%v: %s", at, r.MarshalIndent())
		}
		if err := r.WriteText(io.Discard, report.TextStyle{Explain: true}); err != nil {
			t.Errorf("%v: %v", at, err)
		}
		if _, err := (report.Instant{Time: at}).MarshalText(); err != nil {
			t.Errorf("%v: %v", at, err)
		}
	}
	for want, at := range map[string]time.Time{
		`"2025-06-01T11:00:00.0000005Z"`:   time.Date(2025, 6, 1, 12, 0, 0, 500, time.FixedZone("", 3600)),
		`"0000-01-01T00:00:00Z"`:           extremes[1],
		`"9999-12-31T23:59:59.999999999Z"`: extremes[3],
		`"9999-12-31T23:59:59Z"`:           time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		if got, err := json.Marshal(report.Instant{Time: at}); err != nil || string(got) != want {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}
