// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// hostA and hostB are loopback addresses. The second Rekor v2 log has its own
// because clients take the origin of a log from the host of its URL, without
// the port.
const (
	hostA = "127.0.0.1"
	hostB = "127.0.0.2"
)

// origins are the names of the Rekor v2 logs in their checkpoints.
var origins = map[string]string{"rekor2": hostA, "rekor2b": hostB}

// The ports of servers are below those that Linux gives to outgoing
// connections (32768 and above): a server that starts must not find that a
// client of the one before it has its port.
const (
	firstPort, lastPort = 15000, 32000
	maxPortTries        = 1000
)

// freePorts finds n free ports. All are held until the last is found, so they
// differ; another program could take one before its server does, which then
// ends at once and says so.
func freePorts(n int) (ports []int, err error) {
	for tries := 0; len(ports) < n; tries++ {
		port := firstPort + rand.IntN(lastPort-firstPort)
		// All interfaces, as some of the servers listen there for metrics.
		l, e := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if e != nil {
			if tries < maxPortTries {
				continue
			}
			return nil, errors.Join(err, e)
		}
		defer func() { err = errors.Join(err, l.Close()) }()
		ports = append(ports, port)
	}
	return ports, nil
}

// address is a host and a port of a server.
type address struct {
	host string
	port int
}

func (a address) String() string  { return net.JoinHostPort(a.host, a.portStr()) }
func (a address) portStr() string { return strconv.Itoa(a.port) }
func (a address) url() string     { return fmt.Sprintf("http://%s", a) }
