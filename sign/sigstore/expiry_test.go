// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/conformance/virtual"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/verify/codes"
)

// late has the timestamps of the first n requests come after the certificate.
func (i *instance) late(n int) {
	i.Stamp.Timestamp = func(in *virtual.TimestampInput) {
		if n--; n >= 0 {
			in.Time = in.Time.Add(time.Hour)
		}
	}
}

// TestExpiry has the certificate expire before the timestamp: a second one is
// asked for, with another key, and no third one.
func TestExpiry(t *testing.T) {
	for _, c := range []struct {
		late, certificates int
		code               string
	}{{0, 1, ""}, {1, 2, ""}, {2, 2, "chain.expired"}} {
		i := newInstance(t)
		i.late(c.late)
		keys := make(map[string]bool)
		i.Certificate.Certificate = func(in *virtual.CertificateInput) {
			keys[fmt.Sprint(in.PublicKey)] = true
		}
		config := i.config(newToken(t, nil), tlog.V2)
		if c.code != "" {
			i.refused(t, config, sign.Message(strings.NewReader(artifact)), c.code)
		} else {
			i.signed(t, config, sign.Message(strings.NewReader(artifact)))
		}
		if len(keys) != c.certificates || i.Called("fulcio") != c.certificates || i.Called("rekor2") > 1 {
			t.Errorf("%d late: %d certificates, %d entries", c.late, i.Called("fulcio"), i.Called("rekor2"))
		}
	}
	// Rekor v1 is the clock, too.
	i := newInstance(t)
	late := true
	i.Entry.Promise = func(in *virtual.PromiseInput) {
		if late {
			in.Integrated += 3600
		}
		late = false
	}
	i.signed(t, i.config(newToken(t, nil), tlog.V1), sign.Message(strings.NewReader(artifact)))

	// Other failures are no reason to begin again, and neither is a key of our
	// own, which does not expire.
	i = newInstance(t)
	i.Stamp.Timestamp = func(in *virtual.TimestampInput) { in.Corrupt = true }
	i.refused(t, i.config(newToken(t, nil), tlog.V2), sign.Message(strings.NewReader(artifact)), "timestamp.signature")
	if i.Called("fulcio") != 1 {
		t.Errorf("%d certificates", i.Called("fulcio"))
	}
}

// stuck is a timestamp authority that does not answer the first n times, for
// as long as anyone waits.
type stuck struct {
	sign.TimestampAuthority
	n, asked int
	stop     func()
}

func (s *stuck) Stamp(ctx context.Context, signature []byte) ([]byte, error) {
	if s.asked++; s.asked > s.n {
		return s.TimestampAuthority.Stamp(ctx, signature)
	}
	if s.stop != nil {
		s.stop()
	}
	<-ctx.Done()
	return nil, errors.New("no answer")
}

// TestDeadline waits for services no longer than the certificate lives.
func TestDeadline(t *testing.T) {
	short := func(i *instance) sign.Config {
		i.Certificate.Certificate = func(in *virtual.CertificateInput) { in.NotAfter = in.NotBefore.Add(time.Second) }
		config := i.config(newToken(t, nil), tlog.V2)
		config.TimestampAuthorities = []sign.TimestampAuthority{&stuck{TimestampAuthority: config.TimestampAuthorities[0], n: 1}}
		return config
	}
	i := newInstance(t)
	start := time.Now()
	i.signed(t, short(i), sign.Message(strings.NewReader(artifact)))
	if waited := time.Since(start); i.Called("fulcio") != 2 || waited < 900*time.Millisecond {
		t.Errorf("%d certificates in %s", i.Called("fulcio"), waited)
	}

	// Twice is enough.
	i = newInstance(t)
	config := short(i)
	config.TimestampAuthorities[0].(*stuck).n = 2
	i.refused(t, config, sign.Message(strings.NewReader(artifact)), "sign.stamper")
	if i.Called("fulcio") != 2 || i.Called("rekor2") != 0 {
		t.Errorf("%d certificates", i.Called("fulcio"))
	}

	// A client that gives up, gives up.
	i = newInstance(t)
	config = short(i)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	config.TimestampAuthorities[0].(*stuck).stop = cancel
	s, err := sign.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(ctx, sign.Message(strings.NewReader(artifact))); codes.Of(err) != "sign.stamper" || i.Called("fulcio") != 1 {
		t.Errorf("%d certificates: %v", i.Called("fulcio"), err)
	}
}
