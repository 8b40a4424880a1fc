// SPDX-License-Identifier: Apache-2.0

//go:build unix

package bounds

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/bundle/carrier"
	"github.com/sigbundle/sigbundle/bundle/oci"
	"github.com/sigbundle/sigbundle/ctlog"
	"github.com/sigbundle/sigbundle/dsse"
	"github.com/sigbundle/sigbundle/internal/rfc3161"
	"github.com/sigbundle/sigbundle/internal/screen"
	"github.com/sigbundle/sigbundle/internal/sigkey"
	"github.com/sigbundle/sigbundle/internal/strictcert"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// reader is a row of the table. cpu is in units of the calibration: what one
// byte costs a simple loop on this machine, in this run.
type reader struct {
	name   string
	read   func([]byte)
	frames []string // around the hostile value, with one %s
	cpu    int      // k
	memory int      // m: bytes allocated in all, which bounds the peak
}

// Constants beside the multiples: what an input of a few bytes may cost.
const (
	constCPU    = 8 << 20 // units
	constMemory = 1 << 20 // bytes
)

var readers = []reader{
	{"bundle", func(b []byte) { _, _ = bundle.Parse(b) }, []string{"%s", `{"mediaType":%s}`, `{"verificationMaterial":%s}`, `{"verificationMaterial":{"tlogEntries":%s}}`,
		`{"verificationMaterial":{"tlogEntries":[{"logIndex":%s}]}}`, `{"dsseEnvelope":{"signatures":%s}}`, `{"dsseEnvelope":{"payload":%s}}`}, 100, 24},
	{"bundle lines", func(b []byte) {
		for range bundle.All(b) {
		}
	}, []string{"%s", "{}\n%s"}, 400, 200},
	{"carrier", func(b []byte) { _, _ = carrier.Read(b) }, []string{"%s", `{"attestations":%s}`}, 400, 200},
	{"trust root", func(b []byte) { _, _ = trustroot.Parse(b) }, []string{"%s", `{"mediaType":%s}`, `{"tlogs":%s}`, `{"ctlogs":[{"publicKey":{"rawBytes":%s}}]}`, `{"certificateAuthorities":[{"certChain":{"certificates":%s}}]}`}, 100, 24},
	{"signing configuration", func(b []byte) { _, _ = signingconfig.Parse(b) }, []string{"%s", `{"caUrls":%s}`, `{"rekorTlogConfig":{"count":%s}}`}, 100, 24},
	{"statement", func(b []byte) { _, _ = dsse.ParseStatement(b, 0) }, []string{"%s", `{"_type":"https://in-toto.io/Statement/v1","subject":%s}`, `{"subject":[{"digest":%s}]}`, `{"predicate":%s}`}, 200, 64},
	{"log entry body", func(b []byte) { _, _ = tlog.ParseBody(b, tlog.Kind{Name: "hashedrekord", Version: "0.0.1"}) }, []string{"%s", `{"spec":%s}`, `{"spec":{"signature":{"content":%s}}}`}, 100, 24},
	{"image index", func(b []byte) { _, _ = oci.ParseIndex(b) }, []string{"%s", `{"manifests":%s}`, `{"manifests":[{"size":%s}]}`}, 200, 64},
	{"image manifest", func(b []byte) { _, _, _ = oci.ParseSubject(b) }, []string{"%s", `{"subject":%s}`}, 200, 64},
	{"detached timestamp", func(b []byte) { _, _ = ctlog.ParseDetached(b) }, []string{"%s", `{"timestamp":%s}`}, 100, 24},
	{"public key", func(b []byte) { _, _ = sigkey.ParsePEM(b) }, []string{"%s", "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"}, 100, 24},
	{"timestamp", func(b []byte) { _, _ = rfc3161.Parse(b) }, nil, 100, 64},
	{"certificate", func(b []byte) { _, _ = strictcert.Parse(b) }, nil, 100, 64},
	{"text", func(b []byte) { _ = screen.Escape(string(b)) }, []string{"%s"}, 100, 24},
	{"JSON text", func(b []byte) { _ = screen.JSON(b) }, []string{"%s"}, 400, 64},
}

// values are hostile JSON values, or other text, of about n bytes.
var values = map[string]func(n int) string{
	"long number":     func(n int) string { return strings.Repeat("9", n) },
	"long exponent":   func(n int) string { return "1e" + strings.Repeat("9", n) },
	"long string":     func(n int) string { return `"` + strings.Repeat("A", n) + `"` },
	"escapes":         func(n int) string { return `"` + strings.Repeat(`\u0041`, n/6) + `"` },
	"deep arrays":     func(n int) string { return strings.Repeat("[", n) },
	"deep objects":    func(n int) string { return strings.Repeat(`{"a":`, n/5) },
	"many elements":   func(n int) string { return "[" + strings.Repeat("0,", n/2) + "0]" },
	"many objects":    func(n int) string { return "[" + strings.Repeat("{},", n/3) + "{}]" },
	"many lines":      func(n int) string { return strings.Repeat("{}\n", n/3) },
	"blank lines":     func(n int) string { return strings.Repeat("\n", n) },
	"many members":    func(n int) string { return members(n, func(i int) string { return fmt.Sprintf(`"%x":0`, i) }) },
	"long names":      func(n int) string { return members(n, func(i int) string { return fmt.Sprintf(`"%0512x":0`, i) }) },
	"many digests":    func(n int) string { return members(n, func(i int) string { return fmt.Sprintf(`"a%x":"00"`, i) }) },
	"one member":      func(n int) string { return members(n, func(int) string { return `"a":0` }) },
	"commands":        func(n int) string { return strings.Repeat("#a", n/2) },
	"control":         func(n int) string { return strings.Repeat("\x1b", n) },
	"many signatures": func(n int) string { return "[" + strings.Repeat(`{"sig":"AA=="},`, n/15) + "{}]" },
	"many subjects": func(n int) string {
		return "[" + strings.Repeat(`{"name":"a","digest":{"sha256":"00"}},`, n/39) + "{}]"
	},
	"many blocks": func(n int) string { return strings.Repeat("-----BEGIN A-----\n", n/18) },
	"base64":      func(n int) string { return base64.StdEncoding.EncodeToString(make([]byte, n/4*3)) },
}

