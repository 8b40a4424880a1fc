// SPDX-License-Identifier: Apache-2.0

//go:build unix

package infile

import "syscall"

// nonblocking opens a named pipe without waiting for its other end.
const nonblocking = syscall.O_NONBLOCK
