// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"context"
	"errors"
)

// The servers, as State.Servers and the logs name them.
const (
	Trillian = "trillian" // holds the CT log and Rekor v1
	CT       = "ct"
	Fulcio   = "fulcio"
	Rekor1   = "rekor1"
	Rekor2   = "rekor2"
	Rekor2B  = "rekor2b"
	TSA      = "tsa"
	TSAB     = "tsab"
)

// addresses are where the servers listen.
type addresses struct {
	trillian, ct, fulcio, fulcioGRPC, fulcioMetrics address
	rekor1, tsa, tsab                               address
	rekor2, rekor2B                                 rekor2Addresses
}

type rekor2Addresses struct{ http, grpc, metrics address }

func newAddresses() (*addresses, error) {
	a := &addresses{}
	all := []*address{
		&a.trillian, &a.ct, &a.fulcio, &a.fulcioGRPC, &a.fulcioMetrics, &a.rekor1, &a.tsa, &a.tsab,
		&a.rekor2.http, &a.rekor2.grpc, &a.rekor2.metrics,
		&a.rekor2B.http, &a.rekor2B.grpc, &a.rekor2B.metrics,
	}
	ports, err := freePorts(len(all))
	if err != nil {
		return nil, err
	}
	for i, p := range ports {
		*all[i] = address{hostA, p}
	}
	for _, p := range []*address{&a.rekor2B.http, &a.rekor2B.grpc, &a.rekor2B.metrics} {
		p.host = hostB
	}
	return a, nil
}

// wait returns when a server is up, or with an error.
type wait func() error

// startServers starts all processes, in the order of their needs, and returns
// what there is to wait for.
func (s *Stack) startServers(ctx context.Context, a *addresses) ([]wait, error) {
	trees, err := s.server(ctx, Trillian, exists(s.Path("trees.json")), "trillian",
		"-addr", a.trillian.String(), "-trees", s.Path("trees.json"))
	if err != nil {
		return nil, err
	}
	var waits []wait
	start := func(name string, probe string, command string, args ...string) {
		w, e := s.server(ctx, name, answers(probe), command, args...)
		waits, err = append(waits, w), errors.Join(err, e)
	}
	for name, at := range map[string]address{TSA: a.tsa, TSAB: a.tsab} {
		start(name, at.url()+"/ping", "tsa", "-host", at.host, "-port", at.portStr(),
			"-key", s.Path(name+".key"), "-chain", s.Path(name+".chain.pem"))
	}
	for name, at := range map[string]rekor2Addresses{Rekor2: a.rekor2, Rekor2B: a.rekor2B} {
		start(name, at.http.url()+"/healthz", "rekor-tiles", s.rekor2Args(name, at)...)
	}
	if err = errors.Join(err, trees()); err != nil {
		return nil, err
	}
	if err = s.settle(a); err != nil {
		return nil, err
	}
	ids, err := readTrees(s.Path("trees.json"))
	if err != nil {
		return nil, err
	}
	if err := s.material.writeCT(ids["ct"]); err != nil {
		return nil, err
	}
	start(CT, s.URLs.CTLog+"/ct/v1/get-sth", "ct_server", "--http_endpoint", a.ct.String(),
		"--log_config", s.Path("ct.cfg"), "--log_rpc_server", a.trillian.String(), "--logtostderr")
	start(Rekor1, a.rekor1.url()+"/api/v1/log", "rekor-server", s.rekor1Args(a, ids["rekor"])...)
	start(Fulcio, a.fulcio.url()+"/healthz", "fulcio", s.fulcioArgs(a)...)
	return waits, err
}

// settle fills in the URLs and starts what is made from them.
func (s *Stack) settle(a *addresses) error {
	u := &s.URLs
	u.Fulcio, u.Rekor1 = a.fulcio.url(), a.rekor1.url()
	u.CTLog = a.ct.url() + "/" + ctPrefix
	const timestamp = "/api/v1/timestamp"
	u.TSA, u.TSAB = a.tsa.url()+timestamp, a.tsab.url()+timestamp
	var err error
	if u.Rekor2, err = s.startTiles(Rekor2, a.rekor2.http); err != nil {
		return err
	}
	if u.Rekor2B, err = s.startTiles(Rekor2B, a.rekor2B.http); err != nil {
		return err
	}
	if err := s.material.writeFulcio(u.Issuer, u.IssuerCI); err != nil {
		return err
	}
	return s.startTUF()
}

// server starts one process.
func (s *Stack) server(ctx context.Context, name string, probe func(context.Context) error, command string, args ...string) (wait, error) {
	p, err := s.spawn.start(s.Dir, name, s.Binary(command), args...)
	if err != nil {
		return nil, err
	}
	s.processes = append(s.processes, p)
	s.Servers[name] = p.cmd.Process.Pid
	return func() error { return p.await(ctx, probe) }, nil
}

// rekor2Args: the host name is the origin of the checkpoints, and clients
// take the origin from the host of the log's URL. Entries are batched one by
// one, as the tests wait for each.
func (s *Stack) rekor2Args(name string, a rekor2Addresses) []string {
	return []string{
		"serve", "--hostname", origins[name],
		"--storage-dir", s.Path(name), "--signer-filepath", s.Path(name + ".key"),
		"--http-address", a.http.host, "--http-port", a.http.portStr(),
		"--grpc-address", a.grpc.host, "--grpc-port", a.grpc.portStr(),
		"--http-metrics-port", a.metrics.portStr(),
		"--batch-max-size", "1", "--batch-max-age", "100ms", "--checkpoint-interval", "200ms",
		"--witness-policy-path", s.Path("witness.policy"),
	}
}

// rekor1Args: without the retrieve API there is no search index, for which
// the server would want a Redis.
func (s *Stack) rekor1Args(a *addresses, tree string) []string {
	return []string{
		"serve", "--rekor_server.address", a.rekor1.host, "--port", a.rekor1.portStr(),
		"--rekor_server.hostname", "rekor.stack.example", "--rekor_server.signer", s.Path("rekor1.key"),
		"--trillian_log_server.address", a.trillian.host, "--trillian_log_server.port", a.trillian.portStr(),
		"--trillian_log_server.tlog_id", tree,
		"--enable_retrieve_api=false", "--publish_frequency", "0", "--log_type", "prod",
	}
}

// fulcioArgs: the abstract socket of the legacy API must differ from that of
// other stacks in the same network namespace.
func (s *Stack) fulcioArgs(a *addresses) []string {
	return []string{
		"serve", "--host", a.fulcio.host, "--port", a.fulcio.portStr(),
		"--grpc-host", a.fulcioGRPC.host, "--grpc-port", a.fulcioGRPC.portStr(),
		"--metrics-port", a.fulcioMetrics.portStr(),
		"--legacy-unix-domain-socket", "@sigbundle-stack-" + a.fulcioGRPC.portStr(),
		"--ca", "fileca", "--fileca-cert", s.Path("fulcio.chain.pem"), "--fileca-key", s.Path("fulcio.key"),
		"--fileca-key-passwd", "", "--fileca-watch=false",
		"--ct-log-url", s.URLs.CTLog, "--ct-log-public-key-path", s.Path("ct.pub"),
		"--config-path", s.Path("fulcio.yaml"), "--log_type", "prod",
	}
}
