"""Entries of model_list as people have them: one that can't serve keeps no other from it."""
import pytest

import chat_wire as chat
from conftest import deployment

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}


def entry(alias, model):
    return {"model_name": alias, "litellm_params": {"model": model, "api_key": "os.environ/MOCK_API_KEY"}}


def test_an_unknown_provider_is_warned_of_and_the_others_serve(start_proxy, upstream):
    proxy = start_proxy(entry("codex-light", "nobody/glm-5"), deployment("codex-light", upstream), entry("other", "nobody/glm-4"))
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
def test_a_tiers_prices_are_journaled_and_count_towards_the_limit(start_proxy, upstream, prompt, usd, place):
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


def test_the_estimate_of_a_long_prompt_is_its_tiers(start_proxy, upstream):
    """About 250,000 tokens: $0.63 at the tier's price, half of that below."""
    priced = {**deployment("codex-light", upstream), "model_info": TIERS}
    proxy = start_proxy(priced, general_settings={"max_cost_usd": 0.5})
    refused = proxy.post("/v1/chat/completions", {**CHAT, "messages": [{"role": "user", "content": "word " * 200000}]})
    assert refused.status == 400 and "max_cost_usd" in refused.error["message"]
    assert upstream.requests == []
