// SPDX-License-Identifier: Apache-2.0

// Package bounds measures what code costs, for tests that limit it: in units
// of a simple loop on the same machine and in the same run, so that a limit
// means the same on a slow machine and on a busy one.
package bounds
