// SPDX-License-Identifier: Apache-2.0

// Package tuf is the client workflow of The Update Framework without any
// input or output: callers bring bytes, it says what they prove.
//
// The state machine underneath is go-tuf's trustedmetadata. Around it stand
// the checks that it leaves out or makes too late: the shape of a file is
// known good before go-tuf sees it, versions and hashes are compared with
// codes of their own, rollback floors outlive both the process and the
// metadata, and expiry is never judged here, only reported: whether expired
// trust may still be used is for the caller to say.
package tuf

// Bounds on what a repository may ask of a client. The sizes are those of
// the reference implementations; production's largest root has 6,911 bytes.
const (
	MaxRootSize      = 512_000
	MaxTimestampSize = 16_384
	MaxSnapshotSize  = 2_000_000
	MaxTargetsSize   = 5_000_000
	MaxTargetSize    = 64 << 20 // of one target file, whatever its metadata says

	MaxValues      = 100_000 // in one file, whose size alone would let go-tuf be busy for seconds
	MaxRotations   = 256     // roots replayed in one run
	MaxDelegations = 32      // roles visited in the search for one target
	MaxSignatures  = 256
	MaxKeys        = 1024 // in one file, and key IDs in one role
	MaxRoles       = 1024 // delegated by one file
	MaxRoleName    = 128  // bytes
	MaxTargetName  = 1024 // bytes
)

// Names of the roles that every repository has.
const (
	RootRole      = "root"
	TimestampRole = "timestamp"
	SnapshotRole  = "snapshot"
	TargetsRole   = "targets"
)
