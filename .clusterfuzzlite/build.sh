#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
#
# Builds all fuzz targets in the image of OSS-Fuzz or ClusterFuzzLite, each with
# its seeds and a dictionary. A test holds the list against the targets that exist.

go run ./internal/mutate/fuzz -seeds "$OUT"
cp -r testdata/public "$OUT/public" # read by targets of internal/mutate

target() { # folder and function
	name=${1//[\/.]/_}_$2
	compile_native_go_fuzzer_v2 "github.com/sigbundle/sigbundle/$1" "$2" "$name"
	cp .clusterfuzzlite/sigstore.dict "$OUT/$name.dict"
}

target bundle FuzzAll
target bundle FuzzParse
target bundle/oci FuzzManifest
target ctlog FuzzDetached
target ctlog FuzzSCTList
target dsse FuzzPAE
target dsse FuzzParseStatement
target verify/audit FuzzParseLine
target internal/bounds FuzzBounds
target internal/fastverify FuzzVerify
target internal/mutate FuzzCertificate
target internal/mutate FuzzEntry
target internal/mutate FuzzKey
target internal/mutate FuzzSigningConfig
target internal/mutate FuzzToken
target internal/mutate FuzzVerdict
target internal/rfc3161 FuzzParse
target internal/screen FuzzEscape
target internal/strictjson FuzzScalars
target internal/strictjson FuzzSkip
target tlog FuzzBody
target tlog FuzzCheckpoint
target trustroot FuzzParse
target trustroot/internal/tuf FuzzMetadata
target trustroot/kit FuzzOpen
