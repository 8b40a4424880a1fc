// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// person opens addresses elsewhere, and brings back what the page shows.
type person struct {
	address string
	shown   []string
}

func (p *person) show(s string) {
	p.shown = append(p.shown, s)
	p.address = s[strings.Index(s, "http"):]
}

func (p *person) read() (string, error) {
	resp, err := http.Get(p.address)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	return string(page) + "\r\n", err
}

// pasted is the flow on a machine without a browser.
func pasted(ctx context.Context, c FlowConfig) (*Token, error) {
	p := new(person)
	c.Show, c.ReadCode = p.show, p.read
	c.Open = func(string) error { return errors.New("no browser") }
	return Browser(ctx, c)
}

func TestPaste(t *testing.T) {
	newProvider(t).run(t, pasted, "")
	// Without anything to listen on, nothing is opened.
	p := newProvider(t)
	who := new(person)
	c := p.config()
	c.Show, c.ReadCode = who.show, who.read
	c.listen = func() (net.Listener, error) { return nil, errors.New("no loopback") }
	c.Open = func(string) error { t.Error("opened a browser that cannot come back"); return nil }
	if _, err := Browser(t.Context(), c); err != nil {
		t.Error(err)
	}
	q, err := url.Parse(who.address)
	if err != nil || q.Query().Get("redirect_uri") != outOfBand || len(who.shown) != 1 {
		t.Errorf("shown %q", who.shown)
	}
	// State and nonce are asked for all the same, and are of this flow only.
	if q.Query().Get("state") == "" || q.Query().Get("nonce") == "" || q.Query().Get("code_challenge") == "" {
		t.Errorf("the question is not bound to the flow: %s", who.address)
	}
	// With no one to bring a code, there is no such way.
	c.ReadCode = nil
	if _, err := Browser(t.Context(), c); refuse.CodeOf(err) != "sign.oidc.callback" {
		t.Error(err)
	}
}

// TestPasteAttacks has the person paste something else.
func TestPasteAttacks(t *testing.T) {
	for _, c := range []struct {
		name, text, code string
		err              error
	}{
		{"nothing", "\n", "sign.oidc.malformed", nil},
		{"two lines", "the\ncode", "sign.oidc.malformed", nil},
		{"control characters", "code\x1b[2J", "sign.oidc.malformed", nil},
		{"not ASCII", "c\u00f6de", "sign.oidc.malformed", nil},
		{"a flood", strings.Repeat("a", maxCode+1), "sign.oidc.malformed", nil},
		{"another's code", "injected", "sign.oidc.status", nil},
		{"more of the request", "x&redirect_uri=http://evil.test", "sign.oidc.status", nil},
		{"no terminal any more", "", "sign.oidc.denied", io.EOF},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newProvider(t)
			config := p.config()
			config.Open = nil
			config.ReadCode = func() (string, error) { return c.text, c.err }
			_, err := Browser(t.Context(), config)
			if string(refuse.CodeOf(err)) != c.code || strings.Contains(err.Error(), "injected") {
				t.Error(err)
			}
		})
	}
	// A code that was approved for a stranger's question: the provider holds
	// it against the stranger's challenge.
	t.Run("code of another session", func(t *testing.T) {
		p := newProvider(t)
		config := p.config()
		config.Open = nil
		config.ReadCode = func() (string, error) {
			p.challenge = "a stranger's"
			p.redirect = outOfBand
			return "the-secret-code", nil
		}
		if _, err := Browser(t.Context(), config); refuse.CodeOf(err) != "sign.oidc.status" {
			t.Error(err)
		}
	})
	t.Run("nobody comes back", func(t *testing.T) {
		p := newProvider(t)
		config := p.config()
		config.Open, config.Timeout = nil, 50*time.Millisecond
		block := make(chan struct{})
		defer close(block)
		config.ReadCode = func() (string, error) { <-block; return "", io.EOF }
		if _, err := Browser(t.Context(), config); refuse.CodeOf(err) != "sign.oidc.timeout" {
			t.Error(err)
		}
	})
}
