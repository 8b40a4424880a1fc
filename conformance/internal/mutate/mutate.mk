# SPDX-License-Identifier: Apache-2.0

.PHONY: mutate
mutate: ## judge all mutants of bundles, roots and policies, write docs/evidence/mutations.md
	$(GO) run ./conformance/internal/mutate/cmd/mutate -out docs/evidence/mutations.md -items $(BIN)/mutations-items.md

.PHONY: mutants
mutants: ## a sample of mutants with at least one of each kind at each place
	SIGBUNDLE_MUTANTS=all $(GO) test -count=1 -run '^TestMutants$$' ./conformance/internal/mutate

.PHONY: mutate-advisories
mutate-advisories: ## take away what guards against each published advisory: its test must turn red
	nice $(GO) run ./conformance/internal/weaken/advisories

# The packages whose source is weakened, one change at a time: an hour and a half
# of one processor. It goes on where it was broken off, and can be kept to a few
# packages, whose table is then printed: make mutate-source SOURCES="tlog ctlog"
JUDGES := verify trustroot bundle tlog ctlog dsse internal/fulcio internal/rfc3161 internal/sigkey \
	internal/strictjson internal/strictcert internal/screen internal/fastverify internal/window \
	trustroot/internal/tuf trustroot/tufroot trustroot/kit
SOURCES ?= $(JUDGES)

.PHONY: mutate-source
mutate-source: ## remove or invert each check of the verifier: a test must notice
	nice $(GO) run ./conformance/internal/weaken $(if $(filter-out $(SOURCES),$(JUDGES)),,-out docs/evidence/survivors.md) $(SOURCES)

.PHONY: fuzz fuzz-record soak
fuzz: ## every fuzz target for T of processor time each, with the number of executions
	$(GO) run ./conformance/internal/fuzz -cpu $(T)

# What a release is published with: ten minutes for each parser, an hour for
# the whole verdict. Three and a half hours on one core.
fuzz-record: ## the long runs, recorded in docs/evidence/fuzzing.md
	nice $(GO) run ./conformance/internal/fuzz -cpu 10m -skip FuzzVerdict -record docs/evidence/fuzzing.md
	nice $(GO) run ./conformance/internal/fuzz -cpu 60m -only FuzzVerdict -record docs/evidence/fuzzing.md

soak: ## every fuzz target for an hour of processor time
	nice $(GO) run ./conformance/internal/fuzz -cpu 1h
