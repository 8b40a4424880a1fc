// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// A Verdict is what a client says about a request.
type Verdict int

// The verdicts. The zero value is Broken, so that an answer that was never
// filled in passes no case.
const (
	Broken   Verdict = iota // the client gave no verdict
	Accepted                // the bundle verifies
	Refused                 // it does not
)

// String returns "broken", "accepted" or "refused".
func (v Verdict) String() string {
	switch v {
	case Accepted:
		return "accepted"
	case Refused:
		return "refused"
	}
	return "broken"
}

// An Answer is a verdict, and for a refusal its reason.
type Answer struct {
	Verdict Verdict
	Code    string // the reason; empty if the client states none
	Message string // the reason in words, or what broke
}

// A Client verifies a request. It returns before the context ends.
type Client func(context.Context, Request) Answer

// Accept is the answer that the bundle verifies.
func Accept() Answer { return Answer{Verdict: Accepted} }

// Refuse is the answer that the bundle does not verify.
func Refuse(code, message string) Answer {
	return Answer{Verdict: Refused, Code: code, Message: message}
}

// Break is the answer of a client that could not judge.
func Break(err error) Answer { return Answer{Message: fmt.Sprint(err)} }

// FromError makes an answer of an error: nil is Accept, an error with a method
// Code() string whose result is not empty is Refuse. Any other error is Break,
// because nothing tells a refusal from a file that could not be read; clients
// whose errors have no code call Refuse themselves.
func FromError(err error) Answer {
	if err == nil {
		return Accept()
	}
	var coded interface{ Code() string }
	if errors.As(err, &coded) && coded.Code() != "" {
		return Refuse(coded.Code(), err.Error())
	}
	return Break(err)
}

// ask asks a client. A panic, an end of the goroutine and silence are answers
// of a broken client. A client that ignores its context keeps its goroutine.
func ask(ctx context.Context, limit time.Duration, client Client, q Request) Answer {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answers := make(chan Answer, 1)
	go func() {
		a := Answer{Message: "the client ended its goroutine without an answer"}
		defer func() {
			if v := recover(); v != nil {
				a = Answer{Message: fmt.Sprintf("panic: %v\n%s", v, debug.Stack())}
			}
			answers <- a
		}()
		a = client(ctx, q)
	}()
	var a Answer
	select {
	case a = <-answers:
		// An answer that was given because time was over is not a verdict.
		if ctx.Err() == nil {
			break
		}
		a = Answer{Message: late(ctx, limit)}
	case <-ctx.Done():
		a = Answer{Message: late(ctx, limit)}
	}
	if a.Verdict != Accepted && a.Verdict != Refused {
		a.Verdict, a.Code = Broken, ""
	}
	return a
}

func late(ctx context.Context, limit time.Duration) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %s", limit)
	}
	return ctx.Err().Error()
}
