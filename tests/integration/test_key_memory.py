"""No part of a key stays in the memory of lighttpd or the session app, however its request ended. Only root can read
that memory; as another user, the tests check that they cannot."""
import contextlib
import json
import os
import secrets
import socket
import struct

import pytest
from basics import session_apps, wait_until
from session_tools import own_config, writable_memory
from torture import SANITIZED

PIECE = 12      # bytes of a key that are not in memory by chance
POOL_S = 75     # s; lighttpd frees its requests every 64 s, and a connection may have been idle for 5 s before


def new_key():
    return f"sk-{secrets.token_hex(24)}"


class Page:
    def __init__(self, cli):
        self.cli, self.port = cli, cli.web_port
        self.lighttpd = int((cli.runtime / "lighttpd.pid").read_text())
        self.session = session_apps(self.lighttpd)[0]

    @property
    def token(self):
        return (self.cli.runtime / "session-token").read_text()

    def head(self, line, *fields, host=None):
        return "\r\n".join([f"{line} HTTP/1.1", f"Host: {host or f'127.0.0.1:{self.port}'}", *fields, "", ""]).encode()

    def post(self, path, body, kind="application/json", length=None, host=None, token=None):
        """The head of a POST."""
        return self.head(f"POST {path}", f"Content-Type: {kind}", f"X-Pointsman-Token: {token or self.token}",
                         f"Content-Length: {len(body) if length is None else length}", "Connection: close", host=host)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def send(self, *pieces):
        """Sends each piece after lighttpd has read the previous one. Returns the reply."""
        with self.connect() as client, contextlib.suppress(ConnectionError):
            for piece in pieces:
                client.sendall(piece)
                self.wait_read(client)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def wait_read(self, client):
        """Waits until the other end has read everything, or is gone."""
        local, remote = (f":{address[1]:04X}" for address in (client.getsockname(), client.getpeername()))

        def unread():
            with open("/proc/net/tcp") as table:
                rows = [row.split() for row in table]
            theirs = [row for row in rows if row[1].endswith(remote) and row[2].endswith(local)]
            return any(not row[4].endswith(":00000000") for row in theirs)
        wait_until(lambda: not unread(), "the piece to be read")

    def stop(self):
        self.send(self.post("/api/stop", b"{}") + b"{}")

    def left(self, pid, key):
        """Returns true if a piece of the key is in a process's memory."""
        memory = writable_memory(pid)
        return any(key[at:at + PIECE].encode() in memory for at in range(len(key) - PIECE + 1))


@pytest.fixture
def page(cli):
    own_config(cli.home / ".config" / "pointsman")
    started = cli("start", "--page-only", "--web-port", cli.web_port, "--proxy-port", cli.proxy_port)
    assert started.returncode == 0, started.stderr
    page = Page(cli)
    if os.geteuid() != 0:
        for pid in (page.lighttpd, page.session):
            with pytest.raises(PermissionError):
                writable_memory(pid)
        pytest.skip("only root may read their memory")
    return page


def script(key, size=0):
    return json.dumps({"HF_TOKEN": "", "OPENAI_API_KEY": key}).encode().ljust(size)


def form(page, key):
    return f"token={page.token}&OPENAI_API_KEY={key}".encode()


def whole(page, key):
    return page.send(page.post("/api/start", script(key)) + script(key))


def split(page, key):
    """The first segment ends in the middle of the key."""
    body = script(key)
    return page.send(page.post("/api/start", body) + body[:50], body[50:])


def in_three(page, key):
    body = script(key)
    return page.send(page.post("/api/start", body), body[:50], body[50:])


def from_the_form(page, key):
    body = form(page, key)
    return page.send(page.post("/start", body, "application/x-www-form-urlencoded"), body[:-20], body[-20:])


def wrong_content_type(page, key):
    return page.send(page.post("/api/start", script(key), "text/plain"), script(key))


def with_another_token(page, key):
    return page.send(page.post("/api/start", script(key), token="0" * 64), script(key))


def broken_off(page, key):
    return page.send(page.post("/api/start", script(key)[:-1]), script(key)[:-1])


