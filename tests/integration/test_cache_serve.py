"""Mode "serve" of the semantic tier: a similar question gets the reply of an earlier one once that is proven. See
doc/caching.md; test_cache_semantic.py has what it observes."""
import json
import threading

import pytest

import chat_wire as chat
from basics import wait_until
from conftest import BOTH_TRANSPORTS, deployment
from mock_upstream import CLOSE, HANG, error, reply
from proxy_process import MASTER_KEY
from test_cache_semantic import ask, question, vectors

pytestmark = BOTH_TRANSPORTS
REWORDED = "Please enable TLS verification"
LAST = "please, enable TLS verification" + 20 * "."     # of the questions that prove the entry


@pytest.fixture
def embedder(make_upstream):
    return make_upstream()


@pytest.fixture
def start(start_proxy, upstream, embedder):
    def start(**params):
        params = {"type": "semantic", "semantic_embedding_model": "embedder", "similarity_threshold": 0.8,
                  "semantic_max_error": 0.2, **params}      # 20 observations without an error prove an entry
        return start_proxy(deployment("codex-light", upstream), deployment("embedder", embedder, model="openai/embed"),
                           litellm_settings={"cache": True, "cache_params": params})
    return start


@pytest.fixture
def server(start):
    return start(semantic_mode="serve")


def prove(proxy, upstream, embedder, rounds=20):
    """Asks in many words, which get one answer. The word "please" becomes known."""
    upstream.always(chat.whole("Done."))
    embedder.always(vectors(1))
    for i in range(rounds + 1):
        text = "please, " * min(i, 1) + "enable TLS verification" + i * "."
        assert text_of(ask(proxy, text)) == "Done."
        proxy.journal(i + 1)


def text_of(answer):
    return answer.json["choices"][0]["message"]["content"]


def test_serve_answers_once_the_entry_is_proven(server, upstream, embedder):
    proxy = server
    prove(proxy, upstream, embedder, 19)
    assert text_of(ask(proxy, REWORDED)) == "Done."     # the twentieth observation
    assert len(proxy.journal(21)) == len(upstream.requests) == 21
    upstream.always(chat.whole("Not asked."))
    answer = ask(proxy, "Enable TLS verification, please!")
    assert text_of(answer) == "Done." and len(upstream.requests) == 21
    status = answer.headers["cache-status"]
    assert status.startswith("pointsman; hit; ttl=") and status.endswith("; detail=semantic")
    assert answer.headers["x-litellm-semantic-similarity"] == "1.0000"
    assert answer.headers["x-litellm-response-cost"] == "0"
    entry = proxy.journal(22)[-1]
    assert entry["cache"].items() >= {"tier": "semantic", "status": "hit", "reason": None}.items()
    assert entry["cache"]["age_s"] >= 0
    assert entry["cache"]["semantic"] == {"similarity": 1, "agrees": None, "guards": True, "words": True,
                                          "proven": True}
    ping = proxy.get("/cache/ping").json
    assert (ping["semantic"]["mode"], ping["semantic"]["served"], ping["requests"]["hit"]) == ("serve", 1, 1)


def test_a_proven_reply_is_streamed(server, upstream, embedder):
    prove(server, upstream, embedder)
    answer = ask(server, REWORDED, stream=True)
    assert "detail=semantic" in answer.headers["cache-status"] and b"Done." in answer.body
    assert len(upstream.requests) == 21


@pytest.mark.parametrize("text, fields", [
    ("Disable TLS verification", {}), ("Enable TLS verification 2", {}), ("Do not enable TLS verification", {}),
    ("Enable TLS verification, Please", {"max_tokens": 5}), ("Enable TLS verification, Please", {"user": "other"}),
    ("Enable TLS verification, Please", {"cache": {"no-cache": True}}),
], ids=["opposite", "number", "negation", "other settings", "other user", "no-cache"])
def test_what_a_proven_entry_does_not_answer(server, upstream, embedder, text, fields):
    prove(server, upstream, embedder)
    upstream.always(chat.whole("Its own."))
    assert text_of(ask(server, text, **fields)) == "Its own." and len(upstream.requests) == 22
    assert server.journal(22)[-1]["cache"]["tier"] == "memory"


def test_tools_and_several_turns_are_not_answered(server, upstream, embedder):
    prove(server, upstream, embedder)
    upstream.always(chat.whole("Its own."))
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    assert text_of(ask(server, REWORDED, tools=[tool])) == "Its own."
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a"},
                {"role": "assistant", "content": "b"}, {"role": "user", "content": REWORDED}]
    assert text_of(ask(server, "", messages=messages)) == "Its own."


