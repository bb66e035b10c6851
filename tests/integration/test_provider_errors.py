"""Errors whose message is in an unusual place, or differs from OpenAI's: their kind, and the consequences."""
import json

import pytest

import chat_wire as chat
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import error, event, reply, stream

ASKED = {"/v1/chat/completions": {"messages": [{"role": "user", "content": "hi"}]}, "/v1/responses": {"input": "hi"}}
ENTRIES = {"bridged": (chat_only, "/v1/responses"), "chat": (chat_only, "/v1/chat/completions"),
           "native": (deployment, "/v1/responses")}
EACH_ENTRY = pytest.mark.parametrize("entry, path", ENTRIES.values(), ids=ENTRIES)
EACH_MANNER = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
CALLS = {"message": "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
         "type": "invalid_request_error", "code": "tool_use_failed", "failed_generation": "<function=exec>"}
LARGE = {
    "message": "Request too large for model `x` on tokens per minute (TPM): Limit 8000, Requested 38369, please reduce "
                    "your message size and try again.", "type": "tokens", "code": "rate_limit_exceeded"}


def provider_error(raw, status=400, name="Example"):
    """An error of a provider behind OpenRouter."""
    return {"message": "Provider returned error", "code": status, "metadata": {"raw": raw, "provider_name": name}}


def refusal(status, fault):
    return reply(status, body={"error": fault})


def ask(proxy, path, streamed=False):
    return proxy.post(path, {"model": "codex-light", "stream": streamed, **ASKED[path]})


def answer(path, entry):
    """A successful reply of a provider, for either API, whole or streamed."""
    wire = responses if path == "/v1/responses" and entry is deployment else chat

    def either(request):
        return wire.text_stream("from the second") if request.json.get("stream") else wire.whole("from the second")
    return either


@pytest.fixture
def second(make_upstream):
    return make_upstream()


# Behind a gateway

LONG = "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens."
SUSPENDED = {"message": "Your account is suspended due to insufficient balance", "type": "exceeded_current_quota_error"}


@EACH_ENTRY
@EACH_MANNER
@pytest.mark.parametrize("raw", [json.dumps({"error": {"message": LONG}}), {"error": {"message": LONG}}, LONG],
                         ids=["JSON as text", "JSON", "text"])
def test_the_message_of_the_provider_behind_a_gateway_decides(start_proxy, upstream, entry, path, streamed, raw):
    proxy = start_proxy(entry("codex-light", upstream))
    upstream.script(refusal(400, provider_error(raw)))
    got = ask(proxy, path, streamed)
    assert (got.status, got.error["code"]) == (400, "context_length_exceeded")
    assert f"Example: {LONG}" in got.error["message"]
    assert proxy.journal()[0]["attempts"][0]["outcome"] == "context"


def test_a_quota_behind_a_gateway_is_not_a_rate_limit(bridged, upstream):
    upstream.script(refusal(429, provider_error(json.dumps({"error": SUSPENDED}), 429)))
    got = ask(bridged, "/v1/responses")
    assert (got.status, got.error["code"]) == (429, "insufficient_quota")
    assert "Example: Your account is suspended" in got.error["message"]
    assert got.headers["Retry-After"] is None


# The same errors with status 200: before any content they are errors of their kind; after it, the stream fails.

ERRORS = {
    "chunk": lambda fault: event({"error": fault}),
    "chunk with choices": lambda fault: event({"id": "c", "choices": [{"index": 0, "delta": {"content": ""},
                                                                       "finish_reason": "error"}], "error": fault}),
    "named": lambda fault: event({"error": fault}, name="error"),
    "bare": lambda fault: event(fault, name="error"),
    "in the choice": lambda fault: event({"id": "c", "choices": [{"index": 0, "delta": {}, "error": fault}]}),
}


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_in_a_stream_before_content(start_proxy, upstream, path, kind):
    proxy = start_proxy(chat_only("codex-light", upstream))
    upstream.script(stream(chat.delta(role="assistant", content=""), ERRORS[kind](provider_error(LONG)), chat.DONE))
    got = ask(proxy, path, streamed=True)
    assert (got.status, got.error["code"]) == (400, "context_length_exceeded")
    assert f"Example: {LONG}" in got.error["message"]


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_in_a_stream_after_content(start_proxy, upstream, kind):
    proxy = start_proxy(chat_only("codex-light", upstream))
    for path in ASKED:
        upstream.script(stream(chat.delta("Hel"), ERRORS[kind](provider_error(LONG)), chat.DONE))
        events = [data for _, data in ask(proxy, path, streamed=True).events if data != "[DONE]"]
        fault = events[-1]["response"]["error"] if path == "/v1/responses" else events[-1]["error"]
        assert fault["code"] == "context_length_exceeded"
        assert f"Example: {LONG}" in fault["message"]


