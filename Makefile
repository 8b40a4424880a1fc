# SPDX-License-Identifier: Apache-2.0
#
# On a fresh machine: `make demo` verifies a real bundle offline, and
# `make test` runs everything that a change must pass.

GO      ?= go
BIN     := bin
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION)
T       ?= 30s

export CGO_ENABLED ?= 0

.PHONY: all
all: build

.PHONY: help
help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the commands, stripped and without cgo, into bin/
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/...

.PHONY: demo
demo: ## verify a real public bundle offline, with the embedded trust root
	@$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/sigbundle ./cmd/sigbundle
	@sh testdata/public/demo.sh $(BIN)/sigbundle

.PHONY: test
test: check ## everything a change must pass
	$(GO) test ./...
	@$(MAKE) --no-print-directory race portable

.PHONY: race
race: ## the packages whose values are shared, under the race detector
	CGO_ENABLED=1 $(GO) test -race -short ./bundle ./trustroot ./verify

.PHONY: portable
portable: ## the verify side builds everywhere
	@for target in linux/386 linux/arm64 darwin/arm64 windows/amd64 js/wasm wasip1/wasm; do \
		GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build ./bundle ./dsse ./tlog ./ctlog ./trustroot ./verify || exit 1; \
	done; echo "portable: the verify side builds for 386, arm64, darwin, windows, js/wasm and wasip1"

.PHONY: check
check: ## formatting, vet and the rules of the house
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./...

.PHONY: cover
cover: ## statement coverage of the verify side
	$(GO) test -coverprofile=coverage.out -coverpkg=./bundle,./dsse,./tlog,./ctlog,./trustroot,./verify,./internal/... ./...
	$(GO) tool cover -func=coverage.out | tail -1

.PHONY: conformance
conformance: ## our verdict and reason for each case in the folder SIGBUNDLE_SUITE
	$(GO) test -count=1 -v -run TestSuite ./conformance

.PHONY: clean
clean:
	rm -rf $(BIN) man coverage.out
