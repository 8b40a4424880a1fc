// SPDX-License-Identifier: Apache-2.0

package main

// advisory is what another verifier, signer or client was fooled by, the test
// that shows that this one is not, and the line that the test depends on.
type advisory struct {
	ids       string // its identifiers
	elsewhere string // what went wrong there
	pkg, test string // in this module
	file      string // of the guard; "": nothing here can be taken away
	guard     string // stands there once
	without   string // what a verifier without it would have
}

const (
	stepSigner  = "verify/step_signer.go"
	stepLog     = "verify/step_log.go"
	stepTime    = "verify/step_time.go"
	stepContent = "verify/step_content.go"
	verifyPkg   = "verify"
	mutatePkg   = "conformance/internal/mutate"
	tufPkg      = "trustroot/internal/tuf"
	syncPkg     = "trustroot/tufsync"
	ociPkg      = "bundle/oci"
	bindings    = "if err := e.Body.VerifyRecord(e.generation, record); err != nil {"
	anyEntry    = "if err := e.Body.VerifyRecord(e.generation, record); err != nil && false {"
	wantedType  = "if len(want) > 0 && !slices.Contains(want, s.PredicateType) {"
	noType      = "if len(want) > 0 && !slices.Contains(want, s.PredicateType) && false {"
)

var list = []advisory{
	{"GHSA-wqqc-jjcq-vfxm CVE-2026-54787", "timestamps were not held against the window of a managed key", verifyPkg, "TestCVE_2026_54787_ManagedKeyWindow", stepSigner,
		"if !k.start.IsZero() && t.Time.Before(k.start) || !k.end.IsZero() && t.Time.After(k.end) {", "if false {"},
	{"GHSA-9vcr-p3rj-q5q6 CVE-2026-49834", "one log met a threshold of several", verifyPkg, "TestCVE_2026_49834_OneLogIsOneLog", stepTime,
		"if slices.ContainsFunc(set, same) {", "if same == nil {"},
	{"GHSA-cq38-jh5f-37mq CVE-2024-45395 GO-2024-3116", "lists were read without bounds", verifyPkg, "TestCVE_2024_45395_Bounds", "internal/strictjson/strictjson.go", "if i == most {", "if false {"},
	{"GHSA-whqx-f9j3-ch6m CVE-2026-22703", "any valid log entry was taken for the bundle's", verifyPkg, "TestCVE_2026_22703_AnyValidEntry", stepLog, bindings, anyEntry},
	{"GHSA-8gw7-4j42-w388 CVE-2022-36056", "entries were not tied to signatures, and the signer asked for was ignored", verifyPkg, "TestCVE_2022_36056_EntryAndIdentity", stepLog, bindings, anyEntry},
	{"GHSA-ccxc-vr6p-4858 CVE-2022-23649", "an entry was believed to be in a log without proof", verifyPkg, "TestCVE_2022_23649_EntryWithoutProof", "bundle/entry.go",
		"case v != V01 && m.GetInclusionProof() == nil:", "case false:"},
	{"GHSA-w6c6-c85g-mmv6 CVE-2026-39395", "payloads that did not parse, or of another predicate type, were verified", verifyPkg, "TestCVE_2026_39395_UnparsedPayload", stepContent, wantedType, noType},
	{"GHSA-vjxv-45g9-9296 CVE-2022-35929 GHSA-739f-hw6h-7wq8 CVE-2022-35930", "any attestation was taken where one of a type was wanted", verifyPkg, "TestCVE_2022_35929_PredicateType", stepContent, wantedType, noType},
	{"GHSA-wfqv-66vq-46rm CVE-2026-24122", "an expired intermediate was accepted when no log was asked for", verifyPkg, "TestCVE_2026_24122_ExpiredIntermediate", "trustroot/chains.go",
		"if at.Before(c.NotBefore) || at.After(c.NotAfter) {", "if false {"},
	{"GHSA-xm5m-wgh2-rrg3 CVE-2026-39984 GHSA-3xxc-pwj6-jgrj CVE-2026-33753", "the first certificate of a timestamp was held against the rules, not the signer's", verifyPkg, "TestCVE_2026_39984_ForgedSigner",
		"internal/rfc3161/verify.go", "if t.signer.Names(c) && !bytes.Equal(c.Raw, a.leaf.Raw) {", "if t.signer.Names(c) && !bytes.Equal(c.Raw, a.leaf.Raw) && false {"},
	{"GHSA-6qhv-4h7r-2g9m CVE-2025-52556", "the chain of a timestamp was verified, and not its signature", verifyPkg, "TestCVE_2025_52556_TimestampSignature", "internal/rfc3161/verify.go",
		"if err := a.checkSignature(t, signer); err != nil {", "if err := a.checkSignature(t, signer); err != nil && false {"},
	{"GHSA-xgjw-pm74-86q4 CVE-2026-48816 TOB-SIGSTORE-3", "the time beside an inclusion proof was believed", verifyPkg, "TestCVE_2026_48816_TimeWithoutPromise", stepTime,
		"if len(times) == 0 && r.b.Leaf != nil {", "if false {"},
	{"GHSA-jfc7-64v2-mr8c CVE-2026-48758", "payload types were cut to one byte a character", verifyPkg, "TestCVE_2026_48758_PayloadTypeInBytes", "dsse/dsse.go",
		"b = append(b, \"DSSEv1 \"...)\n", "var short []byte\n\tfor _, r := range payloadType {\n\t\tshort = append(short, byte(r))\n\t}\n\tpayloadType = string(short)\n\tb = append(b, \"DSSEv1 \"...)\n"},
	{"GHSA-q4xm-6fjc-5f6w CVE-2024-53267", "valid entries about something else were accepted", verifyPkg, "TestCVE_2024_53267_UnrelatedEntry", stepLog, bindings, anyEntry},
	{"CVE-2026-31830", "the comparison with the subjects was thrown away", verifyPkg, "TestCVE_2026_31830_SubjectMismatch", stepContent,
		"if err := r.a.matchSubject(s, proved); err != nil {", "if err := r.a.matchSubject(s, proved); err != nil && false {"},
	{"CVE-2024-55655", "the time of integration was not held against the certificate", verifyPkg, "TestCVE_2024_55655_TimeOutsideCertificate", "trustroot/chains.go",
		"if at.Before(c.NotBefore) || at.After(c.NotAfter) {", "if false {"},
	{"GHSA-8pmp-678w-c8xx", "an entry was searched for in the log, and the wrong one was found", mutatePkg, "TestAdvisories/GHSA-8pmp-678w-c8xx_wrong_entry_from_a_search", stepLog, bindings, anyEntry},
	{"GHSA-xvrc-2wvh-49vc", "the log's key was asked of the log", mutatePkg, "TestAdvisories/GHSA-xvrc-2wvh-49vc_keys_of_the_log_itself", "tlog/checkpoint.go",
		"if err := verify(message, s.sig); err != nil {", "if err := verify(message, s.sig); err != nil && false {"},
	{"GHSA-7c37-gx6w-8vc5 CVE-2026-44310 GHSA-fgw4-v983-mgp8 CVE-2025-25204", "no attestation at all was success", verifyPkg, "TestCVE_2026_44310_NothingIsNoSuccess", "bundle/lines.go",
		`yield(nil, refuse.New("bundle.empty", "no bundle in %d bytes", len(data)))`, "_ = refuse.New"},
	{"GHSA-7rmh-48mx-2vwc CVE-2026-44309", "bytes were verified that had been encoded again", verifyPkg, "TestCVE_2026_44309_ExactBytes", "verify/pipeline.go",
		"res.Payload = r.b.Envelope.Payload", "res.Payload = append([]byte(nil), []byte(string([]rune(string(r.b.Envelope.Payload[1:]))))...)"},
	{"GHSA-8xvp-7hj6-mcj9 CVE-2026-48501", "a token for one service was sent to mirrors", "trustroot/tufsync", "TestRequestHeaders", "trustroot/tufsync/fetch.go",
		`req.Header.Set("User-Agent", "sigbundle")`, `req.Header.Set("User-Agent", "sigbundle"); req.Header.Set("Authorization", "Bearer token")`},
	{"GHSA-r2xv-vpr2-42m9", "publish attestations of npm were not held against what they should say", mutatePkg, "TestAdvisories/GHSA-r2xv-vpr2-42m9_publish_attestations", stepContent, wantedType, noType},
	{"GHSA-2h5h-59f5-c5x9 GHSA-frqx-jfcm-6jjr GHSA-273p-m2cw-6833 GHSA-47q9-m4ww-924m GHSA-4c4x-jm2x-pf9j", "parsers of entries that no verifier needs ran out of memory, crashed and fetched", mutatePkg,
		"TestAdvisories/GHSA-2h5h-59f5-c5x9_entries_that_nobody_needs", "tlog/body.go", "if !ok {\n\t\treturn nil\n\t}\n", "if !ok {\n\t\tvar all []string\n\t\tfor range spec {\n\t\t\tall = append(all, string(spec[:min(len(spec), 99)]))\n\t\t}\n\t\treturn nil\n\t}\n"},
	{"GHSA-f83f-xpx7-ffpw GHSA-4qg8-fj49-pxjh", "tokens and object identifiers were split at every dot, however many", mutatePkg, "TestAdvisories/GHSA-f83f-xpx7-ffpw_tokens_of_dots", "sign/oidc/token.go",
		"if len(raw) > maxToken {", "if false {"},
	{"GHSA-vrxp-mg9f-hwf3 GHSA-pmwq-pjrm-6p5r", "patterns matched parts of names, or were read in two ways", mutatePkg, "TestAdvisories/GHSA-vrxp-mg9f-hwf3_patterns_match_whole_names", "verify/policy.go",
		"regexp.Compile(`\\A(?:` + m.Regexp + `)\\z`)", "regexp.Compile(m.Regexp)"},
	{"GO-2024-2611", "a parser of JSON did not end", mutatePkg, "TestAdvisories/GO-2024-2611_JSON_that_ends_early", "", "", ""},
	{"GO-2024-2598", "a certificate with a key of an unknown kind crashed the search for paths", mutatePkg, "TestAdvisories/GO-2024-2598_keys_of_unknown_kinds", "", "", ""},
	{"GO-2025-4009", "PEM took time that grew with the square of its length", mutatePkg, "TestAdvisories/GO-2025-4009_PEM_of_many_beginnings", "", "", ""},
	{"GO-2025-4011 GO-2026-5972", "DER claimed lengths that memory was set aside for", mutatePkg, "TestAdvisories/GO-2025-4011_lengths_in_DER", "", "", ""},
	{"GO-2026-4946 GO-2026-4947", "the work to find a path exploded", mutatePkg, "TestHostileEvidence/paths_that_explode", "", "", ""},
	{"GO-2026-5932", "unmaintained OpenPGP was linked", mutatePkg, "TestAdvisories/GO-2026-5932_nothing_is_linked_that_is_not_needed", "", "", ""},
	{"TOB-2", "evidence was not required, and nothing showed it", verifyPkg, "TestTOB2_LoweredShows", "verify/pipeline.go", "got.Lowered = got.Logs < def.Logs || got.SCTs < def.SCTs || got.Times < def.Times", "got.Lowered = false"},
	{"TOB-4", "one authority in an attacker's hands chose the time", verifyPkg, "TestTOB4_EveryTimeCounts", "trustroot/chains.go", "if at.Before(c.NotBefore) || at.After(c.NotAfter) {", "if false {"},
	{"TOB-7", "times in the future were granted", verifyPkg, "TestTOB7_FutureTime", "trustroot/chains.go", "if at.Before(c.NotBefore) || at.After(c.NotAfter) {", "if false {"},
	{"TOB-9", "an envelope with several signatures counted as each one's", verifyPkg, "TestTOB9_OneSignature", "bundle/build.go", "if n := len(m.GetSignatures()); n != 1 {", "if n := len(m.GetSignatures()); n < 1 {"},
	{"TOB-10", "what lay in a cache was believed", "trustroot/tufsync", "TestDamagedCache", "trustroot/internal/tuf/target.go", "if !bytes.Equal(sum(algorithm, data), want) {", "if !bytes.Equal(sum(algorithm, data), want) && false {"},
	{"TOB-11", "chain and window were taken from two authorities", verifyPkg, "TestTOB11_BorrowedWindow", "internal/rfc3161/verify.go", "if !a.ValidAt(t.info.genTime) {", "if false {"},
	{"GHSA-fcv2-xgw5-pqxf CVE-2026-24137", "names of targets led out of the cache", tufPkg, "TestAdvisories/GHSA-fcv2-xgw5-pqxf_CVE-2026-24137_names_of_targets", "trustroot/internal/tuf/delegate.go",
		"if err := CheckTargetName(name); err != nil {", "if err := CheckTargetName(name); err != nil && false {"},
	{"GHSA-x3r5-q6mj-m485 GHSA-jqc5-w2xx-5vq4", "names of targets and repositories were taken for file names", tufPkg, "TestAdvisories/GHSA-x3r5-q6mj-m485_names_of_targets_as_files", "trustroot/internal/tuf/names.go",
		"if strings.HasSuffix(e, \".\") {", "if false {"},
	{"GHSA-r56q-vv3c-6g9c", "names of roles were taken for file names", tufPkg, "TestAdvisories/GHSA-r56q-vv3c-6g9c_names_of_delegated_roles", "trustroot/internal/tuf/shape_roles.go",
		"return checkRoleName(g.name)", "return nil"},
	{"GHSA-846p-jg2w-w324 CVE-2026-23991", "valid JSON that is no metadata crashed the client", tufPkg, "TestAdvisories/GHSA-846p-jg2w-w324_CVE-2026-23991_malformed_roles", "trustroot/internal/tuf/workflow.go",
		"return checkShape(kind, data)", "h, _ := checkShape(kind, data)\n\tif h == nil {\n\t\th = new(header)\n\t}\n\treturn h, nil"},
	{"GHSA-fphv-w9fq-2525 CVE-2026-23992", "a threshold of none was met", tufPkg, "TestAdvisories/GHSA-fphv-w9fq-2525_CVE-2026-23992_threshold", "trustroot/internal/tuf/shape_roles.go",
		"if v, err = integer(d, -1<<31); err == nil && (v < 1 || v > MaxKeys) {", "if v, err = integer(d, -1<<31); err == nil && v > MaxKeys {"},
	{"GHSA-66x3-6cw3-v5gj", "metadata was rolled back", syncPkg, "TestAdvisories/GHSA-66x3-6cw3-v5gj_rollback", "trustroot/internal/tuf/floors.go", "if snapshot < f.Snapshot {", "if false {"},
	{"GHSA-4f8r-qqr9-fq8j", "delegations were searched out of order", syncPkg, "TestAdvisories/GHSA-4f8r-qqr9-fq8j_delegation_order", "trustroot/internal/tuf/delegate.go",
		"for _, c := range slices.Backward(children) {", "for _, c := range children {"},
	{"CVE-2025-2885", "roots were accepted out of sequence", syncPkg, "TestAdvisories/CVE-2025-2885_non-sequential_root", "trustroot/internal/tuf/workflow.go",
		"if want := w.root.Version + 1; h.version != want {", "if want := w.root.Version + 1; h.version != want && false {"},
	{"CVE-2025-2886", "a terminating delegation did not end the search", syncPkg, "TestAdvisories/CVE-2025-2886_terminating_delegation", "trustroot/internal/tuf/delegate.go", "stack = nil", "_ = stack"},
	{"CVE-2025-2887", "a delegated role was rolled back", syncPkg, "TestAdvisories/CVE-2025-2887_rollback_of_a_delegated_role", "trustroot/internal/tuf/workflow.go", "w.floors.Meta = versions(md.Signed.Meta)", "_ = versions"},
	{"GHSA-4v58-8p28-2rq3", "delegated roles were not held to what lists them", syncPkg, "TestAdvisories/GHSA-4v58-8p28-2rq3_delegated_metadata", "trustroot/internal/tuf/workflow.go",
		"if err := checkHashes(role, wt.info.Hashes, data); err != nil {", "if err := checkHashes(role, wt.info.Hashes, data); err != nil && false {"},
	{"CVE-2025-2888", "a timestamp was kept although its snapshot was refused", syncPkg, "TestAdvisories/CVE-2025-2888_timestamp_kept_although_its_snapshot_is_old", "", "", ""},
	{"GHSA-5q2r-92f9-4m49", "one signature counted as often as it was there", tufPkg, "TestAdvisories/GHSA-5q2r-92f9-4m49_repeated_signatures", "", "", ""},
	{"GHSA-8m7c-8m39-rv4x", "one key of a delegated role counted twice", tufPkg, "TestAdvisories/GHSA-8m7c-8m39-rv4x_repeated_keys,_delegated", "", "", ""},
	{"GHSA-3633-5h82-39pq", "one key under several names counted as several", tufPkg, "TestAdvisories/GHSA-3633-5h82-39pq_one_key_under_many_names", "", "", ""},
	{"rekor#2861", "root hashes were compared without regard to case", verifyPkg, "TestRekor2861_RootsAreCompared", "tlog/inclusion.go", "if p.Size != c.Size || p.Root != c.Root {", "if p.Size != c.Size {"},
	{"GHSA-hm8f-75xx-w2vr CVE-2026-24408", "the state that the browser brought back was not compared", "sign/oidc", "TestCVE_2026_24408_ForgedCallback", "sign/oidc/browser.go",
		" || subtle.ConstantTimeCompare([]byte(q.Get(\"state\")), []byte(f.state)) != 1 {", " {"},
	{"GHSA-88jx-383q-w4qc CVE-2024-29902", "attachments of any size were read into memory", ociPkg, "TestGHSA_88jx_383q_w4qc_HugeAttachment", "bundle/oci/manifest.go",
		"if d.Size < 0 || d.Size > most {", "if d.Size < 0 {"},
	{"GHSA-95pr-fxf5-86gv CVE-2024-29903", "a manifest could list layers without end", ociPkg, "TestGHSA_95pr_fxf5_86gv_ManyEntries", "bundle/oci/layout.go", "if len(found.list) > MaxReferrers {", "if false {"},
	{"GHSA-vfp6-jrw2-99g9 CVE-2023-46737", "a registry could answer without end", ociPkg + "/registry", "TestGHSA_vfp6_jrw2_99g9_Endless", "bundle/oci/registry/registry.go", "if len(list) == oci.MaxReferrers {", "if false {"},
	{"GHSA-pf56-329r-95rw CVE-2026-59891", "credentials were taken of any registry whose name was part of the name", ociPkg + "/registry", "TestCVE_2026_59891_Credentials", "", "", ""},
}
