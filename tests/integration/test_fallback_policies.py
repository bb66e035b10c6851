"""LiteLLM's policies by class of error, and the fallbacks for a prompt that is too long or refused."""
import pytest

import chat_wire as chat
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import error

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
TOO_LONG = error(400, "This model's maximum context length is 9000 tokens", code="context_length_exceeded")
REFUSED = error(400, "The prompt was refused", code="content_policy_violation")


@pytest.fixture
def trio(make_upstream):
    """Two deployments of codex-light, and one of codex-long."""
    return make_upstream(), make_upstream(), make_upstream()


def start(start_proxy, trio, **settings):
    first, second, third = trio
    return start_proxy(deployment("codex-light", first, order=1), deployment("codex-light", second, order=2),
                       deployment("codex-long", third), router_settings=settings)


def calls(trio):
    return [len(upstream.requests) for upstream in trio]


def outcomes(proxy):
    return [attempt["outcome"] for attempt in proxy.journal()[-1]["attempts"]]


def test_a_retry_policy_sends_a_failure_straight_to_the_fallback(start_proxy, trio):
    proxy = start(start_proxy, trio, retry_policy={"RateLimitErrorRetries": 0},
                  fallbacks=[{"codex-light": ["codex-long"]}])
    trio[0].script(error(429), error(500))
    trio[1].script(chat.whole("second"))
    trio[2].script(chat.whole("long"))
    assert b"long" in proxy.post("/v1/chat/completions", CHAT).body
    assert calls(trio) == [1, 0, 1]


def test_a_groups_policy_overrides(start_proxy, trio):
    proxy = start(start_proxy, trio, retry_policy={"RateLimitErrorRetries": 0},
                  model_group_retry_policy={"codex-light": {"RateLimitErrorRetries": 1}})
    trio[0].script(error(429))
    trio[1].script(chat.whole("second"))
    assert b"second" in proxy.post("/v1/chat/completions", CHAT).body


def test_more_retries_than_num_retries(start_proxy, trio):
    proxy = start(start_proxy, trio, num_retries=0, retry_policy={"InternalServerErrorRetries": 1})
    trio[0].script(error(500), error(429))
    trio[1].script(chat.whole("second"))
    assert b"second" in proxy.post("/v1/chat/completions", CHAT).body
    assert proxy.post("/v1/chat/completions", CHAT).status == 429, "no policy for this class: no retry"
    assert calls(trio) == [2, 1, 0]


def test_an_invalid_request_may_be_retried_elsewhere(start_proxy, trio):
    proxy = start(start_proxy, trio, retry_policy={"BadRequestErrorRetries": 1})
    trio[0].script(error(400, "no such parameter"))
    trio[1].script(chat.whole("second"))
    assert b"second" in proxy.post("/v1/chat/completions", CHAT).body


def test_allowed_fails_by_kind(start_proxy, trio):
    """The first rate limit is allowed, the second starts a cooldown; a server error starts one at once."""
    proxy = start(start_proxy, trio, cooldown_time=60, allowed_fails=0,
                  allowed_fails_policy={"RateLimitErrorAllowedFails": 1})
    trio[0].always(error(429))
    trio[1].always(chat.whole("second"))
    for _ in range(4):
        assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert calls(trio) == [2, 4, 0]


def test_disable_cooldowns(start_proxy, trio):
    proxy = start(start_proxy, trio, cooldown_time=60, allowed_fails=0, disable_cooldowns=True)
    trio[0].always(error(401))
    trio[1].always(chat.whole("second"))
    for _ in range(3):
        assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert calls(trio) == [3, 3, 0]


@pytest.mark.parametrize("failure, key",
                         [(TOO_LONG, "context_window_fallbacks"), (REFUSED, "content_policy_fallbacks")],
                         ids=["too long", "refused"])
def test_context_and_content_fallbacks(start_proxy, trio, failure, key):
    proxy = start(start_proxy, trio, **{key: [{"codex-light": ["codex-long"]}]})
    trio[0].script(failure)
    trio[2].script(chat.whole("long"))
    answer = proxy.post("/v1/chat/completions", CHAT)
    assert b"long" in answer.body and answer.status == 200
    assert calls(trio) == [1, 0, 1]
    entry = proxy.journal()[-1]
    assert entry["deployment"] == "codex-long/openai/1" and len(entry["attempts"]) == 2


def test_another_kind_of_failure_does_not_go_there(start_proxy, trio):
    proxy = start(start_proxy, trio, context_window_fallbacks=[{"codex-light": ["codex-long"]}])
    trio[0].script(REFUSED)
    answer = proxy.post("/v1/chat/completions", CHAT)
    assert answer.status == 400 and answer.error["code"] == "content_policy_violation"
    assert calls(trio) == [1, 0, 0]


def test_a_context_fallback_is_taken_once_and_the_first_failure_is_reported(start_proxy, trio):
    proxy = start(start_proxy, trio, context_window_fallbacks=[{"codex-light": ["codex-long"]}])
    trio[0].script(TOO_LONG)
    trio[2].script(TOO_LONG)
    answer = proxy.post("/v1/chat/completions", CHAT)
    assert answer.status == 400 and answer.error["code"] == "context_length_exceeded"
    assert outcomes(proxy) == ["context", "context"]


def test_repeated_attempts_do_not_count_against_a_context_fallback(start_proxy, make_upstream):
    """Two attempts repeated without the refused part, then a context fallback in which one deployment may fail."""
    asked, first, second = (make_upstream() for _ in range(3))
    proxy = start_proxy(chat_only("codex-light", asked), deployment("codex-long", first, order=1),
                        deployment("codex-long", second, order=2), router_settings={
                            "retry_policy": {"RateLimitErrorRetries": 1},
                            "context_window_fallbacks": [{"codex-light": ["codex-long"]}]})
    asked.script(error(400, "Unsupported parameter: response_format"),
                 error(400, "Unsupported parameter: reasoning_effort"), TOO_LONG)
    first.script(error(429))
    second.script(responses.whole("second"))
    body = {"model": "codex-light", "input": "hi", "reasoning": {"effort": "low"}, "text": {"format": {
        "type": "json_schema", "name": "x", "schema": {"type": "object"}}}}
    assert b"second" in proxy.post("/v1/responses", body).body
    assert outcomes(proxy) == ["unsupported", "unsupported", "context", "rate_limit", "ok"]


def test_a_prompt_too_long_for_the_group_starts_at_its_context_fallback(start_proxy, trio):
    """By its estimated length: no deployment of the group is called, and the general fallback comes last."""
    first, other, long = trio
    small = {**deployment("codex-light", first), "model_info": {"max_input_tokens": 1000}}
    proxy = start_proxy(small, deployment("codex-default", other), deployment("codex-long", long), router_settings={
        "fallbacks": [{"codex-light": ["codex-default"]}],
        "context_window_fallbacks": [{"codex-light": ["codex-long"]}]})
    long.script(chat.whole("long"))
    first.script(chat.whole("light"))
    body = {"model": "codex-light", "messages": [{"role": "user", "content": "long " * 2000}]}
    assert b"long" in proxy.post("/v1/chat/completions", body).body
    assert b"light" in proxy.post("/v1/chat/completions", CHAT).body
    assert calls(trio) == [1, 0, 1]
