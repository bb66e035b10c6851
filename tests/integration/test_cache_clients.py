"""Real clients accept a cached reply: OpenAI's Python library with both APIs, and the Codex CLI."""
import openai
import pytest

import chat_wire as chat
import codex_cli
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import reply
from proxy_process import MASTER_KEY

MESSAGES = [{"role": "user", "content": "hi"}]
CACHE = {"litellm_settings": {"cache": True}}


@pytest.fixture(params=["native", "bridged"])
def sdk(request, start_proxy, upstream):
    entry = deployment if request.param == "native" else chat_only
    proxy = start_proxy(entry("codex-light", upstream), **CACHE)
    with openai.OpenAI(base_url=proxy.base, api_key=MASTER_KEY, max_retries=0, timeout=20) as made:
        made.bridged = request.param == "bridged"
        yield made


def test_chat(sdk, upstream):
    upstream.script(chat.whole("Hello."))
    ask = dict(model="codex-light", messages=MESSAGES, temperature=0)
    first, again = (sdk.chat.completions.create(**ask) for _ in range(2))
    with sdk.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}) as events:
        chunks = list(events)
    assert first.choices[0].message.content == again.choices[0].message.content == "Hello."
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello."
    assert first.usage.total_tokens == again.usage.total_tokens == chunks[-1].usage.total_tokens == 18
    assert len({first.id, again.id, chunks[0].id}) == 3 and again.choices[0].finish_reason == "stop"


def test_responses(sdk, upstream):
    upstream.script(chat.text_stream("Hel", "lo.") if sdk.bridged else responses.text_stream("Hello."))
    ask = dict(model="codex-light", input="hi", temperature=0, store=False)
    with sdk.responses.create(**ask, stream=True) as events:
        first = list(events)[-1].response
    again = sdk.responses.create(**ask)
    with sdk.responses.stream(**ask) as events:
        streamed = events.get_final_response()
    assert [got.output_text for got in (first, again, streamed)][1:] == ["Hello."] * 2
    assert [got.usage.total_tokens for got in (first, again, streamed)] == [18] * 3
    assert len({first.id, again.id, streamed.id}) == 3 and again.status == streamed.status == "completed"
    assert not {item.id for item in again.output} & {item.id for item in streamed.output}


@pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")
@pytest.mark.parametrize("entry", [deployment, chat_only], ids=["native", "bridged"])
def test_codex_accepts_what_the_cache_writes(start_proxy, upstream, folder, entry):
    """Codex's own turns have tools and are never cached: it gets the bytes of a reply that another proxy cached."""
    proxy = start_proxy(entry("codex-light", upstream), **CACHE)
    body = {"model": "codex-light", "input": "hi", "temperature": 0, "store": False, "stream": True}
    upstream.script((chat if entry is chat_only else responses).text_stream("A cached answer."))
    proxy.post("/v1/responses", body)
    cached = proxy.post("/v1/responses", body)
    assert cached.headers["cache-status"].startswith("pointsman; hit")
    upstream.always(reply(body=cached.body, content_type="text/event-stream"))
    plain = start_proxy(deployment("codex-light", upstream))
    done = codex_cli.run(folder, plain.base, MASTER_KEY, "Do what the test says.")
    assert done.code == 0 and "A cached answer." in done.out, done
