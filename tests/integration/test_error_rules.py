"""router_settings.error_rules: the user's own rows of the table of failures."""
import pytest

import chat_wire as chat
from conftest import chat_only, deployment
from mock_upstream import error, reply

WORDS = "Die Farbe gefällt mir nicht"


def start(start_proxy, *entries, **rule):
    """A proxy with one rule."""
    return start_proxy(*entries, router_settings={"error_rules": [{"words": "die farbe", **rule}], "allowed_fails": 3,
                                                  "cooldown_time": 60, "num_retries": 2})


def answer(request):
    return chat.text_stream("fine") if request.json.get("stream") else chat.whole("fine")


def refusing(has, refusal):
    return lambda request: refusal if has(request.json) else answer(request)


def ask(proxy, **body):
    return proxy.post("/v1/chat/completions",
                      {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}], **body})


def models(proxy):
    return list(proxy.get("/dispatch/state").json["models"].values())


@pytest.fixture
def two(upstream, make_upstream):
    """Two deployments: one that refuses, and a healthy one."""
    second = make_upstream()
    second.always(answer)
    return second, (chat_only("codex-light", upstream, order=1), chat_only("codex-light", second, order=2))


@pytest.mark.parametrize("status", [400, 422, 500])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("leave_out, field, value", [
    ("reasoning_effort", "reasoning_effort", "high"),
    ("response_format", "response_format", {"type": "json_object"}),
    ("temperature", "temperature", 0.5),
])
def test_leave_out_is_applied_and_remembered(start_proxy, upstream, leave_out, field, value, streamed, status):
    proxy = start(start_proxy, chat_only("codex-light", upstream), leave_out=leave_out)
    upstream.always(refusing(lambda body: field in body, error(status, WORDS)))
    for _ in range(2):
        assert ask(proxy, stream=streamed, **{field: value}).status == 200
    assert [field in request.json for request in upstream.requests] == [True, False, False]
    assert [row["part"] for row in models(proxy)[0]["refused"]] == [leave_out]
    attempt = proxy.journal()[0]["attempts"][0]
    assert (attempt["rule"], attempt["again_without"]) == ("error_rules[0]", [leave_out])


def test_the_api_is_left_out(start_proxy, upstream):
    proxy = start(start_proxy, deployment("codex-light", upstream), leave_out="api")
    upstream.always(lambda request: error(418, WORDS) if request.path.endswith("/responses") else answer(request))
    assert proxy.post("/v1/responses", {"model": "codex-light", "input": "hi"}).status == 200
    assert [request.path for request in upstream.requests] == ["/v1/responses", "/v1/chat/completions"]


def test_leave_out_nothing_overrides_the_built_in_rows(start_proxy, upstream):
    proxy = start_proxy(chat_only("codex-light", upstream), router_settings={"error_rules": [
        {"words": "does not support thinking", "leave_out": "nothing"}]})
    upstream.always(refusing(lambda body: "reasoning_effort" in body, error(400, "x does not support thinking")))
    assert ask(proxy, reasoning_effort="low").status == 400 and len(upstream.requests) == 1


def test_then_retry(start_proxy, upstream):
    """Once, at once, for any kind of failure; afterwards as usual."""
    proxy = start(start_proxy, chat_only("codex-light", upstream), then="retry")
    upstream.script(error(400, WORDS), chat.whole("fine"))
    assert ask(proxy).status == 200 and len(upstream.requests) == 2
    upstream.always(error(400, WORDS))
    assert ask(proxy).status == 400 and len(upstream.requests) == 4


def test_then_next(start_proxy, upstream, two):
    second, entries = two
    proxy = start(start_proxy, *entries, then="next")
    upstream.always(error(400, WORDS))
    assert ask(proxy).status == 200 and len(second.requests) == 1
    upstream.always(error(400, "no such luck"))
    assert ask(proxy).status == 400 and len(second.requests) == 1


def test_then_stop(start_proxy, upstream, two):
    second, entries = two
    proxy = start(start_proxy, *entries, then="stop")
    upstream.always(error(500, WORDS))
    assert ask(proxy).status == 503 and second.requests == []
    assert len(upstream.requests) == 1


def test_a_cooldown_begins_at_once_and_lasts_as_configured(start_proxy, upstream, two):
    second, entries = two
    proxy = start(start_proxy, *entries, cooldown=1000, then="next")
    upstream.always(error(400, WORDS, headers={"Retry-After": "5"}))
    assert ask(proxy).status == 200
    limited, _ = models(proxy)
    assert limited["hard_limited"] and 990 < limited["hard_limited_remaining_s"] <= 1000
    assert ask(proxy).status == 200 and len(upstream.requests) == 1


def test_no_cooldown(start_proxy, upstream, two):
    second, entries = two
    proxy = start(start_proxy, *entries, cooldown=0)
    upstream.always(error(429, WORDS))
    for _ in range(2):
        assert ask(proxy).status == 200
    assert len(upstream.requests) == 2 and not models(proxy)[0]["hard_limited"]


def test_what_the_client_gets(start_proxy, upstream):
    proxy = start(start_proxy, chat_only("codex-light", upstream), **{"as": "context"})
    upstream.always(error(500, WORDS))
    got = ask(proxy)
    assert (got.status, got.error["code"]) == (400, "context_length_exceeded") and WORDS in got.error["message"]
    assert proxy.journal()[0]["attempts"][0]["outcome"] == "context"


@pytest.mark.parametrize("condition, holds", [
    ({"provider": "openai"}, True), ({"provider": "groq"}, False),
    ({"deployment": "codex-light/openai/1"}, True), ({"deployment": "other/openai/1"}, False),
    ({"status": 418}, True), ({"status": 400}, False), ({"status": 200}, False),
    ({"expression": "gef(ä|ae)llt +mir"}, True), ({"expression": "^gefällt"}, False),
], ids=str)
def test_each_condition(start_proxy, upstream, condition, holds):
    words = {} if "expression" in condition else {"words": "DIE farbe"}
    proxy = start_proxy(chat_only("codex-light", upstream), chat_only("other", upstream), router_settings={
        "error_rules": [{**words, **condition, "as": "overloaded"}]})
    upstream.always(error(418, WORDS))
    assert ask(proxy).status == (503 if holds else 400)


def test_an_error_of_status_200(start_proxy, upstream):
    proxy = start(start_proxy, chat_only("codex-light", upstream), status=200, **{"as": "quota"})
    upstream.always(reply(200, body={"error": WORDS}))
    assert ask(proxy).error["code"] == "insufficient_quota"


def test_the_first_rule_that_matches_counts(start_proxy, upstream):
    proxy = start_proxy(chat_only("codex-light", upstream), router_settings={"error_rules": [
        {"status": 418, "words": "something else", "as": "quota"}, {"status": 418, "as": "context"},
        {"words": "farbe", "as": "quota"}]})
    upstream.always(error(418, WORDS))
    assert ask(proxy).error["code"] == "context_length_exceeded"
    assert proxy.journal()[0]["attempts"][0]["rule"] == "error_rules[1]"
