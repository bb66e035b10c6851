"""The Responses API for an upstream that supports only Chat Completions."""
import json

import pytest

import chat_wire as chat
import responses_wire as responses
from mock_upstream import chunk, event, reply, stream

TOOL = {"type": "function", "name": "exec_command", "description": "Runs a command.", "strict": False,
        "parameters": {"type": "object", "properties": {"cmd": {"type": "string"}}, "required": ["cmd"]}}
PATCH = {"type": "custom", "name": "apply_patch", "description": "Edits files.",
         "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}}

# What Codex sends with every turn.
CODEX = {"model": "codex-light", "stream": True, "tool_choice": "auto", "parallel_tool_calls": False, "store": False,
         "reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"], "prompt_cache_key": "k",
         "client_metadata": {"a": "b"}, "tools": [TOOL, PATCH, {"type": "web_search"}]}


def developer(text):
    return {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": text}]}


def user(text):
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def ask(proxy, *items, **fields):
    """Sends a turn as Codex does. Returns its events, checked."""
    got = proxy.post("/v1/responses", {**CODEX, "input": [developer("Be brief."), *items], **fields})
    assert got.status == 200, got.body
    events = [(name, data) for name, data in got.events if data != "[DONE]"]
    assert responses.stream_fault(events) is None
    return [data for _, data in events]


def finished(events):
    return [data["item"] for data in events if data["type"] == "response.output_item.done"]


def sent(upstream):
    """The last request that reached the upstream, checked as a strict provider checks it."""
    request = upstream.requests[-1]
    assert request.path == "/v1/chat/completions"
    assert chat.chat_fault(request.json) is None
    return request.json


def test_text(bridged, upstream):
    upstream.script(chat.text_stream("Hel", "lo."))
    events = ask(bridged, user("Hi."))
    assert [data["delta"] for data in events if data["type"] == "response.output_text.delta"] == ["Hel", "lo."]
    item, = finished(events)
    assert (item["type"], item["role"], item["status"]) == ("message", "assistant", "completed")
    assert item["content"][0]["text"] == "Hello."
    last = events[-1]["response"]
    assert last["status"] == "completed"
    assert last["usage"] == {"input_tokens": 11, "output_tokens": 7,
                             "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
                             "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 18}
    assert last["output"] == [] or last["output"][0]["content"][0]["text"] == "Hello."

    body = sent(upstream)
    assert body["model"] == "mock-model"
    assert body["stream"] is True and body["stream_options"] == {"include_usage": True}
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi."}]


def test_tools_are_mapped(bridged, upstream):
    upstream.script(chat.text_stream("ok"))
    ask(bridged, user("Hi."))
    tools = {tool["function"]["name"]: tool["function"] for tool in sent(upstream)["tools"]}
    assert set(tools) == {"exec_command", "apply_patch"}
    assert tools["exec_command"]["parameters"] == TOOL["parameters"]
    assert list(tools["apply_patch"]["parameters"]["properties"]) == ["input"]
    assert "start: /.+/" in tools["apply_patch"]["description"]


def test_a_function_call(bridged, upstream):
    upstream.script(chat.calls_stream(*chat.call_deltas("c1", "exec_command", {"cmd": "ls \"a\" \u00e9"})))
    call, = finished(ask(bridged, user("Hi.")))
    assert (call["type"], call["name"], call["status"]) == ("function_call", "exec_command", "completed")
    assert json.loads(call["arguments"]) == {"cmd": "ls \"a\" \u00e9"}
    assert call["call_id"]


def test_a_custom_tool_call(bridged, upstream):
    text = "*** Begin Patch\n*** Add File: a\n+\"x\" \\ \u00e9\n*** End Patch\n"
    upstream.script(chat.calls_stream(*chat.call_deltas("c1", "apply_patch", {"input": text})))
    call, = finished(ask(bridged, user("Hi.")))
    assert (call["type"], call["name"], call["input"]) == ("custom_tool_call", "apply_patch", text)


def test_raw_input_for_a_custom_tool_is_accepted(bridged, upstream):
    upstream.script(chat.calls_stream(*chat.call_deltas("c1", "apply_patch", "*** Begin Patch")))
    call, = finished(ask(bridged, user("Hi.")))
    assert call["input"] == "*** Begin Patch"


def test_parallel_calls_with_interleaved_pieces(bridged, upstream):
    one = chat.call_deltas("c1", "exec_command", {"cmd": "echo one"}, index=0)
    two = chat.call_deltas("c2", "exec_command", {"cmd": "echo two"}, index=1)
    upstream.script(chat.calls_stream(one[0], two[0], one[1], two[1], two[2], one[2]))
    calls = finished(ask(bridged, user("Hi.")))
    assert [json.loads(call["arguments"])["cmd"] for call in calls] == ["echo one", "echo two"]
    assert len({call["call_id"] for call in calls}) == 2


def test_text_and_call(bridged, upstream):
    call = chat.call_deltas("c1", "exec_command", {"cmd": "ls"})
    upstream.script(chat.calls_stream(chat.delta("Let me look."), *call))
    assert [item["type"] for item in finished(ask(bridged, user("Hi.")))] == ["message", "function_call"]


@pytest.mark.parametrize("call_id", ["", None])
def test_calls_without_an_id_get_one(bridged, upstream, call_id):
    upstream.script(chat.calls_stream(*chat.call_deltas(call_id, "exec_command", {"cmd": "ls"})))
    call, = finished(ask(bridged, user("Hi.")))
    assert call["call_id"]


def test_calls_without_an_index(bridged, upstream):
    """Gemini's OpenAI endpoint omits the index: a piece with a name begins a new call."""
    deltas = [piece for name in ("one", "two") for piece in chat.call_deltas(name, "exec_command", {"cmd": name})]
    for delta in deltas:
        for call in delta["choices"][0]["delta"]["tool_calls"]:
            del call["index"]
    upstream.script(chat.calls_stream(*deltas))
    calls = finished(ask(bridged, user("Hi.")))
    assert [json.loads(call["arguments"])["cmd"] for call in calls] == ["one", "two"]


def test_the_history_of_a_turn(bridged, upstream):
    """Consecutive assistant items become one message, then all results, in order."""
    upstream.script(chat.text_stream("ok"))
    ask(bridged, user("Hi."),
        {"type": "reasoning", "summary": [], "encrypted_content": "opaque"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Look:"}]},
        {"type": "function_call", "call_id": "a", "name": "exec_command", "arguments": '{"cmd":"ls"}'},
        {"type": "custom_tool_call", "call_id": "b", "name": "apply_patch", "input": "*** \"x\"\n"},
        {"type": "function_call_output", "call_id": "a", "output": "one"},
        {"type": "custom_tool_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "two"}]},
        {"type": "something_new", "data": 1}, user("Go on."))
    messages = sent(upstream)["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "tool", "tool", "user"]
    assistant = messages[2]
    assert assistant["content"] == "Look:"
    assert [call["function"]["name"] for call in assistant["tool_calls"]] == ["exec_command", "apply_patch"]
    assert json.loads(assistant["tool_calls"][1]["function"]["arguments"]) == {"input": "*** \"x\"\n"}
    assert [message["content"] for message in messages[3:5]] == ["one", "two"]
    assert [message["tool_call_id"] for message in messages[3:5]] == [call["id"] for call in assistant["tool_calls"]]


def test_bad_arguments_in_the_history_do_not_break_later_turns(bridged, upstream):
    upstream.script(chat.text_stream("ok"))
    ask(bridged, user("Hi."),
        {"type": "function_call", "call_id": "a", "name": "exec_command", "arguments": '{"cmd":'},
        {"type": "function_call_output", "call_id": "a", "output": "failed to parse"})
    sent(upstream)


def test_instructions_join_the_system_message(bridged, upstream):
    upstream.script(chat.text_stream("ok"))
    ask(bridged, user("Hi."), instructions="You are a test.")
    messages = sent(upstream)["messages"]
    assert messages[0]["role"] == "system"
    assert "You are a test." in messages[0]["content"] and "Be brief." in messages[0]["content"]


def test_a_plain_string_as_input(bridged, upstream):
    upstream.script(chat.whole("Hello."))
    got = bridged.post("/v1/responses", {"model": "codex-light", "input": "Hi."})
    assert sent(upstream)["messages"] == [{"role": "user", "content": "Hi."}]
    body = got.json
    assert (body["object"], body["status"], body["model"]) == ("response", "completed", "codex-light")
    part, = body["output"][0]["content"]
    assert (part["type"], part["text"], part["annotations"]) == ("output_text", "Hello.", [])
    assert body["usage"]["total_tokens"] == 18


def test_a_whole_call(bridged, upstream):
    upstream.script(chat.whole_call("c1", "exec_command", {"cmd": "ls"}))
    got = bridged.post("/v1/responses", {"model": "codex-light", "input": "Hi.", "tools": [TOOL]}).json
    call, = got["output"]
    assert (call["type"], call["name"]) == ("function_call", "exec_command")
    assert json.loads(call["arguments"]) == {"cmd": "ls"}


def test_images(bridged, upstream):
    picture = "data:image/png;base64,iVBORw0KGgo="
    upstream.script(chat.text_stream("ok"))
    ask(bridged, {"type": "message", "role": "user", "content": [
        {"type": "input_text", "text": "See:"}, {"type": "input_image", "image_url": picture, "detail": "low"}]})
    content = sent(upstream)["messages"][1]["content"]
    assert content[0] == {"type": "text", "text": "See:"}
    assert content[1]["image_url"]["url"] == picture


def test_usage_is_estimated_if_the_upstream_omits_it(bridged, upstream):
    """Without usage Codex never compacts its history."""
    upstream.script(chat.text_stream("Hello.", usage=None))
    usage = ask(bridged, user("x" * 4000))[-1]["response"]["usage"]
    assert usage["input_tokens"] > 100
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_comments_of_the_upstream_are_not_events(bridged, upstream):
    upstream.script(stream(chunk(b": PROCESSING\n\n"), *map(event, [chat.delta("Hello."), chat.delta(finish="stop")]),
                           chat.DONE))
    assert finished(ask(bridged, user("Hi.")))[0]["content"][0]["text"] == "Hello."


def test_an_empty_reply_is_a_failure(bridged, upstream):
    upstream.always(chat.text_stream())
    got = bridged.post("/v1/responses", {**CODEX, "input": [user("Hi.")]})
    assert got.status >= 500 or got.events[-1][0] == "response.failed"


@pytest.mark.parametrize("body, word", [
    ({}, "input"), ({"input": 5}, "input"), ({"input": [5]}, "input"), ({"input": "x", "tools": {}}, "tools"),
])
def test_an_invalid_request(bridged, upstream, body, word):
    answer = bridged.post("/v1/responses", {"model": "codex-light", **body})
    assert answer.status == 400
    assert word in answer.error["message"] + str(answer.error["param"])
    assert upstream.requests == []


def test_the_upstreams_refusal_reaches_codex(bridged, upstream):
    upstream.script(reply(400, body={"error": {"message": "strict: no", "code": None}}))
    answer = bridged.post("/v1/responses", {**CODEX, "input": [user("Hi.")]})
    assert answer.status == 400
    assert "strict: no" in answer.error["message"]


def test_a_refused_part_is_left_out(bridged, upstream):
    """If a server does not know response_format, the proxy repeats the request at once without it, and omits it from
    then on."""
    schema = {"format": {"type": "json_schema", "name": "codex_output_schema", "strict": True,
                         "schema": {"type": "object", "properties": {}, "additionalProperties": False}}}
    upstream.script(reply(400, body={"error": {"message": "Unsupported parameter: response_format"}}),
                    chat.text_stream("{}"), chat.text_stream("{}"))
    ask(bridged, user("Hi."), text=schema)
    assert ["response_format" in request.json for request in upstream.requests] == [True, False]
    ask(bridged, user("Hi."), text=schema)
    assert "response_format" not in upstream.requests[2].json


def test_another_error_is_not_repeated(bridged, upstream):
    upstream.script(reply(400, body={"error": {"message": "messages: too many"}}))
    got = bridged.post("/v1/responses", {**CODEX, "input": [user("Hi.")]})
    assert got.status == 400 and "too many" in got.json["error"]["message"]


def test_beyond_a_limit_is_an_error_and_never_truncated(bridged, upstream):
    """A reply with more calls than the bridge accepts fails, even if it is a stream that has begun."""
    calls = [{"id": f"i{n}", "index": n, "type": "function", "function": {"name": "exec_command", "arguments": "{}"}}
             for n in range(1025)]
    upstream.script(chat.text_stream("Hel", "lo."), chat.whole(None, tool_calls=calls),
                    chat.calls_stream(chat.delta("Hello."), *[chat.delta(tool_calls=[call]) for call in calls]))
    tools = [{**TOOL, "name": f"f{n}"} for n in range(1025)]
    answer = bridged.post("/v1/responses", {**CODEX, "input": [user("Hi.")], "tools": tools})
    assert answer.status == 400 and "1024 tools" in answer.error["message"]
    ask(bridged, user("Hi."), tools=tools[:1024])
    assert len(sent(upstream)["tools"]) == 1024
    answer = bridged.post("/v1/responses", {**CODEX, "input": [user("Hi.")], "stream": False})
    assert answer.status == 503 and "1024 items or tool calls" in answer.error["message"]
    last = ask(bridged, user("Hi."))[-1]
    assert last["type"] == "response.failed" and "1024 items or tool calls" in last["response"]["error"]["message"]
