// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/tlog"
)

// clocked measures how long services take, so that it can be left out.
type clocked struct {
	issuer  sign.Issuer
	stamper sign.TimestampAuthority
	log     sign.Log
	spent   *atomic.Int64
}

func (c clocked) String() string              { return "clocked" }
func (c clocked) Generation() tlog.Generation { return c.log.Generation() }

func (c clocked) since(t time.Time) { c.spent.Add(int64(time.Since(t))) }

func (c clocked) Issue(ctx context.Context, k *sign.Key) (*sign.Issued, error) {
	defer c.since(time.Now())
	return c.issuer.Issue(ctx, k)
}

func (c clocked) Stamp(ctx context.Context, sig []byte) ([]byte, error) {
	defer c.since(time.Now())
	return c.stamper.Stamp(ctx, sig)
}

func (c clocked) Append(ctx context.Context, r tlog.Record) (*tlog.Entry, error) {
	defer c.since(time.Now())
	return c.log.Append(ctx, r)
}

// BenchmarkSign reports, as own-ns/op, what a signature costs in this process
// beyond the time in which services are waited for: key, signature, all
// checks and the final verification.
func BenchmarkSign(b *testing.B) {
	for _, managed := range []bool{true, false} {
		b.Run(map[bool]string{true: "key", false: "keyless"}[managed], func(b *testing.B) {
			i := newInstance(b)
			config := i.config(newToken(b, nil), tlog.V2)
			c := clocked{config.Issuer, config.TimestampAuthorities[0], config.Logs[0], new(atomic.Int64)}
			config.Issuer, config.TimestampAuthorities, config.Logs = c, []sign.TimestampAuthority{c}, []sign.Log{c}
			if managed {
				config.Issuer, config.Key = nil, mustKey(b, sign.ECDSAP256)
			}
			s, err := sign.New(config)
			if err != nil {
				b.Fatal(err)
			}
			var total time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := s.Sign(b.Context(), sign.Message(strings.NewReader(artifact))); err != nil {
					b.Fatal(err)
				}
				total += time.Since(start)
			}
			b.ReportMetric(float64(int64(total)-c.spent.Load())/float64(b.N), "own-ns/op")
		})
	}
}
