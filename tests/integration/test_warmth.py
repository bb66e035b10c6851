"""Connections to providers behind TLS: opened in advance, kept, shared by HTTP/2, resumed; and which certificates
are trusted."""
import concurrent.futures
import http.client
import json
import shutil
import subprocess
import sys
import threading

import pytest

from basics import ROOT, wait_until
import chat_wire as chat
from conftest import deployment
from mock_upstream import STREAM_END, STREAM_HEAD, error, event
from proxy_process import MASTER_KEY

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**CHAT, "stream": True}
AT_ONCE = 16
NOT_AHEAD = {"general_settings": {"connect_ahead": False}}
STALLED_EVENTS = 150    # pieces of 64 KB: more than the kernel holds
FLOOD_EVENTS = 600   # more than the kernel and HTTP/2's windows hold


@pytest.mark.parametrize("alpn", [("h2",), ("http/1.1",), ()])
def test_the_users_own_ca_certificate(start_proxy, make_tls_upstream, alpn):
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


def test_a_slow_client_delays_no_other(start_proxy, make_tls_upstream):
    """Over HTTP/2 they share a connection, on which the large reply is paused."""
    upstream, flooded = make_tls_upstream(alpn=("h2",)), threading.Event()
    piece, sent = "x" * 65536, [0]

    def flood(_request):
        yield STREAM_HEAD
        for _ in range(FLOOD_EVENTS):
            sent[0] += 1
            yield event(chat.delta(piece))
        flooded.set()
        yield chat.DONE
        yield STREAM_END
    proxy = start_proxy(deployment("codex-light", upstream), litellm_settings=upstream.trust)
    upstream.script(flood)
    slow = proxy.stream("/v1/chat/completions", STREAM)
    wait_until(lambda: sent[0] > STALLED_EVENTS, "the large reply to fill the kernel's buffers")
    upstream.always(chat.whole("Hello."))
    for _ in range(3):
        assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert not flooded.is_set() and len(upstream.handshakes) == 1
    assert [data["choices"][0]["delta"]["content"] for _, data in slow.rest()[:-1]] == [piece] * FLOOD_EVENTS


def test_preconnect(start_proxy, make_tls_upstream):
    """One connection for each provider, without its key; after a reload, too."""
    upstream, unready = make_tls_upstream(), make_tls_upstream()
    upstream.always(chat.whole("Hello."))
    entries = [deployment("codex-light", upstream), deployment("other", upstream),
               {"model_name": "unready", "litellm_params": {"model": "openai/x", "api_base": unready.base,
                                                            "api_key": "os.environ/NOT_SET"}}]
    proxy = start_proxy(*entries, litellm_settings=upstream.trust)
    request = upstream.next_request()
    assert (request.method, request.path) == ("HEAD", "/") and "authorization" not in request.headers
    ask(proxy, 1)
    assert len(upstream.handshakes) == 1
    proxy.reload()
    assert [upstream.next_request().method for _ in range(2)] == ["POST", "HEAD"]
    ask(proxy, 1)
    assert len(upstream.handshakes) == 2 and not unready.handshakes
    assert len(proxy.journal(2)) == 2


def test_without_preconnect(start_proxy, make_tls_upstream):
    upstream = make_tls_upstream()
    upstream.always(chat.whole("Hello."))
    proxy = start_proxy(deployment("codex-light", upstream), litellm_settings=upstream.trust,
                        **NOT_AHEAD)
    ask(proxy, 1)
    assert [request.method for request in upstream.requests] == ["POST"] and len(upstream.handshakes) == 1


def test_preconnect_ignores_a_provider_that_is_down(start_proxy, make_tls_upstream, make_upstream):
    """And one whose certificate is not trusted. Nothing is logged: no request has failed."""
    up, down = make_upstream(), make_tls_upstream()
    up.always(chat.whole("Hello."))
    proxy = start_proxy(deployment("codex-light", up), deployment("untrusted", down),
                        deployment("down", "https://127.0.0.1:1/v1"))
    ask(proxy, 1)
    proxy.reload()
    ask(proxy, 1)
    assert "127.0.0.1:1" not in proxy.stderr and not down.requests


def ask(proxy, count):
    """That many requests on one connection to the proxy."""
    client = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
    for _ in range(count):
        client.request("POST", "/v1/chat/completions", json.dumps(CHAT), {"Authorization": f"Bearer {MASTER_KEY}"})
        response = client.getresponse()
        assert (response.status, bool(response.read())) == (200, True)
    client.close()


