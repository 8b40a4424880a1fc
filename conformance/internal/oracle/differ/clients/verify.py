# SPDX-License-Identifier: Apache-2.0
"""Answers questions with the Python client: JSON lines in, JSON lines out.

A line {"root": ID, "json": TEXT} makes a trust root known, any other is a
question as worker.go writes it.
"""

import base64
import hashlib
import json
import logging
import sys
import warnings

from sigstore_models.common import v1 as common_v1
from sigstore_models.trustroot import v1 as trustroot_v1

from sigstore.dsse import Statement
from sigstore.hashes import Hashed
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy

verifiers = {}
roots = {}


def verifier(root):
    """Return the verifier for a trust root, made at the first question."""
    if root not in verifiers:
        inner = trustroot_v1.TrustedRoot.from_json(roots[root])
        verifiers[root] = Verifier(trusted_root=TrustedRoot(inner))
    return verifiers[root]


def verify(q):
    """Raise an exception if the bundle does not verify."""
    bundle = Bundle.from_json(base64.b64decode(q["bundle"]))
    if q.get("any"):
        who = policy.UnsafeNoOp()
    else:
        who = policy.AnyOf(
            [policy.Identity(identity=i["san"], issuer=i["issuer"]) for i in q["identities"]]
        )
    digest = None
    if "artifact" in q:
        digest = hashlib.sha256(base64.b64decode(q["artifact"])).digest()
    elif "digest" in q:
        digest = bytes.fromhex(q["digest"])
    hashed = None
    if digest is not None:
        hashed = Hashed(algorithm=common_v1.HashAlgorithm.SHA2_256, digest=digest)
    if bundle._inner.dsse_envelope is None:
        verifier(q["root"]).verify_artifact(hashed, bundle, who)
        return
    # The artifact is compared as its command does it.
    kind, payload = verifier(q["root"]).verify_dsse(bundle, who)
    if kind != "application/vnd.in-toto+json":
        raise ValueError(f"payload type {kind}")
    statement = Statement(payload)
    if hashed is not None and not statement._matches_digest(hashed):
        raise ValueError("no subject matches the artifact")


def main():
    """Answer until the input ends."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        q = json.loads(line)
        if "json" in q:
            roots[q["root"]] = q["json"]
            continue
        try:
            verify(q)
            answer = {"ok": True}
        except Exception as e:
            answer = {"error": f"{type(e).__name__}: {e}"}
        except BaseException as e:  # panics of its extensions, written in Rust
            if isinstance(e, (KeyboardInterrupt, SystemExit)):
                raise
            answer = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(answer), flush=True)


main()
