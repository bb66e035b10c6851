"""Both ports under traffic that no correct client sends: damaged requests, slow ones, too many, and no descriptors
left."""
import contextlib
import http.client
import json
import resource
import socket
import statistics
import time

from basics import wait_until
import chat_wire as chat
import pytest
from conftest import deployment
from idle_streams import BEGINS, CHAT, WAYS, Idle, Silent
from mock_upstream import error
from proxy_process import MASTER_KEY
from session_tools import Session
from torture import LONG, SANITIZED, Holdings, allow_files, count, figure, send_all_raw

pytestmark = pytest.mark.timeout(3600 if LONG else 120)


@pytest.fixture
def session(folder):
    session = Session(folder)
    yield session
    session.close()


def written(method, path, port, body=None, *fields):
    """A request as bytes."""
    body = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *fields]
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def proxy_seeds(port):
    key, kind = f"Authorization: Bearer {MASTER_KEY}", "Content-Type: application/json"
    messages = [{"role": "user", "content": "h\u00e9llo"}]
    chunks = b"5\r\n{\"mod\r\n" + b"14;a=b\r\nel\":\"codex-light\"}  \r\n0\r\n\r\n"
    return [written("GET", "/v1/models", port, None, key), written("GET", "/health/liveliness", port),
            written("POST", "/v1/chat/completions", port, {"model": "codex-light", "messages": messages}, key, kind),
            written("POST", "/v1/chat/completions", port,
                    {"model": "codex-light", "stream": True, "messages": messages}, key),
            written("POST", "/v1/responses", port, {"model": "codex-light", "input": "x", "stream": True,
                                                    "tools": [{"type": "function", "name": "f", "parameters": {}}]},
                    key, kind),
            written("POST", "/v1/responses", port, None, key, "Transfer-Encoding: chunked") + chunks,
            written("GET", "/dispatch/state", port, None, key)]


def page_seeds(session):
    token, form = f"X-Pointsman-Token: {session.token}", "Content-Type: application/x-www-form-urlencoded"
    kind, own = "Content-Type: application/json", f"Origin: http://127.0.0.1:{session.port}"
    return [written("GET", "/", session.port), written("GET", "/api/status", session.port),
            written("GET", "/app.js", session.port),
            written("POST", "/api/start", session.port, {"OPENAI_API_KEY": "x y"}, kind, token),
            written("POST", "/api/test", session.port, {"model": "codex-light"}, kind, token),
            written("POST", "/api/stop", session.port, {}, kind, token),
            written("POST", "/start", session.port, f"token={session.token}&OPENAI_API_KEY=%20&demo=".encode(), form,
                    own),
            written("POST", "/stop", session.port, f"token={session.token}".encode(), form, own)]


def test_damaged_requests_to_the_proxy(start_proxy, upstream):
    def answer(request):
        if request.path.endswith("/responses"):
            return error(400)
        return chat.text_stream("hi") if b'"stream": true' in request.body.lower() else chat.whole("hi")

    upstream.always(answer)
    proxy = start_proxy(deployment("codex-light", upstream, use_chat_completions_api=True))
    send_all_raw(proxy.port, proxy_seeds(proxy.port), 300, lambda: None)   # what the first use creates exists now
    held = Holdings(proxy.process.pid)

    def is_well():
        assert proxy.process.poll() is None and proxy.get("/v1/models").status == 200

    number = count(400, 10000)
    send_all_raw(proxy.port, proxy_seeds(proxy.port), number, is_well)
    # An aborted request's call may still be open when the next one starts: idle connections to the upstream differ.
    spare = 4
    wait_until(lambda: proxy.get("/health/liveliness").status == 200 and held.files <= held.begin_files + spare,
               "its descriptors")
    figure(f"proxy, after {number} damaged requests: memory", held.grown_mb, None if SANITIZED else 8, " MB")
    figure("proxy: descriptors more than before", held.files - held.begin_files, spare)


def test_damaged_requests_to_the_page(session):
    send_all_raw(session.port, page_seeds(session), 100, lambda: None)
    both = {"lighttpd": Holdings(session.server.pid), "session app": Holdings(session.session_pid())}

    def is_well():
        assert session.is_healthy() and session.session_pid() == both["session app"].pid

    number = count(300, 10000)
    send_all_raw(session.port, page_seeds(session), number, is_well)
    for name, held in both.items():
        # lighttpd keeps one connection to the session app, or none.
        wait_until(lambda held=held: session.is_healthy() and held.files <= held.begin_files + 1, "its descriptors")
        figure(f"{name}, after {number} damaged requests: memory", held.grown_mb, None if SANITIZED else 8, " MB")
        figure(f"{name}: descriptors more than before", held.files - held.begin_files, 1)


