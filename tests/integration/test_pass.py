"""The same API on both sides: bytes pass through, only the model's name changes."""
import json
import threading

import pytest

import chat_wire as chat
import responses_wire as responses
from conftest import BOTH_TRANSPORTS, UPSTREAM_KEY, deployment
from mock_upstream import HANG, chunk, error, reply, stream, stream_open

pytestmark = BOTH_TRANSPORTS

# White space, order, escapes, numbers and unknown fields that parsing and printing would change.
CHAT = (b'{ "temperature" : 1.0, "unknown":{"b":1e2,"a":[ ]} ,"model"\t:  "codex-light" , "messages":[{"role":"user",'
        b'"content":"\\u00e9 \\/ \xc3\xa9 model \\"codex-light\\""}], "big": 12345678901234567890, "stream":%s}')
RESPONSES = CHAT.replace(b'"messages"', b'"input"')


def renamed(body):
    return body.replace(b'"model"\t:  "codex-light"', b'"model"\t:  "mock-model"')


@pytest.mark.parametrize("path, body, answer", [
    ("/chat/completions", CHAT % b"false", chat.whole("Hello.")),
    ("/responses", RESPONSES % b"false", responses.whole("Hello.")),
])
@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_whole(light, upstream, path, body, answer, prefix):
    upstream.script(answer)
    got = light.post(prefix + path, body)
    request = upstream.requests[0]
    assert (request.method, request.path) == ("POST", "/v1" + path)
    assert request.body == renamed(body)
    assert request.headers["authorization"] == f"Bearer {UPSTREAM_KEY}"
    assert request.headers["content-type"] == "application/json"
    assert got.status == 200
    assert got.headers["Content-Type"].startswith("application/json")
    assert got.body == answer[0].split(b"\r\n\r\n", 1)[1]


def test_a_chat_stream_passes_byte_for_byte(light, upstream):
    pieces = [b'data: {"choices":[{"index":0,"delta":{"content":"H\\u00e9"}}],  "x":1}\n\n', b": comment\n\n",
              b'data: {"choices":[{"delta":{"content":"llo"},"finish_reason":"stop"}]}\r\n\r\n',
              b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}\n\n',
              b"data: [DONE]\n\n"]
    upstream.script(stream(*map(chunk, pieces)))
    got = light.post("/v1/chat/completions", CHAT % b"true")
    assert upstream.requests[0].json["stream"] is True
    assert got.headers["Content-Type"].startswith("text/event-stream")
    assert got.body == b"".join(pieces)


def test_a_responses_stream_passes_byte_for_byte(light, upstream):
    answer = responses.text_stream("Hello.")
    upstream.script(answer)
    got = light.post("/v1/responses", RESPONSES % b"true")
    sent = b"".join(piece.split(b"\r\n", 1)[1][:-2] for piece in answer[1:-1])
    assert got.body == sent
    assert upstream.requests[0].body == renamed(RESPONSES % b"true")


def test_events_pass_at_once(light, upstream):
    """Each event arrives before the upstream sends the next."""
    gates = [threading.Event() for _ in range(5)]
    steps = []
    for number, gate in enumerate(gates):
        steps += [chat.delta(str(number)), gate]
    upstream.script(stream(*steps, chat.delta(finish="stop"), chat.DONE))
    got = light.stream("/v1/chat/completions", {"model": "codex-light", "messages": [], "stream": True})
    for number, gate in enumerate(gates):
        _, data = got.next_event()
        assert data["choices"][0]["delta"]["content"] == str(number)
        gate.set()
    assert got.rest()[-1] == (None, "[DONE]")


def test_events_split_anywhere_arrive_whole(light, upstream):
    text = b"".join(piece.split(b"\r\n", 1)[1][:-2] for piece in responses.text_stream("Gr\u00fc\u00dfe")[1:-1])
    upstream.script(stream(*[chunk(text[at:at + 1]) for at in range(len(text))]))
    assert light.post("/v1/responses", RESPONSES % b"true").body == text


