// SPDX-License-Identifier: Apache-2.0

// Package tiles gives Rekor v2 its read path. The server itself only takes
// entries; deployments put a bucket or a web server in front of it, and so
// does the stack: checkpoint and tiles are read from the storage directory,
// everything else goes to the server.
package tiles

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

const prefix = "/api/v2"

// Handler serves the log whose storage is in dir and whose server is at upstream.
func Handler(dir string, upstream *url.URL) http.Handler {
	server := httputil.NewSingleHostReverseProxy(upstream)
	files := http.StripPrefix(prefix, http.FileServer(http.Dir(dir)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && (r.URL.Path == prefix+"/checkpoint" || strings.HasPrefix(r.URL.Path, prefix+"/tile/")) {
			files.ServeHTTP(w, r)
			return
		}
		server.ServeHTTP(w, r)
	})
}
