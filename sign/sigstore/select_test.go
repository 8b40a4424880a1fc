// SPDX-License-Identifier: Apache-2.0

package sigstore

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/sign"
	"github.com/sigbundle/sigbundle/tlog"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// services is a configuration of these services, current for ever.
func services(t *testing.T, c signingconfig.Contents) *signingconfig.Config {
	t.Helper()
	for _, list := range [][]signingconfig.Service{c.Fulcios, c.Rekors, c.TSAs} {
		for n := range list {
			list[n].Start = time.Unix(1, 0)
			if list[n].MajorAPIVersion == 0 {
				list[n].MajorAPIVersion = 1
			}
		}
	}
	config, err := signingconfig.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// TestSelect signs with what configurations select.
func TestSelect(t *testing.T) {
	i := newInstance(t)
	broken := "http://127.0.0.1:1" // no server exists
	v1 := signingconfig.Service{URL: i.Rekor1.URL, MajorAPIVersion: 1, Operator: "one"}
	v2 := signingconfig.Service{URL: i.Rekor2.URL, MajorAPIVersion: 2, Operator: "one"}
	dead := signingconfig.Service{URL: broken, MajorAPIVersion: 2, Operator: "another"}
	tsa := signingconfig.Service{URL: i.TSA.URL, Operator: "one"}
	noTSA := signingconfig.Service{URL: broken, Operator: "another"}
	anyOne, all := signingconfig.Choice{Selector: signingconfig.Any}, signingconfig.Choice{Selector: signingconfig.All}
	two := signingconfig.Choice{Selector: signingconfig.Exact, Count: 2}
	fulcios := []signingconfig.Service{{URL: i.Fulcio.URL, Operator: "one"}}
	type contents = signingconfig.Contents
	for _, c := range []struct {
		name     string
		contents contents
		major    int
		code     refuse.Code
		want     tlog.Generation
		stamps   int
	}{
		{"the newest version", contents{Fulcios: fulcios, Rekors: []signingconfig.Service{v1, v2}, RekorChoice: anyOne, TSAs: []signingconfig.Service{tsa}, TSAChoice: anyOne}, 0, "", tlog.V2, 1},
		{"the version asked for", contents{Fulcios: fulcios, Rekors: []signingconfig.Service{v1, v2}, RekorChoice: anyOne, TSAs: []signingconfig.Service{tsa}, TSAChoice: anyOne}, 1, "", tlog.V1, 1},
		{"v1 without a TSA", contents{Fulcios: fulcios, Rekors: []signingconfig.Service{v1}, RekorChoice: all}, 0, "", tlog.V1, 0},
		{"v2 without a TSA", contents{Fulcios: fulcios, Rekors: []signingconfig.Service{v2}, RekorChoice: all}, 0, "signingconfig.none", 0, 0},
		{"no log", contents{Fulcios: fulcios, RekorChoice: all}, 0, "signingconfig.none", 0, 0},
		{"no authority", contents{Rekors: []signingconfig.Service{v1}, RekorChoice: all}, 0, "signingconfig.none", 0, 0},
		{"any, the first is down", contents{Fulcios: fulcios, Rekors: []signingconfig.Service{dead, v2}, RekorChoice: anyOne, TSAs: []signingconfig.Service{noTSA, tsa}, TSAChoice: anyOne}, 0, "", tlog.V2, 1},
		{"all, one is down", contents{Fulcios: fulcios, Rekors: []signingconfig.Service{dead, v2}, RekorChoice: all, TSAs: []signingconfig.Service{tsa}, TSAChoice: anyOne}, 0, "sign.rekor.unreachable", tlog.V2, 1},
		{"two, one is down", contents{Fulcios: fulcios, Rekors: []signingconfig.Service{v2}, RekorChoice: anyOne, TSAs: []signingconfig.Service{noTSA, tsa}, TSAChoice: two}, 0, "sign.tsa.unreachable", tlog.V2, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := i.client(time.Second)
			s, err := Select(SelectConfig{Client: client, Signing: services(t, c.contents), Now: time.Now(), RekorMajor: c.major, Certificate: true})
			if err != nil {
				if refuse.CodeOf(err) != c.code {
					t.Error(err)
				}
				return
			}
			if s.Logs[0].Generation() != c.want || len(s.TimestampAuthorities) != c.stamps {
				t.Fatalf("%s and %d timestamp authorities", s.Logs[0].Generation(), len(s.TimestampAuthorities))
			}
			config := sign.Config{Root: i.Root, Logs: s.Logs, TimestampAuthorities: s.TimestampAuthorities,
				Issuer: NewFulcio(FulcioConfig{Client: client, URL: s.Fulcio, Token: newToken(t, nil)})}
			if c.code != "" {
				i.refused(t, config, sign.Message(strings.NewReader(artifact)), string(c.code))
				return
			}
			i.signed(t, config, sign.Message(strings.NewReader(artifact)))
		})
	}
}

// TestUntimed refuses before anyone is asked.
func TestUntimed(t *testing.T) {
	i := newInstance(t)
	config := i.config(newToken(t, nil), tlog.V2)
	config.TimestampAuthorities = nil
	if _, err := sign.New(config); refuse.CodeOf(err) != "sign.config" {
		t.Error(err)
	}
}

// TestLocation has Rekor v1 point elsewhere for an entry that it has.
func TestLocation(t *testing.T) {
	for _, location := range []string{"", "http://elsewhere.example.test/api/v1/log/entries/1", "//elsewhere.example.test/x", "http://user@127.0.0.1/"} {
		i := newInstance(t)
		i.Fault["rekor1"] = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusConflict)
		}
		i.refused(t, i.config(newToken(t, nil), tlog.V1), sign.Message(strings.NewReader(artifact)), "sign.rekor.duplicate")
		if i.Called("rekor1") != 3 { // once for each signature
			t.Errorf("%q: asked %d times", location, i.Called("rekor1"))
		}
	}
}

// TestFrozen meets a log that takes nothing any more.
func TestFrozen(t *testing.T) {
	i := newInstance(t)
	i.Fault["rekor2"] = status(http.StatusMethodNotAllowed, "log frozen")
	i.refused(t, i.config(newToken(t, nil), tlog.V2), sign.Message(strings.NewReader(artifact)), "sign.rekor.frozen")
}

// TestDenied meets an authority that does not take the token.
func TestDenied(t *testing.T) {
	for _, code := range []int{400, 401, 403} {
		i := newInstance(t)
		token := newToken(t, nil)
		i.Fault["fulcio"] = status(code, `{"message":"bad token `+token.Raw()+`"}`)
		err := i.refused(t, i.config(token, tlog.V2), sign.Message(strings.NewReader(artifact)), "sign.fulcio.denied")
		i.checkMessage(t, err, "fulcio", token.Raw())
	}
	i := newInstance(t)
	i.refused(t, i.config(newToken(t, map[string]any{"exp": 1}), tlog.V2), sign.Message(strings.NewReader(artifact)), "sign.token.expired")
	i.refused(t, i.config(nil, tlog.V2), sign.Message(strings.NewReader(artifact)), "sign.token.missing")
	if i.Called("fulcio") != 0 {
		t.Error("a token that cannot do was sent")
	}
}
