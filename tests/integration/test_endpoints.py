"""Completions and embeddings pass through. Requests that need a stateful server go to one, or are refused with the
reason."""
import pytest

import chat_wire as chat
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import CLOSE, error, event, reply, stream, stream_open

COMPLETION = b'{"prompt":"def f(" , "model": "codex-light","max_tokens":5, "suffix":null}'
EMBEDDING = b'{"input":["one","two"] , "model": "codex-light","dimensions":2}'
VECTORS = {"object": "list", "model": "mock-model", "usage": {"prompt_tokens": 4, "total_tokens": 4},
           "data": [{"object": "embedding", "index": i, "embedding": [0.25, -0.5]} for i in range(2)]}


def completion(text="x):", finish="stop"):
    return {"id": "cmpl-mock", "object": "text_completion", "created": 1, "model": "mock-model",
            "choices": [{"index": 0, "text": text, "logprobs": None, "finish_reason": finish}]}


def completed(text="x):"):
    return reply(body={**completion(text), "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})


@pytest.mark.parametrize("path, body, answer, tokens", [
    ("/completions", COMPLETION, completed(), (3, 2)),
    ("/embeddings", EMBEDDING, reply(body=VECTORS), (4, 0)),
])
@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_completions_and_embeddings_pass_through(light, upstream, path, body, answer, tokens, prefix):
    upstream.script(answer)
    got = light.post(prefix + path, body)
    assert got.status == 200 and got.body == answer[0].split(b"\r\n\r\n", 1)[1]
    request = upstream.requests[0]
    assert (request.path, request.body) == ("/v1" + path, body.replace(b"codex-light", b"mock-model"))
    entry, = light.journal()
    assert entry["wire"] == {"client": path[1:], "upstream": path[1:]}
    assert (entry["tokens"]["input"], entry["tokens"]["output"], entry["tokens"]["estimated"]) == (*tokens, False)


def test_a_streamed_completion_passes_byte_for_byte(light, upstream):
    pieces = [event(completion("x", None)), event(completion(")", None)), event(completion("", "stop")), chat.DONE]
    upstream.script(stream(*pieces))
    got = light.post("/v1/completions", {"model": "codex-light", "prompt": "def f(", "stream": True})
    assert got.body == b"".join(piece.split(b"\r\n", 1)[1][:-2] for piece in pieces)
    assert light.journal()[0]["end"] == "completed"


def test_a_truncated_completion_is_reported(light, upstream):
    upstream.script(stream_open(completion("x", None), CLOSE))
    got = light.post("/v1/completions", {"model": "codex-light", "prompt": "def f(", "stream": True})
    assert "error" in got.events[-1][1]
    assert light.journal()[0]["end"] == "cut"


@pytest.mark.parametrize("streamed", [False, True])
def test_an_empty_completion_is_an_answer(light, upstream, streamed):
    upstream.script(stream(event(completion("", "stop")), chat.DONE) if streamed else completed(""))
    got = light.post("/v1/completions", {"model": "codex-light", "prompt": "x", "stream": streamed})
    assert got.status == 200


def test_the_next_deployment_takes_over(start_proxy, make_upstream):
    one, two = make_upstream(), make_upstream()
    proxy = start_proxy(deployment("a", one, order=1), deployment("a", two, order=2))
    one.script(error(503))
    two.script(reply(body=VECTORS))
    assert proxy.post("/v1/embeddings", {"model": "a", "input": "x"}).json["data"][0]["embedding"] == [0.25, -0.5]


def test_only_providers_that_support_them_are_called(start_proxy, upstream, make_upstream):
    without = make_upstream()
    proxy = start_proxy(deployment("a", without, model="groq/x", order=1), deployment("a", upstream, order=2),
                        deployment("b", without, model="groq/x"))
    upstream.script(reply(body=VECTORS))
    assert proxy.post("/v1/embeddings", {"model": "a", "input": "x"}).status == 200
    refused = proxy.post("/v1/embeddings", {"model": "b", "input": "x"})
    assert refused.status == 400 and refused.error["param"] == "model" and "/embeddings" in refused.error["message"]
    assert without.requests == []


@pytest.mark.parametrize("status", [403, 404])
def test_a_chat_model_without_embeddings_still_chats(light, upstream, status):
    upstream.script(error(status, "You are not allowed to generate embeddings from this model"), chat.whole("Hello."))
    assert light.post("/v1/embeddings", {"model": "codex-light", "input": "x"}).status in (400, 404)
    assert light.post("/v1/chat/completions", {"model": "codex-light", "messages": []}).status == 200


@pytest.mark.parametrize("path, body, param", [
    ("/v1/embeddings", {"model": "codex-light"}, "input"),
    ("/v1/embeddings", {"model": "codex-light", "input": 5}, "input"),
    ("/v1/completions", {"model": "codex-light", "input": "x"}, "prompt"),
    ("/v1/completions", {"prompt": "x"}, "model"),
])
def test_missing_fields_are_named(light, upstream, path, body, param):
    refused = light.post(path, body)
    assert (refused.status, refused.error["param"], refused.error["type"]) == (400, param, "invalid_request_error")
    assert upstream.requests == []


# Stateful requests: the proxy stores no responses

STATEFUL = {"model": "codex-light", "input": "hi", "previous_response_id": "resp_1", "store": True}


def test_a_stateful_server_gets_stateful_requests(start_proxy, make_upstream):
    """Unchanged, and never one without state, although that comes first."""
    bridged, native = make_upstream(), make_upstream()
    proxy = start_proxy(chat_only("codex-light", bridged, order=1), deployment("codex-light", native, order=2))
    native.script(responses.whole())
    assert proxy.post("/v1/responses", STATEFUL).status == 200
    assert native.requests[0].json == {**STATEFUL, "model": "mock-model"}
    assert bridged.requests == []


@pytest.mark.parametrize("field, value", [("previous_response_id", "resp_1"), ("conversation", {"id": "conv_1"}),
                                          ("prompt", {"id": "pmpt_1"})])
def test_without_such_a_server_it_is_refused(bridged, upstream, field, value):
    refused = bridged.post("/v1/responses", {"model": "codex-light", "input": "hi", field: value})
    assert (refused.status, refused.error["param"]) == (400, field)
    assert "whole conversation" in refused.error["message"]
    assert upstream.requests == []


@pytest.mark.parametrize("body",
                         [{"prompt": {"id": "pmpt_1"}}, {"conversation": "conv_1"}, {"previous_response_id": "resp_1"},
                          {"prompt": {"id": "pmpt_1"}, "input": None}])
def test_input_may_be_absent_if_the_server_has_it(start_proxy, make_upstream, body):
    bridged, native = make_upstream(), make_upstream()
    proxy = start_proxy(chat_only("bridged", bridged), deployment("native", native))
    native.script(responses.whole())
    assert proxy.post("/v1/responses", {"model": "native", **body}).status == 200
    assert native.requests[0].json == {"model": "mock-model", **body}
    refused = proxy.post("/v1/responses", {"model": "bridged", **body})
    assert (refused.status, refused.error["param"]) == (400, next(iter(body)))
    refused = proxy.post("/v1/responses", {"model": "native", "prompt": None})
    assert (refused.status, refused.error["param"]) == (400, "input")


# What a translation cannot express

@pytest.mark.parametrize("body", [{"background": True}, {"top_logprobs": 3}])
def test_a_translation_never_drops_what_the_reply_must_have(bridged, upstream, body):
    refused = bridged.post("/v1/responses", {"model": "codex-light", "input": "hi", **body})
    assert (refused.status, refused.error["param"]) == (400, next(iter(body)))
    assert "/responses" in refused.error["message"] and upstream.requests == []


def test_fields_that_are_off_are_no_reason_to_refuse(bridged, upstream):
    upstream.script(chat.whole("Hello."))
    assert bridged.post("/v1/responses", {"model": "codex-light", "input": "hi", "background": False,
                                          "top_logprobs": 0}).status == 200


REFERENCE = [{"role": "user", "content": "hi"}, {"type": "item_reference", "id": "msg_x_0"},
             {"role": "user", "content": "go on"}]


def test_a_reference_to_a_reply_is_refused_with_the_fix(bridged, upstream):
    """Vercel's AI SDK sends references by default. Without the reply the model would continue another conversation."""
    refused = bridged.post("/v1/responses", {"model": "codex-light", "input": REFERENCE})
    assert refused.status == 400 \
        and refused.error["message"].startswith("codex-light/openai/1: input[1] is an item_reference")
    assert "providerOptions: {openai: {store: false}}" in refused.error["message"]
    assert upstream.requests == []


def test_a_reference_to_reasoning_is_left_out(bridged, upstream):
    upstream.script(chat.whole("Hello."))
    asked = [{"role": "user", "content": "hi"}, {"type": "item_reference", "id": "rs_1"}]
    assert bridged.post("/v1/responses", {"model": "codex-light", "input": asked}).status == 200
    assert upstream.requests[0].json["messages"] == [{"role": "user", "content": "hi"}]


def test_a_reference_passes_to_a_server_of_the_same_api(start_proxy, make_upstream):
    bridged, native = make_upstream(), make_upstream()
    proxy = start_proxy(chat_only("codex-light", bridged, order=1), deployment("codex-light", native, order=2))
    native.script(responses.whole())
    assert proxy.post("/v1/responses", {"model": "codex-light", "input": REFERENCE}).status == 200
    assert native.requests[0].json["input"] == REFERENCE and bridged.requests == []


def test_null_refers_to_nothing(bridged, upstream):
    upstream.script(chat.whole("Hello."))
    answer = bridged.post("/v1/responses", {"model": "codex-light", "input": "hi", "store": True,
                                            "previous_response_id": None})
    assert answer.status == 200
    assert answer.json["store"] is False


@pytest.mark.parametrize("method, path", [
    ("GET", "/v1/responses/resp_1"), ("DELETE", "/v1/responses/resp_1"), ("GET", "/responses/resp_1/input_items"),
    ("POST", "/v1/responses/resp_1/cancel"), ("POST", "/v1/responses/compact")])
def test_stored_responses_do_not_exist(light, method, path):
    answer = light.request(method, path, b"{}" if method == "POST" else None)
    assert answer.status == 404
    assert answer.error["type"] == "invalid_request_error" and "not stored" in answer.error["message"]
    assert light.request(method, path, key=None).status == 401
