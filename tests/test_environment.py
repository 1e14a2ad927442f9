"""What a person has set for themselves reaches no test."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.running import ROOT

HOSTILE = {
    "HF_HUB_OFFLINE": "1",
    "HF_TOKEN": "hf_x",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "LC_ALL": "de_DE.UTF-8",
    "LANG": "de_DE.UTF-8",
    "TZ": "Pacific/Kiritimati",
    "OMP_NUM_THREADS": "7",
    "OMP_WAIT_POLICY": "ACTIVE",
    "DANQING_WEB_PORT": "1",
    "FORCE_COLOR": "1",
}
SAID = "import json, os, time, tests.conftest; print(json.dumps([dict(os.environ), time.tzname[0]]))"


def test_what_people_set_reaches_no_test_and_none_of_its_processes() -> None:
    environ = {**os.environ, **HOSTILE, "DANQING_TEST_POSTGRES": "postgresql://x", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", SAID], cwd=ROOT, env=environ, capture_output=True, check=True)
    left, zone = json.loads(done.stdout)
    assert {name for name in HOSTILE if name in left} == {"LANG", "TZ", "OMP_NUM_THREADS", "OMP_WAIT_POLICY"}
    assert (left["LANG"], left["TZ"], zone) == ("C.UTF-8", "UTC", "UTC")
    assert (left["OMP_NUM_THREADS"], left["OMP_WAIT_POLICY"]) == ("1", "PASSIVE")
    assert left["DANQING_TEST_POSTGRES"] == "postgresql://x", "the tests' own"
