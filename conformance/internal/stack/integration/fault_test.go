// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/conformance/internal/stack"
	"github.com/sigbundle/sigbundle/conformance/internal/stack/stacktest"
)

// signArgs are those of sigbundle sign with the services of a configuration.
func (b *bench) signArgs(c stack.Signing, managed bool) string {
	signer := map[bool]string{false: " --identity-token-file token", true: " --key key.pem"}[managed]
	return "sign artifact --bundle none.json --signing-config " + b.SigningConfig(c) + " --trusted-root " + b.TrustedRoot() + signer
}

// patience is how long a service that stays silent is waited for, four times.
// It is enough for one that does not, on a busy machine.
const patience = " --timeout 2s"

// givesUp wants sigbundle to end with exit code 1 and one of its codes, to
// write nothing, and to tell nothing of the identity token or the key.
func (b *bench) givesUp(t *testing.T, args, code string) {
	t.Helper()
	if strings.HasSuffix(code, ".timeout") {
		args += patience
	}
	before, err := os.ReadDir(string(b.Folder))
	if err != nil {
		t.Fatal(err)
	}
	err = b.run(t, "sigbundle", args)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(err.Error(), "("+code+")") {
		t.Errorf("want exit code 1 and %s: %v", code, err)
		return
	}
	secrets := append(strings.Split(string(b.Read(t, "token")), "."), strings.Split(string(b.Read(t, "key.pem")), "\n")[1:3]...)
	for _, secret := range secrets {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("a secret is told: %v", err)
		}
	}
	after, err := os.ReadDir(string(b.Folder))
	if err != nil {
		t.Fatal(err)
	}
	if len(after) != len(before) {
		t.Errorf("left behind: %v, before %v", after, before)
	}
}

// signs wants a bundle, and takes it away.
func (b *bench) signs(t *testing.T, c stack.Signing, managed bool) {
	t.Helper()
	b.ok(t, "sigbundle", b.signArgs(c, managed))
	if err := os.Remove(b.File("none.json")); err != nil {
		t.Fatal(err)
	}
}

// stop is a server that is killed, and what comes of it.
type stop struct {
	server string
	then   []outcome
}

// outcome is that sigbundle signs, or gives up with a code.
type outcome struct {
	config  stack.Signing
	managed bool
	code    string // empty: it signs
}

// TestStopped kills one server after another. What needs it is refused by the
// name of the service that was asked, and what does not need it goes on.
func TestStopped(t *testing.T) {
	t.Parallel()
	const keyless, key = false, true
	for name, stops := range map[string][]stop{
		"certificates": {
			// Fulcio asks again and again, as it certifies nothing that the CT
			// log has not taken.
			{stack.CT, []outcome{{stack.RekorV2, keyless, "sign.fulcio.timeout"}, {stack.RekorV2, key, ""}}},
			{stack.Fulcio, []outcome{{stack.RekorV2, keyless, "sign.fulcio.unreachable"}, {stack.RekorV1, key, ""}}},
		},
		"logs and stamps": {
			{stack.Trillian, []outcome{{stack.RekorV1, key, "sign.rekor.unavailable"}, {stack.RekorV2, key, ""}}},
			{stack.Rekor1, []outcome{{stack.RekorV1, key, "sign.rekor.unreachable"}, {stack.RekorV2, key, ""}}},
			// What stands before Rekor v2, for its read path, answers 502.
			{stack.Rekor2B, []outcome{{stack.RekorPair, key, "sign.rekor.unavailable"}, {stack.RekorV2, key, ""}}},
			{stack.Rekor2, []outcome{{stack.RekorV2, key, "sign.rekor.unavailable"}}},
			{stack.TSAB, []outcome{{stack.RekorPair, key, "sign.tsa.unreachable"}}},
			{stack.TSA, []outcome{{stack.RekorV2, key, "sign.tsa.unreachable"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBenchOn(t, stacktest.Own(t))
			for _, managed := range []bool{keyless, key} {
				b.signs(t, stack.RekorV1, managed)
				b.signs(t, stack.RekorPair, managed)
			}
			for _, s := range stops {
				b.Kill(t, s.server)
				for _, o := range s.then {
					if o.code == "" {
						b.signs(t, o.config, o.managed)
					} else {
						b.givesUp(t, b.signArgs(o.config, o.managed), o.code)
					}
				}
			}
		})
	}
}

// TestSilent has one server after another accept connections and not answer.
// Who asks gives up in time, and signs when it is back.
func TestSilent(t *testing.T) {
	t.Parallel()
	b := newBenchOn(t, stacktest.Own(t))
	for _, step := range []struct {
		server  string
		config  stack.Signing
		managed bool
		code    string
	}{
		{stack.Fulcio, stack.RekorV2, false, "sign.fulcio.timeout"},
		{stack.CT, stack.RekorV2, false, "sign.fulcio.timeout"},
		{stack.TSA, stack.RekorV1, false, "sign.tsa.timeout"},
		{stack.TSAB, stack.RekorPair, true, "sign.tsa.timeout"},
		{stack.Rekor1, stack.RekorV1, true, "sign.rekor.timeout"},
		{stack.Rekor2, stack.RekorV2, false, "sign.rekor.timeout"},
		{stack.Rekor2B, stack.RekorPair, true, "sign.rekor.timeout"},
		{stack.Trillian, stack.RekorV1, true, "sign.rekor.timeout"},
	} {
		t.Run(step.server, func(t *testing.T) {
			b.Pause(t, step.server)
			b.givesUp(t, b.signArgs(step.config, step.managed), step.code)
		})
		b.signs(t, step.config, step.managed)
	}
}

// TestSlow has a server answer after a second, which is in time.
func TestSlow(t *testing.T) {
	t.Parallel()
	b := newBenchOn(t, stacktest.Own(t))
	for _, server := range []string{stack.Fulcio, stack.CT, stack.TSA, stack.Rekor1, stack.Trillian} {
		if err := b.State.Pause(server); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- b.run(t, "sigbundle", b.signArgs(stack.RekorV1, false)) }()
		select {
		case err := <-done:
			t.Fatalf("%s was not asked: %v", server, err)
		case <-time.After(time.Second):
		}
		if err := b.Resume(server); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Errorf("%s: %v", server, err)
		}
		if err := os.Remove(b.File("none.json")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestForeign trusts the authorities and logs of another stack in the place of
// those that answer, one kind after another.
func TestForeign(t *testing.T) {
	t.Parallel()
	b, other := newBench(t), stacktest.Own(t)
	read := func(file string) map[string]json.RawMessage {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(data, &members); err != nil {
			t.Fatal(err)
		}
		return members
	}
	foreign := read(other.TrustedRoot())
	for _, c := range []stack.Signing{stack.RekorV1, stack.RekorV2} {
		for member, code := range map[string]string{
			"certificateAuthorities": "chain.untrusted", "ctlogs": "sct.unknown_log",
			"timestampAuthorities": "timestamp.signer", "tlogs": "tlog.unknown_log",
		} {
			mixed := read(b.TrustedRoot())
			mixed[member] = foreign[member]
			data, err := json.Marshal(mixed)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(t, "mixed.json", data)
			b.givesUp(t, strings.ReplaceAll(b.signArgs(c, false), b.TrustedRoot(), "mixed.json"), code)
		}
	}
}
