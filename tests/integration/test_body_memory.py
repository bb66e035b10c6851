"""The memory of all request bodies has a ceiling (general_settings.max_body_memory). Beyond it, a request gets 503
with Retry-After, and a client without a key cannot use the memory up."""
import contextlib
import gzip
import json
import socket
import threading

import pytest

import chat_wire as chat
from basics import children, wait_until
from conftest import chat_only, deployment
from mock_upstream import stream
from proxy_process import MASTER_KEY

pytestmark = pytest.mark.plain

MB = 1 << 20
LEAST = 256     # MB, the smallest value that the key accepts
BODY = 62 * MB  # a body may have up to 64 MB
LIMIT = {"general_settings": {"max_body_memory": LEAST}}
CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}


def head(proxy, length, key=MASTER_KEY, more=""):
    framing = f"Content-Length: {length}\r\n" if length else "Transfer-Encoding: chunked\r\n"
    return (f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\n{framing}{more}\r\n").encode()


@contextlib.contextmanager
def unfinished(proxy, sent=BODY - 1, length=BODY, framed=lambda data: data):
    """A request whose last byte does not come. Yields the connection when everything was sent, or when the proxy
    refused the request."""
    with proxy.connect() as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(head(proxy, length))
            for at in range(0, sent, MB):
                connection.sendall(framed(b" " * min(MB, sent - at)))
        yield connection


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def is_refused(connection, waits=False):
    """Returns true if the reply has arrived: the 503 comes before the body's end."""
    connection.setblocking(waits)
    try:
        got = connection.recv(65536, socket.MSG_PEEK)
    except (BlockingIOError, ConnectionError):
        return False
    assert got.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: 5\r\n" in got
    error = json.loads(got.partition(b"\r\n\r\n")[2])["error"]
    assert error["code"] == "body_memory_exhausted" and "max_body_memory" in error["message"]
    return True


def read_all(proxy, bytes_):
    """Waits until the proxy has read that many bytes."""
    wait_until(lambda: proxy.rss_kb * 1024 >= bytes_, f"{bytes_ >> 20} MB to arrive")


def settled(connections):
    """Returns which of eight large bodies were refused, as soon as four or more were."""
    wait_until(lambda: sum(map(is_refused, connections)) >= 4, "four refusals")
    return [is_refused(connection) for connection in connections]


@pytest.mark.parametrize("length, framed", [(BODY, lambda data: data), (None, chunk)], ids=["length", "chunked"])
def test_unfinished_bodies_have_a_common_ceiling(start_proxy, upstream, length, framed):
    """Four of eight bodies of 62 MB have room. Small requests are still served, and a request that ends makes room."""
    proxy = start_proxy(deployment("codex-light", upstream), **LIMIT)
    upstream.always(chat.whole("Hello."))
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(unfinished(proxy, length=length, framed=framed)) for _ in range(8)]
        refused = settled(connections)
        if length:
            read_all(proxy, 4 * BODY)
            assert refused.count(False) == 4
        # A chunked body doubles its buffer as it grows: more may have been refused meanwhile.
        assert False in refused
        assert proxy.rss_kb < (LEAST + 64) * 1024
        assert proxy.post("/v1/chat/completions", CHAT).status == 200
        assert proxy.get("/v1/models").status == 200
        connections[refused.index(False)].close()
        wait_until(lambda: has_room(proxy), "room after a client disconnected")


def has_room(proxy):
    with proxy.connect() as connection:
        connection.sendall(head(proxy, BODY, more="Expect: 100-continue\r\n"))
        return connection.recv(65536).startswith(b"HTTP/1.1 100 ")


def test_expect_100_continue_is_refused_before_the_body(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream), **LIMIT)
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(unfinished(proxy))
        read_all(proxy, 4 * BODY)
        with proxy.connect() as connection:
            connection.sendall(head(proxy, BODY, more="Expect: 100-continue\r\n"))
            assert is_refused(connection, waits=True)


def test_a_content_length_alone_takes_no_room(start_proxy, upstream):
    """A body that is announced but does not come blocks nobody else."""
    proxy = start_proxy(deployment("codex-light", upstream), **LIMIT)
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(unfinished(proxy, sent=1000))
        assert has_room(proxy)


@pytest.mark.parametrize("key, line", [("wrong", "POST /v1/chat/completions"), (MASTER_KEY, "GET /health/liveliness"),
                                       (MASTER_KEY, "OPTIONS *")])
def test_a_client_without_a_key_uses_no_room(start_proxy, upstream, key, line):
    """A large body is refused before it is read, also on paths that need no key."""
    proxy = start_proxy(deployment("codex-light", upstream), **LIMIT)
    for framing, length in (("length", BODY), ("chunked", None)):
        with proxy.connect() as connection:
            request = head(proxy, length, key).replace(b"POST /v1/chat/completions", line.encode())
            with contextlib.suppress(ConnectionError):
                connection.sendall(request + (chunk(b" " * MB) if framing == "chunked" else b""))
            assert connection.recv(65536).split()[1] in (b"401", b"413")
    assert has_room(proxy)
    assert proxy.get("/health/liveliness", key=None).status == 200


