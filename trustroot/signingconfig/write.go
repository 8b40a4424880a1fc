// SPDX-License-Identifier: Apache-2.0

package signingconfig

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/sigbundle/sigbundle/trustroot"
)

// The documents as they are written, with members in the order of the schema.
type (
	configJSON struct {
		MediaType     string        `json:"mediaType"`
		CAURLs        []serviceJSON `json:"caUrls,omitempty"`
		OIDCURLs      []serviceJSON `json:"oidcUrls,omitempty"`
		RekorTlogURLs []serviceJSON `json:"rekorTlogUrls,omitempty"`
		RekorConfig   *choiceJSON   `json:"rekorTlogConfig,omitempty"`
		TSAURLs       []serviceJSON `json:"tsaUrls,omitempty"`
		TSAConfig     *choiceJSON   `json:"tsaConfig,omitempty"`
	}
	serviceJSON struct {
		URL             string    `json:"url"`
		MajorAPIVersion int       `json:"majorApiVersion,omitempty"`
		ValidFor        rangeJSON `json:"validFor"`
		Operator        string    `json:"operator,omitempty"`
	}
	rangeJSON struct {
		Start time.Time `json:"start,omitzero"`
		End   time.Time `json:"end,omitzero"`
	}
	choiceJSON struct {
		Selector string `json:"selector,omitempty"`
		Count    int    `json:"count,omitempty"`
	}
	clientTrustJSON struct {
		MediaType     string          `json:"mediaType"`
		TrustedRoot   json.RawMessage `json:"trustedRoot"`
		SigningConfig json.RawMessage `json:"signingConfig"`
	}
)

// MarshalJSON writes the configuration in protobuf's JSON mapping, compact:
// equal configurations give equal bytes.
func (c *Config) MarshalJSON() ([]byte, error) {
	return marshal(configJSON{
		MediaType: MediaType,
		CAURLs:    services(c.contents.Fulcios), OIDCURLs: services(c.contents.OIDCs),
		RekorTlogURLs: services(c.contents.Rekors), RekorConfig: choice(c.contents.RekorChoice),
		TSAURLs: services(c.contents.TSAs), TSAConfig: choice(c.contents.TSAChoice),
	})
}

// MarshalClientTrust writes a ClientTrustConfig, compact.
func MarshalClientTrust(root *trustroot.Root, signing *Config) ([]byte, error) {
	r, err := root.MarshalJSON()
	if err != nil {
		return nil, err
	}
	s, err := signing.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return marshal(clientTrustJSON{MediaTypeClientTrust, r, s})
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func services(list []Service) []serviceJSON {
	var out []serviceJSON
	for _, s := range list {
		out = append(out, serviceJSON{s.URL, s.MajorAPIVersion, rangeJSON{s.Start.UTC(), s.End.UTC()}, s.Operator})
	}
	return out
}

func choice(c Choice) *choiceJSON {
	if c == (Choice{}) {
		return nil
	}
	return &choiceJSON{map[Selector]string{All: "ALL", Any: "ANY", Exact: "EXACT"}[c.Selector], c.Count}
}
