"""OpenAI's own Python library as the client, with both APIs, against both kinds of upstream."""
import openai
import pytest

import chat_wire as chat
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import CLOSE, error, stream_open
from proxy_process import MASTER_KEY

MESSAGES = [{"role": "user", "content": "hi"}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CHAT_TOOL = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS}}
TOOL = {"type": "function", "name": "weather", "parameters": PARAMETERS}


def client(proxy, key=MASTER_KEY):
    return openai.OpenAI(base_url=proxy.base, api_key=key, max_retries=0, timeout=20)


@pytest.fixture(params=["native", "bridged"])
def sdk(request, start_proxy, upstream):
    entry = deployment if request.param == "native" else chat_only
    with client(start_proxy(entry("codex-light", upstream))) as made:
        made.bridged = request.param == "bridged"
        yield made


def test_chat_whole(sdk, upstream):
    upstream.script(chat.whole("Hello."))
    answer = sdk.chat.completions.create(model="codex-light", messages=MESSAGES)
    assert answer.choices[0].message.content == "Hello."
    assert answer.usage.total_tokens == 18


def test_chat_streamed(sdk, upstream):
    upstream.script(chat.text_stream("Hel", "lo."))
    with sdk.chat.completions.create(model="codex-light", messages=MESSAGES, stream=True,
                                     stream_options={"include_usage": True}) as events:
        chunks = list(events)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello."
    assert chunks[-1].usage.total_tokens == 18


def test_chat_tools(sdk, upstream):
    upstream.script(chat.calls_stream(*chat.call_deltas("c1", "weather", {"city": "Bern"})))
    with sdk.chat.completions.stream(model="codex-light", messages=MESSAGES, tools=[CHAT_TOOL]) as events:
        answer = events.get_final_completion()
    call, = answer.choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("weather", '{"city": "Bern"}')


def test_responses_whole(sdk, upstream):
    upstream.script(chat.whole("Hello.") if sdk.bridged else responses.whole("Hello."))
    answer = sdk.responses.create(model="codex-light", input="hi")
    assert answer.output_text == "Hello."
    assert answer.status == "completed"
    assert answer.usage.total_tokens == 18


def test_responses_streamed(sdk, upstream):
    upstream.script(chat.text_stream("Hel", "lo.") if sdk.bridged else responses.text_stream("Hello."))
    with sdk.responses.create(model="codex-light", input="hi", stream=True) as events:
        seen = list(events)
    assert "".join(event.delta for event in seen if event.type == "response.output_text.delta") == "Hello."
    assert seen[-1].type == "response.completed"


def test_responses_tools_through_the_bridge(start_proxy, upstream):
    sdk = client(start_proxy(chat_only("codex-light", upstream)))
    upstream.script(chat.calls_stream(*chat.call_deltas("c1", "weather", {"city": "Bern"})), chat.either("Sunny."))
    with sdk, sdk.responses.stream(model="codex-light", input="hi", tools=[TOOL]) as events:
        for _ in events:
            pass
        answer = events.get_final_response()
        call, = [item for item in answer.output if item.type == "function_call"]
        assert (call.name, call.arguments) == ("weather", '{"city": "Bern"}')
        history = [{"role": "user", "content": "hi"}, call.model_dump(exclude_none=True, exclude={"parsed_arguments"}),
                   {"type": "function_call_output", "call_id": call.call_id, "output": "sun"}]
        assert sdk.responses.create(model="codex-light", input=history, tools=[TOOL]).output_text == "Sunny."


def test_a_truncated_stream_raises(sdk, upstream):
    upstream.script(stream_open(chat.delta("Hel"), CLOSE))
    with sdk.chat.completions.create(model="codex-light", messages=MESSAGES, stream=True) as events:
        with pytest.raises(openai.APIError):
            list(events)


def test_errors_have_their_types(sdk, upstream):
    upstream.always(error(429, "slow down", headers={"Retry-After": "2"}))
    with pytest.raises(openai.RateLimitError) as caught:
        sdk.chat.completions.create(model="codex-light", messages=MESSAGES)
    assert caught.value.response.headers["retry-after"] == "2"


def test_a_wrong_key(light):
    with client(light, "wrong") as sdk, pytest.raises(openai.AuthenticationError):
        sdk.models.list()


def test_models(light):
    with client(light) as sdk:
        assert [model.id for model in sdk.models.list()] == ["codex-light"]