def test_a_body_counts_until_its_reply_ends(start_proxy, upstream):
    """So does the translated body."""
    proxy = start_proxy(deployment("codex-light", upstream), chat_only("bridged", upstream), **LIMIT)
    go_on = threading.Event()
    upstream.always(lambda _: [go_on, *chat.whole("Hello.")])
    body = json.dumps({"model": "bridged", "input": "x" * (40 * MB)}).encode()
    got = []
    asked = [threading.Thread(target=lambda: got.append(proxy.post("/v1/responses", body, timeout=60).status))
             for _ in range(2)]
    for thread in asked:
        thread.start()
    wait_until(lambda: len(upstream.requests) == 2, "both requests at the provider", 60)
    refused = proxy.post("/v1/responses", {"model": "bridged", "input": "x" * (60 * MB)}, timeout=60)
    go_on.set()
    for thread in asked:
        thread.join()
    assert got == [200, 200]
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert has_room(proxy)


def test_a_started_stream_keeps_no_body(start_proxy, upstream):
    """No other deployment can take over, and the stream may last long."""
    proxy = start_proxy(deployment("codex-light", upstream), **LIMIT)
    go_on = threading.Event()
    upstream.always(lambda _: stream(chat.delta("begun"), go_on, chat.delta(finish="stop"), chat.DONE))
    body = json.dumps({**CHAT, "stream": True, "user": "x" * BODY}).encode()
    streams = [proxy.stream("/v1/chat/completions", body, timeout=60) for _ in range(6)]
    assert [reply.status for reply in streams] == [200] * 6
    assert proxy.rss_kb < 2 * BODY / 1024
    go_on.set()
    assert all("[DONE]" in [data for _, data in reply.rest()] for reply in streams)


def test_memory_of_a_translation_counts(start_proxy, upstream):
    """A body with very many values is many times as large once it is parsed."""
    proxy = start_proxy(chat_only("codex-light", upstream), **LIMIT)
    parts = b",".join([b'""'] * (6 * MB))
    body = b'{"model":"codex-light","input":[{"role":"user","content":[' + parts + b"]}]}"
    refused = proxy.post("/v1/responses", body, timeout=60)
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert "max_body_memory" in refused.error["message"]
    upstream.script(chat.whole("Hello."))
    assert proxy.post("/v1/responses", {"model": "codex-light", "input": "hi"}).status == 200


def test_replies_waiting_for_their_clients_count(start_proxy, upstream):
    """They are sent all the same: they were paid for."""
    proxy = start_proxy(deployment("codex-light", upstream), **LIMIT)
    upstream.always(chat.whole("x" * (30 * MB)))
    request = json.dumps(CHAT).encode()
    with contextlib.ExitStack() as stack:
        readers = []
        for _ in range(7):
            readers.append(stack.enter_context(proxy.connect(timeout=60)))
            readers[-1].sendall(head(proxy, len(request)) + request)
        wait_until(lambda: not has_room(proxy), "the replies to fill the room", 60)
        for reader in readers:
            got = b""
            while b"\r\n\r\n" not in got:
                got += reader.recv(65536)
            assert got.startswith(b"HTTP/1.1 200 ")
            left = int(got.lower().split(b"content-length: ")[1].split(b"\r\n")[0]) - len(got.partition(b"\r\n\r\n")[2])
            while left:
                left -= len(reader.recv(min(left, MB)))
    wait_until(lambda: has_room(proxy), "room once they are read")


def test_the_ceiling_covers_all_workers(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream), arguments=("--workers", "2"), **LIMIT)
    assert len(children(proxy.process.pid)) == 2
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(unfinished(proxy)) for _ in range(8)]
        assert settled(connections).count(False) == 4


def test_a_reload_changes_the_ceiling(start_proxy, upstream):
    config = {"model_list": [deployment("codex-light", upstream)], "general_settings": {"max_body_memory": 1000}}
    proxy = start_proxy(*config["model_list"], general_settings=config["general_settings"])
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(unfinished(proxy))
        read_all(proxy, 5 * BODY)
        assert has_room(proxy)
        assert "READY" in proxy.reload({**config, **LIMIT})
        assert not has_room(proxy)


def test_a_compressed_body_counts_with_its_decoded_size(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream), **LIMIT)
    upstream.always(lambda _: chat.whole())
    small, large = (gzip.compress(json.dumps({**CHAT, "messages": [{"role": "user", "content": " " * size}]}).encode())
                    for size in (1000, BODY - MB))
    assert len(large) < 100000
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(unfinished(proxy))
        read_all(proxy, 4 * (BODY - MB))
        refused = proxy.post("/v1/chat/completions", large, headers={"Content-Encoding": "gzip"})
        assert refused.status == 503 and refused.error["code"] == "body_memory_exhausted"
        assert proxy.post("/v1/chat/completions", small, headers={"Content-Encoding": "gzip"}).status == 200
    assert proxy.post("/v1/chat/completions", large, headers={"Content-Encoding": "gzip"}).status == 200
