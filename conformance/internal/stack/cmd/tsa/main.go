// SPDX-License-Identifier: Apache-2.0

// Command tsa runs the REST server of sigstore/timestamp-authority with a key
// from a file. It differs from that project's own command in one thing: it
// has no metrics listener, which there has a fixed port on all interfaces, so
// that no two authorities could run side by side. The settings below are the
// defaults of that command.
package main

import (
	"flag"
	"log"
	"time"

	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/viper"
)

const (
	policy  = "1.3.6.1.4.1.57264.2" // Sigstore's timestamping policy
	timeout = 30 * time.Second
)

func main() {
	host := flag.String("host", "127.0.0.1", "`address` to listen on")
	port := flag.Int("port", 3000, "port to listen on")
	key := flag.String("key", "", "PEM `file` with the signing key (PKCS#8, not encrypted)")
	chain := flag.String("chain", "", "PEM `file` with the chain, signing certificate first")
	flag.Parse()
	for name, value := range map[string]any{
		"timestamp-signer":         "file",
		"timestamp-signer-hash":    "sha256",
		"file-signer-key-path":     *key,
		"certificate-chain-path":   *chain,
		"enforce-intermediate-eku": true,
		"default-policy-oid":       policy,
		"accepted-policy-oids":     []string{policy},
		"max-request-body-size":    1 << 20,
	} {
		viper.Set(name, value)
	}
	// The server stops by itself on SIGTERM.
	srv := server.NewRestAPIServer(*host, *port, []string{"http"}, false, timeout, timeout)
	srv.CleanupTimeout = time.Second
	srv.GracefulTimeout = time.Second
	if err := srv.Serve(); err != nil {
		log.Fatal(err)
	}
}
