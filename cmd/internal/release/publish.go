// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"crypto/md5" // what Debian packages list of their files
	"debug/buildinfo"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
	"text/template"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

const summary = "Verify Sigstore bundles offline"

// packages writes a Debian package for each Linux system.
func (r *release) packages() error {
	for _, t := range r.targets {
		if t.os != "linux" {
			continue
		}
		list := []file{{"./usr/share/doc/sigbundle/copyright", r.pages["LICENSE"], 0o644}}
		for name, data := range r.built[t] {
			list = append(list, file{"./usr/bin/" + name, data, 0o755})
		}
		for name, data := range r.pages {
			switch {
			case strings.HasPrefix(name, "man/"):
				list = append(list, file{"./usr/share/" + name, data, 0o644})
			case name == "completions/bash/sigbundle":
				list = append(list, file{"./usr/share/bash-completion/completions/sigbundle", data, 0o644})
			case name == "completions/zsh/_sigbundle":
				list = append(list, file{"./usr/share/zsh/vendor-completions/_sigbundle", data, 0o644})
			case name == "completions/fish/sigbundle.fish":
				list = append(list, file{"./usr/share/fish/vendor_completions.d/sigbundle.fish", data, 0o644})
			}
		}
		var sums bytes.Buffer
		size := 0
		for _, f := range byName(list) {
			fmt.Fprintf(&sums, "%x  %s\n", md5.Sum(f.data), strings.TrimPrefix(f.name, "./"))
			size += len(f.data)
		}
		version := strings.Replace(strings.TrimPrefix(r.version, "v"), "-", "~", 1)
		control := fmt.Sprintf("Package: sigbundle\nVersion: %s\nArchitecture: %s\nMaintainer: sigbundle <security@sigbundle.example>\nInstalled-Size: %d\nSection: utils\nPriority: optional\nHomepage: https://github.com/sigbundle/sigbundle\nDescription: %s\n A verification-first command for Sigstore bundles. It needs no network and\n says what it proved, by which key, at what time.\n",
			version, t.arch, (size+1023)/1024, summary)
		meta, err := tarball([]file{{"./control", []byte(control), 0o644}, {"./md5sums", sums.Bytes(), 0o644}}, r.time)
		if err != nil {
			return err
		}
		data, err := tarball(list, r.time)
		if err != nil {
			return err
		}
		deb := archived([]file{{"debian-binary", []byte("2.0\n"), 0}, {"control.tar.gz", meta, 0}, {"data.tar.gz", data, 0}}, r.time)
		if err := r.write(fmt.Sprintf("sigbundle_%s_%s.deb", version, t.arch), deb); err != nil {
			return err
		}
	}
	return nil
}

// image writes a container image with the one command, for each Linux system,
// as an OCI layout (image-spec v1.1).
func (r *release) image() error {
	index := v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex}
	for _, t := range r.targets {
		if t.os != "linux" {
			continue
		}
		layer, err := tarball([]file{{"sigbundle", r.built[t]["sigbundle"], 0o755}, {"LICENSE", r.pages["LICENSE"], 0o644}}, r.time)
		if err != nil {
			return err
		}
		plain, err := gunzip(layer)
		if err != nil {
			return err
		}
		config := v1.Image{
			Created: &r.time, Platform: v1.Platform{OS: t.os, Architecture: t.arch},
			Config: v1.ImageConfig{Entrypoint: []string{"/sigbundle"}, User: "65532:65532", Labels: r.labels()},
			RootFS: v1.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromBytes(plain)}},
		}
		layers, err := r.blob(v1.MediaTypeImageLayerGzip, layer)
		if err != nil {
			return err
		}
		described, err := r.blobJSON(v1.MediaTypeImageConfig, config)
		if err != nil {
			return err
		}
		manifest, err := r.blobJSON(v1.MediaTypeImageManifest, v1.Manifest{
			Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageManifest, Config: described, Layers: []v1.Descriptor{layers}, Annotations: r.labels(),
		})
		if err != nil {
			return err
		}
		manifest.Platform = &config.Platform
		index.Manifests = append(index.Manifests, manifest)
	}
	if len(index.Manifests) == 0 {
		return nil
	}
	all, err := r.blobJSON(v1.MediaTypeImageIndex, index)
	if err != nil {
		return err
	}
	all.Annotations = map[string]string{v1.AnnotationRefName: r.version}
	if err := r.writeJSON("image/index.json", v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex, Manifests: []v1.Descriptor{all}}); err != nil {
		return err
	}
	return r.writeJSON("image/"+v1.ImageLayoutFile, v1.ImageLayout{Version: v1.ImageLayoutVersion})
}

