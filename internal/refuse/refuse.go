// SPDX-License-Identifier: Apache-2.0

// Package refuse is the vocabulary of refusals: every reason for which
// evidence, trust material or policy is turned down has one stable dotted
// code, and every error that leaves a parser or a check carries one.
//
// Codes are part of the public interface: they are documented in
// docs/reference/codes.md, they never change their meaning, and each of them is
// produced by a test.
package refuse

import (
	"errors"
	"fmt"
)

// Code is a stable dotted name such as "tlog.checkpoint.signature". The part
// before the first dot is the family.
type Code string

// Error is one refusal. It is exported through interfaces only: callers
// outside the module find the code with
//
//	var r interface{ Code() string }
//	errors.As(err, &r)
type Error struct {
	code Code
	msg  string
	err  error
}

// New returns a refusal. Text that comes from evidence must be formatted with
// %q or %x, so that no foreign byte reaches a terminal as it is.
func New(code Code, format string, args ...any) error {
	return &Error{code: code, msg: fmt.Sprintf(format, args...)}
}

// Wrap returns a refusal caused by err. If err is a refusal already, its
// code stays: the first package that knew the reason named it.
func Wrap(code Code, err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	if c := CodeOf(err); c != "" {
		code = c
	}
	return &Error{code: code, msg: fmt.Sprintf(format, args...), err: err}
}

// Error returns the sentence, without the code.
func (e *Error) Error() string {
	switch {
	case e.err == nil:
		return e.msg
	case e.msg == "":
		return e.err.Error()
	}
	return e.msg + ": " + e.err.Error()
}

// Unwrap returns the cause, nil if there is none.
func (e *Error) Unwrap() error { return e.err }

// Code returns the stable code.
func (e *Error) Code() string { return string(e.code) }

// CodeOf returns the code of the outermost refusal in err's chain, or "".
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.code
	}
	return ""
}
