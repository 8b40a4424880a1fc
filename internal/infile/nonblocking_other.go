// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package infile

const nonblocking = 0 // named pipes are not in the file system there
