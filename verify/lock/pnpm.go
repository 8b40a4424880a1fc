// SPDX-License-Identifier: Apache-2.0

package lock

import (
	"strings"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// readPNPM reads pnpm-lock.yaml, versions 5, 6 and 9.
func readPNPM(data []byte, yield func(Entry) error) error {
	version, key := "", ""
	fields := make(map[string]string)
	flush := func() error {
		if key == "" {
			return nil
		}
		e := pnpmEntry(key, version, fields)
		clear(fields)
		return yield(e)
	}
	err := readYAML(data, func(path []string, value string) error {
		switch {
		case len(path) == 1 && path[0] == "lockfileVersion":
			version = value
			if major, _, _ := strings.Cut(version, "."); major != "5" && major != "6" && major != "9" {
				return refuse.New("lock.version", "lockfileVersion %q of pnpm, want 5, 6 or 9", clip(version))
			}
		case len(path) < 2 || path[0] != "packages":
		case version == "":
			return malformed("packages before lockfileVersion")
		default:
			if path[1] != key {
				if err := flush(); err != nil {
					return err
				}
				key = path[1]
			}
			name := strings.Join(path[2:], ".")
			for _, read := range []string{"name", "version", "resolution.integrity", "resolution.tarball", "resolution.type", "resolution.directory", "resolution.repo"} {
				if name == read {
					fields[name] = value
				} else if strings.EqualFold(name, read) {
					return malformed("member %q, want %q", clip(name), read)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if version == "" {
		return malformed("no lockfileVersion")
	}
	return flush()
}

func pnpmEntry(key, version string, fields map[string]string) Entry {
	name, source := "", strings.TrimPrefix(key, "/")
	if version[0] == '5' {
		if i := strings.LastIndexByte(source, '/'); i > 0 {
			name, source = source[:i], source[i+1:]
		}
		source, _, _ = strings.Cut(source, "_")
	} else {
		name, source = yarnName(source + " ")
		source = strings.TrimRight(source, " ")
		source, _, _ = strings.Cut(source, "(")
	}
	if strings.ContainsAny(source, ":/") && fields["version"] != "" { // an address
		source = fields["version"]
	}
	if fields["name"] != "" {
		name = fields["name"]
	}
	e := Entry{Place: clip(key), Type: "npm", Name: name, Version: source}
	tarball, integrity := fields["resolution.tarball"], fields["resolution.integrity"]
	switch {
	case fields["resolution.type"] == "git" || fields["resolution.repo"] != "" || isGit(tarball):
		e.Skip = "git"
	case fields["resolution.type"] == "directory" || fields["resolution.directory"] != "":
		e.Skip = "folder"
	case strings.HasPrefix(tarball, "file:"):
		e.Skip = "file"
	case integrity == "":
		e.noDigest()
	default:
		e.sri(integrity)
	}
	if e.Skip == "" {
		e.checkNPM()
	}
	return e
}
