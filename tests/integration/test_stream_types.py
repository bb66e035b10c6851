"""Streams with another Content-Type, and replies that are called streams but are not: the first bytes of a body
decide, not its type."""
import json

import pytest

import chat_wire as chat
import responses_wire as responses
from conftest import BOTH_TRANSPORTS, chat_only, deployment
from mock_upstream import CLOSE, STREAM_END, chunk, reply

pytestmark = BOTH_TRANSPORTS

TYPES = ["text/plain; charset=utf-8", "application/json", "application/octet-stream", None]
PATHS = pytest.mark.parametrize("path", ["/v1/responses", "/v1/chat/completions"])


def ask(proxy, path, streamed=True):
    body = {"model": "codex-light", "stream": streamed, "messages": [{"role": "user", "content": "hi"}], "input": "hi"}
    return proxy.post(path, body)


def head(content_type, status=200):
    """The head of a chunked reply, with or without a type."""
    kind = f"Content-Type: {content_type}\r\n" if content_type else ""
    return f"HTTP/1.1 {status} Mock\r\n{kind}Transfer-Encoding: chunked\r\n\r\n".encode()


def renamed(steps, content_type):
    """A stream of the mock's with another type."""
    return [head(content_type), *steps[1:]]


def complete(answer, path):
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/event-stream"), answer.body
    events = [pair for pair in answer.events if pair[1] != "[DONE]"]
    if path == "/v1/responses":
        assert responses.stream_fault(events) is None and events[-1][0] == "response.completed"
    else:
        assert answer.events[-1][1] == "[DONE]" and not any("error" in data for _, data in events)


@PATHS
@pytest.mark.parametrize("content_type", TYPES)
def test_a_stream_of_another_type(start_proxy, upstream, path, content_type):
    proxy = start_proxy(chat_only("codex-light", upstream))
    upstream.script(renamed(chat.text_stream("Hello", " there"), content_type))
    answer = ask(proxy, path)
    complete(answer, path)
    assert b"Hello" in answer.body and b" there" in answer.body
    assert proxy.journal()[0]["tokens"]["estimated"] is False


@pytest.mark.parametrize("content_type", TYPES)
def test_a_native_stream_of_another_type(light, upstream, content_type):
    upstream.script(renamed(responses.text_stream("Hello there"), content_type))
    answer = ask(light, "/v1/responses")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.events[-1][0] == "response.completed" and b"Hello there" in answer.body


@PATHS
@pytest.mark.parametrize("begin", [b"\xef\xbb\xbf", b": ping\n\n", b"\n\n", b"event: message\nid: 1\nretry: 5\n", b"d"],
                         ids=["mark", "comment", "empty lines", "fields", "one letter"])
def test_its_first_bytes_arrive_one_by_one(start_proxy, upstream, path, begin):
    proxy = start_proxy(chat_only("codex-light", upstream))
    body = b"".join(b"data: %s\n\n" % (step if isinstance(step, str) else json.dumps(step)).encode()
                    for step in (chat.delta("Hello"), chat.delta(finish="stop"), "[DONE]"))
    body = body[1:] if begin == b"d" else body
    upstream.script([head("text/plain"), chunk(begin), chunk(body), STREAM_END])
    complete(ask(proxy, path), path)


@PATHS
def test_a_whole_reply_with_a_streams_type(start_proxy, upstream, path):
    """JSON with text/event-stream, also followed by a stream's end mark; for clients with and without streaming."""
    proxy = start_proxy(chat_only("codex-light", upstream))
    body = json.dumps({"id": "c",
                       "choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "Hello"}}]}).encode()
    for more in (b"", b"\n\ndata: [DONE]\n\n"):
        for streamed in (True, False):
            upstream.script(reply(body=body + more, content_type="text/event-stream"))
            answer = ask(proxy, path, streamed)
            assert answer.status == 200 and b"Hello" in answer.body
            if streamed:
                complete(answer, path)
            else:
                assert answer.json and b"[DONE]" not in answer.body


@PATHS
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_an_error_with_a_streams_type(start_proxy, upstream, path, streamed):
    proxy = start_proxy(chat_only("codex-light", upstream))
    upstream.script(reply(body={"error": {"message": "prompt is too long", "code": 400}},
                          content_type="text/event-stream"))
    answer = ask(proxy, path, streamed)
    assert (answer.status, answer.error["code"]) == (400, "context_length_exceeded")


@PATHS
def test_a_stream_for_a_client_that_requested_none(start_proxy, upstream, path):
    proxy = start_proxy(chat_only("codex-light", upstream))
    upstream.script(renamed(chat.text_stream("Hello"), "application/json"))
    answer = ask(proxy, path, streamed=False)
    assert answer.status == 200 and "Hello" in json.dumps(answer.json)


@PATHS
def test_a_truncated_stream_of_another_type(start_proxy, upstream, make_upstream, path):
    """It is reported as a truncated stream, not as invalid JSON; its idle timeout is that of a stream."""
    second = make_upstream()
    proxy = start_proxy(chat_only("codex-light", upstream, order=1), chat_only("codex-light", second, order=2))
    upstream.script([head("text/plain"), chunk(b'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n'), CLOSE])
    second.script(chat.text_stream("from the second"))
    assert b"from the second" in ask(proxy, path).body
    assert proxy.journal()[0]["attempts"][0]["outcome"] == "cut"


def test_a_web_page_is_named(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    for content_type in ("text/html", "text/event-stream"):
        upstream.script(reply(body=b"<html>sign in</html>", content_type=content_type))
        assert "web page" in ask(proxy, "/v1/responses").error["message"]
