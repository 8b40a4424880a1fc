// SPDX-License-Identifier: Apache-2.0

// Package bounds holds one property over the readers of foreign data and over
// the command: n bytes of input cost at most k·n of CPU time and m·n bytes of
// memory, beside a constant. The table is in the tests. `make bounds` runs it
// up to 16 MiB, the ordinary tests up to 256 KiB.
package bounds
