// SPDX-License-Identifier: Apache-2.0

// Command trillian runs Trillian's log server, admin server and sequencer over
// its memory storage, in one process. (The commands of Trillian itself are two
// processes that meet in a database, and do not know the memory storage.) All
// is lost when it stops.
//
// On start it makes two trees and writes their ids to a JSON file, as strings
// because many readers of JSON round 64-bit numbers.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/google/trillian"
	"github.com/google/trillian/client"
	"github.com/google/trillian/extension"
	tlog "github.com/google/trillian/log"
	"github.com/google/trillian/monitoring"
	"github.com/google/trillian/quota"
	"github.com/google/trillian/server"
	"github.com/google/trillian/server/admin"
	"github.com/google/trillian/server/interceptor"
	"github.com/google/trillian/storage/memory"
	"github.com/google/trillian/util/clock"
	"github.com/google/trillian/util/election"
	"github.com/google/trillian/util/election2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"
	"k8s.io/klog/v2"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8090", "gRPC `address` to listen on")
	trees := flag.String("trees", "trees.json", "`file` to write the tree ids to")
	interval := flag.Duration("interval", 50*time.Millisecond, "time between two passes of the sequencer")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *trees, *interval); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, addr, trees string, interval time.Duration) error {
	// The memory storage warns at each idle pass of the sequencer.
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	metrics := monitoring.InertMetricFactory{}
	storage := memory.NewTreeStorage()
	reg := extension.Registry{
		AdminStorage:    memory.NewAdminStorage(storage),
		LogStorage:      memory.NewLogStorage(storage, metrics),
		ElectionFactory: election2.NoopFactory{},
		QuotaManager:    quota.Noop(),
		MetricFactory:   metrics,
	}
	in := interceptor.New(reg.AdminStorage, reg.QuotaManager, false, metrics)
	srv := grpc.NewServer(grpc.ChainUnaryInterceptor(interceptor.ErrorWrapper, in.UnaryInterceptor))
	trillian.RegisterTrillianLogServer(srv, server.NewTrillianLogRPCServer(reg, clock.System))
	trillian.RegisterTrillianAdminServer(srv, admin.New(reg, nil))
	lis, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(lis) }()
	sequencer := tlog.NewOperationManager(tlog.OperationInfo{
		Registry: reg, BatchSize: 1000, NumWorkers: 2, RunInterval: interval, TimeSource: clock.System,
		ElectionConfig: election.RunnerConfig{TimeSource: clock.System},
	}, tlog.NewSequencerManager(reg, 0))
	go sequencer.OperationLoop(ctx)

	if err := makeTrees(ctx, addr, trees); err != nil {
		return err
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
		srv.Stop()
		return nil
	}
}

// makeTrees makes the trees "ct" and "rekor" and writes {"ct": ID, "rekor": ID}.
func makeTrees(ctx context.Context, addr, path string) error {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ids := map[string]string{}
	for _, name := range []string{"ct", "rekor"} {
		t, err := client.CreateAndInitTree(ctx, &trillian.CreateTreeRequest{Tree: &trillian.Tree{
			TreeState: trillian.TreeState_ACTIVE, TreeType: trillian.TreeType_LOG, DisplayName: name,
			MaxRootDuration: durationpb.New(time.Hour),
		}}, trillian.NewTrillianAdminClient(conn), trillian.NewTrillianLogClient(conn))
		if err != nil {
			return err
		}
		ids[name] = strconv.FormatInt(t.TreeId, 10)
	}
	b, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	// Renamed into place: who sees the file sees all of it.
	if err := os.WriteFile(path+".tmp", b, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}
