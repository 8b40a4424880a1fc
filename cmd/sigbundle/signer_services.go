// SPDX-License-Identifier: Apache-2.0

package main

// What services a signer uses, and what trust root judges them.

import (
	"errors"
	"fmt"

	"github.com/sigbundle/sigbundle/trustroot"
	"github.com/sigbundle/sigbundle/trustroot/signingconfig"
)

// services returns the trust root and the signing configuration: from the
// files given, or else what the instance's repository says.
func (f *signerFlags) services() (*trustroot.Root, *signingconfig.Config, error) {
	switch {
	case f.trustConfig != "":
		return readTrustConfig(f.trustConfig)
	case f.signingConfig == "" && f.trust.file != "":
		return nil, nil, errors.New("--trusted-root needs --signing-config: it names no services")
	}
	if f.signingConfig == "" {
		policy, err := f.trust.policy()
		if err != nil {
			return nil, nil, err
		}
		root, signing, err := f.trust.store().Services(f.trust.instance, policy)
		return root, signing, asRefusal(err)
	}
	l, err := f.trust.find()
	if err != nil {
		return nil, nil, err
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
