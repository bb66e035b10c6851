"""Chat Completions of the mock upstream: replies, and a validator as strict as the strictest provider."""
import json
import re

from mock_upstream import event, reply, stream, stream_open

USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18,
         "prompt_tokens_details": {"cached_tokens": 4}}
DONE = event("[DONE]")


def delta(content=None, finish=None, **fields):
    """A chunk of a chat stream."""
    body = dict(fields)
    if content is not None:
        body["content"] = content
    return {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1, "model": "mock-model",
            "choices": [{"index": 0, "delta": body, "finish_reason": finish}]}


def usage_chunk(usage=None):
    return {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "created": 1, "model": "mock-model",
            "choices": [], "usage": usage or USAGE}


def call_deltas(call_id, name, arguments, index=0, **extra):
    """A tool call in three chunks: its name, then its arguments in two parts."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    half = len(text) // 2
    first = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}, **extra}
    rest = [{"index": index, "function": {"arguments": part}} for part in (text[:half], text[half:])]
    return [delta(tool_calls=[part]) for part in [first, *rest]]


def text_stream(*parts, finish="stop", usage=USAGE):
    """A streamed answer of these pieces."""
    return stream(delta(role="assistant", content=""), *map(delta, parts), delta(finish=finish),
                  *([usage_chunk(usage)] if usage else []), DONE)


def calls_stream(*deltas, usage=USAGE):
    return stream(*deltas, delta(finish="tool_calls"), usage_chunk(usage), DONE)


def broken_stream(*parts, end):
    """The beginning of a streamed answer, then `end`: CLOSE, RESET or HANG."""
    return stream_open(*map(delta, parts), end)


def whole(content="Hello.", finish="stop", usage=USAGE, **message):
    """An answer in one piece."""
    return reply(body={"id": "chatcmpl-mock", "object": "chat.completion", "created": 1, "model": "mock-model",
                       "choices": [{"index": 0, "finish_reason": finish,
                                    "message": {"role": "assistant", "content": content, **message}}],
                       "usage": usage})


def whole_call(call_id, name, arguments):
    return whole(None, finish="tool_calls", tool_calls=[
        {"id": call_id, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}])


def strict(steps):
    """The reply if a strict provider would accept the request, otherwise the provider's refusal."""
    def answer(request):
        fault = chat_fault(request.json)
        if fault:
            return reply(400, body={"error": {"message": "strict: " + fault, "code": None}})
        return steps(request) if callable(steps) else steps
    return answer


def either(text):
    """Answers streamed or whole, as the request asks; refuses what a strict provider would refuse."""
    return strict(lambda request: text_stream(text) if request.json.get("stream") else whole(text))


FIELDS = {"model", "messages", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls",
          "response_format", "reasoning_effort", "max_tokens", "max_completion_tokens", "temperature", "top_p"}
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def chat_fault(body):
    """The reason why a strict provider would refuse this request; None if it would not."""
    unknown = set(body) - FIELDS
    if unknown:
        return f"unknown fields {sorted(unknown)}"
    if not body.get("stream") and "stream_options" in body:
        return "stream_options without stream"
    return _tools_fault(body) or _messages_fault(body.get("messages"))


def _tools_fault(body):
    names = set()
    if body.get("tools") == []:
        return "tools is empty"
    if "tool_choice" in body and "tools" not in body:
        return "tool_choice without tools"
    for tool in body.get("tools", []):
        function = tool.get("function", {})
        name = function.get("name", "")
        if tool.get("type") != "function" or set(tool) != {"type", "function"}:
            return f"tool {tool.get('type')} with {sorted(tool)}"
        if not TOOL_NAME.fullmatch(name) or name in names:
            return f"tool name {name!r}"
        names.add(name)
        if function.get("parameters", {}).get("type") != "object":
            return f"tool {name}: parameters.type"
        if '"encrypted": true' in json.dumps(function["parameters"]):
            return f"tool {name}: a key that is not JSON Schema"
    return None


def _messages_fault(messages):
    if not messages:
        return "no messages"
    waiting = set()   # calls whose results must come next
    for at, message in enumerate(messages):
        role, content = message.get("role"), message.get("content")
        if role == "tool":
            if message.get("tool_call_id") not in waiting:
                return f"message {at}: a result without its call"
            waiting.discard(message["tool_call_id"])
            if not isinstance(content, str):
                return f"message {at}: a result must be a string"
            continue
        if waiting:
            return f"message {at}: {role} before the results of {sorted(waiting)}"
        if role not in ("system", "user", "assistant"):
            return f"message {at}: role {role}"
        fault = _calls_fault(message, waiting) if role == "assistant" else _content_fault(content)
        if fault:
            return f"message {at}: {fault}"
    return f"no results for {sorted(waiting)}" if waiting else None


def _calls_fault(message, waiting):
    calls = message.get("tool_calls", [])
    if message.get("content") is None and not calls:
        return "an empty assistant message"
    for call in calls:
        if call.get("type") != "function" or call["id"] in waiting or not call["id"]:
            return f"call {call.get('id')!r}"
        waiting.add(call["id"])
        try:
            if not isinstance(json.loads(call["function"]["arguments"]), dict):
                return "arguments are not an object"
        except ValueError:
            return "arguments are not JSON"
    return None


def _content_fault(content):
    if isinstance(content, str):
        return None
    kinds = [part.get("type") for part in content or [{}]]
    return None if set(kinds) <= {"text", "image_url"} else f"parts {kinds}"
