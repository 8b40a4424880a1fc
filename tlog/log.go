// SPDX-License-Identifier: Apache-2.0

package tlog

import (
	"errors"
	"time"

	"github.com/sigbundle/sigbundle/internal/sigkey"
)

var errLater = errors.New("not there yet")

// LogConfig says what a trust root says about a log.
type LogConfig struct {
	ID              ID
	Key             []byte // DER, as Algorithm demands
	Algorithm       sigkey.Algorithm
	BaseURL         string
	Operator        string // empty: unknown
	CheckpointKeyID []byte // empty: computed
	Windows         []Window
}

// Log is a transparency log of a trust root.
type Log struct{ cfg LogConfig }

func NewLog(cfg LogConfig) (*Log, error)                              { return nil, errLater }
func (l *Log) ID() ID                                                 { return l.cfg.ID }
func (l *Log) Key() *sigkey.Key                                       { return nil }
func (l *Log) BaseURL() string                                        { return "" }
func (l *Log) Name() string                                           { return "" }
func (l *Log) Operator() string                                       { return "" }
func (l *Log) CheckpointKeyID() []byte                                { return nil }
func (l *Log) Windows() []Window                                      { return nil }
func (l *Log) Covers(t time.Time) bool                                { return false }
func (l *Log) KeyID() [4]byte                                         { return [4]byte{} }
func (l *Log) IDFits() bool                                           { return false }
func (l *Log) VerifyPromise(e *Entry) (time.Time, error)              { return time.Time{}, errLater }
func (l *Log) OpenCheckpoint(text string) (*Checkpoint, error)        { return nil, errLater }
func (l *Log) Generation(e *Entry, c *Checkpoint) (Generation, error) { return 0, errLater }
func (e *Entry) VerifyInclusion(c *Checkpoint, g Generation) error    { return errLater }

// Checkpoint is a verified checkpoint.
type Checkpoint struct {
	Origin       string
	Size         uint64
	Root         Hash
	Extensions   []string
	Cosigners    []string
	Generation   Generation
	NameMismatch bool
	SHA256       [32]byte
}

func ParseBody(raw []byte, k Kind) (*Body, error) { return nil, errLater }
func (b *Body) Supported() bool                   { return false }
func (b *Body) LeafHash() Hash                    { return Hash{} }