@EACH_MANNER
@pytest.mark.parametrize("body, code", [
    ({"error": provider_error(LONG)}, "context_length_exceeded"),
    ({"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}, "choices": None}, "insufficient_quota"),
    ({"object": "error", "message": "prompt is too long: 2 > 1", "type": "BadRequestError", "code": 400},
     "context_length_exceeded"),
    ({"code": 20015, "message": "insufficient balance", "data": None}, "insufficient_quota"),
    ({"detail": "prompt is too long"}, "context_length_exceeded"),
    ({"errors": [{"message": "prompt is too long"}], "success": False}, "context_length_exceeded"),
], ids=["error", "base_resp", "object", "message", "detail", "errors"])
def test_an_error_as_a_whole_reply_of_status_200(bridged, upstream, body, code, streamed):
    upstream.always(reply(200, body=body))
    for path in ASKED:
        got = ask(bridged, path, streamed)
        assert got.error["code"] == code, got.body


# Tool calls that the model wrote and its server cannot parse

@EACH_ENTRY
@EACH_MANNER
def test_a_malformed_call_goes_to_the_next_deployment(start_proxy, upstream, second, entry, path, streamed):
    proxy = start_proxy(entry("codex-light", upstream, order=1), entry("codex-light", second, order=2))
    upstream.script(refusal(400, CALLS))
    second.script(answer(path, entry))
    got = ask(proxy, path, streamed)
    assert got.status == 200 and b"from the second" in got.body
    assert [attempt["outcome"] for attempt in proxy.journal()[0]["attempts"]] == ["malformed", "ok"]


@EACH_ENTRY
def test_a_malformed_call_is_repeated_if_no_other_deployment_is_left(start_proxy, upstream, entry, path):
    proxy = start_proxy(entry("codex-light", upstream))
    upstream.script(refusal(400, CALLS), answer(path, entry), refusal(400, CALLS), refusal(400, CALLS))
    assert ask(proxy, path).status == 200
    got = ask(proxy, path)
    assert (got.status, got.error["code"]) == (503, "upstream_malformed")   # Codex retries
    assert "Failed to call a function" in got.error["message"]
    assert len(upstream.requests) == 4


@pytest.mark.parametrize("path", ASKED)
def test_a_malformed_call_in_a_stream(start_proxy, upstream, second, path):
    proxy = start_proxy(chat_only("codex-light", upstream, order=1), chat_only("codex-light", second, order=2))
    upstream.script(stream(chat.delta(role="assistant"), event({"error": {**CALLS, "status_code": 400}}, name="error")))
    second.script(chat.text_stream("from the second"))
    assert b"from the second" in ask(proxy, path, streamed=True).body


# Requests larger than the deployment's rate limit

@EACH_ENTRY
@EACH_MANNER
@pytest.mark.parametrize("status", [413, 429])
def test_waiting_does_not_help_a_request_larger_than_the_limit(start_proxy, upstream, entry, path, streamed, status):
    proxy = start_proxy(entry("codex-light", upstream))
    upstream.script(reply(status, {"Retry-After": "2"}, {"error": LARGE}), answer(path, entry))
    got = ask(proxy, path, streamed)
    assert (got.status, got.error["code"]) == (400, "context_length_exceeded")
    assert "Limit 8000, Requested 38369" in got.error["message"]
    assert got.headers["Retry-After"] is None
    assert ask(proxy, path, streamed).status == 200   # no cooldown: smaller requests are served
    assert [attempt["outcome"] for attempt in proxy.journal()[0]["attempts"]] == ["too_large"]


@EACH_ENTRY
def test_another_deployment_may_have_a_higher_limit(start_proxy, upstream, second, entry, path):
    """One of the group, or of its context_window_fallbacks."""
    first, group, larger = (entry("codex-light", upstream, order=1), entry("codex-light", second, order=2),
                            entry("codex-long", second))
    upstream.always(refusal(413, LARGE))
    second.always(answer(path, entry))
    for proxy in (start_proxy(first, group),
                  start_proxy(first, larger,
                              router_settings={"context_window_fallbacks": [{"codex-light": ["codex-long"]}]})):
        assert b"from the second" in ask(proxy, path).body


def test_a_request_below_the_limit_is_rate_limited(bridged, upstream):
    upstream.script(
        error(429, "Rate limit reached on tokens per minute (TPM): Limit 8000, Used 7000, Requested 2000. Please "
                   "try again in 7.66s.", code="rate_limit_exceeded"))
    got = ask(bridged, "/v1/responses")
    assert (got.status, got.error["code"], got.headers["Retry-After"]) == (429, "rate_limit_exceeded", "8")
