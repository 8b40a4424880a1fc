#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
#
# Builds all fuzz targets in the image of OSS-Fuzz or ClusterFuzzLite, each with
# its seeds and a dictionary. A test holds the list against the targets that exist.

go run ./conformance/internal/fuzz -seeds "$OUT"
cp -r testdata/public "$OUT/public" # read by targets of conformance/internal/mutate

target() { # folder and function
	name=${1//[\/.]/_}_$2
	compile_native_go_fuzzer_v2 "github.com/sigbundle/sigbundle/$1" "$2" "$name"
	cp .clusterfuzzlite/sigstore.dict "$OUT/$name.dict"
}

target bundle FuzzAll
target bundle FuzzParse
target bundle/carrier FuzzRead
target bundle/gitsign FuzzRead
target bundle/model FuzzResources
target bundle/oci FuzzManifest
target conformance/internal/bounds FuzzBounds
target conformance/internal/mutate FuzzCertificate
target conformance/internal/mutate FuzzEntry
target conformance/internal/mutate FuzzKey
target conformance/internal/mutate FuzzSigningConfig
target conformance/internal/mutate FuzzToken
target conformance/internal/mutate FuzzVerdict
target ctlog FuzzDetached
target ctlog FuzzSCTList
target dsse FuzzPAE
target dsse FuzzParseStatement
target internal/fastverify FuzzVerify
target internal/rfc3161 FuzzParse
target internal/screen FuzzEscape
target internal/strictjson FuzzScalars
target internal/strictjson FuzzSkip
target tlog FuzzBody
target tlog FuzzCheckpoint
target trustroot FuzzParse
target trustroot/internal/tuf FuzzMetadata
target trustroot/kit FuzzOpen
target verify/audit FuzzParseLine
target verify/lock FuzzParse
target verify/names FuzzNames
