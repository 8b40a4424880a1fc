# SPDX-License-Identifier: Apache-2.0
#
# On a fresh machine: `make demo` verifies a real bundle offline, and
# `make test` runs everything that a change must pass.

GO      ?= go
BIN     := bin
PROOF   := conformance/internal
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION)
# The services spoken to know HTTP/1.1; the other one costs half a megabyte.
BUILD   := $(GO) build -trimpath -tags nethttpomithttp2 -ldflags '$(LDFLAGS)'

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
	@awk -F':.*## ' '/^##@ /{printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## /{printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use

.PHONY: build demo man
build: ## the commands, stripped and without cgo, into bin/
	$(BUILD) -o $(BIN)/ ./cmd/...

demo: ## verify a real public bundle offline
	@$(BUILD) -o $(BIN)/sigbundle ./cmd/sigbundle
	@sh testdata/public/demo.sh $(BIN)/sigbundle

man: ## the manual pages, into man/
	SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 0)} \
		$(GO) run -tags man -ldflags '-X main.version=$(VERSION)' ./cmd/sigbundle man man

.PHONY: pkcs11 spiffe
pkcs11: ## bin/sigbundle-pkcs11 (takes a C compiler), tested on SoftHSM
	CGO_ENABLED=1 $(GO) -C cmd/sigbundle-pkcs11 build -mod=readonly -trimpath -ldflags '$(LDFLAGS)' -o $(CURDIR)/$(BIN)/ .
	CGO_ENABLED=1 $(GO) -C cmd/sigbundle-pkcs11 vet ./...
	CGO_ENABLED=1 $(GO) -C cmd/sigbundle-pkcs11 test -mod=readonly -count=1 -v ./...

spiffe: ## bin/sigbundle-spiffe, tested against a Workload API on a socket
	$(GO) -C cmd/sigbundle-spiffe build -mod=readonly -trimpath -ldflags '$(LDFLAGS)' -o $(CURDIR)/$(BIN)/ .
	$(GO) -C cmd/sigbundle-spiffe vet ./...
	$(GO) -C cmd/sigbundle-spiffe test -mod=readonly -count=1 ./...

##@ Test

.PHONY: test test-quick race portable check lint
test: ## everything a change must pass
	@echo "make test: about 5 minutes on two cores with warm caches, 20 from nothing."
	@echo "It fetches Go modules, for the real services too; with full caches it needs no network."
	@$(MAKE) --no-print-directory test-quick race portable
	@if test "$$(uname)" = Linux; then $(MAKE) --no-print-directory integration-small; \
		else echo "skipped: the real services, which take Linux"; fi
	@for folder in SIGBUNDLE_SUITE SIGBUNDLE_CORPUS SIGBUNDLE_TUF SIGBUNDLE_FORMATS; do \
		test -n "$$(printenv $$folder)" || echo "skipped: $$folder names no folder, so its cases were not run"; \
	done

test-quick: check ## all packages and light modules, without servers
	@status=$$(mktemp) && trap 'rm -f '$$status EXIT && \
		{ $(GO) test -json ./... || echo failed >$$status; } | $(GO) run ./$(PROOF)/testreport && test ! -s $$status
	@for module in $(LIGHT_MODULES); do echo "$$module:"; (cd $$module && $(GO) test ./...) || exit 1; done

race: ## the packages whose values are shared, under the race detector
	CGO_ENABLED=1 $(GO) test -race -short ./bundle ./trustroot ./verify

PORTABLE := bundle dsse tlog ctlog trustroot trustroot/embedded verify cmd/internal/inspect

# Their tests run in seconds, and the kernel of linux/amd64 runs 386.
SMALL := internal/strictjson internal/strictcert internal/rfc3161 internal/screen dsse ctlog tlog

portable: ## the verify side builds everywhere, and fits in 32 bits
	@for target in linux/386 darwin/arm64 windows/amd64 js/wasm wasip1/wasm; do \
		GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build $(addprefix ./,$(PORTABLE)) || exit 1; \
	done; echo "portable: the verify side builds for 386, darwin, windows, js/wasm and wasip1"
	GOOS=linux GOARCH=386 $(GO) vet ./...
	@if test "$$(uname -sm)" = "Linux x86_64"; then GOARCH=386 $(GO) test -short $(addprefix ./,$(SMALL)); fi

check: lint ## formatting, vet and the rules of the layout, before every commit
	$(GO) test -short ./$(PROOF)/rules

lint: ## formatting and vet; golangci-lint where it is installed
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags man ./cmd/sigbundle
	@if command -v golangci-lint >/dev/null; then golangci-lint run ./...; fi

##@ Maintain

.PHONY: release
release: ## everything that release VERSION=v0.1.0 publishes, into dist/
	$(GO) run ./cmd/internal/release -version $(VERSION) -out dist

.PHONY: api generate trust-renew repro vuln clean
api: ## the exported names and the layout's table: testdata/api.txt, docs
	$(GO) test ./$(PROOF)/rules -run '^Test(API|Architecture)$$' -update
	@git --no-pager diff --stat -- testdata/api.txt

generate: ## the test vectors, the codes and their reference
	$(GO) generate ./conformance/vectors

trust-renew: ## fetch the embedded trust material again; needs a network
	$(GO) run ./$(PROOF)/renew

repro: ## build twice, in two places: the bytes must be the same
	@dir=$$(mktemp -d) && trap 'rm -rf '$$dir EXIT && cp -r . $$dir/elsewhere && \
	$(BUILD) -o $$dir/one/ ./cmd/... && \
	(cd $$dir/elsewhere && GOCACHE=$$dir/cache $(BUILD) -o $$dir/two/ ./cmd/...) && \
	(cd $$dir/one && sha256sum *) | (cd $$dir/two && sha256sum -c)

vuln: ## known vulnerabilities in what is linked; needs a network
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./...

clean: ## remove what was built
	rm -rf $(BIN) man dist

include $(PROOF)/proof.mk