@pytest.mark.parametrize("way", WAYS)
def test_many_idle_streams(start_proxy, folder, way):
    number = count(100, 1000)
    assert allow_files(3 * number + 200) >= 2 * number + 200, "the limit of open files (ulimit -n) is too low"
    with contextlib.ExitStack() as stack:
        idle = Idle(start_proxy, folder, stack, way)
        idle.add(number)
        figure(f"proxy, {number} idle streams, {way}: memory", idle.proxy.rss_kb / 1024, None if SANITIZED else 40,
               " MB")
        assert idle.proxy.get("/v1/models").status == 200


def partial_requests(port, number, beginning, stack):
    """That many connections, each after the beginning of a request."""
    clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20)) for _ in range(number)]
    for client in clients:
        client.sendall(beginning)
    return clients


def watch(port, path, clients, number):
    """Requests /health while the clients send a byte now and then. Returns how long each answer took, in ms."""
    took = []
    for turn in range(number):
        for client in clients[turn % 50::50]:
            with contextlib.suppress(OSError):
                client.send(b"a")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        begin = time.perf_counter()
        connection.request("GET", path)
        assert connection.getresponse().status == 200
        took.append((time.perf_counter() - begin) * 1000)
        connection.close()
    return took


@pytest.mark.parametrize("beginning", [b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", b""], ids=["slow head", "silent"])
@pytest.mark.parametrize("which", ["proxy", "page"])
def test_many_slow_connections(request, folder, which, beginning):
    number = count(700, 2000)
    assert allow_files(number + 400) >= number + 200, "the limit of open files (ulimit -n) is too low"
    if which == "page":
        port, path = request.getfixturevalue("session").port, "/health"
    else:
        silent = Silent(BEGINS[CHAT])
        request.addfinalizer(silent.close)
        start_proxy = request.getfixturevalue("start_proxy")
        port, path = start_proxy(deployment("codex-light", silent.base)).port, "/health/liveliness"
    with contextlib.ExitStack() as stack:
        clients = partial_requests(port, number, beginning, stack)
        took = watch(port, path, clients if beginning else [], count(20, 400))
    figure(f"{which}, beside {number} slow connections: {path} p99", statistics.quantiles(took, n=100)[98], 25, " ms")


def test_no_descriptors_left(start_proxy, upstream):
    """500 clients where 64 files may be open: the proxy closes those that it cannot accept, leaves none hanging, and
    does not spin."""
    upstream.always(chat.whole("hi"))
    proxy = start_proxy(deployment("codex-light", upstream))
    held = Holdings(proxy.process.pid)
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (64, 64))
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(proxy.connect()) for _ in range(500)]
        wait_until(lambda: sum(is_closed(client) for client in clients) > 430, "the others to be refused")
        before, begin = held.cpu_s, time.monotonic()
        if LONG:
            time.sleep(2)   # measured while nothing happens
            figure("proxy without descriptors: processor", 100 * (held.cpu_s - before) / (time.monotonic() - begin), 20,
                   " %")
    wait_until(lambda: is_served(proxy), "it to serve again")


def is_closed(client):
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def is_served(proxy):
    try:
        return proxy.post("/v1/chat/completions", {"model": "codex-light", "messages": []}).status == 200
    except (OSError, http.client.HTTPException):
        return False


@pytest.mark.skipif(not LONG, reason="takes as long as the timeouts")
def test_silent_clients_are_closed(start_proxy, upstream):
    """A silent client is closed after 10 s; one that stops in the middle of a body gets an error after 15 s."""
    proxy = start_proxy(deployment("codex-light", upstream))
    body = written("POST", "/v1/chat/completions", proxy.port, b"x" * 100, f"Authorization: Bearer {MASTER_KEY}")[:-50]
    with proxy.connect(30) as silent, proxy.connect(30) as slow:
        begin = time.monotonic()
        slow.sendall(body)
        assert silent.recv(1) == b""
        figure("a silent connection is closed after", time.monotonic() - begin, 11, " s")
        assert slow.recv(65536).startswith(b"HTTP/1.1 408")
        figure("half a body is refused after", time.monotonic() - begin, 16, " s")
