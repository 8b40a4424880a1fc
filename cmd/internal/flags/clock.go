// SPDX-License-Identifier: Apache-2.0

package flags

import "time"

// Now is the one clock of the command: for the lifetimes of tokens, and the
// validity periods of services.
func Now() time.Time { return time.Now() }

// At formats a time for a person.
func At(t time.Time) string { return t.UTC().Format(time.RFC3339) }
