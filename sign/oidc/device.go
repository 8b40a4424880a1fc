// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

const (
	deviceGrant  = "urn:ietf:params:oauth:grant-type:device_code"
	deviceExpiry = 10 * time.Minute // at most, whatever the provider says
	minInterval  = time.Second
	maxUserCode  = 64              // bytes; a person types it
	stdInterval  = 5 * time.Second // RFC 8628, Section 3.2 and 3.5
	maxInterval  = time.Minute
)

// Device gets a token from a person with a browser on any machine: the device
// authorization flow (RFC 8628), with PKCE. Refusals are sign.oidc.* and
// sign.token.*.
func Device(ctx context.Context, c FlowConfig) (*Token, error) {
	if c.Timeout == 0 {
		c.Timeout = deviceExpiry
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	f, err := newFlow(ctx, c)
	if err != nil {
		return nil, err
	}
	if f.device == "" {
		return nil, refuse.New("sign.oidc.malformed", "%s has no endpoint for devices", f.Issuer)
	}
	resp, err := f.post(ctx, f.device, url.Values{
		"client_id": {f.ClientID}, "scope": {scopes}, "nonce": {f.nonce},
		"code_challenge": {f.challenge()}, "code_challenge_method": {"S256"},
	}, nil, http.StatusOK)
	if err != nil {
		return nil, err
	}
	d, err := parseDevice(resp.Body)
	if err != nil {
		return nil, err
	}
	if err := f.page(d.address); err != nil {
		return nil, err
	}
	f.Show("open this address on any device: " + d.address)
	f.Show("and enter the code " + d.userCode)
	return f.poll(ctx, d)
}

// device is the provider's answer (RFC 8628, Section 3.2).
type device struct {
	code, userCode, address string
	interval                time.Duration
}

func parseDevice(body []byte) (*device, error) {
	values, err := members(body, "device_code", "user_code", "verification_uri", "verification_uri_complete")
	if err != nil {
		return nil, err
	}
	d := &device{code: values["device_code"], userCode: values["user_code"], address: values["verification_uri_complete"], interval: stdInterval}
	if d.address == "" {
		d.address = values["verification_uri"]
	}
	if d.code == "" || d.userCode == "" || d.address == "" {
		return nil, refuse.New("sign.oidc.malformed", "the answer holds no code for the device, or no address")
	}
	if len(d.userCode) > maxUserCode {
		return nil, refuse.New("sign.oidc.malformed", "the answer holds a code for the person of %d bytes, want at most %d", len(d.userCode), maxUserCode)
	}
	json := strictjson.NewDecoder(body)
	_ = json.Object(func(key string) error { // was read once already
		if key != "interval" || json.Kind() < '0' || json.Kind() > '9' {
			return json.Skip()
		}
		n, err := json.Int64()
		if err == nil && n <= int64(maxInterval/time.Second) {
			d.interval = max(time.Duration(n)*time.Second, minInterval)
		}
		return err
	})
	return d, nil
}

// poll asks for the token until the person has answered (RFC 8628, Section
// 3.5).
func (f *flow) poll(ctx context.Context, d *device) (*Token, error) {
	for {
		if err := f.wait(ctx, d.interval); err != nil {
			return nil, refuse.New("sign.oidc.timeout", "other device: no answer in time")
		}
		resp, err := f.post(ctx, f.token, url.Values{
			"grant_type": {deviceGrant}, "device_code": {d.code}, "client_id": {f.ClientID}, "code_verifier": {f.verifier},
		}, []string{d.code, f.verifier}, http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden)
		if err != nil {
			return nil, err
		}
		if resp.Status == http.StatusOK {
			return f.accept(resp.Body)
		}
		values, err := members(resp.Body, "error")
		if err != nil {
			return nil, err
		}
		switch values["error"] {
		case "authorization_pending":
		case "slow_down":
			d.interval = min(d.interval+stdInterval, maxInterval)
		default:
			return nil, refuse.New("sign.oidc.denied", "%s says %.80q", f.Issuer, values["error"])
		}
	}
}

func (f *flow) wait(ctx context.Context, d time.Duration) error {
	if f.pause != nil {
		return f.pause(ctx, d)
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