def ask_at_once(proxy, count):
    """That many requests on each of AT_ONCE connections."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda _: ask(proxy, count), range(AT_ONCE)))


def test_http2_uses_one_connection_for_all_requests(start_proxy, make_tls_upstream):
    """Also for simultaneous requests before it is established."""
    upstream = make_tls_upstream(alpn=("h2", "http/1.1"))
    upstream.always(chat.whole("Hello."))
    proxy = start_proxy(deployment("codex-light", upstream), litellm_settings=upstream.trust, **NOT_AHEAD)
    ask_at_once(proxy, 10)
    ask(proxy, 20)
    assert len(upstream.handshakes) == 1 and len(upstream.calls()) == 180


def test_connections_are_kept(start_proxy, make_tls_upstream):
    """Over HTTP/1.1: as many as there are requests at once, and no more afterwards."""
    upstream = make_tls_upstream(alpn=("http/1.1",))
    upstream.always(chat.whole("Hello."))
    proxy = start_proxy(deployment("codex-light", upstream), litellm_settings=upstream.trust, **NOT_AHEAD)
    ask_at_once(proxy, 10)
    assert 1 <= len(upstream.handshakes) <= AT_ONCE
    before = len(upstream.handshakes)
    ask(proxy, 20)
    assert len(upstream.handshakes) == before


def test_a_reply_before_the_end_of_the_body(start_proxy, make_tls_upstream):
    """Over HTTP/2 a provider may answer early and refuse the rest of the request: its answer counts."""
    upstream = make_tls_upstream(alpn=("h2",))
    upstream.hasty = True
    proxy = start_proxy(deployment("codex-light", upstream), litellm_settings=upstream.trust, **NOT_AHEAD)
    long = {**CHAT, "messages": [{"role": "user", "content": "x" * 1000000}]}    # larger than the window
    upstream.script(chat.whole("Hello."), error(400, "too long", "context_length_exceeded"),
                    error(429, headers={"Retry-After": "7"}))
    assert proxy.post("/v1/chat/completions", long).json["choices"][0]["message"]["content"] == "Hello."
    assert proxy.post("/v1/chat/completions", long).error["code"] == "context_length_exceeded"
    reply = proxy.post("/v1/chat/completions", long)
    assert (reply.status, reply.headers["Retry-After"]) == (429, "7")


def test_tls_sessions_are_resumed(start_proxy, make_tls_upstream):
    """On a new connection, by requests with and without streaming. Over HTTP/1.1: libcurl 7.88 closes HTTP/2
    connections without TLS's close_notify, which makes their sessions unusable."""
    upstream = make_tls_upstream(alpn=("http/1.1",))
    proxy = start_proxy(deployment("codex-light", upstream), litellm_settings=upstream.trust, **NOT_AHEAD)
    upstream.script(chat.whole("Hello."), chat.text_stream("Hello."))
    ask(proxy, 1)
    upstream.disconnect()
    assert proxy.stream("/v1/chat/completions", STREAM).rest()[-1] == (None, "[DONE]")
    assert upstream.handshakes == [False, True]


def test_requests_wait_only_for_a_connection(start_proxy, make_upstream, make_tls_upstream):
    """Never for another request's reply, if the server supports only HTTP/1.1 and does not announce it: behind TLS
    without ALPN, and without TLS."""
    plain, silent = make_upstream(), make_tls_upstream(alpn=())
    plain.base = plain.base.replace("127.0.0.1", "0.0.0.0")     # through libcurl
    proxy = start_proxy(deployment("plain", plain), deployment("silent", silent), litellm_settings=silent.trust,
                        **NOT_AHEAD)
    for name, upstream in (("plain", plain), ("silent", silent)):
        gate = threading.Event()
        upstream.script([gate, *chat.whole("Late.")], chat.whole("Hello."))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            late = pool.submit(proxy.post, "/v1/chat/completions", {**CHAT, "model": name})
            upstream.next_request()
            assert proxy.post("/v1/chat/completions", {**CHAT, "model": name}).status == 200
            gate.set()
            assert late.result().status == 200


def test_a_silent_name_server_delays_nobody(folder):
    """A request is canceled while its provider's name is being resolved. The test has its own namespaces, with a
    name server that reads queries and never answers: a lookup then lasts 10 s."""
    place = ["unshare", "--map-root-user", "--net", "--mount"]
    bind = ["mount", "--bind", "/etc/resolv.conf", "/etc/resolv.conf"]
    if not shutil.which("unshare") or subprocess.run([*place, *bind], capture_output=True, check=False).returncode:
        pytest.skip("this user may not create namespaces")
    done = subprocess.run([*place, sys.executable, ROOT / "tests" / "support" / "silent_names.py", folder],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "call 503\nothers 200\nexit 0\n", done.stdout + done.stderr
