// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/sigbundle/sigbundle/bundle"
	"github.com/sigbundle/sigbundle/internal/refuse"
	"github.com/sigbundle/sigbundle/internal/strictjson"
)

// maxLine bounds a line of a list, in bytes: a bundle of the greatest size,
// and what else a record says.
const maxLine = bundle.MaxSize + 1<<20

// A List is a source of lines: records, bundles and answers of npm's
// registry, in any mixture. Blank lines are ignored. A list that is a single JSON value, printed
// on several lines, is one entry. Paths in records are relative to the folder
// of the list, and lead nowhere out of it.
type List struct {
	label   string
	name    string    // of the file; empty: see r
	r       io.Reader // read once
	dir     string    // where its paths begin
	outside bool      // they may lead out of dir
	root    *os.Root  // dir, once it is open
	sum     string    // SHA-256 of its bytes, in hexadecimal, once they are read to the end
}

// OpenList returns the list in a file. The file is opened when it is read.
func OpenList(name string) (*List, error) {
	f, err := openRegular(folder(""), name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &List{label: name, name: name, dir: filepath.Dir(name)}, f.Close()
}

// NewList returns a list that is read from r, once: standard input. Paths in
// it are relative to the working directory.
func NewList(label string, r io.Reader) *List { return &List{label: label, r: r, dir: "."} }

// Close closes the folder of the list.
func (l *List) Close() error {
	if l.root == nil {
		return nil
	}
	return l.root.Close()
}

// store returns where the names of the list lead.
func (l *List) store() (store, error) {
	if l.outside {
		return folder(l.dir), nil
	}
	if l.root == nil {
		var err error
		if l.root, err = os.OpenRoot(l.dir); err != nil {
			return nil, err
		}
	}
	return confine(l.root), nil
}

// Label is part of Source.
func (l *List) Label() string { return l.label }

// Count returns the number of lines.
func (l *List) Count() int64 {
	if l.name == "" {
		return -1
	}
	n := int64(0)
	for _, err := range l.lines() {
		if err != nil {
			return -1
		}
		n++
	}
	return n
}

var errReadOnce = errors.New("the list can be read only once")

// entries is part of Source.
func (l *List) entries() iter.Seq2[*entry, error] {
	return func(yield func(*entry, error) bool) {
		store, err := l.store()
		if err != nil {
			yield(nil, err)
			return
		}
		for line, err := range l.lines() {
			if err != nil {
				yield(nil, fmt.Errorf("%s: %w", l.label, bare(err)))
				return
			}
			e := &entry{place: fmt.Sprintf("%s:%d", l.label, line.number), sum: line.sum, store: store, line: line.data}
			if line.long {
				e.err = refuse.New("input.line", "the line has more than %d bytes", maxLine)
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// line is a line that is not blank.
type line struct {
	number int64 // from 1, blank lines counted
	data   []byte
	sum    [sha256.Size]byte
	long   bool // too long; data is nil
}

// lines yields the lines of a list.
func (l *List) lines() iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		r := l.r
		if l.name != "" {
			f, err := openRegular(folder(""), l.name)
			if err != nil {
				yield(line{}, err)
				return
			}
			defer f.Close()
			r = f
		} else if l.r = nil; r == nil {
			yield(line{}, errReadOnce)
			return
		}
		h := sha256.New()
		l.sum = ""
		lr := &lineReader{r: bufio.NewReaderSize(io.TeeReader(r, h), 1<<16)}
		for number := int64(1); ; number++ {
			next, err := lr.next()
			if err == io.EOF {
				l.sum = hex.EncodeToString(h.Sum(nil))
				return
			}
			if err != nil {
				yield(line{}, err)
				return
			}
			next.number = number
			if len(next.data) == 0 && !next.long {
				continue
			}
			if !yield(next, nil) {
				return
			}
		}
	}
}

// lineReader cuts a stream into lines.
type lineReader struct {
	r     *bufio.Reader
	begun bool // the first line that is not blank is behind us
}

// next returns the next line, without the white space around it.
func (l *lineReader) next() (line, error) {
	first, err := l.read()
	if err != nil || len(first.data) == 0 || l.begun {
		return first, err
	}
	l.begun = true
	if isValue(first.data) {
		return first, nil
	}
	// The first line is no value: the whole may be one.
	rest, err := io.ReadAll(io.LimitReader(l.r, int64(maxLine-len(first.data))))
	if err != nil {
		return line{}, err
	}
	if _, err := l.r.Peek(1); err == io.EOF {
		if whole := trim(bytes.Join([][]byte{first.data, rest}, []byte("\n"))); isValue(whole) {
			return line{data: whole, sum: sha256.Sum256(whole)}, nil
		}
	}
	l.r = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(rest), l.r), 1<<16)
	return first, nil
}

// trim returns a line without the white space of JSON around it.
func trim(line []byte) []byte { return bytes.Trim(line, " \t\r\n") }

// read reads up to the next line feed. The hash of a line that is
// too long is of all of it.
func (l *lineReader) read() (line, error) {
	var data []byte
	var long hash.Hash // of a line that is too long
	for n := 0; ; n++ {
		part, err := l.r.ReadSlice('\n')
		switch {
		case err == io.EOF && n == 0 && len(part) == 0:
			return line{}, io.EOF
		case err != nil && err != io.EOF && err != bufio.ErrBufferFull:
			return line{}, err
		case long != nil:
			long.Write(part)
		case len(data)+len(part) > maxLine:
			long = sha256.New()
			long.Write(data)
			long.Write(part)
			data = nil
		default:
			data = append(data, part...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if long != nil {
			return line{sum: [sha256.Size]byte(long.Sum(nil)), long: true}, nil
		}
		data = trim(data)
		return line{data: data, sum: sha256.Sum256(data)}, nil
	}
}

// folder is where the names of a list lead that may lead anywhere.
type folder string

func (f folder) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(string(f), name)
}

func (f folder) stat(name string) (fs.FileInfo, error) { return os.Stat(f.path(name)) }
func (f folder) open(name string) (*os.File, error) {
	return os.OpenFile(f.path(name), os.O_RDONLY|nonblocking, 0)
}

// isValue reports whether line is one complete JSON value.
func isValue(line []byte) bool {
	d := strictjson.NewDecoder(line)
	return d.Skip() == nil && d.End() == nil
}
