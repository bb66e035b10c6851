"""No memory, at any allocation of a start, a request, a reload and an exit: nothing crashes, hangs or leaks, clients
get an error, and no failed operation is taken for done. Here for some of the allocations; `make torture` does all."""
import json
import os
import select
import signal
import subprocess
import time

from basics import free_port, wait_until
import chat_wire as chat
import pytest
import responses_wire as responses
from conftest import UPSTREAM_KEY, deployment
from faults import FOREVER, PATIENCE_S, Memory, Outcome
from proxy_process import BINARY, MASTER_KEY
from torture import LONG, SANITIZED, figure

pytestmark = [pytest.mark.timeout(3600 if LONG else 120),
              pytest.mark.skipif(SANITIZED, reason="the sanitizers have their own allocators")]

TEXT = "Answer 0123456789. " * 40   # larger than a buffer's first size


@pytest.fixture
def memory(folder):
    return Memory(folder)


def serve(request):
    """A provider of both APIs, whole and streamed."""
    body = request.json
    if request.path.endswith("/responses"):
        return responses.text_stream(TEXT) if body.get("stream") else responses.whole(TEXT)
    return chat.text_stream(TEXT[:100], TEXT[100:]) if body.get("stream") else chat.whole(TEXT)


CHAT = {"model": "passed", "messages": [{"role": "user", "content": "hello " * 60}]}
TOOL = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}
INPUT = {"model": "bridged", "input": "hello " * 60, "tools": [TOOL]}
REQUESTS = {
    "chat": ("/v1/chat/completions", CHAT),
    "stream": ("/v1/chat/completions", {**CHAT, "stream": True}),
    "responses": ("/v1/responses", INPUT),
    "responses stream": ("/v1/responses", {**INPUT, "stream": True}),
}


def is_whole(name):
    def check(text):
        if "stream" not in name:
            reply = json.loads(text)
            return TEXT == (reply["choices"][0]["message"]["content"] if "choices" in reply
                            else reply["output"][0]["content"][0]["text"])
        if name == "stream":
            events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
            return text.endswith("data: [DONE]\n\n") and TEXT == "".join(
                choice["delta"].get("content") or "" for event in events for choice in event["choices"])
        return '"type":"response.completed"' in text and TEXT in text.rsplit("data: ", 1)[1]
    return check


def start(start_proxy, upstream, memory):
    upstream.always(serve)
    return start_proxy(deployment("passed", upstream), deployment("bridged", upstream, use_chat_completions_api=True),
                       environment=memory.environment)


@pytest.mark.parametrize("transport", ["loopback", "libcurl"], indirect=True)
@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("how_many", [1, FOREVER], ids=["one", "all that follow"])
def test_requests(start_proxy, upstream, memory, name, how_many):
    proxy = start(start_proxy, upstream, memory)
    errors = 0
    for first in range(1, 1000):
        with memory.fails(first, how_many):
            kind = Outcome(proxy, *REQUESTS[name]).kind(is_whole(name))
        assert proxy.process.poll() is None, (first, memory.where, proxy.stderr)
        assert kind in ("whole", "error", "truncated"), (first, memory.where, kind)
        if not memory.failed:
            break
        errors += kind == "error"
        after = Outcome(proxy, *REQUESTS[name])
        assert after.kind(is_whole(name)) == "whole", (first, memory.where, after.status, after.text, proxy.stderr)
    figure(f"{name}: allocations that failed, {'one each' if how_many == 1 else 'with all after it'}", first - 1)
    assert kind == "whole" and errors > first / 2   # the others had no connection yet, or no way to get an error


@pytest.mark.parametrize("transport", ["loopback", "libcurl"], indirect=True)
def test_first_requests(start_proxy, upstream, memory):
    """What the first use creates: after a reload all of it is created again."""
    proxy = start(start_proxy, upstream, memory)
    path, body = REQUESTS["responses stream"]
    for first in range(1, 1000):
        proxy.reload()
        with memory.fails(first):
            kind = Outcome(proxy, path, body).kind(is_whole("responses stream"))
        assert kind in ("whole", "error", "truncated"), (first, memory.where, kind)
        after = Outcome(proxy, path, body)
        assert after.kind(is_whole("responses stream")) == "whole", \
            (first, memory.where, after.status, after.text, proxy.stderr)
        assert all(request.headers["authorization"] == f"Bearer {UPSTREAM_KEY}" for request in upstream.requests), \
            memory.where
        if not memory.failed:
            break
    assert kind == "whole" and first > 40


