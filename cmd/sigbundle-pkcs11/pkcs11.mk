# SPDX-License-Identifier: Apache-2.0
#
# Signing with PKCS #11 tokens; included by the Makefile at the top. It takes
# a C compiler, and to be tested SoftHSM (softhsm2 on Debian).

PKCS11_MODULE := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))

.PHONY: pkcs11
pkcs11: ## build bin/sigbundle-pkcs11, which takes cgo, and test it on SoftHSM
	CGO_ENABLED=1 $(GO) -C $(PKCS11_MODULE) build -mod=readonly -trimpath -ldflags '$(LDFLAGS)' -o $(CURDIR)/$(BIN)/ .
	CGO_ENABLED=1 $(GO) -C $(PKCS11_MODULE) vet ./...
	CGO_ENABLED=1 $(GO) -C $(PKCS11_MODULE) test -mod=readonly -count=1 -v ./...