func (r *release) labels() map[string]string {
	return map[string]string{
		v1.AnnotationTitle: "sigbundle", v1.AnnotationDescription: summary, v1.AnnotationVersion: r.version, v1.AnnotationRevision: r.commit,
		v1.AnnotationSource: "https://github.com/sigbundle/sigbundle", v1.AnnotationLicenses: "Apache-2.0",
	}
}

func (r *release) blob(mediaType string, data []byte) (v1.Descriptor, error) {
	d := v1.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
	return d, r.write("image/blobs/sha256/"+d.Digest.Encoded(), data)
}

func (r *release) blobJSON(mediaType string, v any) (v1.Descriptor, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return v1.Descriptor{}, err
	}
	return r.blob(mediaType, data)
}

func (r *release) writeJSON(name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return r.write(name, append(data, '\n'))
}

func gunzip(data []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// material is a component of a bill of materials (CycloneDX 1.6).
type material struct {
	Type    string    `json:"type"`
	Ref     string    `json:"bom-ref"`
	Name    string    `json:"name"`
	Version string    `json:"version"`
	PURL    string    `json:"purl"`
	Hashes  []hashOf  `json:"hashes,omitempty"`
	Licence []licence `json:"licenses,omitempty"`
}

type hashOf struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type licence struct {
	License struct {
		ID string `json:"id"`
	} `json:"license"`
}

// materials writes the bill of materials: the modules that the linker took
// into the commands of each system, as the commands themselves record them.
func (r *release) materials() error {
	modules := make(map[string]material)
	var top material
	top.Type, top.Name, top.Version = "application", "sigbundle", r.version
	top.PURL = "pkg:golang/github.com/sigbundle/sigbundle@" + r.version
	top.Ref, top.Licence = top.PURL, make([]licence, 1)
	top.Licence[0].License.ID = "Apache-2.0"
	for _, t := range r.targets {
		for name, data := range r.built[t] {
			info, err := buildinfo.Read(bytes.NewReader(data))
			if err != nil {
				return fmt.Errorf("%s for %s: %w", name, t, err)
			}
			goVersion := strings.TrimPrefix(info.GoVersion, "go")
			std := material{Type: "library", Name: "stdlib", Version: goVersion, PURL: "pkg:golang/stdlib@" + goVersion}
			std.Ref = std.PURL
			modules[std.PURL] = std
			for _, m := range info.Deps {
				if m.Replace != nil {
					m = m.Replace
				}
				c := material{Type: "library", Name: m.Path, Version: m.Version, PURL: "pkg:golang/" + m.Path + "@" + m.Version}
				c.Ref = c.PURL
				modules[c.PURL] = c
			}
		}
	}
	var components []material
	var refs []string
	for _, ref := range sorted(modules) {
		components, refs = append(components, modules[ref]), append(refs, ref)
	}
	return r.writeJSON(r.stem()+".cdx.json", map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"metadata":     map[string]any{"timestamp": r.time.Format("2006-01-02T15:04:05Z"), "component": top},
		"components":   components,
		"dependencies": []any{map[string]any{"ref": top.Ref, "dependsOn": refs}},
	})
}

//go:embed templates
var templates embed.FS

// formulas renders what other package managers read.
func (r *release) formulas() error {
	t, err := template.New("").Option("missingkey=error").ParseFS(templates, "templates/*")
	if err != nil {
		return err
	}
	values := map[string]any{"Version": strings.TrimPrefix(r.version, "v"), "Commit": r.commit, "Summary": summary, "Base": "https://github.com/sigbundle/sigbundle/releases/download/" + r.version + "/" + r.stem()}
	sums := make(map[string]string)
	for _, t := range targets {
		name := r.stem() + "-" + t.String() + ".tar.gz"
		sums[strings.ReplaceAll(t.String(), "-", "_")] = r.sums[name] // "" where only some systems are built
	}
	values["SHA256"] = sums
	for _, t := range t.Templates() {
		if t.Name() == "" {
			continue
		}
		var b bytes.Buffer
		if err := t.Execute(&b, values); err != nil {
			return err
		}
		if err := r.write(path.Base(strings.TrimSuffix(t.Name(), ".tmpl")), b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
