"""HTTP/1.1 on both ports, row by row: ambiguous requests are refused, valid ones answered, and the connection closes
or stays open as RFC 9110 and RFC 9112 require. The rows are in http_rows.py."""
import json
import pathlib
import tempfile

import pytest

import chat_wire as chat
import http_wire
from conftest import deployment
from http_rows import Rows, Site
from proxy_process import MASTER_KEY
from session_tools import Session

BODY = json.dumps({"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}).encode()


@pytest.fixture
def site(start_proxy, upstream):
    upstream.always(chat.whole("ok"))
    proxy = start_proxy(deployment("codex-light", upstream))
    return Site(proxy.port, "/v1/models", "/v1/chat/completions", (f"Authorization: Bearer {MASTER_KEY}",), BODY)


def described(row, fault):
    return f"{row.kind}: {row.name} ({row.section}): {fault}"


def test_the_proxy(site, upstream):
    rows = Rows(site)
    asking, found = rows.get("Connection: close"), []
    for row in rows.rows:
        before = len(upstream.requests)
        faults = http_wire.faults(row, site, asking)
        came = [request.json["messages"] for request in upstream.requests[before:]]
        if (row.smuggling or "2xx" not in row.want) and came:
            faults.append("it reached the provider")
        elif came not in ([], [json.loads(BODY)["messages"]]):
            faults.append(f"{came} reached the provider")
        found += [described(row, fault) for fault in faults]
    assert not found, "\n".join([f"{len(found)} faults:", *found])


def test_the_proxy_without_a_key(site, upstream):
    """Framing errors are reported even without a key, before 401; no such request reaches the provider."""
    found = []
    for path in ("/v1/chat/completions", "/nowhere"):
        rows = Rows(site._replace(fields=(), post=path))
        for row in rows.rows:
            if row.smuggling:
                row = row._replace(want="400,413,501,505 closed")
                found += [described(row, fault) for fault in http_wire.faults(row, site, rows.get("Connection: close"))]
    assert not found, "\n".join(found)
    assert upstream.requests == []


# Where lighttpd deviates; none of it is framing.
LIGHTTPD_DEVIATIONS = {
    ("request line", "two spaces before the version"), ("request line", "a space in the target"),
    ("request line", "an empty line before it"), ("target", "a fragment"), ("method", "CONNECT to the server itself"),
    ("host", "twice, identical"), ("upgrade", "of HTTP/1.0: ignored"),
}


def test_the_page():
    with tempfile.TemporaryDirectory(prefix="pm-", dir="/tmp") as folder:
        session = Session(pathlib.Path(folder))
        try:
            site = Site(session.port, "/health", "/api/stop",
                        ("Content-Type: application/json", f"X-Pointsman-Token: {session.token}"), b"{              }",
                        chunks=False)
            rows = Rows(site)
            wrong = {(row.kind, row.name): described(row, fault) for row in rows.rows
                     for fault in http_wire.faults(row, site, rows.get("Connection: close"))}
        finally:
            session.close()
    found = [text for name, text in wrong.items() if name not in LIGHTTPD_DEVIATIONS]
    assert not found, "\n".join([f"{len(found)} faults:", *found])
    assert LIGHTTPD_DEVIATIONS <= set(wrong), "lighttpd deviates less: shorten the list"
