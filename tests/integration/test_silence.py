"""Servers that accept connections and send nothing: how long they may hold a request. With TLS the handshake shows
whether a server is alive; without TLS, the proxy sends it HEAD /."""
import contextlib
import itertools
import threading
import time

import chat_wire as chat
import pytest
from basics import wait_until
from conftest import BOTH_TRANSPORTS, deployment
from test_lookups import nowhere
from threaded_server import ThreadedServer

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
SOON_S = 1        # s; long enough for the other server on a busy machine
FAR_S = 100     # s; a test that waits as long fails
PATIENCE_S = 20


class Silent(ThreadedServer):
    """Accepts connections and reads from them."""

    def __init__(self):
        self.port = self._listen()

    def _serve(self, connection):
        with contextlib.suppress(OSError):
            while connection.recv(65536):
                pass


@pytest.fixture
def silent():
    server = Silent()
    yield server
    server.close()


def start(start_proxy, base, second, connect_timeout=SOON_S):
    """The silent server first, another one after it."""
    second.always(chat.either("from the second"))
    limits = {"timeout": FAR_S, "stream_timeout": FAR_S, "connect_timeout": connect_timeout}
    return start_proxy(deployment("codex-light", base, order=1), deployment("codex-light", second, order=2),
                       general_settings={"connect_ahead": False}, router_settings={**limits, "num_retries": 1})


SCHEMES = {"loopback": "http://127.0.0.1", "libcurl": "http://0.0.0.0", "tls": "https://127.0.0.1"}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_after_a_silent_server_the_next_answers(start_proxy, silent, make_upstream, scheme, streamed):
    """The same for all of them, and the request log has the same outcome."""
    proxy = start(start_proxy, f"{SCHEMES[scheme]}:{silent.port}/v1", make_upstream())
    begin = time.monotonic()
    reply = proxy.post("/v1/chat/completions", {**CHAT, "stream": streamed}, timeout=PATIENCE_S)
    assert reply.status == 200 and b"from the second" in reply.body
    assert time.monotonic() - begin >= SOON_S
    assert [attempt["outcome"] for attempt in proxy.journal()[0]["attempts"]] == ["connect", "ok"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_after_a_full_backlog_the_next_answers(start_proxy, make_upstream, scheme):
    with nowhere() as port:
        proxy = start(start_proxy, f"{SCHEMES[scheme]}:{port}/v1", make_upstream())
        reply = proxy.post("/v1/chat/completions", {**CHAT, "stream": True}, timeout=PATIENCE_S)
        assert reply.status == 200 and b"from the second" in reply.body
        assert [attempt["outcome"] for attempt in proxy.journal()[0]["attempts"]] == ["connect", "ok"]


@BOTH_TRANSPORTS
def test_a_server_that_is_alive_has_time(start_proxy, upstream, make_upstream):
    """A model may think as long as the timeouts allow; its server is checked again and again."""
    proxy = start(start_proxy, upstream, make_upstream(), connect_timeout=2 * SOON_S)
    gate = threading.Event()
    upstream.script([gate, *chat.text_stream("from the first")])
    threading.Thread(target=lambda: wait_until(lambda: upstream.checks >= 2, "two checks") and gate.set()).start()
    begin = time.monotonic()
    reply = proxy.post("/v1/chat/completions", {**CHAT, "stream": True}, timeout=PATIENCE_S)
    assert reply.status == 200 and b"from the first" in reply.body
    assert time.monotonic() - begin >= 4 * SOON_S
    assert len(upstream.requests) == 1 and upstream.requests[0].method == "POST"


@BOTH_TRANSPORTS
def test_after_the_head_of_a_reply_other_timeouts_apply(start_proxy, upstream, make_upstream):
    proxy = start(start_proxy, upstream, make_upstream())
    upstream.answers_checks = False
    gate = threading.Event()
    head, *rest = chat.text_stream("from the first")
    upstream.script([head, gate, *rest])
    threading.Timer(3 * SOON_S, gate.set).start()   # a silent server gets twice this time
    reply = proxy.post("/v1/chat/completions", {**CHAT, "stream": True}, timeout=PATIENCE_S)
    assert reply.status == 200 and b"from the first" in reply.body


def test_requests_that_end_while_their_server_is_checked(start_proxy, silent, make_upstream):
    """By a disconnect, by a reload, and at the proxy's exit."""
    proxy = start(start_proxy, f"http://127.0.0.1:{silent.port}/v1", make_upstream(), connect_timeout=SOON_S / 2)
    for how in itertools.chain(("client", "reload") * 2, ["end"]):
        before = silent.connections
        with proxy.connect() as client:
            body = b'{"model":"codex-light","stream":true,"messages":[{"role":"user","content":"hi"}]}'
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
                           b"Content-Length: %d\r\n\r\n" % (proxy.port, proxy.keys["LITELLM_API_KEY"].encode(),
                                                            len(body)) + body)
            wait_until(lambda: silent.connections >= before + 2, "the call and HEAD /")
            if how == "reload":
                proxy.reload()
            if how == "end":
                assert proxy.stop() == 0
    assert not proxy.process.poll()
