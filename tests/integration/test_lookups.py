"""Name lookups that fail or are canceled, and connection attempts that are abandoned: libcurl opens and closes
descriptors for them by itself, and the next client that gets such a number must still be served."""
import concurrent.futures
import contextlib
import pathlib
import socket

import chat_wire as chat
import pytest
from basics import free_port
from conftest import deployment
from faults import Names
from proxy_process import wait_until
from test_disconnect import send

SHIPPED = pathlib.Path(__file__).resolve().parents[2] / "conf" / "litellm-cost-routing.yaml"
CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
AT_ONCE = 24        # connections: more than the numbers that libcurl freed
PATIENCE_S = 5      # s; a connection without an event is closed after 10 s
NOT_AHEAD = {"general_settings": {"connect_ahead": False}}


@pytest.fixture
def names(folder):
    return Names(folder)


def assert_all_are_served(proxy):
    """Many new connections at the same time, which get all the numbers that are free."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(proxy.connect(PATIENCE_S)) for _ in range(AT_ONCE)]
        for client in clients:
            client.sendall(b"GET /health/liveliness HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % proxy.port)
        statuses = [client.recv(65536)[:15] for client in clients]
    assert statuses == [b"HTTP/1.1 200 OK"] * AT_ONCE


def assert_all_ended(names):
    wait_until(lambda: names.ended == names.begun, "the lookups to end")


def far(name="provider.test", port=443, scheme="https", **params):
    return deployment("codex-light", f"{scheme}://{name}:{port}/v1", **params)


def test_the_shipped_configuration_without_a_resolver(start_proxy, names):
    """Preconnects and calls fail; everything else continues."""
    keys = {name: f"sk-canary-{name.lower()}-0123456789" for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "HF_TOKEN")}
    proxy = start_proxy(text=SHIPPED.read_text(), keys=keys, environment=names.environment)
    wait_until(lambda: names.ended >= len(keys), "the lookups of the preconnects")
    for _ in range(3):
        assert_all_are_served(proxy)
        reply = proxy.post("/v1/chat/completions", CHAT, timeout=PATIENCE_S)
        assert reply.status == 503 and "resolve" in reply.error["message"]
    assert_all_are_served(proxy)


def test_a_name_that_resolves_later(start_proxy, upstream, names):
    """The calls after it share one connection."""
    proxy = start_proxy(far(port=upstream.port, scheme="http"), environment=names.environment, **NOT_AHEAD,
                        router_settings={"cooldown_time": 0, "num_retries": 0})
    upstream.always(chat.whole("Hello."))
    assert proxy.post("/v1/chat/completions", CHAT, timeout=PATIENCE_S).status == 503
    assert_all_are_served(proxy)
    names.answer(Names.LOCAL)
    for _ in range(3):
        assert proxy.post("/v1/chat/completions", CHAT, timeout=PATIENCE_S).status == 200
        assert_all_are_served(proxy)
    assert upstream.connections == 1


@pytest.mark.parametrize("by", ["client", "time limit"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_canceled_lookup(start_proxy, names, by, streamed):
    limit = {"timeout": 0.2, "stream_timeout": 0.2} if by == "time limit" else {}
    proxy = start_proxy(far(**limit), environment=names.environment, **NOT_AHEAD, router_settings={"num_retries": 0})
    names.hold()
    for turn in range(3):
        client = send(proxy, "/v1/chat/completions", {**CHAT, "stream": streamed})
        wait_until(lambda: names.begun > turn, "the look-up")
        if by == "client":
            client.close()
        proxy.journal(turn + 1)
        assert_all_are_served(proxy)
        client.close()
    names.hold(False)
    assert_all_ended(names)
    assert_all_are_served(proxy)


def test_a_reload_during_lookups(start_proxy, upstream, names):
    """A reload cancels preconnects; requests in flight keep their configuration."""
    upstream.always(chat.whole("Hello."))
    names.answer(Names.LOCAL)
    names.hold()
    ahead = [deployment(f"ahead-{n}", f"https://ahead-{n}.test/v1") for n in range(4)]
    proxy = start_proxy(far(port=upstream.port, scheme="http"), *ahead, environment=names.environment)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for turn in range(3):
            wait_until(lambda: names.begun >= 5 * turn + 4, "the lookups of the preconnects")
            reply = pool.submit(proxy.post, "/v1/chat/completions", CHAT)
            wait_until(lambda: names.begun >= 5 * turn + 5, "the call's lookup")
            proxy.reload()
            assert_all_are_served(proxy)
            names.hold(False)
            assert reply.result().status == 200
            names.hold(turn < 2)
            assert_all_are_served(proxy)
    assert_all_ended(names)
    assert_all_are_served(proxy)


@contextlib.contextmanager
def nowhere():
    """A port with a full backlog: it neither accepts nor refuses connections."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        stack.enter_context(socket.create_connection(listener.getsockname()))
        yield listener.getsockname()[1]


@pytest.mark.parametrize("by", ["client", "time limit", "reload"])
def test_an_abandoned_connection_attempt(start_proxy, by):
    limit = {"timeout": 0.2} if by == "time limit" else {}
    with nowhere() as port:
        proxy = start_proxy(far("127.0.0.1", port, **limit), router_settings={"num_retries": 0})
        for turn in range(3):
            client = send(proxy, "/v1/chat/completions", CHAT)
            if by == "reload":
                proxy.reload()
            if by != "time limit":
                assert_all_are_served(proxy)
                client.close()
            proxy.journal(turn + 1)
            assert_all_are_served(proxy)
            client.close()


def test_a_refused_connection(start_proxy):
    proxy = start_proxy(far("127.0.0.1", free_port()), router_settings={"num_retries": 0, "cooldown_time": 0})
    for _ in range(3):
        assert proxy.post("/v1/chat/completions", CHAT, timeout=PATIENCE_S).status == 503
        assert_all_are_served(proxy)


def test_a_handshake_that_fails(start_proxy, make_tls_upstream):
    """The certificate is not trusted."""
    proxy = start_proxy(deployment("codex-light", make_tls_upstream()),
                        router_settings={"num_retries": 0, "cooldown_time": 0})
    for _ in range(3):
        assert proxy.post("/v1/chat/completions", CHAT, timeout=PATIENCE_S).status == 503
        assert_all_are_served(proxy)
