# SPDX-License-Identifier: Apache-2.0

# How many bundles the two targets below audit.
SOAK      ?= 1000000
SOAK_KILL ?= 100000

.PHONY: audit-million
audit-million: build ## audit SOAK=1000000 generated bundles: rate, memory, summary (linux, 20 minutes)
	$(GO) run ./conformance/internal/soak -sigbundle $(BIN)/sigbundle -n $(SOAK)

.PHONY: audit-kill
audit-kill: ## audit SOAK_KILL=100000 bundles on disk, with 20 random kills and resumptions
	SIGBUNDLE_AUDIT_KILL=$(SOAK_KILL) $(GO) test -count=1 -v -timeout 2h -run 'TestKill$$' ./verify/audit
