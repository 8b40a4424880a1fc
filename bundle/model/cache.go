// SPDX-License-Identifier: Apache-2.0

package model

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// CacheSchema names the form of a Cache's file.
const CacheSchema = "sigbundle.model.cache.v1"

// MaxCache bounds the bytes of a Cache's file.
const MaxCache = 64 << 20

// settle is how long a file has to be at rest before its digests are kept: a
// change within the resolution of a file system's clock would not be seen.
const settle = 2 * time.Second

// A Cache has the digests of files by what identifies a file and changes with
// it: device, inode, size, time of modification and time of change. Who can
// write to it decides what a file's digest is, so it belongs in a place of the
// verifier's own. It is safe for concurrent use. The nil and the zero Cache
// keep nothing.
type Cache struct {
	now   time.Time // when the digests that are kept were made
	mutex sync.Mutex
	found map[state]map[string][]byte // as it was read; nil: nothing is used
	made  map[state]map[string][]byte
}

// state is what a file is known by.
type state struct {
	Device, Inode     uint64
	Size              int64
	Modified, Changed int64 // nanoseconds since 1970
}

// NewCache returns an empty cache. What is hashed is kept if it was at rest
// for some seconds before that time.
func NewCache(now time.Time) *Cache {
	return &Cache{now: now, made: make(map[state]map[string][]byte)}
}

// ReadCache reads a cache that [Cache.MarshalJSON] wrote.
func ReadCache(data []byte, now time.Time) (*Cache, error) {
	c := NewCache(now)
	c.found = make(map[state]map[string][]byte)
	if len(data) > MaxCache {
		return nil, refuse.New("oms.cache", "cache of digests: %d bytes, want at most %d", len(data), MaxCache)
	}
	d := strictjson.NewDecoder(data)
	schema := ""
	err := d.Object(func(key string) (err error) {
		switch key {
		case "schema":
			schema, err = d.String()
		case "files":
			err = d.Array(maxResources, func(int) error { return c.readFile(d) })
		default:
			err = refuse.New("oms.cache", "unknown member %.40q", key)
		}
		return err
	})
	if err == nil {
		err = d.End()
	}
	if err == nil && schema != CacheSchema {
		err = refuse.New("oms.cache", "schema %.40q, want %q", schema, CacheSchema)
	}
	if err != nil {
		return nil, refuse.Wrap("oms.cache", err, "cache of digests")
	}
	return c, nil
}

// entry is a file in the cache's file.
type entry struct {
	Device   string            `json:"device"`
	Inode    string            `json:"inode"`
	Size     int64             `json:"size"`
	Modified int64             `json:"modified"`
	Changed  int64             `json:"changed"`
	Digests  map[string]string `json:"digests"` // hexadecimal, by algorithm and range
}

func (c *Cache) readFile(d *strictjson.Decoder) error {
	var s state
	sums := make(map[string][]byte)
	number := func(n *uint64) error {
		text, err := d.String()
		if err == nil {
			*n, err = strconv.ParseUint(text, 10, 64)
		}
		return err
	}
	err := d.Object(func(key string) (err error) {
		switch key {
		case "device":
			err = number(&s.Device)
		case "inode":
			err = number(&s.Inode)
		case "size":
			s.Size, err = d.Int64()
		case "modified":
			s.Modified, err = d.Int64()
		case "changed":
			s.Changed, err = d.Int64()
		case "digests":
			err = d.Object(func(key string) error {
				name := strings.Clone(key)
				text, err := d.String()
				if err == nil {
					sums[name], err = hex.DecodeString(text)
				}
				return err
			})
		default:
			err = refuse.New("oms.cache", "unknown member %.40q", key)
		}
		return err
	})
	c.found[s] = sums
	return err
}

// MarshalJSON writes the digests of the files that were looked at since the
// cache was made; those of others are left out.
func (c *Cache) MarshalJSON() ([]byte, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	entries := []entry{}
	for s, sums := range c.made {
		e := entry{strconv.FormatUint(s.Device, 10), strconv.FormatUint(s.Inode, 10), s.Size, s.Modified, s.Changed, make(map[string]string)}
		for name, sum := range sums {
			e.Digests[name] = hex.EncodeToString(sum)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.Device+":"+a.Inode, b.Device+":"+b.Inode) })
	var out bytes.Buffer
	w := json.NewEncoder(&out)
	err := w.Encode(struct {
		Schema string  `json:"schema"`
		Files  []entry `json:"files"`
	}{CacheSchema, entries})
	return out.Bytes(), err
}

func label(r Resource) string {
	if r.End == 0 {
		return r.Algorithm
	}
	return fmt.Sprintf("%s:%d:%d", r.Algorithm, r.Start, r.End)
}

// find returns the digests of a file's resources, nil if one is not known.
func (c *Cache) find(f *file) (sums [][]byte) {
	if c == nil {
		return nil
	}
	s, ok := stateOf(f.info)
	if !ok {
		return nil
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, known := range []map[string][]byte{c.made[s], c.found[s]} {
		if sums = pick(known, f); sums != nil {
			if c.made != nil {
				c.remember(s, f, sums)
			}
			return sums
		}
	}
	return nil
}

func pick(known map[string][]byte, f *file) (sums [][]byte) {
	for _, r := range f.resources {
		sum := known[label(r)]
		if sum == nil {
			return nil
		}
		sums = append(sums, sum)
	}
	return sums
}

// keep remembers the digests of a file that is at rest.
func (c *Cache) keep(f *file, sums [][]byte) {
	if c == nil || c.made == nil {
		return
	}
	s, ok := stateOf(f.info)
	if rest := c.now.Add(-settle).UnixNano(); !ok || s.Modified > rest || s.Changed > rest {
		return
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.remember(s, f, sums)
}

func (c *Cache) remember(s state, f *file, sums [][]byte) {
	if c.made[s] == nil {
		c.made[s] = make(map[string][]byte)
	}
	for i, r := range f.resources {
		c.made[s][label(r)] = sums[i]
	}
}
