"""The client's side of the proxy: which requests are admitted, and what happens to bytes that are not a valid
request."""
import contextlib
import http.client
import json
import re
import socket
import ssl
import subprocess

import pytest

from basics import free_port, wait_until
import chat_wire as chat
import responses_wire as responses
from conftest import deployment
from proxy_process import BINARY, MASTER_KEY
from torture import SANITIZED

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
RESPONSES = {"model": "codex-light", "input": "hi"}


def head(proxy, method="POST", path="/v1/chat/completions", *fields, host=None, key=MASTER_KEY):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{proxy.port}'}"]
    lines += [f"Authorization: Bearer {key}"] if key else []
    return "\r\n".join([*lines, *fields]).encode() + b"\r\n\r\n"


def rest_of_head(proxy):
    """A valid head without its request line."""
    return head(proxy, "GET", "/", "Connection: close").split(b"\r\n", 1)[1]


def with_body(proxy, body=None, *fields, **options):
    data = json.dumps(CHAT).encode() if body is None else body
    return head(proxy, "POST", "/v1/chat/completions", f"Content-Length: {len(data)}", *fields, **options) + data


def status(answer):
    """The status of the first reply in these bytes; None if there is none."""
    match = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(match[1]) if match else None


def statuses(answer):
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


# Keys

@pytest.mark.parametrize("method, path", [
    ("GET", "/health"), ("GET", "/models"), ("POST", "/chat/completions"), ("POST", "/responses"),
])
@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_a_key_is_needed(light, method, path, prefix):
    for key in (None, "wrong", MASTER_KEY + "x", MASTER_KEY[:-1], ""):
        answer = light.request(method, prefix + path, CHAT if method == "POST" else None, key=key)
        assert answer.status == 401
        assert answer.error["code"] == "invalid_api_key"
        assert set(answer.error) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("value", ["Basic {}", "{}", "bearer", "Bearer", "Token {}", "Bearer {} x", "Bearer {0} {0}"])
def test_the_key_must_be_a_bearer_token(light, value):
    headers = {"Authorization": value.format(MASTER_KEY)}
    assert light.get("/v1/models", key=None, headers=headers).status == 401


@pytest.mark.parametrize("name", ["Authorization", "x-api-key", "api-key"])
def test_common_key_headers_are_accepted(light, name):
    value = f"Bearer {MASTER_KEY}" if name == "Authorization" else MASTER_KEY
    assert light.get("/v1/models", key=None, headers={name: value}).status == 200


def test_a_browser_sees_that_it_runs(light):
    assert light.get("/", key=None).json == "I'm alive!"
    assert light.request("POST", "/", {}, key=None).headers["Allow"] == "GET, HEAD"


def test_options_lists_the_methods(light):
    answer = light.raw(head(light, "OPTIONS", "*", "Connection: close", key=None))
    assert status(answer) == 200 and b"\r\nAllow: GET, HEAD, POST, OPTIONS\r\n" in answer
    assert b"access-control" not in answer.lower()


@pytest.mark.parametrize("path", ["/health/liveliness", "/health/liveness", "/health/readiness"])
def test_liveness_is_open(light, path):
    assert light.get(path, key=None).status == 200
    assert light.get("/v1" + path, key=None).status == 200


# Host and Origin

