"""bench/measure-dispatch and bench/measure-streaming against a running proxy with a mock upstream."""
import json
import os
import subprocess
import sys

import pytest

from basics import ROOT
import chat_wire as chat
from mock_upstream import CLOSE, error
from proxy_process import MASTER_KEY

BENCH = ROOT / "bench"
ID = "codex-light/openai/1"


def measure(program, proxy, *options):
    command = [sys.executable, "-B", BENCH / program, "--url", f"http://127.0.0.1:{proxy.risk_port}/v1", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60,
                          env={"PATH": os.environ["PATH"], "LITELLM_API_KEY": MASTER_KEY})


@pytest.mark.parametrize("program, streamed", [("measure-dispatch", False), ("measure-streaming", True)])
def test_requests_are_measured(light, upstream, program, streamed):
    upstream.always(chat.either("fine"))
    ran = measure(program, light, "-n", "2", "--json")
    assert ran.returncode == 0, ran.stderr
    got = json.loads(ran.stdout)
    for call in got["calls"]:
        assert (call["served"], call["attempts"], call["status"], call["tokens"], call["error"]) == \
            (ID, "1", 200, 7, None)
        assert (call["ttft_ms"] is not None) == streamed and call["total_ms"] >= (call["ttft_ms"] or 0)
    assert got["summary"][0]["calls"] == 2 and got["summary"][0]["served"] == {ID: 2}
    text = measure(program, light, "-n", "1")
    assert text.returncode == 0 and ID in text.stdout and MASTER_KEY not in text.stdout + text.stderr


def test_failures_are_shown(light, upstream):
    upstream.script(error(401, "bad provider key"), chat.broken_stream("Hel", end=CLOSE))
    ran = measure("measure-dispatch", light, "-n", "1")
    assert ran.returncode == 1 and "bad provider key" in ran.stdout
    light.post("/dispatch/reset", b"")
    ran = measure("measure-streaming", light, "-n", "1", "--json")
    assert ran.returncode == 1 and json.loads(ran.stdout)["summary"][0]["failed"] == 1


def test_help_and_a_missing_key(light):
    assert "--iterations" in measure("measure-dispatch", light, "--help").stdout
    ran = subprocess.run([sys.executable, "-B", BENCH / "measure-dispatch"], capture_output=True, text=True,
                         check=False, env={"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": "/nowhere"})
    assert ran.returncode == 1 and "LITELLM_API_KEY" in ran.stderr
