"""The cache of replies in memory: hits, requests that are never cached, and equal requests that share one call. See
doc/caching.md."""
import json
import socket
import threading

import pytest

from basics import wait_until
import chat_wire as chat
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import CLOSE, HANG, error, stream_open
from proxy_process import MASTER_KEY

CHAT = {"model": "codex-light", "temperature": 0, "messages": [{"role": "user", "content": "hi"}]}
RESPONSES = {"model": "codex-light", "temperature": 0, "store": False, "input": "hi"}
USAGE_FIELD = {"stream_options": {"include_usage": True}}
PRICES = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.01}


def cached(start_proxy, upstream, entry=deployment, **params):
    return start_proxy(entry("codex-light", upstream, **PRICES),
                       litellm_settings={"cache": True, "cache_params": params})


def ask(proxy, body, **options):
    path = "/v1/chat/completions" if "messages" in body else "/v1/responses"
    return proxy.post(path, body, **options)


def text_of(reply):
    """The text of a whole reply or of a stream, for either API."""
    if not reply.headers["content-type"].startswith("text/event-stream"):
        body = reply.json
        if "choices" in body:
            return body["choices"][0]["message"]["content"]
        return body["output"][-1]["content"][0]["text"]
    deltas = [data for _, data in reply.events if isinstance(data, dict)]
    return "".join((data["choices"][0]["delta"].get("content") or "") if data.get("choices") else
                   data["delta"] if data.get("type") == "response.output_text.delta" else "" for data in deltas)


def answer(wire):
    """Answers requests of either API, whole or as a stream."""
    kind = chat if wire == "chat" else responses
    return lambda request: kind.text_stream("Hello.") if request.json.get("stream") else kind.whole("Hello.")


def asked(wire, streamed):
    body = CHAT if wire == "chat" else RESPONSES
    return {**body, "stream": True, **(USAGE_FIELD if wire == "chat" else {})} if streamed else body


@pytest.mark.parametrize("entry", [deployment, chat_only], ids=["native", "bridged"])
@pytest.mark.parametrize("wire", ["chat", "responses"])
@pytest.mark.parametrize("first", [False, True], ids=["whole first", "streamed first"])
@pytest.mark.parametrize("second", [False, True], ids=["then whole", "then streamed"])
def test_a_hit(start_proxy, upstream, entry, wire, first, second):
    """Stored once, written whole and streamed, each with its own id, the real usage and no cost."""
    proxy = cached(start_proxy, upstream, entry)
    upstream.script(answer("chat" if entry is chat_only else wire))
    original, replay = ask(proxy, asked(wire, first)), ask(proxy, asked(wire, second))
    assert len(upstream.requests) == 1
    assert text_of(original) == text_of(replay) == "Hello."
    assert original.headers["cache-status"] == ("pointsman; fwd=miss" if first else "pointsman; fwd=miss; stored")
    assert replay.headers["cache-status"].startswith("pointsman; hit; ttl=")
    assert len(original.headers["x-litellm-cache-key"]) == 64
    assert original.headers["x-litellm-cache-key"] == replay.headers["x-litellm-cache-key"]
    assert replay.headers["x-litellm-response-cost"] == "0"
    if wire == "responses" and second:
        assert responses.stream_fault(replay.events) is None
    assert replay.headers["x-request-id"] in replay.body.decode()
    stored, hit = proxy.journal(2)
    assert stored["cache"] == {"tier": "memory", "status": "stored", "reason": None, "age_s": None, "saved_usd": None}
    assert (hit["cache"]["status"], hit["cache"]["age_s"], hit["end"]) == ("hit", 0, "completed")
    assert hit["cache"]["saved_usd"] == pytest.approx(stored["cost_usd"]) and stored["cost_usd"] > 0
    assert hit["cost_usd"] == 0 and hit["attempts"] == []
    assert hit["tokens"]["input"] == stored["tokens"]["input"] == 11
    assert hit["tokens"]["output"] == stored["tokens"]["output"] == 7


def test_without_a_cache_nothing_is_reported(light, upstream):
    upstream.script(chat.whole(), chat.whole())
    for _ in range(2):
        reply = ask(light, CHAT)
        assert "cache-status" not in reply.headers and "x-litellm-cache-key" not in reply.headers
    assert all("cache" not in entry for entry in light.journal(2))


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
IMAGE = [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]


