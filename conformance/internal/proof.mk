# SPDX-License-Identifier: Apache-2.0
#
# The instruments, included by the Makefile. None of them is part of a build.

##@ Measure

.PHONY: bench bench-start bounds cover audit-million audit-kill
bench: ## speed of each kind of bundle, beside sigstore-go and the bare cryptography
	@cd $(PROOF)/oracle && $(GO) run ./cmd/bench
	@$(GO) test -run '^$$' -bench '^BenchmarkSign$$' -benchtime 100x ./sign/sigstore

bench-start: ## start of the command, beside a minimal sigstore-go program
	@$(PROOF)/oracle/coldstart.sh

bounds: ## time and memory of every reader, up to inputs of 16 MiB
	SIGBUNDLE_BOUNDS=all $(GO) test -count=1 -timeout 30m ./$(PROOF)/bounds

cover: ## statements of the verify side that no test runs: docs/evidence/coverage.md
	$(GO) run ./$(PROOF)/uncovered -out docs/evidence/coverage.md

# How many bundles the two targets below audit.
SOAK      ?= 1000000
SOAK_KILL ?= 100000

audit-million: build ## audit SOAK=1000000 generated bundles (Linux, 20 minutes)
	$(GO) run ./$(PROOF)/soak -sigbundle $(BIN)/sigbundle -n $(SOAK)

audit-kill: ## audit SOAK_KILL=100000 bundles with 20 kills and resumptions
	SIGBUNDLE_AUDIT_KILL=$(SOAK_KILL) $(GO) test -count=1 -v -timeout 2h -run 'TestKill$$' ./verify/audit

##@ Compare with others

.PHONY: conformance oracle oracle-report vectors
conformance: ## our verdict and reason for each case in the folder SIGBUNDLE_SUITE
	@test -n "$$SIGBUNDLE_SUITE" || { echo "SIGBUNDLE_SUITE: not set, want the folder test/assets of a copy of sigstore-conformance"; exit 2; }
	@$(GO) test -count=1 -v -run '^TestSuite$$' ./conformance

oracle: ## our verdicts beside those of four other clients
	cd $(PROOF)/oracle && $(GO) vet ./... && $(GO) test ./... && $(GO) run ./cmd/differ

oracle-report: ## the same over all questions: docs/evidence/differential.md
	cd $(PROOF)/oracle && env -u SIGBUNDLE_SUITE -u SIGBUNDLE_CORPUS $(GO) run ./cmd/differ -out ../../../docs/evidence/differential.md

WYCHEPROOF := github.com/c2sp/wycheproof@v0.0.0-20260902155932-3fa63dd0344a

vectors: ## all signatures of Wycheproof in algorithms of the registry
	dir=$$($(GO) mod download -json $(WYCHEPROOF) | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p') && test -n "$$dir" && \
		SIGBUNDLE_WYCHEPROOF=$$dir/testvectors_v1 $(GO) test -count=1 -run '^TestWycheproof$$' -v ./internal/sigkey

##@ Weaken and attack

.PHONY: mutate mutants mutate-advisories mutate-source fuzz fuzz-record soak
mutate: ## all mutants of bundles, roots and policies: docs/evidence/mutations.md
	$(GO) run ./$(PROOF)/mutate/cmd/mutate -out docs/evidence/mutations.md -items $(BIN)/mutations-items.md

mutants: ## a sample of mutants with each kind at each place
	SIGBUNDLE_MUTANTS=all $(GO) test -count=1 -run '^TestMutants$$' ./$(PROOF)/mutate

mutate-advisories: ## remove what guards against each advisory: its test must fail
	nice $(GO) run ./$(PROOF)/weaken/advisories

# The packages whose source is weakened, one change at a time: an hour and a half
# of one processor. It goes on where it was broken off, and can be kept to a few
# packages, whose table is then printed: make mutate-source SOURCES="tlog ctlog"
JUDGES := verify trustroot bundle tlog ctlog dsse internal/fulcio internal/rfc3161 internal/sigkey \
	internal/strictjson internal/strictcert internal/screen internal/fastverify internal/window \
	trustroot/internal/tuf trustroot/tufroot trustroot/kit
SOURCES ?= $(JUDGES)

mutate-source: ## remove or invert each check of the verifier: docs/evidence/survivors.md
	nice $(GO) run ./$(PROOF)/weaken $(if $(filter-out $(SOURCES),$(JUDGES)),,-out docs/evidence/survivors.md) $(SOURCES)

T ?= 30s

fuzz: ## every fuzz target for T=30s of processor time
	$(GO) run ./$(PROOF)/fuzz -cpu $(T)

# What a release is published with: ten minutes for each parser, an hour for
# the whole verdict. Three and a half hours on one core.
fuzz-record: ## the long runs: docs/evidence/fuzzing.md
	nice $(GO) run ./$(PROOF)/fuzz -cpu 10m -skip FuzzVerdict -record docs/evidence/fuzzing.md
	nice $(GO) run ./$(PROOF)/fuzz -cpu 60m -only FuzzVerdict -record docs/evidence/fuzzing.md

soak: ## every fuzz target for an hour of processor time
	nice $(GO) run ./$(PROOF)/fuzz -cpu 1h

##@ Real services on loopback (Linux)

# STACK_DIR and STACK_BIN may be set, absolute, to put the state and the commands
# of the stack elsewhere. See $(PROOF)/stack/README.md.
STACK_MODULE := $(CURDIR)/$(PROOF)/stack/
STACK_DIR    ?= $(STACK_MODULE)run
STACK_BIN    ?= $(STACK_MODULE)bin
STACK_FLAGS  ?= -isolate

.PHONY: stack stack-build stack-down stack-smoke integration matrix integration-small stack-own
# In a network namespace of its own, unless STACK_FLAGS is empty.
stack: stack-build ## build and start them
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

# The tests build sigbundle-pkcs11 too, where there is no network to fetch its
# modules from any more.
integration: stack-build stack-own ## sign by every path, verify with ours, cosign and sigstore-go
	CGO_ENABLED=1 $(GO) -C cmd/sigbundle-pkcs11 list -mod=readonly -deps ./... >/dev/null
	$(STACK_TEST) -v

matrix: stack-build stack-own ## who verifies whose signatures: docs/evidence/matrix.md
	$(STACK_TEST) -run '^TestMatrix$$' -update

# What every test run can afford: the real servers, with our own commands alone.
integration-small: export STACK_ONLY = servers
integration-small: stack-build stack-own ## sign and verify with ours, some services broken
	$(GO) -C $(STACK_MODULE) test -mod=readonly . ./issuer ./registry ./witness
	$(STACK_TEST) -run '^Test(Matrix|Conformance|BadTokens|Stopped|Slow|Foreign)$$'

stack-own:
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o $(STACK_BIN)/ ./cmd/sigbundle ./cmd/sigbundle-conformance
