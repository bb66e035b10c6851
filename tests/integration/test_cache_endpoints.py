"""The cache of replies for Embeddings and Completions, whose replies pass through. See doc/caching.md."""
import pytest

import chat_wire as chat
from conftest import deployment
from mock_upstream import CLOSE, error, event, reply, stream

EMBEDDING = {"model": "codex-light", "input": ["one", "two"], "dimensions": 2}
COMPLETION = {"model": "codex-light", "prompt": "def f(", "temperature": 0}
USAGE = {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}
VECTORS = {"object": "list", "model": "mock-model", "usage": {"prompt_tokens": 4, "total_tokens": 4},
           "data": [{"object": "embedding", "index": i, "embedding": [0.25, -0.5e-7]} for i in range(2)]}


def text(words="x):", finish="stop", usage=USAGE):
    return {"id": "cmpl-mock", "object": "text_completion", "created": 1, "model": "mock-model", "usage": usage,
            "choices": [{"index": 0, "text": words, "logprobs": None, "finish_reason": finish}]}


@pytest.fixture
def start(start_proxy, upstream):
    def start(**params):
        prices = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.01}
        return start_proxy(deployment("codex-light", upstream, **prices),
                           litellm_settings={"cache": True, "cache_params": params})
    return start


def ask(proxy, body, **options):
    return proxy.post("/v1/embeddings" if "input" in body else "/v1/completions", body, **options)


def status(proxy, body, **options):
    return ask(proxy, body, **options).headers["cache-status"].removeprefix("pointsman; ")


def test_vectors_are_sent_again_byte_for_byte(start, upstream):
    proxy = start()
    upstream.script(reply(body=VECTORS))
    first, second = ask(proxy, EMBEDDING), ask(proxy, dict(reversed(EMBEDDING.items())))
    assert first.body == second.body and second.json == VECTORS and len(upstream.requests) == 1
    assert first.headers["cache-status"] == "pointsman; fwd=miss; stored"
    assert second.headers["cache-status"].startswith("pointsman; hit; ttl=")
    stored, hit = proxy.journal(2)
    assert (hit["tokens"]["input"], hit["tokens"]["output"], hit["cost_usd"]) == (4, 0, 0)
    assert hit["cache"]["saved_usd"] == pytest.approx(stored["cost_usd"]) == pytest.approx(0.004)
    assert hit["wire"]["client"] == "embeddings"


def test_a_completion_gets_its_own_id(start, upstream):
    proxy = start()
    upstream.script(reply(body=text()))
    first, second = ask(proxy, COMPLETION), ask(proxy, COMPLETION)
    assert first.json == text() and len(upstream.requests) == 1
    assert second.json == {**text(), "id": f"cmpl-{second.headers['x-request-id']}", "created": second.json["created"]}
    assert second.json["created"] > 1
    assert second.headers["cache-status"].startswith("pointsman; hit")


@pytest.mark.parametrize("change", [{"input": ["one", "two "]}, {"input": ["two", "one"]}, {"dimensions": 3},
                                    {"encoding_format": "base64"}, {"user": "a"}, {"input": "one"},
                                    {"input": [[1, 2]]}])
def test_other_inputs_have_other_vectors(start, upstream, change):
    proxy = start()
    upstream.always(reply(body=VECTORS))
    assert status(proxy, EMBEDDING) == status(proxy, {**EMBEDDING, **change}) == "fwd=miss; stored"


@pytest.mark.parametrize("body, reason", [
    ({**EMBEDDING, "input": [{"image": "https://example.com/a.png"}]}, "media"),
    ({**EMBEDDING, "input": [[{"image": "a"}]]}, "media"), ({**EMBEDDING, "truncate": "END"}, "unknown-field"),
    ({**COMPLETION, "temperature": 0.5}, "temperature"), ({**COMPLETION, "n": 2}, "n"),
    ({**COMPLETION, "logprobs": 1}, "logprobs"), ({**COMPLETION, "stream": True}, "stream"),
    ({**COMPLETION, "messages": []}, "unknown-field"), ({**COMPLETION, "cache": {"no-store": True}}, "no-store"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_requests_that_are_never_cached(start, upstream, body, reason):
    proxy = start()
    upstream.always(reply(body=VECTORS if "input" in body else text()))
    if body.get("stream"):
        upstream.always(stream(event(text()), chat.DONE))
    for _ in range(2):
        assert status(proxy, body) == f"fwd=bypass; detail={reason}"
    assert len(upstream.requests) == 2


@pytest.mark.parametrize("answer, reason", [
    (text(finish="length"), "length"), (text(usage=None), "usage"), (text(""), "empty"),
    (text(finish="content_filter"), "refusal"), ({**VECTORS, "usage": None}, "usage"),
], ids=["length", "no usage", "empty", "filtered", "vectors without usage"])
def test_replies_that_are_never_stored(start, upstream, answer, reason):
    proxy = start()
    upstream.always(reply(body=answer))
    body = EMBEDDING if "data" in answer else COMPLETION
    for _ in range(2):
        assert status(proxy, body) == f"fwd=miss; detail={reason}"


@pytest.mark.parametrize("answer", [error(500), [CLOSE], reply(body={"data": [], "object": "list"}),
                                    reply(body={"error": {"message": "no"}})], ids=["500", "cut", "empty", "error"])
def test_failures_are_never_stored(start, upstream, answer):
    proxy = start()
    upstream.script(*[answer] * 6)
    ask(proxy, EMBEDDING)
    first = len(upstream.requests)
    ask(proxy, EMBEDDING)
    assert len(upstream.requests) > first


@pytest.mark.parametrize("types, cached", [(["aembedding"], "input"), (["text_completion"], "prompt"),
                                           (["acompletion"], None)])
def test_supported_call_types(start, upstream, types, cached):
    proxy = start(supported_call_types=types)
    for body, answer in ((EMBEDDING, VECTORS), (COMPLETION, text())):
        upstream.script(reply(body=answer))
        assert status(proxy, body) == ("fwd=miss; stored" if cached in body else "fwd=bypass; detail=call-type")


def test_vectors_are_not_asked_for_again(start, upstream):
    """A conversation that repeats a question wants another answer, but not other vectors."""
    proxy = start(any_temperature=True)
    upstream.script(reply(body=VECTORS), reply(body=text("one")), reply(body=text("two")))
    again = {"headers": {"thread-id": "a"}}
    assert status(proxy, EMBEDDING, **again) == "fwd=miss; stored"
    assert status(proxy, EMBEDDING, **again).startswith("hit")
    assert status(proxy, COMPLETION, **again) == "fwd=miss; stored"
    assert status(proxy, COMPLETION, **again) == "fwd=bypass; stored; detail=again"
