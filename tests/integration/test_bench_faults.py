"""bench/faults and bench/hostile: every scenario and every kind of reply, in the short form."""
import json
import subprocess
import sys

import pytest

from basics import BUILD, ROOT

BENCH = ROOT / "bench"


@pytest.mark.parametrize("program, count", [("faults --transport=loopback", 56),
                                            pytest.param("hostile --short", 28, marks=pytest.mark.plain)])
def test_all_pass(program, count):
    program, option = program.split()
    run = subprocess.run([sys.executable, BENCH / program, option, "--json", "--jobs", "8", "--build", BUILD],
                         stdout=subprocess.PIPE, timeout=300, check=False, text=True)
    *results, total = map(json.loads, run.stdout.splitlines())
    assert [fault for result in results for fault in result["faults"]] == []
    assert total == {"passed": count, "total": count}
    assert run.returncode == 0
