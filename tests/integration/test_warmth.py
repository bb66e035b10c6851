"""Connections to providers behind TLS: opened ahead, kept, shared by HTTP/2, resumed; and which certificates count."""
import threading

import pytest

import chat_wire as chat
from conftest import deployment
from mock_upstream import STREAM_END, STREAM_HEAD, event

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**CHAT, "stream": True}
FLOOD_EVENTS = 600   # of 64 KB: more than the kernel and HTTP/2's windows hold


@pytest.mark.parametrize("alpn", [("h2",), ("http/1.1",), ()])
def test_an_authority_of_ones_own(start_proxy, make_tls_upstream, alpn):
    upstream = make_tls_upstream(alpn=alpn)
    upstream.always(chat.whole("Hello."))
    trusting = start_proxy(deployment("codex-light", upstream), litellm_settings=upstream.trust)
    assert trusting.post("/v1/chat/completions", CHAT).json["choices"][0]["message"]["content"] == "Hello."


def test_other_certificates_are_refused(start_proxy, make_tls_upstream):
    upstream = make_tls_upstream()
    upstream.always(chat.whole("Hello."))
    for settings in ({}, {"ssl_verify": False}):
        refusing = start_proxy(deployment("codex-light", upstream), litellm_settings=settings)
        reply = refusing.post("/v1/chat/completions", CHAT)
        assert reply.status == 503 and "certificate" in reply.error["message"]
    assert not upstream.requests


def test_a_slow_reader_stalls_nobody_else(start_proxy, make_tls_upstream):
    """Over HTTP/2 they share a connection."""
    upstream, flooded = make_tls_upstream(alpn=("h2",)), threading.Event()
    piece = "x" * 65536

    def flood(_request):
        yield STREAM_HEAD
        for _ in range(FLOOD_EVENTS):
            yield event(chat.delta(piece))
        flooded.set()
        yield chat.DONE
        yield STREAM_END
    proxy = start_proxy(deployment("codex-light", upstream), litellm_settings=upstream.trust)
    upstream.script(flood)
    slow = proxy.stream("/v1/chat/completions", STREAM)
    upstream.always(chat.whole("Hello."))
    for _ in range(3):
        assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert not flooded.is_set() and len(upstream.handshakes) == 1
    assert [data["choices"][0]["delta"]["content"] for _, data in slow.rest()[:-1]] == [piece] * FLOOD_EVENTS
