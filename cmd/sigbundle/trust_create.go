// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sigbundle/sigbundle/cmd/internal/flags"
	"github.com/sigbundle/sigbundle/cmd/internal/outfile"
	"github.com/sigbundle/sigbundle/trustroot/insight"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

type createFlags struct {
	fulcio, ctlog, rekor, tsa, oidc []string
	root, signing, client           string
}

func newTrustCreate() *cobra.Command {
	f := new(createFlags)
	cmd := &cobra.Command{
		Use:   "create --fulcio … --rekor … --trusted-root-out FILE",
		Short: "Make a private instance's trust root and signing configuration",
		Long: `Create makes the documents of a private instance from PEM files and URLs. Each
service is described by a list of NAME=VALUE, separated by commas:

  pem=FILE       the certificate chain of an authority, or the key of a log
  url=URL        where the service is
  start=TIME     since when it is valid, RFC 3339 or a date; required
  end=TIME       until when
  operator=NAME  who runs it
  api=1|2        of a transparency log: its version (default 1)
  origin=NAME    of a transparency log with api=2: the first line of its
                 checkpoints, if it is not host, port and path of the URL`,
		Example: `  sigbundle trust create \
    --fulcio pem=fulcio.pem,url=https://fulcio.acme.example,start=2026-01-01 \
    --ctlog pem=ct.pub,url=https://ct.acme.example,start=2026-01-01 \
    --rekor pem=rekor.pub,url=https://rekor.acme.example,api=2,start=2026-01-01 \
    --tsa pem=tsa.pem,url=https://tsa.acme.example/api/v1/timestamp,start=2026-01-01 \
    --oidc url=https://id.acme.example,start=2026-01-01 \
    --trusted-root-out trusted_root.json --signing-config-out signing_config.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.fulcio, "fulcio", nil, "a certificate authority, `pem=…,url=…,start=…`; repeatable")
	fl.StringArrayVar(&f.ctlog, "ctlog", nil, "a CT log, `pem=…,url=…,start=…`; repeatable")
	fl.StringArrayVar(&f.rekor, "rekor", nil, "a transparency log, `pem=…,url=…,api=…,start=…`; repeatable")
	fl.StringArrayVar(&f.tsa, "tsa", nil, "a timestamp authority, `pem=…,url=…,start=…`; repeatable")
	fl.StringArrayVar(&f.oidc, "oidc", nil, "an identity provider, `url=…,start=…`; repeatable")
	fl.StringVar(&f.root, "trusted-root-out", "", "write the trust root to this `FILE`")
	fl.StringVar(&f.signing, "signing-config-out", "", "write the signing configuration to this `FILE`")
	fl.StringVar(&f.client, "client-trust-out", "", "write both, as a ClientTrustConfig, to this `FILE`")
	cmd.MarkFlagsOneRequired("fulcio", "ctlog", "rekor", "tsa", "oidc") // a root that lists nothing requires nothing
	cmd.MarkFlagsOneRequired("trusted-root-out", "signing-config-out", "client-trust-out")
	return cmd
}

func (f *createFlags) run(cmd *cobra.Command) error {
	var plan insight.Plan
	var taken outfile.Set
	for _, list := range []struct {
		flag  string
		texts []string
		into  *[]insight.Service
	}{
		{"fulcio", f.fulcio, &plan.Fulcios}, {"ctlog", f.ctlog, &plan.CTLogs}, {"rekor", f.rekor, &plan.Rekors},
		{"tsa", f.tsa, &plan.TSAs}, {"oidc", f.oidc, &plan.OIDCs},
	} {
		for _, text := range list.texts {
			s, err := parseService(list.flag, text)
			if err != nil {
				return fmt.Errorf("--%s %q: %w", list.flag, text, err)
			}
			taken.Add("--"+list.flag, s.file)
			*list.into = append(*list.into, s.Service)
		}
	}
	for _, out := range []struct {
		flag, name string
		kind       outfile.Kind
	}{
		{"--trusted-root-out", f.root, outfile.TrustRoot}, {"--signing-config-out", f.signing, outfile.SigningConfig},
		{"--client-trust-out", f.client, outfile.ClientTrust},
	} {
		if out.name == "" {
			continue
		}
		if err := taken.Free(out.flag, out.name, out.kind); err != nil {
			return err
		}
		taken.Add(out.flag, out.name)
	}
	root, signing, err := insight.Create(plan)
	if err != nil {
		return err // about what was given: exit code 2
	}
	rootJSON, _ := root.MarshalJSON()
	signingJSON, err := signing.MarshalJSON()
	if err != nil {
		return err
	}
	clientJSON, err := signingconfig.MarshalClientTrust(root, signing)
	if err != nil {
		return err
	}
	for _, out := range []struct {
		name string
		data []byte
	}{{f.root, rootJSON}, {f.signing, signingJSON}, {f.client, clientJSON}} {
		if out.name == "" {
			continue
		}
		var b bytes.Buffer
		if err := json.Indent(&b, out.data, "", "  "); err != nil {
			return err
		}
		b.WriteByte('\n')
		if err := outfile.Write(out.name, b.Bytes()); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), "wrote", out.name); err != nil {
			return err
		}
	}
	return nil
}

// service is one that flags describe.
type service struct {
	insight.Service
	file string // that its PEM is from
}

// checkURL refuses what signers could not reach.
func checkURL(s string) error {
	u, err := url.Parse(s)
	switch {
	case err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "":
		return nil
	case !strings.Contains(s, "://"):
		return fmt.Errorf("url %q: no scheme, want https://%s", s, s)
	}
	return fmt.Errorf("url %q: unusable, want an https or http URL with a host", s)
}

// parseService reads one service's description.
func parseService(flag, text string) (s service, err error) {
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(part, "=")
		switch {
		case !ok || value == "":
			return s, fmt.Errorf("%q: malformed, want NAME=VALUE", part)
		case seen[name]:
			return s, fmt.Errorf("%s: given twice, want one value", name)
		}
		seen[name] = true
		switch name {
		case "pem":
			s.file = value
			s.PEM, err = flags.ReadRegular(value)
		case "url":
			s.URL = value
			err = checkURL(value)
		case "start":
			if s.Start, err = flags.ParseTime(value); err != nil {
				err = fmt.Errorf("start: %w", err)
			}
		case "end":
			if s.End, err = flags.ParseTime(value); err != nil {
				err = fmt.Errorf("end: %w", err)
			}
		case "operator":
			s.Operator = value
		case "origin":
			if s.Origin = value; flag != "rekor" {
				err = errors.New("origin: not for this service, want it with --rekor only")
			}
		case "api":
			var parseErr error
			if s.API, parseErr = strconv.Atoi(value); parseErr != nil || flag != "rekor" || s.API != 1 && s.API != 2 {
				err = fmt.Errorf("api %q: unusable, want 1 or 2, and with --rekor only", value)
			}
		default:
			err = fmt.Errorf("%q: unknown, want pem, url, start, end, operator, origin or api", name)
		}
		if err != nil {
			return s, err
		}
	}
	switch {
	case s.Start.IsZero():
		return s, errors.New("start: missing, want the time since which the service is valid")
	case !s.End.IsZero() && s.End.Before(s.Start):
		return s, errors.New("end: before the start, want a later time")
	case flag == "oidc" && s.PEM != nil:
		return s, errors.New("pem: not for an identity provider, want url and start")
	case flag != "oidc" && s.PEM == nil:
		return s, errors.New("pem: missing, want the file with the key or the certificate chain")
	}
	return s, nil
}