def test_the_clients_headers_are_not_passed_on(light, upstream):
    upstream.script(chat.whole())
    light.post("/v1/chat/completions", CHAT % b"false", headers={
        "X-Forwarded-For": "1.2.3.4", "Cookie": "secret=1", "Accept-Encoding": "gzip", "Proxy": "http://evil.test",
        "OpenAI-Organization": "org"})
    headers = upstream.requests[0].headers
    assert not {"x-forwarded-for", "cookie", "accept-encoding", "proxy", "origin", "expect"} & set(headers)
    assert headers["host"] == upstream.base.split("/")[2]


def test_the_upstreams_headers_are_not_passed_on(light, upstream):
    """openai-model would make Codex print a warning about the user's account; cookies would track the client."""
    upstream.script(reply(body=chat.whole()[0].split(b"\r\n\r\n", 1)[1], headers={
        "openai-model": "other", "x-models-etag": "1", "Set-Cookie": "a=b", "Access-Control-Allow-Origin": "*"}))
    headers = light.post("/v1/chat/completions", CHAT % b"false").headers
    assert not {"openai-model", "x-models-etag", "set-cookie", "access-control-allow-origin"} & {
        name.lower() for name in headers}


@pytest.mark.parametrize("field", ["api_base", "base_url", "api_key", "extra_headers"])
def test_no_request_chooses_where_the_key_goes(light, upstream, make_upstream, field):
    """LiteLLM's CVE-2024-6587: a client's api_base received the server's key."""
    evil = make_upstream()
    upstream.always(chat.whole())
    answer = light.post("/v1/chat/completions", {"model": "codex-light", "messages": [], field: evil.base})
    assert answer.status in (200, 400)
    assert evil.requests == []


def test_redirects_are_not_followed(light, upstream, make_upstream):
    evil = make_upstream()
    upstream.always(reply(307, {"Location": evil.base + "/chat/completions"}, b""))
    assert light.post("/v1/chat/completions", CHAT % b"false").status >= 400
    assert evil.requests == []


def test_connections_to_the_upstream_are_reused(light, upstream):
    upstream.always(chat.whole())
    for _ in range(5):
        assert light.post("/v1/chat/completions", CHAT % b"false").status == 200
    assert upstream.connections == 1


def test_the_upstreams_error_is_passed_on(start_proxy, upstream):
    """A bad request would fail anywhere: the client gets the provider's message in OpenAI's shape, and nothing is
    retried."""
    proxy = start_proxy(deployment("codex-light", upstream), deployment("codex-light", upstream))
    upstream.script(error(400, "max_tokens is too large", code="invalid_value"))
    answer = proxy.post("/v1/chat/completions", CHAT % b"false")
    assert answer.status == 400
    assert "max_tokens is too large" in answer.error["message"]
    assert answer.error["code"] == "invalid_value"
    assert len(upstream.requests) == 1


def test_a_key_in_the_upstreams_error_is_removed(light, upstream):
    upstream.always(error(401, f"Incorrect API key provided: {UPSTREAM_KEY}"))
    answer = light.post("/v1/chat/completions", CHAT % b"false")
    assert answer.status >= 400
    assert UPSTREAM_KEY.encode() not in answer.body


def test_every_reply_has_a_request_id(light, upstream):
    upstream.always(chat.either("Hello."))
    seen = set()
    for stream_flag in (False, True):
        body = {"model": "codex-light", "messages": [{"role": "user", "content": "x"}], "stream": stream_flag}
        answer = light.post("/v1/chat/completions", body)
        seen.add(answer.headers["x-request-id"])
    assert len(seen) == 2 and None not in seen
    assert {entry["request_id"] for entry in light.journal(2)} == seen


def test_bytes_after_the_end_of_a_stream_are_ignored(light, upstream):
    """A server that leaves the connection open after [DONE] does not delay the client."""
    upstream.script(stream_open(chat.delta("Hello."), chat.delta(finish="stop"), chat.DONE, HANG))
    got = light.post("/v1/chat/completions", CHAT % b"true")
    assert got.events[-1] == (None, "[DONE]")


def test_the_model_may_be_written_with_escapes(light, upstream):
    upstream.script(chat.whole())
    body = b'{"\\u006dodel":"codex\\u002dlight","messages":[]}'
    assert light.post("/v1/chat/completions", body).status == 200
    assert json.loads(upstream.requests[0].body)["model"] == "mock-model"
