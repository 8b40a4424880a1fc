// SPDX-License-Identifier: Apache-2.0
//
// Answers questions with @sigstore/verify: JSON lines in, JSON lines out. A
// line {"root": ID, "json": TEXT} makes a trust root known, any other is a
// question as worker.go writes it.
'use strict';

const readline = require('readline');
const { bundleFromJSON } = require('@sigstore/bundle');
const { TrustedRoot } = require('@sigstore/protobuf-specs');
const { toSignedEntity, toTrustMaterial, Verifier } = require('@sigstore/verify');

const roots = new Map();
const decode = (text) => Buffer.from(text, 'base64');

// The keys of a question, as the trust material asks for them.
function locator(keys) {
  return (hint) => {
    const key = keys.find((k) => (keys.length === 1 && !k.hint) || k.hint === hint);
    if (!key) throw new Error(`no key for hint ${hint}`);
    const from = key.start ? new Date(key.start) : new Date(0);
    const to = key.end ? new Date(key.end) : new Date(8640000000000000);
    const publicKey = require('crypto').createPublicKey({ key: decode(key.spki), format: 'der', type: 'spki' });
    return { publicKey, validFor: (date) => from <= date && date <= to };
  };
}

function verify(q) {
  const bundle = bundleFromJSON(JSON.parse(decode(q.bundle).toString('utf8')));
  const artifact = q.artifact === undefined ? undefined : decode(q.artifact);
  const material = toTrustMaterial(TrustedRoot.fromJSON(roots.get(q.root)), locator(q.keys || []));
  const verifier = new Verifier(material, {
    tlogThreshold: q.logs, ctlogThreshold: q.scts, timestampThreshold: q.times,
  });
  const content = bundle.verificationMaterial.content.$case;
  if ((content === 'publicKey') !== Boolean(q.keys)) throw new Error('the other kind of signer is wanted');
  if (q.keys || q.any) return verifier.verify(toSignedEntity(bundle, artifact));
  let failure;
  for (const id of q.identities) {
    // Its pattern is searched for: quoted and anchored it is compared.
    const san = '^' + id.san.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') + '$';
    const extensions = { issuer: id.noIssuer ? undefined : id.issuer };
    try {
      return verifier.verify(toSignedEntity(bundle, artifact), { subjectAlternativeName: san, extensions });
    } catch (e) {
      failure = e;
    }
  }
  throw failure;
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const q = JSON.parse(line);
  if (q.json !== undefined) {
    roots.set(q.root, JSON.parse(q.json));
    return;
  }
  const answer = {};
  try {
    verify(q);
    answer.ok = true;
  } catch (e) {
    answer.error = `${e.name}: ${e.message}` + (e.cause ? `: ${e.cause.message}` : '');
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
});
