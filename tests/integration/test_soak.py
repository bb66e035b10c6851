"""The proxy under a long mix of whole replies, streams and disconnects: its memory and descriptors do not grow."""
import contextlib
import json
import os
import pathlib
import random
import socket
import struct
import subprocess

import pytest
from basics import BUILD, wait_until
from conftest import deployment
from proxy_process import MASTER_KEY
from torture import LONG, SANITIZED, Holdings, count, figure

pytestmark = pytest.mark.timeout(7200 if LONG else 120)

CONNECTIONS, EVENTS = 32, 3
MIX = {"whole": 65, "streamed": 30, "aborted": 5}   # per hundred requests
ROUND = count(1000, 10_000)
ROUNDS = int(os.environ.get("POINTSMAN_SOAK", 1_000_000)) // ROUND if LONG else 2
WARM_UP = max(1, min(50_000 // ROUND, ROUNDS // 2))


@pytest.fixture(scope="module")
def programs():
    """bench/load and bench/mock_upstream, which `make` alone does not build."""
    subprocess.run(["flock", BUILD, "make", "-s", "-C", BUILD, "bench/load", "bench/mock_upstream"], check=True,
                   stdout=subprocess.DEVNULL)
    return BUILD / "bench"


class Mock:
    def __init__(self, process):
        self.process, self.port = process, int(process.stdout.readline())

    @property
    def connections(self):
        """Open connections of the proxy to the mock. It keeps some for later: as many as it ever had requests at the
        same time."""
        rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(row[2].endswith(f":{self.port:04X}") and row[9] != "0" for row in rows)

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)


@pytest.fixture
def mock(programs):
    process = subprocess.Popen([programs / "mock_upstream", str(EVENTS), "1000"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    yield Mock(process)
    process.stdin.close()
    process.wait(10)


def body(stream):
    return json.dumps({"model": "codex-light", "stream": stream,
                       "messages": [{"role": "user", "content": "x" * 400}]}).encode()


def load(programs, proxy, number, stream):
    done = subprocess.run([programs / "load", str(proxy.port), "/v1/chat/completions", MASTER_KEY, str(CONNECTIONS),
                           str(number)],
                          input=body(stream), capture_output=True, check=True)
    seen = json.loads(done.stdout)
    assert seen["failed"] == 0, seen


def abort(proxy, number, draw):
    """Clients that reset the connection: after half a request, before the reply, or in the middle of it."""
    text = body(True)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\nAuthorization: Bearer {MASTER_KEY}\r\n"
            f"Content-Length: {len(text)}\r\n\r\n").encode()
    for _ in range(number):
        with contextlib.suppress(ConnectionError), proxy.connect() as client:
            how = draw.randrange(3)
            client.sendall((head + text)[:draw.randrange(1, len(head + text)) if how == 0 else None])
            if how == 2:
                client.recv(100)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def files_without(held, mock):
    """The proxy's descriptors without its connections to the mock; 0 if they are not visible."""
    while True:
        connections, files = mock.connections, held.files
        if connections == mock.connections:
            return files and files - connections


def test_soak(start_proxy, programs, mock):
    proxy = start_proxy(deployment("codex-light", f"http://127.0.0.1:{mock.port}/v1"))
    draw, held = random.Random(13), None
    for turn in range(ROUNDS):
        if turn == WARM_UP:
            wait_until(lambda: proxy.get("/health/liveliness").status == 200, "it answers")
            held = Holdings(proxy.process.pid)
            files = files_without(held, mock)
        load(programs, proxy, ROUND * MIX["whole"] // 100, False)
        load(programs, proxy, ROUND * MIX["streamed"] // 100, True)
        abort(proxy, ROUND * MIX["aborted"] // 100, draw)
        if LONG and turn % 5 == 4:
            print(f"{(turn + 1) * ROUND} requests: {proxy.rss_kb} KB", flush=True)
    mock.end()   # then the kept connections to it are closed, and what remains is a leak
    wait_until(lambda: held.files <= files, "connections that are not kept to be closed")
    figure(f"{ROUNDS * ROUND} requests: memory after the first {WARM_UP * ROUND}", held.grown_mb,
           None if SANITIZED else 1, " MB")
    figure("descriptors more than then", held.files - files, 0)
