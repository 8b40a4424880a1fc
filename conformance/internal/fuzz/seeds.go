// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// file is the name of a target's files in the form of OSS-Fuzz.
func (t target) file() string {
	return strings.NewReplacer("/", "_", ".", "_").Replace(t.name())
}

// A target adds its seeds by calls of testing.F.Add, which no tool shows. So
// package testing is built with one call more, which writes down the values.
const (
	addBegins = "func (f *F) Add(args ...any) {\n"
	addWrites = "\tsigbundleSeed(f.name, args)\n"
	addFile   = `
func sigbundleSeed(name string, args []any) {
	file, err := os.OpenFile(os.Getenv("SIGBUNDLE_SEEDS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	for _, a := range args {
		fmt.Fprintf(file, "%T %q\n", a, fmt.Sprintf("%s", sigbundleBytes(a)))
	}
	fmt.Fprintln(file)
}

func sigbundleBytes(a any) any {
	switch a.(type) {
	case string, []byte:
		return a
	}
	return fmt.Sprint(a)
}
`
)

// overlay writes the other package testing, and returns the file that says so
// to the go command.
func overlay(ctx context.Context, dir string) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	name := filepath.Join(strings.TrimSpace(string(root)), "src", "testing", "fuzz.go")
	source, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	if strings.Count(string(source), addBegins) != 1 {
		return "", fmt.Errorf("%s: no function Add that is known", name)
	}
	other := filepath.Join(dir, "testing_fuzz.go")
	text := strings.Replace(string(source), addBegins, addBegins+addWrites, 1) + addFile
	if err := os.WriteFile(other, []byte(text), 0o644); err != nil {
		return "", err
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {name: other}})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, list, 0o644)
}

// seeds returns the seeds of a target as libFuzzer passes them.
func (t target) seeds(ctx context.Context, dir, overlay string) ([][]byte, error) {
	log := filepath.Join(dir, t.file())
	c := exec.CommandContext(ctx, "go", "test", "-count=1", "-overlay", overlay, "-run", "^"+t.function+"$", t.pkg)
	c.Env = append(os.Environ(), "SIGBUNDLE_SEEDS="+log)
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", t.name(), err, out)
	}
	data, err := os.ReadFile(log)
	if err != nil {
		return nil, fmt.Errorf("%s has no seeds: %w", t.name(), err)
	}
	var all [][]byte
	for block := range strings.SplitSeq(strings.TrimSuffix(string(data), "\n\n"), "\n\n") {
		seed, err := encode(strings.Split(block, "\n"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name(), err)
		}
		all = append(all, seed)
	}
	return all, nil
}

// encode writes the arguments of a fuzz function as OSS-Fuzz's adapter reads
// them: numbers first, then a weight for each text, then the texts. A text but
// the last has the share of the rest that is its weight's of the sum of the
// weights; so it is cut or filled up with spaces to that length.
func encode(args []string) ([]byte, error) {
	var out []byte
	var texts []string
	for _, a := range args {
		kind, quoted, _ := strings.Cut(a, " ")
		text, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		size := map[string]int{"uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "uint32": 4, "int32": 4, "int": 8, "uint": 8, "int64": 8, "uint64": 8}[kind]
		switch {
		case kind == "string" || kind == "[]uint8":
			texts = append(texts, text)
		case kind == "bool":
			out = append(out, map[string]byte{"true": 1}[text])
		case size > 0:
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, err
			}
			out = append(out, binary.BigEndian.AppendUint64(nil, uint64(n))[8-size:]...)
		default:
			return nil, errors.New("no form for an argument of type " + kind)
		}
	}
	if len(texts) == 0 {
		return out, nil
	}
	longest, total := 1, 0
	for _, t := range texts {
		longest, total = max(longest, len(t)), total+len(t)
	}
	weights := make([]byte, len(texts))
	sum := 0
	for i, t := range texts {
		weights[i] = byte(255 * len(t) / longest)
		sum += int(weights[i])
	}
	out = append(out, weights...)
	left := total
	for i, t := range texts {
		if i < len(texts)-1 {
			size := total / len(texts)
			if sum > 0 {
				size = total * int(weights[i]) / sum
			}
			t = (t + strings.Repeat(" ", size))[:size]
			left -= size
		} else if len(t) < left {
			t += strings.Repeat(" ", left-len(t))
		}
		out = append(out, t...)
	}
	return out, nil
}

// writeSeeds writes an archive of seeds for each target that is chosen.
func writeSeeds(ctx context.Context, all []target, into string) error {
	dir, err := os.MkdirTemp("", "seeds")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	list, err := overlay(ctx, dir)
	if err != nil {
		return err
	}
	for _, t := range all {
		seeds, err := t.seeds(ctx, dir, list)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		slices.SortFunc(seeds, bytes.Compare)
		for i, seed := range slices.CompactFunc(seeds, bytes.Equal) {
			f, err := w.Create(strconv.Itoa(i))
			if err != nil {
				return err
			}
			if _, err := f.Write(seed); err != nil {
				return err
			}
		}
		if err := w.Close(); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(into, t.file()+"_seed_corpus.zip"), out.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
