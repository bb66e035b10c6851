"""Entries of model_list as people have them: one that can't serve keeps no other from it."""
import chat_wire as chat
from conftest import deployment

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}


def entry(alias, model):
    return {"model_name": alias, "litellm_params": {"model": model, "api_key": "os.environ/MOCK_API_KEY"}}


def test_an_unknown_provider_is_warned_of_and_the_others_serve(start_proxy, upstream):
    proxy = start_proxy(entry("codex-light", "nobody/glm-5"), deployment("codex-light", upstream), entry("other", "nobody/glm-4"))
    warned = [line for line in proxy.stderr.splitlines() if "nobody" in line]
    assert len(warned) == 1 and '"openai/glm-5" and give its api_base' in warned[0] and "1 more are not ready" in warned[0]
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
