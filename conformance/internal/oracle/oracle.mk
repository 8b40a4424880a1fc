# SPDX-License-Identifier: Apache-2.0
#
# Targets of the module conformance/internal/oracle; the Makefile includes this file.

.PHONY: bench
bench: ## measure every kind of bundle against sigstore-go, and against the bare cryptography; and signing
	@cd conformance/internal/oracle && $(GO) run ./cmd/bench
	@$(GO) test -run '^$$' -bench '^BenchmarkSign$$' -benchtime 100x ./sign/sigstore

.PHONY: oracle
oracle: ## hold verdicts against sigstore-go, @sigstore/verify, the Python client and python-tuf, timestamps against digitorus/timestamp
	cd conformance/internal/oracle && $(GO) vet ./... && $(GO) test ./... && $(GO) run ./cmd/differ

.PHONY: oracle-report
oracle-report: ## the same over all questions, into docs/evidence/differential.md
	cd conformance/internal/oracle && env -u SIGBUNDLE_SUITE -u SIGBUNDLE_CORPUS $(GO) run ./cmd/differ -out ../../../docs/evidence/differential.md

WYCHEPROOF := github.com/c2sp/wycheproof@v0.0.0-20260902155932-3fa63dd0344a

.PHONY: vectors
vectors: ## run all of Wycheproof's signatures that are of algorithms of the registry
	dir=$$($(GO) mod download -json $(WYCHEPROOF) | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p') && test -n "$$dir" && \
		SIGBUNDLE_WYCHEPROOF=$$dir/testvectors_v1 $(GO) test -count=1 -run '^TestWycheproof$$' -v ./internal/sigkey

.PHONY: bench-start
bench-start: ## measure the start of the command against a minimal sigstore-go program
	@conformance/internal/oracle/coldstart.sh
