"""The semantic tier observes how often similar questions have one answer. See doc/caching.md; test_cache_serve.py has
the mode "serve"."""
import pytest

import chat_wire as chat
import responses_wire as responses
from conftest import deployment
from mock_upstream import CLOSE, HANG, error, reply

OPPOSITES = ("Enable TLS verification", "Disable TLS verification")


def vectors(x, y=0.0):
    return reply(body={"object": "list", "model": "embed", "usage": {"prompt_tokens": 3, "total_tokens": 3},
                       "data": [{"object": "embedding", "index": 0, "embedding": [x, y]}]})


@pytest.fixture
def embedder(make_upstream):
    return make_upstream()


@pytest.fixture
def proxy(start_proxy, upstream, embedder):
    params = {"type": "semantic", "semantic_embedding_model": "embedder", "similarity_threshold": 0.8}
    return start_proxy(deployment("codex-light", upstream), deployment("embedder", embedder, model="openai/embed"),
                       litellm_settings={"cache": True, "cache_params": params})


def question(text, **fields):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    return {"model": "codex-light", "temperature": 0, "messages": messages, **fields}


def ask(proxy, text, **fields):
    return proxy.post("/v1/chat/completions", question(text, **fields))


def bands(proxy):
    found = proxy.get("/cache/ping").json["semantic"]["bands"]
    return {band["from"]: (band["pairs"], band["agreed"]) for band in found if band["pairs"]}


def test_a_similar_question_is_compared_and_gets_its_own_answer(proxy, upstream, embedder):
    embedder.script(vectors(1), vectors(2), vectors(0.9, 0.436))
    upstream.script(chat.whole("enabled"), chat.whole("disabled"), chat.whole("enabled"))
    for count, (text, answer) in enumerate(zip((*OPPOSITES, "Turn TLS checks on"), ("enabled", "disabled", "enabled"))):
        assert ask(proxy, text).json["choices"][0]["message"]["content"] == answer
        proxy.journal(count + 1)        # compared
    assert len(upstream.requests) == 3
    first, second, third = (entry["cache"] for entry in proxy.journal(3))
    assert "semantic" not in first and first["status"] == second["status"] == "stored"
    assert second["semantic"] == {"similarity": 1, "agrees": False, "guards": True, "words": False, "proven": False}
    assert third["semantic"]["similarity"] == pytest.approx(0.9, abs=1e-3) and not third["semantic"]["proven"]
    assert bands(proxy)[1] == (1, 0)
    assert [request.json["input"] for request in embedder.requests] == [[OPPOSITES[0]], [OPPOSITES[1]],
                                                                       ["Turn TLS checks on"]]
    assert [request.path for request in embedder.requests] == ["/v1/embeddings"] * 3


def test_the_responses_api_and_the_scope(proxy, upstream, embedder):
    """Only questions that differ in nothing else are compared."""
    embedder.always(vectors(1))
    upstream.always(responses.whole())

    def post(**fields):
        body = {"model": "codex-light", "temperature": 0, "store": False, "input": "hi", **fields}
        assert proxy.post("/v1/responses", body).status == 200
        return "semantic" in proxy.journal(len(upstream.requests))[-1]["cache"]

    assert not post()
    assert not post(input="hello", instructions="Other.")
    assert post(input="hello")


@pytest.mark.parametrize("fields", [
    {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
                  {"role": "user", "content": "c"}]},
    {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
    {"temperature": 1},
], ids=["several turns", "tools", "temperature"])
def test_what_is_not_compared(proxy, upstream, embedder, fields):
    upstream.always(chat.whole())
    ask(proxy, "x", **fields)
    assert "semantic" not in proxy.journal(1)[0]["cache"] and not embedder.requests


@pytest.mark.parametrize("answer", [error(500), reply(body={"data": []}), reply(body=b"<html>"), [CLOSE],
                                    reply(body={"data": [{"embedding": ["a"]}]}), vectors(0)],
                         ids=["500", "no vector", "no JSON", "closed", "no numbers", "zero"])
def test_an_embedder_that_fails_costs_only_the_comparison(proxy, upstream, embedder, answer):
    embedder.always(answer)
    upstream.always(chat.whole("Hello."))
    for text in OPPOSITES:
        assert ask(proxy, text).json["choices"][0]["message"]["content"] == "Hello."
    assert [("semantic" in entry["cache"], entry["end"]) for entry in proxy.journal(2)] == [(False, "completed")] * 2


def test_the_client_does_not_wait_and_a_stop_ends_the_comparison(proxy, upstream, embedder):
    embedder.script([HANG])
    upstream.always(chat.whole("Hello."))
    assert ask(proxy, OPPOSITES[0]).status == 200       # the vector never comes
    embedder.next_request()
    assert proxy.stop() == 0
    entry, = proxy.journal(1)
    assert entry["end"] == "completed" and "semantic" not in entry["cache"]


@pytest.mark.parametrize("params, words", [
    ({"semantic_mode": "on", "semantic_embedding_model": "x"}, "use shadow or serve"), ({}, "name an alias"),
    ({"semantic_embedding_model": "nobody"}, "no model_name"),
    ({"semantic_embedding_model": "codex-light", "semantic_max_error": 0.5}, "semantic_max_error")])
def test_a_wrong_mode_and_a_missing_model_are_refused(start_proxy, upstream, params, words):
    with pytest.raises(AssertionError, match=words):
        start_proxy(deployment("codex-light", upstream),
                    litellm_settings={"cache": True, "cache_params": {"type": "semantic", **params}})
