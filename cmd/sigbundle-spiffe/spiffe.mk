# SPDX-License-Identifier: Apache-2.0
#
# Identity tokens from the SPIFFE Workload API; included by the Makefile at the
# top.

SPIFFE_MODULE := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))

.PHONY: spiffe
spiffe: ## build bin/sigbundle-spiffe, and test it against a Workload API on a socket
	$(GO) -C $(SPIFFE_MODULE) build -mod=readonly -trimpath -ldflags '$(LDFLAGS)' -o $(CURDIR)/$(BIN)/ .
	$(GO) -C $(SPIFFE_MODULE) vet ./...
	$(GO) -C $(SPIFFE_MODULE) test -mod=readonly -count=1 ./...