@pytest.mark.parametrize("path", ["/health", "/health/liveliness", "/v1/models", "/nothing"])
@pytest.mark.parametrize("host", ["evil.test", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.test:{}", "0.0.0.0:{}"])
def test_another_host_is_refused_everywhere(light, path, host):
    assert light.get(path, headers={"Host": host.format(light.port)}).status in (403, 421)


@pytest.mark.parametrize("host", ["127.0.0.1:{}", "localhost:{}"])
def test_our_own_names_are_accepted(light, host):
    assert light.get("/v1/models", headers={"Host": host.format(light.port)}).status == 200


@pytest.fixture
def ipv6_listener():
    """Another program that listens on a port of ::1."""
    try:
        listener = socket.create_server(("::1", free_port()), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no ::1")
    with listener:
        yield listener


def test_localhost_leads_nowhere_else(light, ipv6_listener):
    """For localhost, clients try ::1 first, and would send the key to a program that listens there."""
    for port in (light.port, light.risk_port):
        with pytest.raises(OSError, match="in use"):
            socket.create_server(("::1", port), family=socket.AF_INET6)
    connection = http.client.HTTPConnection("localhost", light.port, timeout=20)
    connection.request("GET", "/health/liveliness")
    assert connection.getresponse().status == 200
    connection.close()


def test_a_port_in_use_on_ipv6(folder, ipv6_listener):
    port = ipv6_listener.getsockname()[1]
    path = folder / "config.yaml"
    path.write_text(json.dumps({"model_list": [deployment("codex-light", "http://127.0.0.1:9/v1")]}))
    environment = {"HOME": str(folder), "LITELLM_API_KEY": MASTER_KEY, "MOCK_API_KEY": "x"}
    done = subprocess.run([BINARY, "--config", path, "--port", str(port)], capture_output=True, text=True,
                          env=environment, timeout=60, check=False)
    assert done.returncode == 1 and f"[::1]:{port}: Address already in use" in done.stderr, done.stderr


def test_allowed_hosts(start_proxy, upstream):
    """A proxy that serves other machines on purpose; its key is still required."""
    arguments = ["--allow-host", "proxy.example", "--allow-host", "agent-7"]
    proxy = start_proxy(deployment("codex-light", upstream), arguments=arguments)
    for host in ("proxy.example", f"proxy.example:{proxy.port}", "AGENT-7:80", f"127.0.0.1:{proxy.port}"):
        assert proxy.get("/v1/models", headers={"Host": host}).status == 200
        assert proxy.get("/v1/models", key=None, headers={"Host": host}).status == 401
    for host in ("evil.test", "agent-7.evil.test", "proxy.example agent-7"):
        assert proxy.get("/v1/models", headers={"Host": host}).status in (400, 403)


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.test"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
])
def test_web_pages_are_refused(light, headers):
    assert light.post("/v1/chat/completions", CHAT, headers=headers).status == 403


def test_no_answer_allows_other_origins(light):
    answer = light.request("OPTIONS", "/v1/chat/completions", headers={"Access-Control-Request-Method": "POST"})
    assert answer.status in (404, 405)
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


# Paths and methods

@pytest.mark.parametrize("path",
                         ["/x", "/v1", "/v1/", "/v1/v1/models", "/v2/models", "/v1/models/../health", "//models",
                          "/v1/chat/completions/", "/v1/responses/compact", "/.env"])
def test_unknown_paths(light, path):
    answer = light.get(path)
    assert answer.status == 404
    assert answer.error["message"]


@pytest.mark.parametrize("method, path, allow", [
    ("GET", "/v1/chat/completions", "POST"), ("PUT", "/v1/responses", "POST"), ("POST", "/v1/models", "GET"),
    ("DELETE", "/health", "GET"), ("HEAD", "/v1/responses", "POST"),
])
def test_wrong_methods(light, method, path, allow):
    answer = light.request(method, path)
    assert answer.status == 405
    assert allow in answer.headers["Allow"]


def test_head_has_no_body(light):
    assert status(answer := light.raw(head(light, "HEAD", "/v1/models", "Connection: close"))) == 200
    assert answer.endswith(b"\r\n\r\n")


def test_a_websocket_is_refused(light):
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    assert light.get("/v1/responses", headers=headers).status == 426


# Bodies

@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/chat/completions", "/responses"])
@pytest.mark.parametrize("body", [
    b"", b"{", b"nonsense", b"[]", b'[{"model":"codex-light"}]', b'"text"', b"null", b'{"model":"codex-light",}',
    b'{"model":"codex-light"}x', b'{"model":"\xff"}', b"{'model':'codex-light'}", b"[" * 100000,
])
def test_a_body_that_is_not_a_json_object_is_refused(light, path, body):
    answer = light.post(path, body)
    assert answer.status == 400
    assert answer.error["type"] == "invalid_request_error"
    assert answer.error["message"]


@pytest.mark.parametrize("body", [
    {"messages": []}, {"model": 5}, {"model": None}, {"model": ["codex-light"]}, {"model": ""},
])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_model_is_required(light, path, body):
    answer = light.post(path, body)
    assert answer.status in (400, 404)
    assert "model" in answer.error["message"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_an_unknown_model_is_final_for_codex(light, path):
    answer = light.post(path, {**CHAT, **RESPONSES, "model": "no-such-model"})
    assert answer.status in (400, 404)
    assert answer.error["code"] == "model_not_found"
    assert "no-such-model" in answer.error["message"]
    assert "router_settings.model_group_alias" in answer.error["message"]


def test_a_declared_body_that_is_too_large_is_refused_unread(light):
    assert status(light.raw(head(light, "POST", "/v1/responses", f"Content-Length: {1 << 40}"))) == 413


@pytest.mark.plain
def test_a_chunked_body_that_is_too_large_is_refused(light):
    piece = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with light.connect() as sock:
        sock.sendall(head(light, "POST", "/v1/responses", "Transfer-Encoding: chunked"))
        try:
            for _ in range(16 * 200):   # 200 MiB
                sock.sendall(piece)
            answer = sock.recv(65536)
        except ConnectionError:
            answer = b"HTTP/1.1 413 "   # a reset may overtake the reply
    assert status(answer) == 413
    assert SANITIZED or light.rss_kb < 200 * 1024   # a sanitizer keeps freed memory


def test_large_bodies_pass(light, upstream):
    upstream.script(chat.whole("read"))
    text = "x" * (8 << 20)
    answer = light.post("/v1/chat/completions", {**CHAT, "messages": [{"role": "user", "content": text}]})
    assert answer.status == 200
    assert upstream.requests[0].json["messages"][0]["content"] == text


def test_chunked_bodies(light, upstream):
    upstream.always(chat.whole("read"))
    data = json.dumps(CHAT).encode()
    fields = ("Transfer-Encoding: chunked", "Connection: close")
    for size in (1, 7, len(data)):
        pieces = [data[at:at + size] for at in range(0, len(data), size)]
        body = b"".join(b"%x;note=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nTrailer: x\r\n\r\n"
        assert status(light.raw(head(light, "POST", "/v1/chat/completions", *fields) + body)) == 200
    assert [request.json["messages"] for request in upstream.requests] == [CHAT["messages"]] * 3


def test_expect_100_continue(light, upstream):
    upstream.script(responses.whole("read"))
    data = json.dumps(RESPONSES).encode()
    with light.connect() as sock:
        sock.sendall(head(light, "POST", "/v1/responses", f"Content-Length: {len(data)}", "Expect: 100-continue"))
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(data)
        assert status(sock.recv(65536)) == 200


def test_expect_100_continue_is_not_for_the_refused(light):
    answer = light.raw(with_body(light, None, "Expect: 100-continue", key="wrong"))
    assert statuses(answer) == [401]


# Connections

def test_requests_share_a_connection(light, upstream):
    upstream.always(chat.whole("again"))
    requests = [with_body(light), head(light, "GET", "/v1/models"), with_body(light, None, "Connection: close")]
    answer = light.raw(b"".join(requests))
    assert statuses(answer) == [200, 200, 200]
    assert answer.count(b"again") == 2
    assert answer.index(b"again") < answer.index(b'"list"') < answer.rindex(b"again")


def test_pipelined_requests_may_be_split_anywhere(light, upstream):
    """A refusal without a body keeps the connection; the request after it is still answered."""
    upstream.always(chat.whole("again"))
    requests = [b"\r\n", head(light, "GET", "/nothing"), with_body(light), head(light, "GET", "/v1/models"), b"\r\n",
                with_body(light, None, "Connection: close")]
    whole, ends = b"".join(requests), []
    for request in requests:
        ends.append(len(request) + (ends[-1] if ends else 0))
    cuts = {end + by for end in ends for by in (-60, -3, -1, 0, 1, 30)}
    for cut in sorted(cut for cut in cuts if 0 < cut <= len(whole)):
        with light.connect() as sock:
            sock.sendall(whole[:cut])
            if cut >= ends[1]:   # it has read this part, and not all of it at once
                sock.recv(1, socket.MSG_PEEK)
            sock.sendall(whole[cut:])
            answer = b"".join(iter(lambda: sock.recv(65536), b""))
        assert statuses(answer) == [404, 200, 200, 200], cut


def test_requests_may_come_byte_by_byte(light, upstream):
    upstream.script(chat.whole("slow"))
    with light.connect() as sock:
        for byte in with_body(light, None, "Connection: close"):
            sock.sendall(bytes([byte]))
        assert b"slow" in b"".join(iter(lambda: sock.recv(65536), b""))


def test_connection_close_is_honoured(light):
    assert b"connection: close" in light.raw(head(light, "GET", "/v1/models", "Connection: close")).lower()


def test_half_a_request_is_not_sent_to_the_upstream(light, upstream):
    for whole in (with_body(light), head(light, "GET", "/v1/models")):
        for part in (1, 20, len(whole) // 2, len(whole) - 1):
            assert status(light.raw(whole[:part], ends=True)) in (None, 400, 408)
    assert upstream.requests == []
    assert light.get("/v1/models").status == 200


def test_many_connections_leak_no_descriptor(light):
    before = light.open_files
    open_now = [light.connect() for _ in range(200)]
    assert light.get("/v1/models").status == 200
    assert light.open_files >= before + 200
    for sock in open_now:
        sock.close()
    wait_until(lambda: light.open_files <= before, "the descriptors to be closed")


# Ambiguous framing

@pytest.mark.parametrize("fields", [
    ("Content-Length: 5", "Content-Length: 6"), ("Content-Length: 5", "Content-Length: 5"),
    ("Content-Length: 5", "Transfer-Encoding: chunked"), ("Content-Length: +5",), ("Content-Length: 5, 5",),
    ("Content-Length: 0x5",), ("Content-Length: -1",), ("Content-Length: 5 5",), ("Content-Length:",),
    ("Content-Length: 99999999999999999999999",),
    ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), ("Transfer-Encoding: gzip, chunked",),
    ("Transfer-Encoding: xchunked",), ("Transfer-Encoding: identity",), ("Transfer-Encoding: chunked, identity",),
    ("Transfer-Encoding : chunked",), ("Content-Length : 5",), (" Content-Length: 5",), ("X: a", " folded: 5"),
    ("Content-Length\t: 5",), ("Bad Name: 5",), ("X: a\rb",), ("X: a\0b",), ("X",), (":",), ("X: a\nY: b",),
    ("Host: 127.0.0.1",),
])
def test_ambiguous_heads_are_refused_and_the_connection_closed(light, upstream, fields):
    smuggled = head(light, "GET", "/v1/models")
    answer = light.raw(head(light, "POST", "/v1/chat/completions", *fields) + b"hello" + smuggled)
    codes = statuses(answer)
    assert len(codes) == 1 and codes[0] in (400, 413, 501)
    assert upstream.requests == []


@pytest.mark.parametrize("body", [
    b"g\r\n", b"-1\r\n", b"0x5\r\nhello\r\n", b"5\nhello\r\n0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n", b"\r\n",
    b" 5\r\nhello", b"5 \r\nhello\r\n0\r\n\r\n", b"fffffffffffffffff\r\n", b"5;" + b"x" * 100000,
    b"+5\r\nhello\r\n0\r\n\r\n",
])
def test_bad_chunks_are_refused_and_the_connection_closed(light, upstream, body):
    request = head(light, "POST", "/v1/chat/completions", "Transfer-Encoding: chunked")
    codes = statuses(light.raw(request + body + head(light, "GET", "/v1/models")))
    assert len(codes) == 1 and codes[0] in (400, 413)
    assert upstream.requests == []


@pytest.mark.parametrize("line", [
    b"GET  /v1/models HTTP/1.1", b"GET /v1/models", b"GET /v1/models HTTP/2.0", b"GET /v1/models HTTP/1.x",
    b"GET /v1/models http/1.1", b"GET /v1/models HTTP/1.1 ", b"GET v1/models HTTP/1.1", b"G\x00T /v1/models HTTP/1.1",
    b"GET /v1/mo\x01dels HTTP/1.1", b"GET\t/v1/models\tHTTP/1.1", b" GET /v1/models HTTP/1.1", b"\x16\x03\x01\x02\x00",
    b"PRI * HTTP/2.0", b"",
])
def test_bad_request_lines(light, line):
    assert status(light.raw(line + b"\r\n" + rest_of_head(light))) in ((400, 505) if line else (200, 400))


def test_an_absolute_target_does_not_hide_its_host(light):
    line = b"GET http://evil.test/v1/models HTTP/1.1\r\n"
    assert status(light.raw(line + rest_of_head(light))) in (400, 403)


def test_bare_line_feeds_are_refused(light):
    assert status(light.raw(head(light, "GET", "/v1/models").replace(b"\r\n", b"\n"))) in (None, 400)


@pytest.mark.parametrize("start", [b"\x16\x03\x01\x02\x00\x01", b"GET /\r\n", b" ", b"GET /" + b"x" * 9000, b"A" * 40])
def test_bytes_that_cannot_become_a_request_are_refused_at_once(light, start):
    with light.connect() as sock:
        sock.sendall(start)
        assert status(sock.recv(65536)) in (400, 414, 501)


def aborted_tls(proxy):
    """Sends a ClientHello, and closes the connection before any reply."""
    hello = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost").do_handshake()
    with proxy.connect() as sock:
        sock.sendall(hello.read())


def refused_tls(proxy):
    with proxy.connect() as sock, pytest.raises(ssl.SSLError):
        ssl.create_default_context().wrap_socket(sock, server_hostname="localhost")


@pytest.mark.parametrize("call", [aborted_tls, refused_tls])
def test_tls_is_named_in_the_log(light, call):
    """One line, however often the client retries: it cannot read the reply."""
    for _ in range(3):
        call(light)
        assert light.get("/health/liveliness").status == 200
    wait_until(lambda: "TLS client" in light.stderr, "the line")
    assert re.findall("TLS client on (.*)", light.stderr) == [
        f"port {light.port}, which serves plain HTTP: use http:// in the client's base URL"]


def test_a_reply_to_head_has_no_body_with_any_error(light):
    answer = light.raw(head(light, "HEAD", "/v1/models", "Content-Length: x"))
    assert status(answer) == 400 and answer.endswith(b"\r\n\r\n")


def test_empty_lines_before_a_request_may_come_byte_by_byte(light):
    with light.connect() as sock:
        for byte in b"\r\n\r\n" + head(light, "GET", "/v1/models"):
            sock.sendall(bytes([byte]))
        assert status(sock.recv(65536)) == 200


def test_a_request_without_a_host(light):
    assert status(light.raw(b"GET /v1/models HTTP/1.1\r\n\r\n")) in (400, 403)
    assert status(light.raw(b"GET /v1/models HTTP/1.0\r\n\r\n")) in (400, 403)


@pytest.mark.plain
@pytest.mark.parametrize("fields", [
    [f"X-{n}: 1" for n in range(1000)], ["X: " + "y" * (1 << 20)], ["X: 1"] * 100000,
])
def test_header_floods(light, fields):
    assert status(light.raw(head(light, "GET", "/v1/models", *fields))) in (431, None)
    assert light.get("/v1/models").status == 200
    assert light.rss_kb < 50 * 1024


def test_a_very_long_target(light):
    assert status(light.raw(head(light, "GET", "/v1/models?" + "x" * 100000))) in (400, 414, 431, None)


def test_noise(light):
    """Every byte value at every place of a small head: the proxy answers or closes, and keeps running."""
    whole = head(light, "GET", "/v1/models", "Connection: close")
    for at in range(0, len(whole), 5):
        for value in (0, 10, 13, 32, 58, 127, 255):
            light.raw(whole[:at] + bytes([value]) + whole[at + 1:], ends=True)
    assert light.get("/v1/models").status == 200