func members(n int, member func(i int) string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; b.Len() < n; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(member(i))
	}
	return b.String() + "}"
}

// ders are hostile DER values of about n bytes.
var ders = map[string]func(n int) []byte{
	"long integer": func(n int) []byte { return tlv(0x30, tlv(0x02, bytes.Repeat([]byte{0x55}, n))) },
	"long identifier": func(n int) []byte {
		return tlv(0x30, tlv(0x30, []byte{2, 1, 0}), tlv(0x30, tlv(0x06, append(bytes.Repeat([]byte{0x81}, n), 1))))
	},
	"many values": func(n int) []byte { return tlv(0x30, bytes.Repeat([]byte{0x30, 0}, n/2)) },
	"nested": func(n int) []byte {
		der := []byte{5, 0}
		for len(der) < min(n, 16<<10) {
			der = tlv(0x30, der)
		}
		return tlv(0x30, der, make([]byte, max(0, n-len(der))))
	},
	"zeros": func(n int) []byte { return make([]byte, n) },
}

func tlv(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	n := len(body)
	return append([]byte{tag, 0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, body...)
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var sink uint32

// unit returns what a simple loop costs for one byte, in this run.
func unit() float64 {
	data := make([]byte, 32<<20)
	start := cpu()
	h := uint32(2166136261)
	for _, c := range data {
		h = (h ^ uint32(c)) * 16777619
	}
	sink = h
	return float64(cpu()-start) / float64(len(data))
}

// cost runs read and returns the CPU time and the bytes allocated.
func cost(read func([]byte), data []byte) (time.Duration, uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := cpu()
	read(data)
	spent := cpu() - start
	runtime.ReadMemStats(&after)
	return spent, after.TotalAlloc - before.TotalAlloc
}

func TestBounds(t *testing.T) {
	sizes := []int{1 << 10, 256 << 10}
	if os.Getenv("SIGBUNDLE_BOUNDS") != "" {
		sizes = []int{1 << 10, 64 << 10, 1 << 20, 16 << 20}
	}
	one := max(unit(), 0.2)
	for _, r := range readers {
		t.Run(r.name, func(t *testing.T) {
			check := func(what string, data []byte) {
				n := len(data)
				most := float64(constCPU+r.cpu*n) * one
				spent, allocated := cost(r.read, data)
				for range 2 { // other work of the process counts, too
					if float64(spent) > most {
						spent, _ = cost(r.read, data)
					}
				}
				if float64(spent) > most {
					t.Errorf("%s of %d bytes: %v of CPU time, want at most %v", what, n, spent, time.Duration(most))
				}
				if limit := uint64(constMemory + r.memory*n); allocated > limit {
					t.Errorf("%s of %d bytes: %d bytes allocated, want at most %d", what, n, allocated, limit)
				}
				if testing.Verbose() && n > 200<<10 {
					if k, m := float64(spent)/one/float64(n), float64(allocated)/float64(n); k > 30 || m > 8 {
						t.Logf("%s: k %.0f, m %.1f", what, k, m)
					}
				}
			}
			for _, n := range sizes {
				for what, value := range values {
					for _, frame := range r.frames {
						check(what+" in "+frame, fmt.Appendf(nil, frame, value(n)))
					}
				}
				if r.frames != nil {
					continue
				}
				for what, der := range ders {
					check(what, der(n))
				}
			}
		})
	}
}

// FuzzBounds looks for a small pattern that costs too much when it recurs.
func FuzzBounds(f *testing.F) {
	f.Add(uint8(0), `{"a":`, `[`, `]}`)
	f.Add(uint8(5), `{"subject":[`, `{"name":"a"},`, `{}]}`)
	f.Fuzz(func(t *testing.T, which uint8, head, pattern, end string) {
		if pattern == "" || len(pattern) > 1<<10 {
			return
		}
		r := readers[int(which)%len(readers)]
		data := []byte(head + strings.Repeat(pattern, (1<<20)/len(pattern)) + end)
		if spent, allocated := cost(r.read, data); float64(spent) > 4*float64(constCPU+r.cpu*len(data)) || allocated > uint64(constMemory+r.memory*len(data)) {
			t.Errorf("%s: %v and %d bytes for %q, %q, %q", r.name, spent, allocated, head, pattern, end)
		}
	})
}
