# SPDX-License-Identifier: Apache-2.0
#
# On a fresh machine: `make demo` verifies a real bundle offline, and
# `make test` runs everything that a change must pass.

GO      ?= go
BIN     := bin
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION)
# The services spoken to know HTTP/1.1; the other one costs half a megabyte.
BUILD   := $(GO) build -trimpath -tags nethttpomithttp2 -ldflags '$(LDFLAGS)'
T       ?= 30s

# Nested modules, which ./... passes over. The light ones are part of the
# tests; the heavy ones build servers or take a C compiler, and have targets of
# their own, of which the tests take integration-small.
LIGHT_MODULES := conformance/internal/oracle cmd/sigbundle-spiffe
HEAVY_MODULES := conformance/internal/stack cmd/sigbundle-pkcs11

export CGO_ENABLED ?= 0

.PHONY: all
all: build

.PHONY: help
help: ## show this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the commands, stripped and without cgo, into bin/
	$(BUILD) -o $(BIN)/ ./cmd/...

.PHONY: demo
demo: ## verify a real public bundle offline, with the embedded trust root
	@$(BUILD) -o $(BIN)/sigbundle ./cmd/sigbundle
	@sh testdata/public/demo.sh $(BIN)/sigbundle

.PHONY: test
test: check ## everything a change must pass
	@status=$$(mktemp) && trap 'rm -f '$$status EXIT && \
		{ $(GO) test -json ./... || echo failed >$$status; } | $(GO) run ./conformance/internal/testreport && test ! -s $$status
	@for module in $(LIGHT_MODULES); do echo "$$module:"; (cd $$module && $(GO) test ./...) || exit 1; done
	@$(MAKE) --no-print-directory race portable
	@if test "$$(uname)" = Linux; then $(MAKE) --no-print-directory integration-small; \
		else echo "skipped: the real services, which take Linux"; fi
	@for folder in SIGBUNDLE_SUITE SIGBUNDLE_CORPUS SIGBUNDLE_TUF; do \
		test -n "$$(printenv $$folder)" || echo "skipped: $$folder names no folder, so its cases were not run"; \
	done

.PHONY: race
race: ## the packages whose values are shared, under the race detector
	CGO_ENABLED=1 $(GO) test -race -short ./bundle ./trustroot ./verify

.PHONY: bounds
bounds: ## CPU time and memory of every reader, up to inputs of 16 MiB
	SIGBUNDLE_BOUNDS=all $(GO) test -count=1 -timeout 30m ./conformance/internal/bounds

PORTABLE := bundle dsse tlog ctlog trustroot trustroot/embedded verify cmd/internal/inspect

# Their tests run in seconds, and the kernel of linux/amd64 runs 386.
SMALL := internal/strictjson internal/strictcert internal/rfc3161 internal/screen dsse ctlog tlog

.PHONY: portable
portable: ## the verify side builds everywhere; the tests fit in 32 bits
	@for target in linux/386 darwin/arm64 windows/amd64 js/wasm wasip1/wasm; do \
		GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build $(addprefix ./,$(PORTABLE)) || exit 1; \
	done; echo "portable: the verify side builds for 386, darwin, windows, js/wasm and wasip1"
	GOOS=linux GOARCH=386 $(GO) vet ./...
	@if test "$$(uname -sm)" = "Linux x86_64"; then GOARCH=386 $(GO) test -short $(addprefix ./,$(SMALL)); fi

.PHONY: check
check: lint ## formatting, vet and the rules of the house, before every commit
	$(GO) test -short ./conformance/internal/rules

.PHONY: lint
lint: ## formatting and vet; golangci-lint where it is installed
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags man ./cmd/sigbundle
	@if command -v golangci-lint >/dev/null; then golangci-lint run ./...; fi

.PHONY: api
api: ## write what the packages export to testdata/api.txt
	$(GO) test ./conformance/internal/rules -run '^Test(API|Architecture)$$' -update
	@git --no-pager diff --stat -- testdata/api.txt

.PHONY: man
man: ## the manual pages, into man/
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 0)} \
		$(GO) run -tags man -ldflags '-X main.version=$(VERSION)' ./cmd/sigbundle man man

.PHONY: trust-renew
trust-renew: ## fetch the embedded trust material again; needs a network
	$(GO) run ./conformance/internal/renew

.PHONY: cover
cover: ## the statements of the verify side that no test runs, written to docs/evidence/coverage.md
	$(GO) run ./conformance/internal/uncovered -out docs/evidence/coverage.md

.PHONY: conformance
conformance: ## a table of our verdict and reason for each case in the folder SIGBUNDLE_SUITE
	@test -n "$$SIGBUNDLE_SUITE" || { echo "SIGBUNDLE_SUITE: not set, want the folder test/assets of a copy of sigstore-conformance"; exit 2; }
	@$(GO) test -count=1 -v -run '^TestSuite$$' ./conformance

.PHONY: repro
repro: ## build twice, in two places and without a cache: the bytes must be the same
	@dir=$$(mktemp -d) && trap 'rm -rf '$$dir EXIT && cp -r . $$dir/elsewhere && \
	$(BUILD) -o $$dir/one/ ./cmd/... && \
	(cd $$dir/elsewhere && GOCACHE=$$dir/cache $(BUILD) -o $$dir/two/ ./cmd/...) && \
	(cd $$dir/one && sha256sum *) | (cd $$dir/two && sha256sum -c)

.PHONY: vuln
vuln: ## known vulnerabilities in what is linked; needs a network
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./...

.PHONY: clean
clean:
	rm -rf $(BIN) man

-include verify/*/*.mk cmd/*/*.mk conformance/internal/*/*.mk
