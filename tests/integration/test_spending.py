"""Spending limits, which the proxy enforces for every client."""
import threading

import pytest

import chat_wire as chat
from conftest import BOTH_TRANSPORTS, deployment
from mock_upstream import CLOSE, HANG, error, stream_open

pytestmark = BOTH_TRANSPORTS

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
# A reply is estimated at 500 tokens until some were seen. These have as many, so that each estimate equals the cost.
USAGE = {"prompt_tokens": 11, "completion_tokens": 500, "total_tokens": 511}
CALL_USD = 0.5


def fine(request):
    """An answer for either API."""
    return (chat.text_stream("fine", usage=USAGE) if request.json.get("stream") else chat.whole("fine", usage=USAGE))


def priced(alias, upstream, usd=0.001, **params):
    return deployment(alias, upstream, input_cost_per_token=0, output_cost_per_token=usd, **params)


def limited(start_proxy, upstream, usd, **sections):
    return start_proxy(priced("codex-light", upstream), general_settings={"max_cost_usd": usd},
                       **sections)


def assert_refused(reply, *words):
    assert reply.status == 400 and reply.error["code"] == "model_not_found" and reply.error["type"] == "budget_exceeded"
    for word in words:
        assert word in reply.error["message"]


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_the_sessions_limit(start_proxy, upstream, streamed):
    """Two requests fit. The third is refused before any provider is called; the message says what to do."""
    proxy = limited(start_proxy, upstream, 2.5 * CALL_USD)
    upstream.always(fine)
    for _ in range(2):
        assert proxy.post("/v1/chat/completions", {**CHAT, "stream": streamed}).status == 200
    assert_refused(proxy.post("/v1/chat/completions", {**CHAT, "stream": streamed}),
                   "general_settings.max_cost_usd", "$1.0000 spent", str(proxy.config))
    assert len(upstream.requests) == 2
    entry = proxy.journal(3)[-1]
    assert entry["end"] == "refused" and entry["status"] == 400 and entry["attempts"] == []


def test_a_group_has_its_own_limit_which_its_other_names_share(start_proxy, upstream):
    settings = {"model_group_max_cost_usd": {"codex-light": CALL_USD}, "model_group_alias": {"light": "codex-light"}}
    proxy = start_proxy(priced("codex-light", upstream), priced("codex-deep", upstream), router_settings=settings)
    upstream.always(fine)
    assert proxy.post("/v1/chat/completions", {**CHAT, "model": "light"}).status == 200
    assert_refused(proxy.post("/v1/chat/completions", CHAT), "codex-light", "model_group_max_cost_usd")
    assert proxy.post("/v1/chat/completions", {**CHAT, "model": "codex-deep"}).status == 200


def test_simultaneous_requests_do_not_exceed_it(start_proxy, upstream):
    """Eight at once, of which three fit: estimates are reserved while the requests are in flight."""
    proxy = limited(start_proxy, upstream, 3.5 * CALL_USD)
    go_on = threading.Event()
    upstream.always([go_on, *chat.whole("fine", usage=USAGE)])
    replies = []
    callers = [threading.Thread(target=lambda: replies.append(proxy.post("/v1/chat/completions", CHAT)))
               for _ in range(8)]
    for caller in callers:
        caller.start()
    entries = proxy.journal(5)      # the refused ones have ended
    go_on.set()
    for caller in callers:
        caller.join()
    assert {entry["end"] for entry in entries} == {"refused"}
    assert sorted(reply.status for reply in replies) == [200] * 3 + [400] * 5
    assert len(upstream.requests) == 3


def test_free_deployments_continue(start_proxy, upstream, make_upstream):
    local = make_upstream()
    proxy = start_proxy(priced("codex-light", upstream), priced("codex-qwen-local", local, usd=0),
                        router_settings={"fallbacks": [{"codex-light": ["codex-qwen-local"]}]},
                        general_settings={"max_cost_usd": CALL_USD})
    upstream.always(chat.whole("paid", usage=USAGE))
    local.always(chat.whole("free", usage=USAGE))
    answers = [proxy.post("/v1/chat/completions", CHAT).json["choices"][0]["message"]["content"] for _ in range(3)]
    assert answers == ["paid", "free", "free"]


def test_failures_cost_nothing(start_proxy, upstream):
    proxy = limited(start_proxy, upstream, CALL_USD)
    upstream.script(error(503), error(429), fine)
    for _ in range(2):
        assert proxy.post("/v1/chat/completions", CHAT).status in (503, 429)
    assert proxy.post("/v1/chat/completions", CHAT).status == 200


@pytest.mark.parametrize("how", ["cut", "disconnect"])
def test_an_interrupted_request_is_charged_for_its_prompt(start_proxy, upstream, how):
    entry = deployment("codex-light", upstream, input_cost_per_token=0.001, output_cost_per_token=0)
    proxy = start_proxy(entry, router_settings={"cooldown_time": 0}, general_settings={"max_cost_usd": 0.03})
    upstream.script(stream_open(chat.delta(content="Hel"), CLOSE if how == "cut" else HANG), fine)
    reply = proxy.stream("/v1/chat/completions", {**CHAT, "stream": True})
    reply.next_event()
    if how == "cut":
        reply.rest()
    else:
        reply.disconnect()
    proxy.journal(1)
    assert_refused(proxy.post("/v1/chat/completions", CHAT))


def test_a_raised_limit_applies_after_a_reload_and_spending_is_kept(start_proxy, upstream):
    proxy = limited(start_proxy, upstream, CALL_USD)
    upstream.always(fine)
    config = {"model_list": [priced("codex-light", upstream)]}
    assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert_refused(proxy.post("/v1/chat/completions", CHAT))
    proxy.reload({**config, "general_settings": {"max_cost_usd": 2 * CALL_USD}})
    assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert_refused(proxy.post("/v1/chat/completions", CHAT), "$1.0000 spent")


def test_a_model_without_a_price_is_named_at_the_start_and_serves(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream), litellm_settings={"max_budget": 0.001})
    assert "no prices for openai/mock-model" in proxy.stderr
    upstream.always(fine)
    for _ in range(3):
        assert proxy.post("/v1/chat/completions", CHAT).status == 200
