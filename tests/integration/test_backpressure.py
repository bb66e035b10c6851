"""A client that stops reading pauses its upstream; the proxy's memory does not grow."""
import time

import pytest

import chat_wire as chat
from conftest import BOTH_TRANSPORTS, deployment
from mock_upstream import STREAM_END, STREAM_HEAD, event


FLOOD_EVENTS = 1600
PIECE = "x" * 65536
EVENT = event(chat.delta(PIECE))   # 1,600 pieces are 100 MiB
HELD_AT_MOST = 24 << 20            # the kernel's socket buffers on both sides hold a few megabytes of it
GROWTH_KB = 16 * 1024
STILL_S = 0.3
SILENCE_S = 1                      # a limit that the mock keeps on a busy machine

pytestmark = [BOTH_TRANSPORTS, pytest.mark.plain]

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}], "stream": True}
RESPONSES = {"model": "codex-light", "input": "hi", "stream": True}


class Flood:
    """A reply of 100 MiB that counts how much of it was read."""

    def __init__(self):
        self.sent = 0

    def __call__(self, request):
        yield STREAM_HEAD
        for _ in range(FLOOD_EVENTS):
            yield EVENT
            self.sent += len(EVENT)
        yield event(chat.delta(finish="stop"))
        yield chat.DONE
        yield STREAM_END

    def settle(self, still_s=STILL_S):
        """Waits until nothing more is read for a while: only time can show that reading has stopped."""
        taken, since = self.sent, time.monotonic()
        while not taken or time.monotonic() - since < still_s:
            time.sleep(0.02)
            if self.sent != taken:
                taken, since = self.sent, time.monotonic()
        return taken


@pytest.mark.parametrize("path, body", [("/v1/chat/completions", CHAT), ("/v1/responses", RESPONSES)])
def test_a_client_that_stops_reading(bridged, upstream, path, body):
    flood = Flood()
    upstream.script(flood)
    before = bridged.rss_kb
    reading = bridged.stream(path, body)
    assert flood.settle() < HELD_AT_MOST
    assert bridged.rss_kb - before < GROWTH_KB
    assert bridged.get("/health/liveliness", key=None).status == 200
    reading.disconnect()
    assert upstream.next_request().gone.wait(20)


def test_a_client_that_resumes_reading_gets_everything(light, upstream):
    flood = Flood()
    upstream.script(flood)
    before = light.rss_kb
    reading = light.stream("/v1/chat/completions", CHAT)
    flood.settle()
    pieces = [data["choices"][0]["delta"].get("content") for _, data in reading.rest() if data != "[DONE]"]
    assert pieces == [PIECE] * FLOOD_EVENTS + [None]
    assert light.rss_kb - before < GROWTH_KB


def test_a_slow_client_is_not_an_upstream_timeout(start_proxy, upstream):
    """While the client reads nothing, the proxy reads nothing from the upstream. That silence is not the upstream's,
    however short the timeout."""
    proxy = start_proxy(deployment("codex-light", upstream, timeout=SILENCE_S, stream_timeout=0))
    flood = Flood()
    upstream.script(flood)
    reading = proxy.stream("/v1/chat/completions", CHAT)
    flood.settle(1.5 * SILENCE_S)
    pieces = [data["choices"][0]["delta"].get("content") for _, data in reading.rest() if data != "[DONE]"]
    assert pieces == [PIECE] * FLOOD_EVENTS + [None]


def test_many_clients_that_stop_reading(light, upstream):
    floods = [Flood() for _ in range(20)]
    before = light.rss_kb
    readers = []
    for flood in floods:
        upstream.script(flood)
        readers.append(light.stream("/v1/chat/completions", CHAT))
    for flood in floods:
        flood.settle()
    assert light.rss_kb - before < len(floods) * 1024
    for reader in readers:
        reader.disconnect()


def test_a_whole_reply_has_a_ceiling(light, upstream):
    """A reply in one piece is buffered: if it is too long, the proxy refuses it and frees it."""
    def endless(request):
        yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        for _ in range(4 * FLOOD_EVENTS):
            yield EVENT
    upstream.script(endless)
    answer = light.post("/v1/chat/completions", {**CHAT, "stream": False})
    assert answer.status in (502, 503)
    assert upstream.next_request().gone.wait(20)
    assert light.rss_kb < 200 * 1024
