"""What the proxy costs: bars that hold on any machine."""
import pathlib

import pytest
from proxy_process import wait_until
from torture import SANITIZED

pytestmark = pytest.mark.skipif(SANITIZED, reason="the sanitizers have costs of their own")

IDLE_KB = 10 * 1024


def resident_kb(proxy):
    """All of it, with what it shares with others."""
    status = pathlib.Path(f"/proc/{proxy.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def test_an_idle_proxy_is_small(light):
    """A second after its start, of which not all stays in memory."""
    wait_until(lambda: resident_kb(light) <= IDLE_KB, f"at most {IDLE_KB} KB")
    assert light.get("/v1/models").status == 200   # and what is needed after all is there again
