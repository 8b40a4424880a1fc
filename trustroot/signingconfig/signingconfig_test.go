// SPDX-License-Identifier: Apache-2.0

package signingconfig

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	trustrootv1 "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
)

// published is laid out like the public staging instance's configuration.
const published = `{
  "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
  "caUrls": [{"url": "https://ca.example", "majorApiVersion": 1, "validFor": {"start": "2022-04-14T21:38:40Z"}, "operator": "example"}],
  "oidcUrls": [{"url": "https://oidc.example/auth", "majorApiVersion": 1, "validFor": {"start": "2025-04-16T00:00:00Z"}, "operator": "example"}],
  "rekorTlogUrls": [
    {"url": "https://c.example", "majorApiVersion": 2, "validFor": {"start": "2025-09-22T11:00:00Z"}, "operator": "example"},
    {"url": "https://b.example", "majorApiVersion": 2, "validFor": {"start": "2025-08-20T07:24:08Z", "end": "2025-09-22T11:00:00Z"}, "operator": "example"},
    {"url": "https://other.example", "majorApiVersion": 2, "validFor": {"start": "2025-08-01T00:00:00Z"}, "operator": "other"},
    {"url": "https://v1.example", "majorApiVersion": 1, "validFor": {"start": "2021-01-12T11:53:27Z"}, "operator": "example"},
    {"url": "https://unreleased.example", "validFor": {"start": "2021-01-12T11:53:27Z"}, "operator": "new"},
    {"url": "https://v3.example", "majorApiVersion": 3, "validFor": {"start": "2021-01-12T11:53:27Z"}, "operator": "new"}
  ],
  "tsaUrls": [{"url": "https://tsa.example/api/v1/timestamp", "majorApiVersion": 1, "validFor": {"start": "2025-04-09T00:00:00Z"}, "operator": "example"}],
  "rekorTlogConfig": {"selector": "ANY"},
  "tsaConfig": {"selector": "EXACT", "count": 1},
  "comesLater": {"x": [1, 2]}
}`

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func parse(t *testing.T, doc string) *Config {
	t.Helper()
	c, err := Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func urls(list []Service) string {
	var out []string
	for _, s := range list {
		out = append(out, strings.TrimSuffix(strings.TrimPrefix(s.URL, "https://"), ".example"))
	}
	return strings.Join(out, " ")
}

func TestSelect(t *testing.T) {
	for _, c := range []struct {
		name, now string
		choice    string
		force     int
		all, use  string
		code      refuse.Code
	}{
		{"newest of each operator", "2026-01-01T00:00:00Z", `"selector":"ANY"`, 0, "c other", "c", ""},
		{"all", "2026-01-01T00:00:00Z", `"selector":"ALL"`, 0, "c other", "c other", ""},
		{"exactly one", "2026-01-01T00:00:00Z", `"selector":"EXACT","count":1`, 0, "c other", "c", ""},
		{"exactly two", "2026-01-01T00:00:00Z", `"selector":"EXACT","count":2`, 0, "c other", "c other", ""},
		{"too many", "2026-01-01T00:00:00Z", `"selector":"EXACT","count":3`, 0, "", "", codeCount},
		{"exactly none", "2026-01-01T00:00:00Z", `"selector":"EXACT"`, 0, "", "", codeCount},
		{"by number", "2026-01-01T00:00:00Z", `"selector":2`, 0, "c other", "c", ""},
		{"undefined", "2026-01-01T00:00:00Z", `"selector":"SERVICE_SELECTOR_UNDEFINED"`, 0, "", "", codeSelector},
		{"unknown", "2026-01-01T00:00:00Z", `"selector":"SOME"`, 0, "", "", codeSelector},
		{"absent", "2026-01-01T00:00:00Z", ``, 0, "", "", codeSelector},
		{"both valid at the border", "2025-09-22T11:00:00Z", `"selector":"ANY"`, 0, "c other", "c", ""},
		{"not started", "2025-09-22T10:59:59Z", `"selector":"ANY"`, 0, "b other", "b", ""},
		{"only the old version has started", "2025-07-01T00:00:00Z", `"selector":"ANY"`, 0, "v1", "v1", ""},
		{"forced", "2026-01-01T00:00:00Z", `"selector":"ALL"`, 1, "v1", "v1", ""},
		{"forced, unsupported", "2026-01-01T00:00:00Z", `"selector":"ALL"`, 3, "", "", codeNone},
		{"forced, not there", "2025-07-01T00:00:00Z", `"selector":"ALL"`, 2, "", "", codeNone},
		{"before everything", "2020-01-01T00:00:00Z", `"selector":"ANY"`, 0, "", "", codeNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := parse(t, strings.Replace(published, `"selector": "ANY"`, c.choice, 1))
			got, err := config.AnyRekors(at(c.now), c.force)
			if refuse.CodeOf(err) != c.code || urls(got.Services) != c.all {
				t.Fatalf("%q, %v", urls(got.Services), err)
			}
			use, err := config.Rekors(at(c.now), c.force)
			if refuse.CodeOf(err) != c.code || urls(use) != c.use {
				t.Fatalf("%q, %v", urls(use), err)
			}
		})
	}
}