def nine_kilobytes(page, key):
    body = script(key, 9000)
    return page.send(page.post("/api/start", body) + body)


def at_the_end_of_nine_kilobytes(page, key):
    body = script(key).rjust(9000)
    return page.send(page.post("/api/start", body) + body)


def three_hundred_kilobytes(page, key):
    body = script(key, 300_000)
    return page.send(page.post("/api/start", body) + body)


def wrong_host(page, key):
    return page.send(page.post("/api/start", script(key), host="evil.test") + script(key))


def in_chunks(page, key):
    body = script(key)
    head = page.head("POST /api/start", "Content-Type: application/json", f"X-Pointsman-Token: {page.token}",
                     "Transfer-Encoding: chunked", "Connection: close")
    return page.send(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))


def by_a_method_without_a_body(page, key):
    body = script(key)
    return page.send(page.head("GET /", f"Content-Length: {len(body)}", "Connection: close") + body)


def aborted(page, key):
    """While the request is in flight, the key is in memory: the search itself works."""
    body = script(key)
    with page.connect() as client:
        client.sendall(page.post("/api/start", body, length=len(body) + 100) + body)
        wait_until(lambda: page.left(page.lighttpd, key), "lighttpd to have the key")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


STARTS = {whole: b" 200 ", split: b" 200 ", in_three: b" 200 ", from_the_form: b" 303 "}
REFUSED = {wrong_content_type: b" 415 ", with_another_token: b" 403 ", broken_off: b" 400 ", nine_kilobytes: b" 413 ",
           at_the_end_of_nine_kilobytes: b" 413 ", three_hundred_kilobytes: b" 413 ", wrong_host: b" 403 ",
           in_chunks: b" 403 ", by_a_method_without_a_body: b" 400 ", aborted: None}


def check_gone(page, key, what):
    """The reply comes a moment before the request is freed."""
    for name in ("session", "lighttpd"):
        pid = getattr(page, name)
        wait_until(lambda: not page.left(pid, key), f"{what}: the key to leave {name}")


def test_bodies(page):
    for way, status in {**STARTS, **REFUSED}.items():
        key = new_key()
        reply = way(page, key)
        assert status is None or status in reply[:20], (way, reply)
        check_gone(page, key, way.__name__)
        if way in STARTS:
            again = new_key()
            assert b" 409 " in whole(page, again)[:20]
            check_gone(page, again, "a start while it runs")
            page.stop()


def test_a_connection_that_stays_open(page):
    """As a browser does."""
    key, body = new_key(), None
    with page.connect() as client:
        body = script(key)
        client.sendall(page.head("POST /api/start", "Content-Type: application/json",
                                 f"X-Pointsman-Token: {page.token}", f"Content-Length: {len(body)}") + body)
        reply = client.recv(65536)
        assert b" 200 " in reply[:20]
        check_gone(page, key, "an open connection")


def test_a_start_of_the_command(cli):
    key = new_key()
    started = cli.start(OPENAI_API_KEY=key)
    assert started.returncode == 0, started.stderr
    page = Page(cli)
    if os.geteuid() != 0:
        pytest.skip("only root may read their memory")
    check_gone(page, key, "pointsman start")


@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps freed memory for a while")
def test_urls_and_fields(page):
    """Keys where none belongs. All at once, because lighttpd takes its time."""
    keys = [new_key() for _ in range(4)]
    for request in (page.head(f"GET /?OPENAI_API_KEY={keys[0]}", "Connection: close"),
                    page.head("GET /", f"X-Key: {keys[1]}", "Connection: close"),
                    page.head(f"GET /{keys[2]}", "Connection: close"),
                    page.post(f"/api/start?{keys[3]}", b"{}") + b"{}"):
        assert page.send(request).startswith(b"HTTP/1.1 ")
    for pid, name, seconds in ((page.session, "the session app", 5), (page.lighttpd, "lighttpd", POOL_S)):
        wait_until(lambda: not any(page.left(pid, key) for key in keys), f"the keys to leave {name}", seconds,
                   every_s=0.5)
