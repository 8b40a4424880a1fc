# SPDX-License-Identifier: Apache-2.0
"""Answers steps with python-tuf's client: JSON lines in, JSON lines out."""

import base64
import datetime
import json
import os
import sys

try:
    import tuf
    from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
    from tuf.ngclient import Updater
    from tuf.ngclient.fetcher import FetcherInterface
except ImportError:
    sys.exit("the package tuf is missing")


class Files(FetcherInterface):
    """A repository in memory."""

    def __init__(self, base, files):
        self.base, self.files = base, files

    def _fetch(self, url):
        data = self.files.get(url[len(self.base) :])
        if data is None:
            raise DownloadHTTPError("not found", 404)
        return iter([base64.b64decode(data)])


def step(q):
    """Raise an exception if the client refuses."""
    meta, targets = os.path.join(q["dir"], "metadata"), os.path.join(q["dir"], "targets")
    os.makedirs(meta, exist_ok=True)
    os.makedirs(targets, exist_ok=True)
    updater = Updater(
        meta,
        q["base"],
        targets,
        q["base"] + "targets/",
        fetcher=Files(q["base"], q["files"]),
        bootstrap=base64.b64decode(q["root"]),
    )
    # It reads the clock itself, and has no other place for a time.
    updater._trusted_set.reference_time = datetime.datetime.fromtimestamp(
        q["now"], datetime.timezone.utc
    )
    updater.refresh()
    for name in q["targets"] or []:
        info = updater.get_targetinfo(name)
        if info is None:
            raise ValueError("no such target")
        updater.download_target(info)


print(json.dumps({"Version": tuf.__version__}), flush=True)
for line in sys.stdin:
    try:
        step(json.loads(line))
        answer = {"OK": True}
    except (RepositoryError, DownloadError, ValueError) as e:
        cause = f": {e.__cause__}" if e.__cause__ else ""
        answer = {"OK": False, "Reason": f"{type(e).__name__}: {e}{cause}"}
    except Exception as e:  # what its interface does not say that it raises
        answer = {"OK": False, "Reason": f"CRASH {type(e).__name__}: {e}"}
    print(json.dumps(answer), flush=True)
