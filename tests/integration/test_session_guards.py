"""Which requests are admitted: Host, Origin, Sec-Fetch-Site and the token, on every route, through lighttpd and
directly to the session app."""
import itertools
import json
import os
import pathlib
import socket
import subprocess
import tempfile

import pytest
from session_tools import Session, connection_parameters, fastcgi

STATIC = ("/style.css", "/app.js", "/head.js", "/live.js", "/usage.js", "/favicon.svg")
OPEN = ("/", "/health", "/api/status", "/live", "/api/live", "/nowhere", "/usage", "/usage.csv", "/api/usage",
        "/sample/usage")
CHANGING = {"/api/start": "application/json", "/api/stop": "application/json", "/api/test": "application/json",
            "/start": "application/x-www-form-urlencoded", "/stop": "application/x-www-form-urlencoded",
            "/test": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def session():
    with tempfile.TemporaryDirectory(prefix="pm-", dir="/tmp") as folder:
        session = Session(pathlib.Path(folder))
        yield session
        session.close()


def hosts(port):
    """(Host, whether it is ours)"""
    return [(f"127.0.0.1:{port}", True), (f"localhost:{port}", True), ("", False), ("127.0.0.1", False),
            ("localhost", False), (f"evil.test:{port}", False), (f"127.0.0.1.evil.test:{port}", False),
            (f"localhost.evil.test:{port}", False), (f"127.0.0.1:{port + 1}", False), (f"127.0.0.1:{port}1", False),
            (f"0.0.0.0:{port}", False), (f"127.1:{port}", False), (f"127.0.0.1:{port}.", False),
            (f"a@127.0.0.1:{port}", False), ("evil.test", False), (f"127.0.0.1:{port}, evil.test", False)]


def origins(port):
    return [(None, True), (f"http://127.0.0.1:{port}", True), (f"http://localhost:{port}", True), ("null", False),
            ("", False), (f"https://127.0.0.1:{port}", False), (f"http://127.0.0.1:{port + 1}", False),
            ("http://127.0.0.1", False), ("http://evil.test", False), (f"http://evil.test:{port}", False),
            (f"http://127.0.0.1:{port}.evil.test", False), (f"http://127.0.0.1:{port}/", False)]


SITES = [(None, True), ("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False), ("", False)]


def body_for(path, token):
    """The body of a request that is valid but has no effect: a start without a key gets 400, a test without a proxy
    409."""
    return "{}" if CHANGING[path] == "application/json" else f"token={token}"


def is_admitted(status):
    return status in (200, 303, 400, 409)


def test_host_on_every_route_through_lighttpd(session):
    for path, (host, ours) in itertools.product((*STATIC, *OPEN), hosts(session.port)):
        status = session.request("GET", path, host=host).status
        assert (status in (200, 404)) == ours and (ours or status in (400, 403)), (path, host, status)
    for path, (host, ours) in itertools.product(CHANGING, hosts(session.port)):
        answer = session.request("POST", path, body_for(path, session.token),
                                 {"Content-Type": CHANGING[path], "X-Pointsman-Token": session.token}, host=host)
        assert is_admitted(answer.status) == ours or answer.status == 400 and "bad_request" in answer.text, (path, host)


def test_no_host_at_all(session):
    import socket
    for path in ("/health", "/", "/style.css"):
        with socket.create_connection(("127.0.0.1", session.port)) as client:
            client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            assert client.recv(100).split()[1] == b"403"


def test_lighttpds_own_refusals_are_json_with_our_headers(session):
    for answer in (session.request("GET", "/health", host="evil.test"),
                   session.request("POST", "/api/stop", "x" * 20000, {"Content-Type": "application/json"})):
        assert answer.headers["content-type"] == "application/json" and answer.error["code"]
    headers = session.request("GET", "/health", host="evil.test").headers
    assert headers["cache-control"] == "no-store" and headers["x-content-type-options"] == "nosniff"


def test_host_at_the_session_app(session):
    for path, (host, ours) in itertools.product(OPEN, hosts(session.port)):
        status, _ = fastcgi(session.runtime / "session.sock-0",
                            {"REQUEST_METHOD": "GET", "REQUEST_URI": path, "HTTP_HOST": host})
        assert (status in (200, 404)) == ours and (ours or status == 403), (path, host, status)
    assert fastcgi(session.runtime / "session.sock-0", {"REQUEST_METHOD": "GET", "REQUEST_URI": "/health"})[0] == 403


def test_origin_and_site_on_every_changing_route(session):
    for path, (origin, our_origin), (site, our_site) in itertools.product(CHANGING, origins(session.port), SITES):
        headers = {"Content-Type": CHANGING[path], "X-Pointsman-Token": session.token, "Origin": origin,
                   "Sec-Fetch-Site": site}
        answer = session.request("POST", path, body_for(path, session.token), headers)
        # lighttpd drops empty header fields, so these count as absent.
        ours = (our_origin or origin == "") and (our_site or site == "")
        assert is_admitted(answer.status) == ours and (ours or answer.status == 403), \
            (path, origin, site, answer.status)


def test_token_on_every_changing_route(session):
    token = session.token
    for path, kind in CHANGING.items():
        for wrong in ("", "x", token[:-1], token + "0", token[:-1] + ("0" if token[-1] != "0" else "1"), token.upper()):
            body = "{}" if kind == "application/json" else f"token={wrong}"
            for headers in ({}, {"X-Pointsman-Token": wrong}):
                answer = session.request("POST", path, body, {"Content-Type": kind, **headers})
                assert answer.status == 403, (path, wrong)
    # A token in a JSON body does not count: another page's form could send such a body as text.
    answer = session.request("POST", "/api/stop", json.dumps({"token": token}), {"Content-Type": "application/json"})
    assert answer.status == 403


def test_token_file(session):
    assert (session.runtime / "session-token").stat().st_mode & 0o777 == 0o600
    assert len(session.token) == 64 and session.token not in session.request("GET", "/api/status").text


def test_an_oversized_body_at_the_session_app(session):
    parameters = {"REQUEST_METHOD": "POST", "REQUEST_URI": "/api/stop", "HTTP_HOST": f"127.0.0.1:{session.port}",
                  "CONTENT_TYPE": "application/json", "HTTP_X_POINTSMAN_TOKEN": session.token}
    for size, expected in ((8192, 200), (8193, 413), (40000, 413)):
        parameters["CONTENT_LENGTH"] = str(size)
        status, _ = fastcgi(session.runtime / "session.sock-0", parameters, b"{}" + b" " * (size - 2))
        assert status == expected, size


OTHER_USER = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can send a request as another user")


@needs_root
def test_another_user_of_this_machine(session):
    for method, path in [("GET", path) for path in OPEN] + [("POST", path) for path in CHANGING]:
        answer = subprocess.run(
            ["curl", "--silent", "--noproxy", "*", "--write-out", "%{http_code}", "--output", "/dev/null", "-X", method,
             "-H", f"X-Pointsman-Token: {session.token}", "-H", f"Content-Type: {CHANGING.get(path, '')}",
             f"http://127.0.0.1:{session.port}{path}",
             *(["--data", body_for(path, session.token)] if path in CHANGING else [])],
            user=OTHER_USER, group=OTHER_USER, capture_output=True, text=True, cwd="/", check=True)
        assert answer.stdout == ("200" if path == "/health" else "403"), path


def asked_over(session, parameters):
    return fastcgi(session.runtime / "session.sock-0", {
        "REQUEST_METHOD": "GET", "REQUEST_URI": "/api/status", "HTTP_HOST": f"127.0.0.1:{session.port}", **parameters})


def test_a_client_whose_user_is_unknown(session):
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        known = connection_parameters(client)
        assert asked_over(session, known)[0] == 200
        for name, value in (("REMOTE_PORT", ""), ("REMOTE_PORT", "0"), ("REMOTE_PORT", "x"), ("REMOTE_PORT", "65536"),
                            ("REMOTE_ADDR", ""), ("REMOTE_ADDR", "::1"), ("REMOTE_ADDR", "127.0.0.2"),
                            ("SERVER_ADDR", "x"), ("SERVER_PORT", known["REMOTE_PORT"])):
            assert asked_over(session, {**known, name: value})[0] == 403, (name, value)
        # A listener's port is not its client's port.
        assert asked_over(session, {**known, "REMOTE_PORT": known["SERVER_PORT"], "SERVER_PORT": "1"})[0] == 403
        # No process holds a closed socket, and the kernel then reports uid 0.
        client.close()
        assert asked_over(session, known)[0] == 403
