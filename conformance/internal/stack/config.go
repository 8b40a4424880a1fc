// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/sigbundle/sigbundle/conformance/internal/stack/issuer"
)

// fulcioConfig has the issuers that Fulcio accepts, %[1]s for e-mail and
// %[2]s for CI. The templates are those of the public instance for GitHub.
const fulcioConfig = `oidc-issuers:
  %[1]s:
    issuer-url: %[1]s
    client-id: %[3]s
    type: email
  %[2]s:
    issuer-url: %[2]s
    client-id: %[3]s
    type: ci-provider
    ci-provider: github-workflow
ci-issuer-metadata:
  github-workflow:
    default-template-values:
      url: https://github.com
    extension-templates:
      github-workflow-trigger: event_name
      github-workflow-sha: sha
      github-workflow-name: workflow
      github-workflow-repository: repository
      github-workflow-ref: ref
      build-signer-uri: "{{ .url }}/{{ .job_workflow_ref }}"
      build-signer-digest: job_workflow_sha
      runner-environment: runner_environment
      source-repository-uri: "{{ .url }}/{{ .repository }}"
      source-repository-digest: sha
      source-repository-ref: ref
      source-repository-identifier: repository_id
      source-repository-owner-uri: "{{ .url }}/{{ .repository_owner }}"
      source-repository-owner-identifier: repository_owner_id
      build-config-uri: "{{ .url }}/{{ .workflow_ref }}"
      build-config-digest: workflow_sha
      build-trigger: event_name
      run-invocation-uri: "{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}"
      source-repository-visibility-at-signing: repository_visibility
    subject-alternative-name-template: "{{ .url }}/{{ .job_workflow_ref }}"
`

// writeFulcio writes fulcio.yaml.
func (m *material) writeFulcio(email, ci string) error {
	return m.write("fulcio.yaml", fmt.Appendf(nil, fulcioConfig, email, ci, issuer.Audience))
}

// ctPrefix is the path of the CT log below its server.
const ctPrefix = "ct"

// ctConfig is ct_server's LogConfig in protobuf text.
const ctConfig = `config {
  log_id: %s
  prefix: %q
  roots_pem_file: %q
  ext_key_usages: "CodeSigning"
  max_merge_delay_sec: 60
  private_key { [type.googleapis.com/keyspb.PrivateKey] { der: "%s" } }
  public_key { der: "%s" }
}
`

// writeCT writes ct.cfg for the Trillian tree with that id.
func (m *material) writeCT(tree string) error {
	private, err := x509.MarshalPKCS8PrivateKey(m.logKey["ct"])
	if err != nil {
		return err
	}
	public, err := m.spki("ct")
	if err != nil {
		return err
	}
	return m.write("ct.cfg", fmt.Appendf(nil, ctConfig,
		tree, ctPrefix, m.path("fulcio.root.pem"), textBytes(private), textBytes(public)))
}

// textBytes writes bytes as a protobuf text string would.
func textBytes(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		fmt.Fprintf(&s, `\x%02x`, c)
	}
	return s.String()
}

// readTrees reads the tree ids that cmd/trillian wrote.
func readTrees(path string) (map[string]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	return ids, json.Unmarshal(b, &ids)
}

// algEd25519 is the key type of Ed25519 in the note format.
const algEd25519 = 1

// noteKey is a key as the note format has it: type and bytes.
func (m *material) noteKey(log string) ([]byte, error) {
	pub, ok := m.logKey[log].Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%s: want an Ed25519 key", log)
	}
	return append([]byte{algEd25519}, pub...), nil
}

// noteID is the whole key id of a Rekor v2 log: SHA-256 over name, newline,
// key type and key (https://c2sp.org/signed-note).
func (m *material) noteID(log, origin string) ([32]byte, error) {
	key, err := m.noteKey(log)
	if err != nil {
		return [32]byte{}, err
	}
	return sha256.Sum256(append([]byte(origin+"\n"), key...)), nil
}

// noteVerifier verifies the checkpoints of a Rekor v2 log.
func (m *material) noteVerifier(log, origin string) (note.Verifier, error) {
	key, err := m.noteKey(log)
	if err != nil {
		return nil, err
	}
	id, err := m.noteID(log, origin)
	if err != nil {
		return nil, err
	}
	return note.NewVerifier(fmt.Sprintf("%s+%x+%s", origin, id[:4], base64.StdEncoding.EncodeToString(key)))
}

// writeWitness writes the witness policy of the Rekor v2 servers, and the
// verifier key of the cosignatures.
func (m *material) writeWitness(url, vkey string) error {
	if err := m.write("witness.vkey", []byte(vkey+"\n")); err != nil {
		return err
	}
	return m.write("witness.policy", fmt.Appendf(nil, "witness w1 %s %s\nquorum w1\n", vkey, url))
}
