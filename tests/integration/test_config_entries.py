"""Entries of model_list as users write them: one that is not ready does not affect the others."""
import http.client
import json

import pytest

import chat_wire as chat
from conftest import chat_only, deployment
from mock_upstream import error
from proxy_process import MASTER_KEY

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}


def entry(alias, model):
    return {"model_name": alias, "litellm_params": {"model": model, "api_key": "os.environ/MOCK_API_KEY"}}


def test_an_unknown_provider_gets_a_warning_and_the_others_serve(start_proxy, upstream):
    proxy = start_proxy(entry("codex-light", "nobody/glm-5"), deployment("codex-light", upstream),
                        entry("other", "nobody/glm-4"))
    warned = [line for line in proxy.stderr.splitlines() if "nobody" in line]
    assert len(warned) == 1 and '"openai/glm-5" and set api_base' in warned[0] and "1 more are not ready" in warned[0]
    upstream.always(lambda _: chat.whole())
    assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert [model["id"] for model in proxy.get("/v1/models").json["data"]] == ["codex-light", "other"]
    refused = proxy.post("/v1/chat/completions", {**CHAT, "model": "other"})
    assert refused.status == 404 and 'the provider "nobody" is not known' in refused.error["message"]
    assert len(upstream.requests) == 1


def test_a_reload_with_an_unknown_provider(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    end = proxy.reload({"model_list": [entry("codex-deep", "nobody/x"), deployment("codex-deep", upstream)]})
    upstream.always(lambda _: chat.whole())
    assert proxy.post("/v1/chat/completions", {**CHAT, "model": "codex-deep"}).status == 200, end


TIERS = {"input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05,
         "input_cost_per_token_above_200k_tokens": 2.5e-06, "output_cost_per_token_above_200k_tokens": 1.5e-05}


@pytest.mark.parametrize("prompt, usd", [(200000, 0.26), (300000, 0.765)])
@pytest.mark.parametrize("place", ["model_info", "litellm_params"])
def test_tiered_prices_are_logged_and_count_towards_the_limit(start_proxy, upstream, prompt, usd, place):
    priced = deployment("codex-light", upstream)
    priced.setdefault(place, {}).update(TIERS)
    proxy = start_proxy(priced, general_settings={"max_cost_usd": 1})
    usage = {"prompt_tokens": prompt, "completion_tokens": 1000, "total_tokens": prompt + 1000}
    upstream.always(lambda _: chat.whole(usage=usage))
    assert proxy.post("/v1/chat/completions", CHAT).status == 200
    entry, = proxy.journal()
    assert abs(entry["cost_usd"] - usd) < 1e-9
    assert abs(proxy.get("/dispatch/metrics").json["spending"]["total"]["spent_usd"] - usd) < 1e-6
    assert "has no effect" not in proxy.stderr


def test_the_estimate_of_a_long_prompt_uses_its_tier(start_proxy, upstream):
    """About 250,000 tokens: $0.63 at the tier's price, half of that below it."""
    priced = {**deployment("codex-light", upstream), "model_info": TIERS}
    proxy = start_proxy(priced, general_settings={"max_cost_usd": 0.5})
    refused = proxy.post("/v1/chat/completions", {**CHAT, "messages": [{"role": "user", "content": "word " * 200000}]})
    assert refused.status == 400 and "max_cost_usd" in refused.error["message"]
    assert upstream.requests == []


def wild(alias, upstream, model="openai/*", **params):
    return deployment(alias, upstream, model=model, **params)


def ask(proxy, model, **more):
    return proxy.post("/v1/chat/completions", {**CHAT, "model": model, **more})


@pytest.mark.parametrize("entry_of", [deployment, chat_only], ids=["same", "translated"])
def test_a_wildcard_serves_names_without_an_entry(start_proxy, upstream, make_upstream, entry_of):
    other = make_upstream()
    proxy = start_proxy(entry_of("*", upstream, model="openai/*"), entry_of("codex-light", other),
                        entry_of("vendor/*", other, model="groq/vendor-*"))
    upstream.always(lambda request: chat.whole())
    other.always(lambda request: chat.whole())
    path, field = ("/v1/responses", "input") if entry_of is chat_only else ("/v1/chat/completions", "messages")
    for name in ("gpt-6", "openai/gpt-6", "codex-auto-review", "vendor/x", "codex-light"):
        reply = proxy.post(path, {"model": name, field: CHAT["messages"]})
        assert reply.status == 200, reply.body
        assert reply.json["model"] == name or entry_of is deployment   # the same API: passed through
    assert [request.json["model"] for request in upstream.requests] == ["gpt-6", "openai/gpt-6", "codex-auto-review"]
    assert [request.json["model"] for request in other.requests] == ["vendor-x", "mock-model"]
    assert [entry["alias"] for entry in proxy.journal(5)][:3] == ["gpt-6", "openai/gpt-6", "codex-auto-review"]
    assert {entry["deployment"] for entry in proxy.journal(5)[:3]} == {"*/openai/1"}


def test_a_wildcard_is_not_listed_and_is_not_a_model_name(start_proxy, upstream):
    proxy = start_proxy(wild("*", upstream), deployment("codex-light", upstream))
    assert [model["id"] for model in proxy.get("/v1/models").json["data"]] == ["codex-light"]
    assert proxy.get("/v1/models/gpt-6").json["id"] == "gpt-6"
    for name in ("*", "openai/*", "x*"):
        assert ask(proxy, name).status == 404
    assert upstream.requests == []


def test_a_file_with_only_a_wildcard(start_proxy, upstream):
    proxy = start_proxy(wild("*", upstream))
    upstream.always(lambda _: chat.whole())
    assert ask(proxy, "anything").status == 200
    assert proxy.get("/v1/models").json["data"] == []


def test_an_unknown_model_starts_no_cooldown_for_the_others(start_proxy, upstream, make_upstream):
    second = make_upstream()
    proxy = start_proxy(wild("*", upstream, order=1), wild("*", second, order=2))
    unknown = error(404, "no such model", code="model_not_found")
    upstream.always(lambda request: unknown if request.json["model"] == "made-up" else chat.whole())
    second.always(lambda _: chat.whole())
    for _ in range(5):
        assert ask(proxy, "made-up").status == 200
    assert ask(proxy, "real").status == 200
    assert len(second.requests) == 5 and upstream.requests[-1].json["model"] == "real"


def test_what_one_model_refuses_is_left_out_for_that_model_only(start_proxy, upstream):
    proxy = start_proxy(chat_only("*", upstream, model="openai/*"))
    refusal = error(400, "Unsupported parameter: 'reasoning_effort' is not supported with this model.")
    upstream.always(lambda request: refusal if "reasoning_effort" in request.json and request.json["model"] == "plain"
                    else chat.whole())
    asked = {"input": "hi", "reasoning": {"effort": "high"}}
    assert proxy.post("/v1/responses", {"model": "plain", **asked}).status == 200
    assert proxy.post("/v1/responses", {"model": "thinker", **asked}).status == 200
    assert upstream.requests[-1].json["reasoning_effort"] == "high"
    assert "reasoning_effort" not in upstream.requests[-2].json


def test_a_wildcard_has_its_own_fallbacks_and_budget(start_proxy, upstream, make_upstream):
    second = make_upstream()
    proxy = start_proxy(wild("gpt-*", upstream, "openai/gpt-*", output_cost_per_token=0.001, input_cost_per_token=0),
                        deployment("codex-light", second),
                        router_settings={"fallbacks": [{"gpt-*": ["codex-light"]}],
                                         "model_group_max_cost_usd": {"gpt-*": 1}})
    upstream.script(error(500, "boom"), error(500, "boom"),
                    chat.whole(usage={"prompt_tokens": 1, "completion_tokens": 900, "total_tokens": 901}))
    second.always(lambda _: chat.whole())
    assert ask(proxy, "gpt-6").status == 200
    assert second.requests[0].json["model"] == "mock-model"
    assert ask(proxy, "gpt-7").status == 200
    assert ask(proxy, "gpt-8").status == 200      # $0.90 is spent: the fallback answers
    assert len(upstream.requests) == 3 and len(second.requests) == 2


def test_a_wildcard_of_a_local_server_has_no_health_check(start_proxy, upstream):
    proxy = start_proxy(wild("*", upstream, model="ollama/*"))
    upstream.always(lambda _: chat.whole())
    assert ask(proxy, "qwen3:8b").status == 200
    assert [request.json["model"] for request in upstream.requests if request.method == "POST"] == ["qwen3:8b"]


@pytest.mark.plain
def test_unknown_names_add_nothing(start_proxy, upstream):
    proxy = start_proxy(wild("*", upstream))
    upstream.always(lambda _: chat.whole())
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)

    def send(numbers):
        for i in numbers:
            connection.request("POST", "/v1/chat/completions",
                               json.dumps({**CHAT, "model": f"made-up-{i}-{'x' * 200}"}),
                               {"Authorization": f"Bearer {MASTER_KEY}", "Content-Type": "application/json"})
            assert connection.getresponse().read()
    send(range(500))
    before, listed = proxy.rss_kb, len(proxy.get("/dispatch/metrics").body)
    send(range(500, 3000))
    connection.close()
    assert proxy.rss_kb < before + 500
    assert len(proxy.get("/dispatch/metrics").body) < listed + 1000
    assert len(proxy.get("/dispatch/state").json["models"]) == 1
