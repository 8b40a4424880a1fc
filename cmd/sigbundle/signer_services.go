// SPDX-License-Identifier: Apache-2.0

package main

// What services a signer uses, and what trust root judges them.

import (
	"errors"
	"fmt"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// signingTarget is what a TUF repository calls its signing configuration
// (client specification, Section 2.2).
const signingTarget = "signing_config.v0.2.json"

// services returns the trust root and the signing configuration: from the
// files given, or else what the instance's repository says.
func (f *signerFlags) services() (*trustroot.Root, *signingconfig.Config, error) {
	switch {
	case f.trustConfig != "":
		return readTrustConfig(f.trustConfig)
	case f.signingConfig == "" && f.trust.file != "":
		return nil, nil, errors.New("--trusted-root needs --signing-config: it names no services")
	}
	l, err := f.trust.find()
	if err != nil {
		return nil, nil, err
	}
	if f.signingConfig == "" {
		signing, err := l.services(f.trust.instance)
		return l.root, signing, err
	}
	data, err := readFile(f.signingConfig)
	if err != nil {
		return nil, nil, err
	}
	signing, err := signingconfig.Parse(data)
	if err != nil {
		return nil, nil, &refusal{fmt.Errorf("%s: %w", f.signingConfig, err)}
	}
	return l.root, signing, nil
}

func readTrustConfig(name string) (*trustroot.Root, *signingconfig.Config, error) {
	data, err := readFile(name)
	if err != nil {
		return nil, nil, err
	}
	both, err := signingconfig.ParseClientTrust(data)
	if err != nil {
		return nil, nil, &refusal{fmt.Errorf("%s: %w", name, err)}
	}
	return both.Root, both.Signing, nil
}

// services returns the signing configuration that goes with an instance's
// trust root. The proof is the root's own, so that the two belong together.
// None is built in: services move, and where a signature is sent had better
// not be as old as the program.
func (l *loaded) services(instance string) (*signingconfig.Config, error) {
	if l.signing != nil {
		return l.signing, nil
	}
	if l.repo == nil {
		return nil, &refusal{refuse.New("trust.instance", "what services the instance %s has is not known here: run sigbundle trust refresh %s, or pass --signing-config", instance, instance)}
	}
	found, err := l.repo.Target(signingTarget)
	if err != nil {
		return nil, asRefusal(refuse.Wrap("tuf.cache", err, "signing configuration of the instance %s", instance))
	}
	signing, err := signingconfig.Parse(found.Data)
	if err != nil {
		return nil, &refusal{fmt.Errorf("signing configuration of the instance %s: %w", instance, err)}
	}
	return signing, nil
}
