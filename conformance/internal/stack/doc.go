// SPDX-License-Identifier: Apache-2.0

// Package stack starts a whole Sigstore signing service on loopback and stops
// it again: Fulcio, a CT log on Trillian, Rekor v1, two Rekor v2 logs with a
// witness, two timestamp authorities, an OpenID Connect issuer, a TUF
// repository and two OCI registries. The servers are the real ones, built
// from the pinned versions in this module's go.mod; no network is needed once
// they are built.
//
// All keys are made anew at each start, every port is a free one, and all
// state stands in one directory that the next start in it clears. Linux only.
//
// Start is for programs, package stacktest for tests, cmd/stack for people.
package stack
