# SPDX-License-Identifier: Apache-2.0
#
# The signing stack: see conformance/internal/stack/README.md. Included by the Makefile at
# the top; STACK_DIR and STACK_BIN may be set, absolute, to put its state and
# its commands elsewhere.

STACK_MODULE := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
STACK_DIR    ?= $(STACK_MODULE)run
STACK_BIN    ?= $(STACK_MODULE)bin
STACK_FLAGS  ?= -isolate

.PHONY: stack stack-build stack-down stack-smoke

# In a network namespace of its own, unless STACK_FLAGS is empty.
stack: stack-build ## build and start the real signing services on loopback
	$(STACK_BIN)/stack up $(STACK_FLAGS) -dir $(STACK_DIR) -bin $(STACK_BIN)

# Five minutes from nothing on two cores, hence apart from the tests, which
# go test ends after a time.
stack-build:
	CGO_ENABLED=0 $(GO) -C $(STACK_MODULE) build -mod=readonly -o $(STACK_BIN)/stack ./cmd/stack
	cd $(STACK_MODULE) && $(STACK_BIN)/stack build -bin $(STACK_BIN)

stack-down: ## stop them
	$(STACK_BIN)/stack down -dir $(STACK_DIR)

# Other people's clients sign and verify against a stack of its own.
stack-smoke:
	STACK_BIN=$(STACK_BIN) $(GO) -C $(STACK_MODULE) test -mod=readonly -count=1 ./...

# Our commands sign and verify against a stack of their own, and are held
# against other people's clients; the matrix is in the output. Most of the time
# is waiting, for Rekor v2 and for services that stay silent.
STACK_TEST = STACK_BIN=$(STACK_BIN) $(GO) -C $(STACK_MODULE) test -mod=readonly -count=1 -parallel 8 ./integration

.PHONY: integration matrix integration-small stack-own

# The tests build sigbundle-pkcs11 too, where there is no network to fetch its
# modules from any more.
integration: stack-build stack-own ## sign by every path against the real services, verify with ours, cosign and sigstore-go
	CGO_ENABLED=1 $(GO) -C $(STACK_MODULE)../../../cmd/sigbundle-pkcs11 list -mod=readonly -deps ./... >/dev/null
	$(STACK_TEST) -v

matrix: stack-build stack-own ## write docs/evidence/matrix.md: who verifies whose signatures
	$(STACK_TEST) -run '^TestMatrix$$' -update

# What every test run can afford: the real servers, with our own commands alone.
integration-small: export STACK_ONLY = servers
integration-small: stack-build stack-own ## sign and verify with ours against the real services, some of them broken
	$(GO) -C $(STACK_MODULE) test -mod=readonly . ./issuer ./registry ./witness
	$(STACK_TEST) -run '^Test(Matrix|Conformance|BadTokens|Stopped|Slow|Foreign)$$'

stack-own:
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o $(STACK_BIN)/ ./cmd/sigbundle ./cmd/sigbundle-conformance