def test_exits(start_proxy, upstream, memory):
    for first in range(1, 200, 1 if LONG else 40):
        proxy = start(start_proxy, upstream, memory)
        assert Outcome(proxy, *REQUESTS["stream"]).kind(is_whole("stream")) == "whole"
        with memory.fails(first):
            assert proxy.stop() == 0, (first, memory.where, proxy.stderr)


def test_nothing_is_left(start_proxy, upstream, memory):
    """After many failures, there are as many blocks and descriptors as before."""
    proxy = start(start_proxy, upstream, memory)

    def round_of_failures():
        for path, body in REQUESTS.values():
            for first in range(1, 60, 2):
                with memory.fails(first):
                    Outcome(proxy, path, body)
            after = Outcome(proxy, path, body)
            assert after.status == 200, after.text

    round_of_failures()   # what the first use creates exists now
    files, grown = proxy.open_files + 1, []     # a second connection is kept if a request begins while another one ends
    while len(grown) < 2 or (0 not in grown and len(grown) < 4):    # a leak adds at least one in each round
        blocks = memory.live
        round_of_failures()
        wait_until(lambda: proxy.open_files <= files, "its descriptors")
        grown.append(max(0, memory.live - blocks))
    assert 0 in grown, f"blocks more than before: {grown}"


def test_reloads(start_proxy, upstream, memory):
    proxy = start(start_proxy, upstream, memory)
    refused = 0
    for first in range(1, 10000, 1 if LONG else 13):
        with memory.fails(first):
            status = proxy.reload()["STATUS"]
        assert Outcome(proxy, *REQUESTS["chat"]).kind(is_whole("chat")) == "whole", (first, memory.where, proxy.stderr)
        assert status.startswith("serving") or "memory" in status, (first, memory.where, status)
        refused += status.startswith("not reloaded")
        if not memory.failed:
            break
    assert status.startswith("serving") and refused > 5


class Start:
    """Starts only the program, which is faster than a Proxy. Returns when it exits or is ready."""

    def __init__(self, folder, memory):
        self.port, self.keys = free_port(), {"LITELLM_API_KEY": MASTER_KEY}
        self.process = subprocess.Popen(
            [BINARY, "--config", folder / "config.yaml", "--port", str(self.port)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={"HOME": str(folder), "MOCK_API_KEY": UPSTREAM_KEY, **self.keys, **memory.environment})
        self.stderr, self.ready = "", False
        deadline = time.monotonic() + PATIENCE_S
        while not self.ready and time.monotonic() < deadline:
            if select.select([self.process.stderr], [], [], 0.1)[0]:
                piece = os.read(self.process.stderr.fileno(), 65536).decode()
                self.stderr += piece
                if not piece:
                    break
            self.ready = "ready on port" in self.stderr
        self.hung = time.monotonic() >= deadline

    def end(self, number):
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        self.process.stderr.close()
        return code


def test_starts(folder, upstream, memory):
    """It starts completely, or exits with a reason. libseccomp 2.5.4 itself fails then: see common/sandbox.c."""
    upstream.always(serve)
    number = 0
    (folder / "config.yaml").write_text(json.dumps({"model_list": [deployment("passed", upstream)]}))
    for first in [*range(1, 110, 1 if LONG else 9), *range(110, 100000, 3 if LONG else 499)]:
        with memory.fails(first):
            start = Start(folder, memory)
        number += 1
        if memory.where.startswith("libseccomp"):
            start.end(signal.SIGKILL)
            continue
        assert not start.hung, (first, memory.where, start.stderr)
        if start.ready:
            kind = Outcome(start, *REQUESTS["chat"]).kind(is_whole("chat"))
            assert kind == "whole" and start.end(signal.SIGTERM) == 0, (first, memory.where, kind, start.stderr)
        else:
            assert start.end(signal.SIGTERM) == 1 and "memory" in start.stderr, (first, memory.where, start.stderr)
        if not memory.failed:
            break
    figure("starts with an allocation that failed", number - 1)
    assert start.ready and not memory.failed
