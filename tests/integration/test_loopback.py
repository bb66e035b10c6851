"""Servers on this machine: which addresses its names stand for."""
import chat_wire as chat
from conftest import deployment
from mock_upstream import CLOSE
from basics import free_port

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_localhost_is_both_addresses(start_proxy, make_upstream):
    """127.0.0.1 first, then ::1; the connection that was made is kept, and a new one is found in the same way."""
    upstream = make_upstream("::1")
    proxy = start_proxy(deployment("m", f"http://localhost:{upstream.port}/v1"))
    upstream.script(chat.whole("one"), [*chat.whole("two"), CLOSE], chat.whole("three"))
    for expected in ("one", "two", "three"):
        answer = proxy.post("/v1/chat/completions", BODY)
        assert answer.status == 200
        assert answer.json["choices"][0]["message"]["content"] == expected
    assert upstream.connections == 2


def test_where_neither_listens(start_proxy):
    proxy = start_proxy(deployment("m", f"http://localhost:{free_port()}/v1"))
    answer = proxy.post("/v1/chat/completions", BODY)
    assert answer.status in (502, 503)
    assert "nothing listens there" in answer.json["error"]["message"]