@pytest.mark.parametrize("change, reason", [
    ({"tools": [TOOL]}, "tools"), ({"n": 2}, "n"), ({"temperature": 0.1}, "temperature"),
    ({"temperature": None}, "temperature"),
    ({"store": True}, "store"), ({"logprobs": True}, "logprobs"), ({"future_field": 1}, "unknown-field"),
    ({"messages": [{"role": "user", "content": IMAGE}]}, "media"),
    ({"messages": [{"role": "tool", "tool_call_id": "1", "content": "x"}]}, "item"),
    ({"cache": {"no-store": True}}, "no-store"), ({"cache": {"use-cache": False}}, "mode"),
    ({"cache": 1}, "malformed-cache"), ({"messages": [{"role": "user", "content": "\ud800"}]}, "surrogate"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_requests_that_are_never_cached(start_proxy, upstream, change, reason):
    proxy = cached(start_proxy, upstream)
    upstream.always(chat.whole())
    for _ in range(2):
        reply = ask(proxy, {**CHAT, **change})
        assert reply.headers["cache-status"] == f"pointsman; fwd=bypass; detail={reason}"
        assert "x-litellm-cache-key" not in reply.headers
    assert len(upstream.requests) == 2
    assert [entry["cache"]["status"] for entry in proxy.journal(2)] == ["bypass"] * 2


@pytest.mark.parametrize("change, reason", [
    ({"store": None}, "store"), ({"previous_response_id": "resp_1"}, "conversation"),
    ({"background": True}, "background"),
    ({"input": [{"type": "function_call_output", "call_id": "1", "output": "x"}]}, "item"),
    ({"input": [{"type": "reasoning", "summary": [], "encrypted_content": "x"}]}, "item"),
    ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, "media"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_responses_requests_that_are_never_cached(start_proxy, upstream, change, reason):
    proxy = cached(start_proxy, upstream)
    upstream.always(responses.whole())
    for _ in range(2):
        assert ask(proxy, {**RESPONSES, **change}).headers["cache-status"] == f"pointsman; fwd=bypass; detail={reason}"
    assert len(upstream.requests) == 2


@pytest.mark.parametrize("reply, reason", [
    (chat.whole("Hel", finish="length"), "length"), (chat.whole_call("c", "f", {}), "tool-call"),
    (chat.whole("No.", usage=None), "usage"), (chat.whole(None, refusal="I can't."), "refusal"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_replies_that_are_never_stored(start_proxy, upstream, reply, reason):
    proxy = cached(start_proxy, upstream)
    upstream.always(reply)
    for _ in range(2):
        assert ask(proxy, CHAT).headers["cache-status"] == f"pointsman; fwd=miss; detail={reason}"
    assert len(upstream.requests) == 2
    assert [entry["cache"]["reason"] for entry in proxy.journal(2)] == [reason] * 2


@pytest.mark.parametrize("reply", [
    error(500), error(400), chat.whole("x", finish="content_filter"), chat.whole(""),
    chat.broken_stream("Hel", end=CLOSE), stream_open(chat.delta(content="x"), {"error": {"message": "no"}}, CLOSE),
], ids=["500", "400", "filtered", "empty", "cut", "failed"])
def test_failures_are_never_stored(start_proxy, upstream, reply):
    proxy = cached(start_proxy, upstream)
    upstream.script(reply, reply, reply, reply)
    body = {**CHAT, "stream": True, **USAGE_FIELD} if reply and b"event-stream" in reply[0] else CHAT
    ask(proxy, body)
    first = len(upstream.requests)
    ask(proxy, body)
    assert len(upstream.requests) > first
    assert [entry["cache"]["status"] for entry in proxy.journal(2)] == ["miss"] * 2


def test_a_fallbacks_reply_is_not_stored(start_proxy, upstream, make_upstream):
    other = make_upstream()
    proxy = start_proxy(deployment("codex-light", upstream), deployment("codex-deep", other),
                        litellm_settings={"cache": True},
                        router_settings={"fallbacks": [{"codex-light": ["codex-deep"]}], "cooldown_time": 0})
    upstream.always(error(401))
    other.always(chat.whole("other"))
    for _ in range(2):
        assert ask(proxy, CHAT).headers["cache-status"] == "pointsman; fwd=miss; detail=fallback"
    assert len(other.requests) == 2


def test_the_model_that_answers_is_part_of_the_key(start_proxy, upstream, make_upstream):
    """Two models behind one alias: a reply of one is not a hit for the other."""
    other = make_upstream()
    proxy = start_proxy(deployment("codex-light", upstream, order=1),
                        deployment("codex-light", other, model="openai/other-model", order=2),
                        litellm_settings={"cache": True})
    upstream.script(chat.whole("one"), error(429, headers={"Retry-After": "60"}))
    other.always(chat.whole("two"))
    assert text_of(ask(proxy, CHAT)) == "one"
    ask(proxy, {**CHAT, "seed": 1})                 # this starts a cooldown of the first one
    assert text_of(ask(proxy, CHAT)) == "two" and text_of(ask(proxy, CHAT)) == "two"
    assert len(other.requests) == 2


def test_controls_in_the_request(start_proxy, upstream):
    """LiteLLM's `cache` field and Cache-Control. The upstream does not get the field."""
    proxy = cached(start_proxy, upstream)
    upstream.always(chat.whole())

    def status(cache=None, header=None, **change):
        body = {**CHAT, **change, **({"cache": cache} if cache is not None else {})}
        reply = ask(proxy, body, headers={"Cache-Control": header} if header else {})
        return reply.headers["cache-status"].split(";")[1].strip()

    assert status() == "fwd=miss" and status() == "hit"
    assert status({"no-cache": True}) == "fwd=request" and status(header="max-age=60, no-cache") == "fwd=request"
    assert status({"namespace": "mine"}) == "fwd=miss" and status({"namespace": "mine"}) == "hit"
    assert status({"namespace": "yours"}) == "fwd=miss"
    assert status({"s-maxage": 60}) == "hit" and status(header="s-maxage=60") == "hit"
    assert status({"ttl": 0}, seed=1) == "fwd=miss" and status(seed=1) == "fwd=miss"
    assert status({"use-cache": True}, temperature=1) == "fwd=miss"
    assert status({"use-cache": True}, temperature=1) == "hit"
    assert status(temperature=1) == "fwd=bypass"
    assert all("cache" not in request.json for request in upstream.requests)


def test_mode_default_off(start_proxy, upstream):
    proxy = cached(start_proxy, upstream, mode="default_off")
    upstream.always(chat.whole())
    for cache, expected in (({}, "fwd=bypass; detail=mode"), ({"use-cache": True}, "fwd=miss; stored"),
                            ({"use-cache": True}, "hit")):
        assert ask(proxy, {**CHAT, "cache": cache}).headers["cache-status"].startswith(f"pointsman; {expected}")


def test_only_some_apis(start_proxy, upstream):
    proxy = cached(start_proxy, upstream, supported_call_types=["acompletion"], any_temperature=True)
    upstream.script(responses.whole(), chat.whole())
    assert ask(proxy, RESPONSES).headers["cache-status"].endswith("detail=call-type")
    assert ask(proxy, {**CHAT, "temperature": 0.5}).headers["cache-status"].endswith("stored")


def together(proxy, bodies):
    """Sends all requests at once; the list of replies fills as they end."""
    replies = []
    callers = [threading.Thread(target=lambda body=body: replies.append(ask(proxy, body))) for body in bodies]
    for caller in callers:
        caller.start()
    return callers, replies


def raw(proxy, path, body):
    """A request as bytes, from a conversation that has an id."""
    payload = json.dumps(body).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\nThread-Id: a\r\n"
            f"Authorization: Bearer {MASTER_KEY}\r\nContent-Length: {len(payload)}\r\n\r\n").encode() + payload


def statistics(proxy):
    return proxy.get("/cache/ping").json


@pytest.mark.parametrize("entry", [deployment, chat_only], ids=["native", "bridged"])
def test_fifty_equal_requests_make_one_call(start_proxy, upstream, entry):
    """With streaming and whole clients."""
    proxy = cached(start_proxy, upstream, entry)
    go_on = threading.Event()
    upstream.always(lambda request: [go_on, *answer("chat")(request)])
    callers, replies = together(proxy, [asked("chat", number % 2 == 1) for number in range(50)])
    wait_until(lambda: statistics(proxy)["waiting"] == 49, "49 requests to wait")
    go_on.set()
    for caller in callers:
        caller.join()
    assert len(upstream.requests) == 1
    assert [text_of(reply) for reply in replies] == ["Hello."] * 50
    assert sorted(entry["cache"]["status"] for entry in proxy.journal(50)) == ["collapsed"] * 49 + ["stored"]
    assert sum("fwd=miss; collapsed" in reply.headers["cache-status"] for reply in replies) == 49
    assert sum(entry["cost_usd"] > 0 for entry in proxy.journal(50)) == 1


def test_if_the_call_fails_each_request_makes_its_own(start_proxy, upstream):
    proxy = cached(start_proxy, upstream)
    go_on = threading.Event()
    upstream.script([go_on, *error(400)])
    upstream.always(chat.whole())
    callers, replies = together(proxy, [CHAT] * 5)
    wait_until(lambda: statistics(proxy)["waiting"] == 4, "4 requests to wait")
    go_on.set()
    for caller in callers:
        caller.join()
    assert sorted(reply.status for reply in replies) == [200] * 4 + [400]
    assert len(upstream.requests) == 5


def test_the_call_continues_without_its_client_until_the_last_waiter_leaves(start_proxy, upstream):
    proxy = cached(start_proxy, upstream, chat_only)
    body = {**RESPONSES, "stream": True}
    upstream.script(stream_open(chat.delta(content="Hel"), HANG))
    leader = proxy.stream("/v1/responses", body)
    leader.next_event()
    request = upstream.next_request()
    callers = []
    for number in (1, 2):
        callers.append(proxy.connect())
        callers[-1].sendall(raw(proxy, "/v1/responses", RESPONSES))
        wait_until(lambda number=number: statistics(proxy)["waiting"] == number, "requests to wait")
    leader.disconnect()
    wait_until(lambda: statistics(proxy)["detached"] == 1, "a call without its client")
    callers[0].close()
    assert proxy.journal(1)[0]["end"] == "cancelled" and not request.gone.is_set()
    callers[1].close()
    assert request.gone.wait(20)
    entries = proxy.journal(3)
    assert [entry["status"] for entry in entries] == [499] * 3
    assert statistics(proxy)["waiting"] == 0


def test_the_first_client_disconnects_and_the_others_get_the_reply(start_proxy, upstream):
    proxy = cached(start_proxy, upstream, chat_only)
    go_on = threading.Event()
    upstream.script([*stream_open(chat.delta(content="Hel")), go_on,
                     *chat.text_stream("lo.")[1:]])
    leader = proxy.stream("/v1/responses", {**RESPONSES, "stream": True})
    leader.next_event()
    callers, replies = together(proxy, [RESPONSES] * 3)
    wait_until(lambda: statistics(proxy)["waiting"] == 3, "3 requests to wait")
    leader.disconnect()
    wait_until(lambda: statistics(proxy)["detached"] == 1, "a call without its client")
    go_on.set()
    for caller in callers:
        caller.join()
    assert [text_of(reply) for reply in replies] == ["Hello."] * 3
    assert ask(proxy, RESPONSES).headers["cache-status"].startswith("pointsman; hit")
    assert len(upstream.requests) == 1


def test_the_same_request_again_gets_another_answer(start_proxy, upstream):
    """From one conversation with an id, after an answer that arrived. Another conversation gets the stored one."""
    proxy = cached(start_proxy, upstream)
    upstream.script(chat.whole("one"), chat.whole("two"))

    def status(thread):
        reply = ask(proxy, CHAT, headers={"thread-id": thread})
        return text_of(reply), reply.headers["cache-status"].split("; ")[1:]

    assert status("a") == ("one", ["fwd=miss", "stored"])
    assert status("b")[0] == "one"
    assert status("a") == ("two", ["fwd=bypass", "stored", "detail=again"])
    assert status("c")[0] == "two"


def test_a_retry_after_an_answer_that_did_not_arrive_gets_it_again(start_proxy, upstream):
    """The upstream has finished; the client's connection breaks before everything is sent."""
    proxy = cached(start_proxy, upstream)
    upstream.script(chat.whole("x" * 900_000))
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", proxy.port))
        client.sendall(raw(proxy, "/v1/chat/completions", CHAT))
        assert proxy.journal(1)[0]["cache"]["status"] == "stored"
    reply = ask(proxy, CHAT, headers={"thread-id": "a"})
    assert reply.headers["cache-status"].startswith("pointsman; hit") and len(text_of(reply)) == 900_000
    assert ask_is_again(proxy, upstream)
    assert len(upstream.requests) == 2


def ask_is_again(proxy, upstream):
    upstream.script(chat.whole("new"))
    return ask(proxy, CHAT, headers={"thread-id": "a"}).headers["cache-status"].endswith("detail=again")


def test_hits_are_served_when_the_spending_limit_is_used_up(start_proxy, upstream):
    """They cost nothing. Another request is refused, and so is one that wants another answer."""
    proxy = start_proxy(deployment("codex-light", upstream, **PRICES), litellm_settings={"cache": True},
                        general_settings={"max_cost_usd": 5.5})
    upstream.always(chat.whole("Hello.", usage={"prompt_tokens": 1, "completion_tokens": 500, "total_tokens": 501}))
    assert ask(proxy, CHAT).status == 200
    for streamed in (False, True):
        hit = ask(proxy, asked("chat", streamed))
        assert hit.status == 200 and text_of(hit) == "Hello."
    other, new = ask(proxy, {**CHAT, "seed": 1}), ask(proxy, {**CHAT, "cache": {"no-cache": True}})
    assert other.error["type"] == new.error["type"] == "budget_exceeded"
    ends = [(entry["end"], entry["cost_usd"], entry["cache"]["status"]) for entry in proxy.journal(5)]
    assert ends[1] == ends[2] == ("completed", 0, "hit")
    assert [end for end, *_ in ends[3:]] == ["refused", "refused"]
    assert len(upstream.requests) == 1


def test_the_endpoints(start_proxy, upstream, light):
    proxy = cached(start_proxy, upstream, max_size_mb=1)
    upstream.always(chat.whole())
    key = ask(proxy, CHAT).headers["x-litellm-cache-key"]
    ask(proxy, {**CHAT, "seed": 1})
    before = statistics(proxy)
    assert (before["status"], before["ping_response"], before["entries"]) == ("healthy", True, 2)
    assert before["bytes"] < before["max_bytes"] == 1 << 20
    assert proxy.post("/cache/delete", {"keys": [key, "0" * 64, "no key"]}).json == {"status": "success", "deleted": 1}
    assert ask(proxy, CHAT).headers["cache-status"] == "pointsman; fwd=miss; stored"
    assert proxy.post("/cache/flushall", {}).json["status"] == "success"
    assert statistics(proxy)["entries"] == 0
    assert proxy.post("/cache/delete", {"key": 1}).status == 400
    assert proxy.get("/cache/ping", key="wrong").status == 401
    assert light.get("/cache/ping").status == light.post("/cache/flushall", {}).status == 503


def test_a_reload_clears_the_cache(start_proxy, upstream):
    proxy = cached(start_proxy, upstream)
    upstream.always(chat.whole())
    ask(proxy, CHAT)
    proxy.reload()
    assert ask(proxy, CHAT).headers["cache-status"] == "pointsman; fwd=miss; stored"


def test_a_kill_loses_only_the_memory(start_proxy, upstream):
    proxy = cached(start_proxy, upstream)
    upstream.always(chat.whole("canary-answer-0123456789"))
    ask(proxy, {**CHAT, "messages": [{"role": "user", "content": "canary-prompt-0123456789"}]})
    proxy.journal(1)
    files = [path for path in proxy.folder.rglob("*") if path.is_file()]
    texts = [path.read_bytes() for path in files]
    assert texts and not any(b"canary-prompt" in text or b"canary-answer" in text for text in texts)