def test_a_less_similar_question_is_not_answered(server, upstream, embedder):
    prove(server, upstream, embedder)
    embedder.always(vectors(0.9, 0.436))
    upstream.always(chat.whole("Its own."))
    assert text_of(ask(server, REWORDED)) == "Its own."
    assert server.journal(22)[-1]["cache"]["semantic"]["proven"] is False


def test_a_reply_that_is_gone_is_not_sent(server, upstream, embedder):
    prove(server, upstream, embedder)
    upstream.script(chat.whole("A new one."), chat.whole("Another."))
    key = ask(server, LAST).headers["x-litellm-cache-key"]
    assert server.post("/cache/delete", {"keys": [key]}).json["deleted"] == 1
    assert text_of(ask(server, REWORDED)) == "A new one."
    assert server.post("/cache/flushall", {}).status == 200
    assert server.get("/cache/ping").json["semantic"]["questions"] == 0


def test_a_changed_answer_starts_again(server, upstream, embedder):
    prove(server, upstream, embedder)
    upstream.always(chat.whole("Changed."))
    assert text_of(ask(server, "Enable TLS verification", cache={"no-cache": True})) == "Changed."
    server.journal(22)
    assert text_of(ask(server, REWORDED)) == "Changed." and len(upstream.requests) == 23


def test_a_reply_that_is_not_the_proven_one_is_not_sent(server, upstream, embedder):
    """The cached reply was replaced, and the embedder did not answer, so that this was not observed."""
    prove(server, upstream, embedder)
    upstream.always(chat.whole("Changed."))
    embedder.always(error(500))
    assert text_of(ask(server, LAST, cache={"no-cache": True})) == "Changed."
    server.journal(22)
    embedder.always(vectors(1))
    upstream.always(chat.whole("Its own."))
    assert text_of(ask(server, REWORDED)) == "Its own."


@pytest.mark.parametrize("answer", [error(500), reply(body={"data": []}), [CLOSE], vectors(0)],
                         ids=["500", "no vector", "closed", "zero"])
def test_an_embedder_that_fails_leaves_the_provider(server, upstream, embedder, answer):
    prove(server, upstream, embedder)
    embedder.always(answer)
    upstream.always(chat.whole("Its own."))
    assert text_of(ask(server, REWORDED)) == "Its own."
    assert "semantic" not in server.journal(22)[-1]["cache"]


def test_a_client_that_leaves_cancels_the_lookup(server, upstream, embedder):
    prove(server, upstream, embedder)
    embedder.always([HANG])
    payload = json.dumps(question(REWORDED)).encode()
    with server.connect() as client:
        client.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                       f"Authorization: Bearer {MASTER_KEY}\r\nContent-Length: {len(payload)}\r\n\r\n".encode())
        client.sendall(payload)
        wait_until(lambda: len(embedder.requests) == 22, "the lookup")
    assert embedder.requests[-1].gone.wait(20)
    assert server.journal(22)[-1]["end"] == "cancelled" and len(upstream.requests) == 21


def test_equal_requests_share_the_proven_reply(server, upstream, embedder):
    prove(server, upstream, embedder)
    go_on = threading.Event()
    embedder.always([go_on, *vectors(1)])
    replies = []
    callers = [threading.Thread(target=lambda: replies.append(ask(server, REWORDED))) for _ in range(5)]
    for caller in callers:
        caller.start()
    wait_until(lambda: server.get("/cache/ping").json["waiting"] == 4, "4 requests to wait")
    go_on.set()
    for caller in callers:
        caller.join()
    assert [text_of(reply) for reply in replies] == ["Done."] * 5
    assert all(reply.headers["cache-status"].endswith("detail=semantic") for reply in replies)
    assert [entry["cache"]["tier"] for entry in server.journal(26)[21:]] == ["semantic"] * 5
    assert len(upstream.requests) == 21 and len(embedder.requests) == 22


def test_shadow_never_answers(start, upstream, embedder):
    proxy = start()
    prove(proxy, upstream, embedder)
    upstream.always(chat.whole("Its own."))
    assert text_of(ask(proxy, REWORDED)) == "Its own."
    found = proxy.journal(22)[-1]["cache"]
    assert found["tier"] == "memory" and found["semantic"] == {"similarity": 1, "agrees": False, "guards": True,
                                                               "words": True, "proven": True}
    assert len(embedder.requests) == len(upstream.requests) == 22
