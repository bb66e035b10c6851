"""The fault bench: every scenario on both wires, over both transports."""
import json
import os
import pathlib
import subprocess
import sys

from proxy_process import BUILD

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench" / "faults"


def test_every_scenario_passes():
    run = subprocess.run([sys.executable, BENCH, "--json", "--jobs", "8", "--build", BUILD], stdout=subprocess.PIPE, timeout=300,
                         check=False, text=True, env=dict(os.environ))
    *results, total = map(json.loads, run.stdout.splitlines())
    assert [fault for result in results for fault in result["faults"]] == []
    assert total == {"passed": 32, "total": 32}
    assert run.returncode == 0
