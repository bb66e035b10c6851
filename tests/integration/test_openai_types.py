"""Every event, chunk and object that the bridge writes conforms to the types of OpenAI's Python library, validated
strictly (the library itself accepts anything)."""
import pydantic
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent

import chat_wire as chat
from mock_upstream import CLOSE, stream, stream_open

EVENT = pydantic.TypeAdapter(ResponseStreamEvent)
PARAMETERS = {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"],
              "additionalProperties": False}
TOOLS = [{"type": "function", "name": "run", "parameters": PARAMETERS, "strict": True},
         {"type": "custom", "name": "patch", "description": "d",
          "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}},
         {"type": "namespace", "name": "mcp__m", "description": "d",
          "tools": [{"type": "function", "name": "echo", "parameters": PARAMETERS}]},
         {"type": "web_search"}]
REQUEST = {"model": "codex-light", "input": "hi", "tools": TOOLS, "reasoning": {"effort": "high", "summary": "auto"},
           "text": {"verbosity": "low"}, "max_output_tokens": 500, "temperature": 0.5, "top_p": 1,
           "metadata": {"a": "b"},
           "parallel_tool_calls": False, "tool_choice": "auto", "instructions": "Be exact.", "user": "me"}


# In response.failed, besides OpenAI's own codes: Codex knows these, and does not retry.
CODEX_CODES = {"content_policy_violation", "context_length_exceeded", "insufficient_quota", "model_not_found"}


def everything(finish="tool_calls"):
    """A chat stream with everything that the bridge has events for."""
    return [chat.delta(role="assistant", reasoning_content="think"), chat.delta(reasoning_content="ing"),
            chat.delta("Hel"), chat.delta("lo."),
            *chat.call_deltas("c1", "run", {"x": "1"}, index=0),
            *chat.call_deltas("c2", "patch", {"input": "+x"}, index=1),
            *chat.call_deltas("c3", "mcp__m__echo", {"x": "2"}, index=2), chat.delta(finish=finish), chat.usage_chunk(),
            chat.DONE]


def typed(got):
    events = [data for _, data in got.events]
    error = events[-1].get("response", {}).get("error")
    if error and error["code"] in CODEX_CODES:
        error["code"] = "invalid_prompt"
    return [EVENT.validate_python(data) for data in events]


@pytest.mark.parametrize("finish", ["tool_calls", "length"])
def test_every_event(bridged, upstream, finish):
    upstream.script(stream(*everything(finish)))
    events = typed(bridged.post("/v1/responses", {**REQUEST, "stream": True}))
    kinds = {event.type for event in events}
    assert {"response.created", "response.in_progress", "response.output_item.added", "response.output_item.done",
            "response.content_part.added", "response.content_part.done", "response.output_text.delta",
            "response.output_text.done", "response.reasoning_summary_part.added",
            "response.reasoning_summary_part.done",
            "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done",
            "response.function_call_arguments.delta", "response.function_call_arguments.done",
            "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done"} <= kinds
    assert events[-1].type == ("response.completed" if finish == "tool_calls" else "response.incomplete")
    final = Response.model_validate(events[-1].response.model_dump())
    assert final.output_text == "Hello."
    if finish == "tool_calls":
        assert [item.type for item in final.output] == ["reasoning", "message", "function_call", "custom_tool_call",
                                                        "function_call"]


@pytest.mark.parametrize("end", [stream_open(chat.delta("Hel"), CLOSE),
                                 stream(chat.delta("Hel"), {"error": {"message": "oops"}}),
                                 stream(chat.delta("Hel"), chat.delta(finish="content_filter"), chat.DONE)],
                         ids=["cut", "error", "filter"])
def test_a_failure(bridged, upstream, end):
    upstream.script(end)
    events = typed(bridged.post("/v1/responses", {**REQUEST, "stream": True}))
    assert events[-1].type == "response.failed" and events[-1].response.error.message


def test_a_whole_response(bridged, upstream):
    upstream.script(chat.whole(None, finish="tool_calls", reasoning_content="why", tool_calls=[
        {"id": "c1", "type": "function", "function": {"name": "run", "arguments": '{"x":"1"}'}},
        {"id": "c2", "type": "function", "function": {"name": "patch", "arguments": '{"input":"+x"}'}}]))
    answer = Response.model_validate(bridged.post("/v1/responses", REQUEST).json)
    assert [item.type for item in answer.output] == ["reasoning", "function_call", "custom_tool_call"]
    assert answer.usage.total_tokens == 18 and answer.error is None


def test_the_tools_that_a_response_repeats(bridged, upstream):
    """Clients may omit fields that OpenAI's replies always have."""
    upstream.always(chat.either("Hello."))
    body = {"model": "codex-light", "input": "hi", "tools": [
        {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}},
        {"type": "function", "name": "g"},
        {"type": "function", "name": "h", "parameters": None, "strict": True}, {"type": "custom", "name": "c"}]}
    tools = Response.model_validate(bridged.post("/v1/responses", body).json, strict=True).tools
    assert [getattr(tool, "strict", None) for tool in tools] == [False, False, True, None]
    assert [tool.name for tool in tools] == ["f", "g", "h", "c"]
    assert typed(bridged.post("/v1/responses", {**body, "stream": True}))[-1].response.tools == tools


def test_the_built_in_model(start_proxy, upstream):
    """Chat chunks and objects that the proxy writes itself; for a whole answer it collects its stream."""
    proxy = start_proxy(environment={"POINTSMAN_DEMO": "1"})
    body = {"model": "codex-echo", "messages": [{"role": "user", "content": "hi"}]}
    ChatCompletion.model_validate(proxy.post("/v1/chat/completions", body).json)
    got = proxy.post("/v1/chat/completions", {**body, "stream": True, "stream_options": {"include_usage": True}})
    chunks = [ChatCompletionChunk.model_validate(data) for _, data in got.events if data != "[DONE]"]
    assert chunks[0].choices[0].delta.role == "assistant" and chunks[-1].usage
    assert typed(proxy.post("/v1/responses", {"model": "codex-echo", "input": "hi", "stream": True}))[-1].type == \
        "response.completed"
