// SPDX-License-Identifier: Apache-2.0

package tufdiff

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	_ "embed"
)

// refreshProgram drives python-tuf.
//
//go:embed refresh.py
var refreshProgram string

// pythonVersion is the version of python-tuf that the table speaks of: the one
// that clients/requirements.txt of package differ pins.
const pythonVersion = "7.0.1"

// patience is how long the client may think about one step.
const patience = 60 * time.Second

// Python answers with python-tuf's client.
type Python struct {
	dir     string
	count   int
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
}

// errVersion is the answer of an interpreter without the right package.
var errVersion = errors.New("python-tuf is not there in version " + pythonVersion)

// StartPython starts an interpreter that has the package tuf. The client keeps
// what it learns below dir.
func StartPython(interpreter, dir string) (*Python, error) {
	p := &Python{dir: dir, process: exec.Command(interpreter, "-c", refreshProgram)}
	var err error
	if p.in, err = p.process.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	p.out.Buffer(nil, 1<<20)
	if err := p.process.Start(); err != nil {
		return nil, err
	}
	var hello struct{ Version string }
	if !p.out.Scan() || json.Unmarshal(p.out.Bytes(), &hello) != nil || hello.Version != pythonVersion {
		return nil, errors.Join(errVersion, p.Close())
	}
	return p, nil
}

// Name implements Client.
func (*Python) Name() string { return python }

// Close ends the process, by ending its input.
func (p *Python) Close() error {
	p.in.Close()
	return p.process.Wait()
}

// pythonStep is a step as it travels.
type pythonStep struct {
	Dir     string            `json:"dir"`
	Root    []byte            `json:"root"`
	Base    string            `json:"base"`
	Files   map[string][]byte `json:"files"`
	Now     int64             `json:"now"`
	Targets []string          `json:"targets"`
}

// Run implements Client.
func (p *Python) Run(c *Case) ([]Answer, error) {
	var answers []Answer
	p.count++
	dir := filepath.Join(p.dir, strconv.Itoa(p.count))
	for _, s := range c.Steps {
		line, err := json.Marshal(pythonStep{dir, c.Root, base, s.Files, s.Now.Unix(), s.Targets})
		if err != nil {
			return nil, err
		}
		timer := time.AfterFunc(patience, func() { p.process.Process.Kill() })
		_, err = p.in.Write(append(line, '\n'))
		if err == nil && !p.out.Scan() {
			err = errors.Join(p.out.Err(), io.ErrUnexpectedEOF)
		}
		timer.Stop()
		if err != nil {
			return nil, err
		}
		var a Answer
		if err := json.Unmarshal(p.out.Bytes(), &a); err != nil {
			return nil, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}
