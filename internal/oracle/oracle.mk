# SPDX-License-Identifier: Apache-2.0
#
# Targets of the module internal/oracle; the Makefile includes this file.

.PHONY: bench
bench: ## measure every kind of bundle against sigstore-go, and against the bare cryptography
	@cd internal/oracle && $(GO) run ./cmd/bench

.PHONY: oracle
oracle: ## hold verdicts and timestamps against sigstore-go and digitorus/timestamp
	cd internal/oracle && $(GO) vet ./... && $(GO) test ./...

.PHONY: bench-start
bench-start: ## measure the start of the command against a minimal sigstore-go program
	@internal/oracle/coldstart.sh
