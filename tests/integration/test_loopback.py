"""Servers on this machine: the addresses of localhost, and what reaches them."""
import itertools
import json
import os
import pathlib
import signal

import chat_wire as chat
import responses_wire as responses
from conftest import deployment
from mock_upstream import CLOSE, reply
from basics import free_port, wait_until
from test_front import head

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def test_localhost_is_both_addresses(start_proxy, make_upstream):
    """127.0.0.1 first, then ::1. The connection is kept, and a new one is found in the same way."""
    upstream = make_upstream("::1")
    proxy = start_proxy(deployment("m", f"http://localhost:{upstream.port}/v1"))
    upstream.script(chat.whole("one"), [*chat.whole("two"), CLOSE], chat.whole("three"))
    for expected in ("one", "two", "three"):
        answer = proxy.post("/v1/chat/completions", BODY)
        assert answer.status == 200
        assert answer.json["choices"][0]["message"]["content"] == expected
    assert upstream.connections == 2


def test_if_neither_listens(start_proxy):
    proxy = start_proxy(deployment("m", f"http://localhost:{free_port()}/v1"))
    answer = proxy.post("/v1/chat/completions", BODY)
    assert answer.status in (502, 503)
    assert "nothing listens there" in answer.json["error"]["message"]


def freeze(process):
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(") ", 1)[1][0] == "T",
               "the proxy to stop")


def text_of(body):
    """The text in one of the requests below."""
    return body.get("input") or body.get("prompt") or body["messages"][0]["content"]


def test_requests_to_several_paths_at_the_same_time(start_proxy, upstream):
    """They begin in one turn of the loop, each on its own new connection; each arrives whole."""
    proxy = start_proxy(deployment("m", upstream))
    answers = {"/v1/responses": responses.whole("ok"), "/v1/chat/completions": chat.whole("ok"),
               "/v1/embeddings": reply(body={"object": "list", "data": [{"index": 0, "embedding": [0.5]}]}),
               "/v1/completions": reply(body={"object": "text_completion", "choices": [{"index": 0, "text": "ok"}]})}
    upstream.always(lambda request: [*answers[request.path], CLOSE])
    bodies = {"/v1/embeddings": {"input": "embedded"}, "/v1/completions": {"prompt": "p" * 500},
              "/v1/responses": {"input": "r" * 2000},
              "/v1/chat/completions": {"messages": [{"role": "user", "content": "chat"}]}}
    for order in itertools.permutations(bodies):
        freeze(proxy.process)
        clients = []
        for path in order * 2:
            data = json.dumps({"model": "m", **bodies[path]}).encode()
            clients.append(proxy.connect())
            clients[-1].sendall(head(proxy, "POST", path, f"Content-Length: {len(data)}", "Connection: close") + data)
        os.kill(proxy.process.pid, signal.SIGCONT)
        for client in clients:
            assert b"".join(iter(lambda c=client: c.recv(65536), b"")).startswith(b"HTTP/1.1 200 ")
            client.close()
    arrived = [(request.path, text_of(request.json)) for request in upstream.requests]
    assert sorted(arrived) == sorted([(path, text_of(body)) for path, body in bodies.items()] * 2 * 24)