func TestSingles(t *testing.T) {
	c := parse(t, published)
	now := at("2026-01-01T00:00:00Z")
	if s, err := c.FulcioURL(now); err != nil || s.URL != "https://ca.example" || s.Operator != "example" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := c.OIDC(now); err != nil || s.URL != "https://oidc.example/auth" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := c.TSAs(now); err != nil || len(s) != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	for _, err := range []error{
		second((&Config{}).FulcioURL(now)), second((&Config{}).OIDC(now)), second((&Config{}).Rekors(now, 0)), second((&Config{}).TSAs(now)),
	} {
		if refuse.CodeOf(err) != codeNone {
			t.Errorf("the zero configuration: %v", err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestRefuses(t *testing.T) {
	swap := func(old, new string) string {
		if !strings.Contains(published, old) {
			panic(old)
		}
		return strings.Replace(published, old, new, 1)
	}
	many := strings.Repeat(`{"url":"https://x.example"},`, maxServices+1)
	for name, c := range map[string]struct {
		doc  string
		code refuse.Code
	}{
		"empty":          {"", codeMalformed},
		"old version":    {swap("signingconfig.v0.2", "signingconfig.v0.1"), codeMediaType},
		"no media type":  {`{}`, codeMediaType},
		"no scheme":      {swap("https://ca.example", "ca.example"), codeURL},
		"file":           {swap("https://ca.example", "file:///etc"), codeURL},
		"no host":        {swap("https://ca.example", "https:///x"), codeURL},
		"credentials":    {swap("https://ca.example", "https://u:p@ca.example"), codeURL},
		"no URL":         {swap(`"url": "https://ca.example", `, ""), codeURL},
		"bad time":       {swap("2022-04-14T21:38:40Z", "yesterday"), codeMalformed},
		"comma in time":  {swap("2022-04-14T21:38:40Z", "2022-04-14T21:38:40,5Z"), codeMalformed},
		"backwards":      {swap(`"end": "2025-09-22T11:00:00Z"`, `"end": "2024-09-22T11:00:00Z"`), codeMalformed},
		"negative":       {swap(`"majorApiVersion": 1`, `"majorApiVersion": -1`), codeMalformed},
		"huge":           {swap(`"majorApiVersion": 1`, `"majorApiVersion": 4294967297`), codeMalformed},
		"twice":          {swap(`"caUrls"`, `"ca_urls": [], "caUrls"`), codeMalformed},
		"rest":           {published + "{}", codeMalformed},
		"too long":       {swap("example/auth", "example/"+strings.Repeat("a", maxText)), codeLimit},
		"too many":       {swap(`"caUrls": [`, `"caUrls": [`+many), codeLimit},
		"far too long":   {published + strings.Repeat(" ", maxBytes), codeLimit},
		"negative count": {swap(`"count": 1`, `"count": -1`), codeMalformed},
	} {
		if _, err := Parse([]byte(c.doc)); refuse.CodeOf(err) != c.code {
			t.Errorf("%s: %v (%s)", name, err, refuse.CodeOf(err))
		}
	}
}

func TestWrites(t *testing.T) {
	c := parse(t, published)
	data, err := c.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	again := parse(t, string(data))
	if fmt.Sprint(again.Contents()) != fmt.Sprint(c.Contents()) {
		t.Errorf("changed by writing and reading:\n%s", data)
	}
	var m trustrootv1.SigningConfig
	if err := protojson.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	if len(m.RekorTlogUrls) != 6 || m.TsaConfig.Count != 1 || m.RekorTlogUrls[0].MajorApiVersion != 2 || m.RekorTlogUrls[1].ValidFor.End == nil {
		t.Errorf("read by protojson: %v", &m)
	}
}

func TestClientTrust(t *testing.T) {
	root := `{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`
	doc := func(root, signing string) []byte {
		return []byte(`{"mediaType":"` + MediaTypeClientTrust + `","trustedRoot":` + root + `,"signingConfig":` + signing + `}`)
	}
	c, err := ParseClientTrust(doc(root, published))
	if err != nil {
		t.Fatal(err)
	}
	if string(c.RootJSON) != root || string(c.SigningJSON) != published {
		t.Error("the parts are not as in the document")
	}
	data, err := MarshalClientTrust(c.Root, c.Signing)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ParseClientTrust(data); err != nil || fmt.Sprint(again.Signing) != fmt.Sprint(c.Signing) {
		t.Errorf("%v\n%s", err, data)
	}
	for name, data := range map[string][]byte{
		"signingconfig.malformed":  doc(root, "null"),
		"trust.media_type":         doc("{}", published),
		"signingconfig.media_type": bytes.Replace(doc(root, published), []byte("clienttrust"), []byte("other"), 1),
	} {
		if _, err := ParseClientTrust(data); string(refuse.CodeOf(err)) != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is wrong inside a ClientTrustConfig is said of the part that it is in.
func TestBrokenParts(t *testing.T) {
	root := `{"mediaType":"` + trustroot.MediaTypeV01 + `"}`
	signing := `{"mediaType":"` + MediaType + `"}`
	whole := func(root, signing string) []byte {
		return []byte(`{"mediaType":"` + MediaTypeClientTrust + `","trustedRoot":` + root + `,"signingConfig":` + signing + `}`)
	}
	if _, err := ParseClientTrust(whole(root, signing)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, root, signing, code, part string }{
		{"signing of another type", root, `{"mediaType":"x"}`, "signingconfig.media_type", "signing configuration of"},
		{"signing without a type", root, `{}`, "signingconfig.media_type", "signing configuration of"},
		{"signing with a bad URL", root, `{"mediaType":"` + MediaType + `","caUrls":[{"url":"x","majorApiVersion":1}]}`, "signingconfig.url", "signing configuration of"},
		{"signing that is no object", root, `[]`, "signingconfig.malformed", "signing configuration of"},
		{"root of another type", `{"mediaType":"x"}`, signing, "trust.media_type", "trust root of"},
		{"root with a bad list", `{"mediaType":"` + trustroot.MediaTypeV01 + `","tlogs":{}}`, signing, "trust.malformed", "trust root of"},
	} {
		data := whole(c.root, c.signing)
		if _, err := ParseClientTrust(data); string(refuse.CodeOf(err)) != c.code || !strings.HasPrefix(err.Error(), c.part) {
			t.Errorf("%s: %v", c.name, err)
		}
		if !IsClientTrust(data) {
			t.Errorf("%s: not taken for a ClientTrustConfig", c.name)
		}
	}
	for _, data := range []string{root, signing, "", "[]", `{"mediaType":1}`, `{"mediaType":"` + MediaTypeClientTrust} {
		if IsClientTrust([]byte(data)) {
			t.Errorf("%s is taken for a ClientTrustConfig", data)
		}
	}
}
