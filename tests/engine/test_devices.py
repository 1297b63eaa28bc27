"""Every family decodes on a device other than the CPU: no tensor of the wrong device, no waiting for a value."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from reference_data import REPOSITORY


def test_no_family_mixes_devices_or_waits_for_the_device_in_a_decode_step() -> None:
    tests = REPOSITORY / "tests"
    path = os.pathsep.join(map(str, (REPOSITORY, tests, tests / "reference")))
    done = subprocess.run(
        [sys.executable, str(tests / "engine" / "device_audit.py")],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["cases"] > 50
    assert report["found"] == {}
