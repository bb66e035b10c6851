"""A failure before the first byte goes to the next deployment. If none is left, the client gets the error as it is."""
import time

import pytest

from basics import free_port
import chat_wire as chat
import responses_wire as responses
from conftest import BOTH_TRANSPORTS, chat_only, deployment
from mock_upstream import CLOSE, HANG, RESET, error, event, reply, stream, stream_open

pytestmark = BOTH_TRANSPORTS

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
RESPONSES = {"model": "codex-light", "input": "hi"}
OVERLOADED = {"error": {"message": "overloaded", "type": "server_error", "code": 503}}

FAILURES = {
    "408": error(408), "429": error(429), "429 with Retry-After": error(429, headers={"Retry-After": "1"}),
    "500": error(500), "502": error(502), "503": error(503), "504": error(504), "529": error(529),
    "402": error(402), "401": error(401), "403": error(403), "404": error(404, code="model_not_found"),
    "500 without a body": reply(500, body=b""),
    "503 in HTML": reply(503, body=b"<html>busy</html>", content_type="text/html"),
    "no reply": [CLOSE], "reset": [RESET], "no HTTP": [b"SSH-2.0-mock\r\n", CLOSE],
    "half a head": [b"HTTP/1.1 200 OK\r\nContent-", CLOSE],
    "half a body": [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{", CLOSE],
    "200 without JSON": reply(200, body=b"<html>"), "200 with an error": reply(200, body=OVERLOADED),
    "200 with nothing": reply(200, body=b""), "redirect": reply(302, {"Location": "http://127.0.0.1:1/"}, b""),
}

STREAM_FAILURES = {
    "error event first": stream(event(OVERLOADED)),
    "error after a role": stream(chat.delta(role="assistant", content=""), event(OVERLOADED)),
    "truncated before content": stream_open(chat.delta(role="assistant", content=""), CLOSE),
    "reset before content": stream_open(RESET), "ends at once": stream(), "only DONE": stream(chat.DONE),
    "not SSE": reply(200, body=b"<html>", content_type="text/html"),
    "empty answer": chat.text_stream(),
}


@pytest.fixture
def second(make_upstream):
    return make_upstream()


def pair(start_proxy, upstream, second, entry=deployment, **sections):
    """Two deployments, the first one preferred."""
    return start_proxy(entry("codex-light", upstream, order=1), entry("codex-light", second, order=2), **sections)


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_the_next_deployment_answers(start_proxy, upstream, second, failure, streamed):
    proxy = pair(start_proxy, upstream, second)
    upstream.script(failure)
    second.script(chat.either("from the second"))
    answer = proxy.post("/v1/chat/completions", {**CHAT, "stream": streamed})
    assert answer.status == 200
    assert b"from the second" in answer.body
    assert len(upstream.requests) == len(second.requests) == 1


@pytest.mark.parametrize("failure", STREAM_FAILURES.values(), ids=STREAM_FAILURES)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_a_stream_that_fails_before_content(start_proxy, upstream, second, failure, path):
    proxy = pair(start_proxy, upstream, second, entry=chat_only)
    upstream.script(failure)
    second.script(chat.either("from the second"))
    answer = proxy.post(path, {**(CHAT if path.endswith("completions") else RESPONSES), "stream": True})
    assert answer.status == 200
    text = answer.body.decode()
    assert "from the second" in text and "overloaded" not in text
    assert len(second.requests) == 1


def test_a_native_responses_stream_that_fails_before_content(start_proxy, upstream, second):
    proxy = pair(start_proxy, upstream, second)
    failed = responses.response(status="failed", error={"code": "server_error", "message": "x"})
    upstream.script(stream(responses.created(), responses.named("response.failed", response=failed)))
    second.script(responses.text_stream("from the second"))
    answer = proxy.post("/v1/responses", {**RESPONSES, "stream": True})
    assert [data["type"] for _, data in answer.events].count("response.created") == 1
    assert b"from the second" in answer.body and b"response.failed" not in answer.body


def test_refused_connection(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", f"http://127.0.0.1:{free_port()}/v1", order=1),
                        deployment("codex-light", upstream, order=2))
    upstream.script(chat.whole("from the second"))
    assert b"from the second" in proxy.post("/v1/chat/completions", CHAT).body


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_silence(start_proxy, upstream, second, streamed):
    proxy = start_proxy(deployment("codex-light", upstream, order=1, timeout=0.3, stream_timeout=0.3),
                        deployment("codex-light", second, order=2))
    upstream.script([HANG])
    second.script(chat.either("from the second"))
    assert b"from the second" in proxy.post("/v1/chat/completions", {**CHAT, "stream": streamed}).body
    assert upstream.next_request().gone.wait(20)


def test_a_deployment_of_the_fallback_alias_is_reached(start_proxy, upstream, second):
    proxy = start_proxy(deployment("codex-light", upstream), deployment("codex-qwen-local", second),
                        router_settings={"fallbacks": [{"codex-light": ["codex-qwen-local"]}]})
    upstream.always(error(500))
    second.script(chat.whole("from the fallback"))
    assert b"from the fallback" in proxy.post("/v1/chat/completions", CHAT).body


def test_the_api_may_differ_from_one_attempt_to_the_next(start_proxy, upstream, second):
    """A Responses request passes through to the first and, when that fails, goes through the bridge to the second."""
    proxy = start_proxy(deployment("codex-light", upstream, order=1), chat_only("codex-light", second, order=2))
    upstream.script(error(500))
    second.script(chat.either("bridged"))
    answer = proxy.post("/v1/responses", RESPONSES)
    assert upstream.requests[0].path == "/v1/responses"
    assert second.requests[0].path == "/v1/chat/completions"
    assert answer.json["output"][0]["content"][0]["text"] == "bridged"


def test_each_deployment_gets_its_own_model(start_proxy, upstream, second):
    proxy = start_proxy(deployment("codex-light", upstream, model="openai/first", order=1),
                        deployment("codex-light", second, model="openai/second", order=2))
    upstream.script(error(500))
    second.script(chat.whole())
    proxy.post("/v1/chat/completions", CHAT)
    assert [upstream.requests[0].json["model"], second.requests[0].json["model"]] == ["first", "second"]


# Cooldown

@pytest.mark.parametrize("failure", ["500", "429", "401", "404", "reset"])
def test_a_failed_deployment_cools_down(start_proxy, upstream, second, failure):
    proxy = pair(start_proxy, upstream, second, router_settings={"cooldown_time": 60, "allowed_fails": 0})
    upstream.script(FAILURES[failure])
    second.always(chat.whole("from the second"))
    for _ in range(3):
        assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert len(upstream.requests) == 1
    assert len(second.requests) == 3


def test_a_cooldown_ends(start_proxy, upstream, second):
    proxy = pair(start_proxy, upstream, second)
    upstream.script(error(429, headers={"Retry-After": "1"}), chat.whole("rested"))
    second.always(chat.whole("from the second"))
    proxy.post("/v1/chat/completions", CHAT)
    deadline = time.monotonic() + 10
    while b"rested" not in proxy.post("/v1/chat/completions", CHAT).body:
        assert time.monotonic() < deadline
    assert len(upstream.requests) == 2


# No deployment left

def test_the_only_deployment_is_tried_during_its_cooldown(light, upstream):
    upstream.script(error(429, headers={"Retry-After": "30"}), chat.whole("well again"))
    assert light.post("/v1/chat/completions", CHAT).status == 429
    assert b"well again" in light.post("/v1/chat/completions", CHAT).body


@pytest.mark.parametrize("failure, status", [
    ("429 with Retry-After", 429), ("500", 503), ("503", 503), ("reset", 503), ("401", None), ("404", None),
])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_the_last_failure_is_reported_in_codexs_terms(light, upstream, failure, status, path):
    """After 500 Codex would retry 30 times and hide the message, so the proxy never sends it."""
    upstream.always(FAILURES[failure])
    answer = light.post(path, {**CHAT, **RESPONSES, "stream": True})
    assert answer.status == status or (status is None and 400 <= answer.status < 600)
    assert answer.status != 500
    assert answer.error["message"]
    if answer.status == 429:
        assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("value", ["7", "Fri, 01 Jan 2100 00:00:00 GMT", "100000", "0", "1.5", "soon", "-5"])
def test_retry_after_is_sanitized(light, upstream, value):
    """Codex sleeps as long as Retry-After says, without a limit, and does not parse fractions."""
    upstream.always(error(429, headers={"Retry-After": value}))
    answer = light.post("/v1/chat/completions", CHAT)
    assert answer.status == 429
    seconds = answer.headers["Retry-After"]
    assert seconds is None or 1 <= int(seconds) <= 60
    if value == "7":
        assert seconds == "7"


def test_an_exhausted_quota_is_reported_as_such(light, upstream):
    upstream.always(error(429, "You exceeded your current quota", code="insufficient_quota"))
    answer = light.post("/v1/chat/completions", CHAT)
    assert answer.error["code"] == "insufficient_quota"


def test_a_full_context_window_is_reported_as_such(light, upstream):
    upstream.script(error(400, "This model's maximum context length is 8192 tokens", code="context_length_exceeded"))
    answer = light.post("/v1/responses", RESPONSES)
    assert answer.status == 400
    assert answer.error["code"] == "context_length_exceeded"


def test_a_group_without_keys_names_the_missing_variable(start_proxy, upstream):
    entry = deployment("codex-light", upstream)
    entry["litellm_params"]["api_key"] = "os.environ/NO_SUCH_KEY"
    proxy = start_proxy(entry, deployment("other", upstream))
    answer = proxy.post("/v1/chat/completions", CHAT)
    assert answer.status >= 400
    assert "NO_SUCH_KEY" in answer.error["message"]


def sized(alias, upstream, window, **params):
    return {**deployment(alias, upstream, **params), "model_info": {"max_input_tokens": window}}


def test_a_long_prompt_is_not_sent_where_it_does_not_fit(start_proxy, make_upstream):
    """A small local model would silently truncate it."""
    small, large = make_upstream(), make_upstream()
    proxy = start_proxy(sized("codex-light", small, 1000, order=1), sized("codex-light", large, 100000, order=2))
    small.script(chat.whole())
    large.script(chat.whole())
    for text in ("short", "long " * 2000):
        body = {"model": "codex-light", "messages": [{"role": "user", "content": text}]}
        assert proxy.post("/v1/chat/completions", body).status == 200
    assert (len(small.requests), len(large.requests)) == (1, 1)


def test_a_prompt_that_fits_nowhere_is_reported_as_such(start_proxy, upstream):
    proxy = start_proxy(sized("codex-light", upstream, 1000))
    got = proxy.post("/v1/responses", {"model": "codex-light", "input": "long " * 2000})
    assert got.status == 400 and got.json["error"]["code"] == "context_length_exceeded"
    assert "context window of 1000 tokens" in got.json["error"]["message"]


def test_a_picture_is_not_counted_as_text(start_proxy, upstream):
    proxy = start_proxy(sized("codex-light", upstream, 2000))
    upstream.script(chat.whole())
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 200000}}
    body = {"model": "codex-light", "messages": [{"role": "user", "content": [picture]}]}
    assert proxy.post("/v1/chat/completions", body).status == 200


def test_after_an_overflow_a_larger_context_window_is_tried(start_proxy, make_upstream):
    small, large = make_upstream(), make_upstream()
    proxy = start_proxy(sized("codex-light", small, 9000, order=1), sized("codex-light", large, 100000, order=2))
    small.script(error(400, "This model's maximum context length is 9000 tokens", code="context_length_exceeded"))
    large.script(chat.whole())
    body = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
    assert proxy.post("/v1/chat/completions", body).status == 200
