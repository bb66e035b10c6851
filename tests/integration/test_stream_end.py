"""A stream that has begun ends honestly: a truncated one is never reported as complete, and no other deployment
takes over."""
import pytest

import chat_wire as chat
import responses_wire as responses
from conftest import BOTH_TRANSPORTS, chat_only, deployment
from mock_upstream import CLOSE, HANG, RESET, STREAM_END, chunk, event, stream, stream_open

pytestmark = BOTH_TRANSPORTS

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}], "stream": True}
RESPONSES = {"model": "codex-light", "input": "hi", "stream": True}
ERROR = {"error": {"message": "the model fell over", "type": "server_error"}}

BREAKS = {"close": (CLOSE,), "reset": (RESET,), "half an event": (chunk(b'data: {"choices"'), CLOSE),
          "garbage": (b"zz\r\n", CLOSE), "torn event": (event('{"choices": [{"delta": '), event("[DONE]"), CLOSE),
          "error event": (event(ERROR), CLOSE), "no JSON": (event("{nonsense"), CLOSE),
          "over-long event": (chunk(b"data: " + b"x" * (5 << 20)), CLOSE)}


@pytest.fixture
def second(make_upstream):
    """Must not be called, unless a test scripts a reply for it."""
    return make_upstream()


@pytest.mark.parametrize("steps", BREAKS.values(), ids=BREAKS)
def test_chat(start_proxy, upstream, second, steps):
    proxy = start_proxy(deployment("codex-light", upstream, order=1), deployment("codex-light", second, order=2))
    upstream.script(stream_open(chat.delta("Hello"), *steps))
    answer = proxy.post("/v1/chat/completions", CHAT)
    assert b"Hello" in answer.body
    assert all(isinstance(data, dict) for _, data in answer.events)
    assert b"[DONE]" not in answer.body and b'"finish_reason":"stop"' not in answer.body
    _, last = answer.events[-1]
    assert last["error"]["message"]
    assert proxy.journal()[0]["end"] in ("failed", "cut")


@pytest.mark.parametrize("steps", BREAKS.values(), ids=BREAKS)
def test_responses_through_the_bridge(start_proxy, upstream, second, steps):
    proxy = start_proxy(chat_only("codex-light", upstream, order=1), chat_only("codex-light", second, order=2))
    upstream.script(stream_open(chat.delta("Hello"), *steps))
    events = proxy.post("/v1/responses", RESPONSES).events
    events = [(name, data) for name, data in events if data != "[DONE]"]
    assert responses.stream_fault(events) is None
    name, last = events[-1]
    assert name == "response.failed"
    assert last["response"]["status"] == "failed"
    assert last["response"]["error"]["code"] == "server_error"
    assert last["response"]["error"]["message"]
    # Codex keeps finished items in its history and would repeat a partial text: the item must stay open.
    assert "response.output_item.done" not in [name for name, _ in events]


@pytest.mark.parametrize("steps", BREAKS.values(), ids=BREAKS)
def test_native_responses(start_proxy, upstream, second, steps):
    proxy = start_proxy(deployment("codex-light", upstream, order=1), deployment("codex-light", second, order=2))
    upstream.script(stream_open(*responses.text_events("Hello")[:3], *steps))
    names = [data["type"] for _, data in proxy.post("/v1/responses", RESPONSES).events if data != "[DONE]"]
    assert names[-1] == "response.failed"
    assert "response.completed" not in names


def test_a_stream_that_ends_early_is_truncated(light, upstream):
    """Its HTTP framing is complete, but finish_reason and [DONE] are missing."""
    upstream.script(stream(chat.delta("Hello")))
    answer = light.post("/v1/chat/completions", CHAT)
    assert "error" in answer.events[-1][1]


def test_a_stream_that_ends_early_is_truncated_for_the_bridge_too(bridged, upstream):
    upstream.script(stream(chat.delta("Hello")))
    assert bridged.post("/v1/responses", RESPONSES).events[-1][0] == "response.failed"


def test_some_servers_never_send_a_finish_reason(bridged, upstream):
    upstream.script(stream(chat.delta("Hello"), chat.DONE))
    events = bridged.post("/v1/responses", RESPONSES).events
    assert [data["type"] for _, data in events if data != "[DONE]"][-1] == "response.completed"


ENDS = {"in good order": [STREAM_END], "close": [CLOSE], "reset": [RESET], "silence": [HANG],
        "half a chunk of usage": [chunk(b'data: {"choices":[],"usage":{"prompt_tok'), CLOSE]}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_a_finished_answer_is_complete_however_its_stream_ends(start_proxy, upstream, end, path):
    proxy = start_proxy(chat_only("codex-light", upstream))   # with a timeout of ten minutes
    upstream.script([*stream_open(chat.delta("Hello"), chat.delta(finish="stop")), *end])
    events = proxy.post(path, {**CHAT, **RESPONSES}).events
    if path.endswith("completions"):
        assert [data for _, data in events if isinstance(data, dict) and "error" in data] == []
        assert events[-1][1] == "[DONE]"
    else:
        assert [name for name, _ in events if name][-1] == "response.completed"
    entry = proxy.journal()[0]
    assert (entry["end"], entry["tokens"]["estimated"]) == ("completed", True)


@pytest.mark.parametrize("steps", BREAKS.values(), ids=BREAKS)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_a_held_stream_that_breaks_goes_to_the_next(start_proxy, upstream, second, steps, path):
    proxy = start_proxy(chat_only("codex-light", upstream, order=1), chat_only("codex-light", second, order=2),
                        router_settings={"hold_streams": True})
    upstream.script(stream_open(chat.delta("Hello"), *steps))
    second.script(chat.text_stream("from ", "the second"))
    answer = proxy.post(path, {**CHAT, **RESPONSES})
    text = answer.body.decode()
    assert "the second" in text and "Hello" not in text and "error" not in text.replace('"error":null', "")
    if path.endswith("responses"):
        assert responses.stream_fault([pair for pair in answer.events if pair[1] != "[DONE]"]) is None
    entry = proxy.journal()[0]
    assert (entry["end"], entry["tokens"]["output"]) == ("completed", 7)
    assert [attempt["outcome"] == "ok" for attempt in entry["attempts"]] == [False, True]


def test_silence_in_the_middle(start_proxy, upstream):
    proxy = start_proxy(chat_only("codex-light", upstream, timeout=0.5, stream_timeout=0))
    upstream.script(stream_open(chat.delta("Hello"), HANG))
    events = proxy.post("/v1/responses", RESPONSES).events
    assert [data["type"] for _, data in events if data != "[DONE]"][-1] == "response.failed"
    assert upstream.next_request().gone.wait(20)


def test_a_token_limit_is_incomplete(bridged, upstream):
    upstream.script(chat.text_stream("cut off her", finish="length"))
    events = bridged.post("/v1/responses", RESPONSES).events
    name, last = [pair for pair in events if pair[1] != "[DONE]"][-1]
    assert name == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": "max_output_tokens"}
    assert bridged.journal()[0]["end"] == "incomplete"


def test_calls_that_a_limit_truncated_are_not_run(bridged, upstream):
    deltas = chat.call_deltas("c1", "exec_command", {"cmd": "rm -rf build/old build/older"})
    upstream.script(stream(*deltas[:2], chat.delta(finish="length"), chat.usage_chunk(), chat.DONE))
    body = {**RESPONSES, "tools": [{"type": "function", "name": "exec_command", "parameters": {"type": "object"}}]}
    events = bridged.post("/v1/responses", body).events
    done = [data for _, data in events if data != "[DONE]" and data["type"] == "response.output_item.done"]
    assert [data["item"]["type"] for data in done if data["item"].get("status") == "completed"] == []


def test_a_content_filter_is_final_for_codex(bridged, upstream):
    upstream.script(stream(chat.delta("I"), chat.delta(finish="content_filter"), chat.DONE))
    _, last = [pair for pair in bridged.post("/v1/responses", RESPONSES).events if pair[1] != "[DONE]"][-1]
    assert last["type"] == "response.failed"
    assert last["response"]["error"]["code"] == "content_policy_violation"


def test_a_truncated_whole_reply(light, upstream):
    """Half a body and no other deployment: an error, not half an answer."""
    upstream.script([b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{", CLOSE])
    answer = light.post("/v1/chat/completions", {**CHAT, "stream": False})
    assert answer.status in (502, 503)
    assert answer.error["message"]


@pytest.mark.parametrize("key", ["fake_stream", "supports_native_streaming"])
@pytest.mark.parametrize("server", ["both APIs", "chat only"])
@pytest.mark.parametrize("calls", [False, True], ids=["text", "call"])
def test_a_server_without_streams(start_proxy, upstream, key, server, calls):
    """It would refuse a request for a stream; the client gets a complete one, made of the whole reply."""
    entry = (deployment if server == "both APIs" else chat_only)("codex-light", upstream)
    if key == "fake_stream":
        entry["litellm_params"][key] = True
    else:
        entry["model_info"] = {key: False}
    proxy = start_proxy(entry)
    answer = chat.whole_call("c1", "f", {"a": 1}) if calls else chat.whole("All of it.")
    tools = [{"type": "function", "function": {"name": "f"}}]
    upstream.script(answer)
    got = proxy.post("/v1/chat/completions", {
        "model": "codex-light", "messages": [{"role": "user", "content": "hi"}], "tools": tools, "stream": True,
        "stream_options": {"include_usage": True}})
    sent = upstream.requests[-1].json
    assert "stream" not in sent and "stream_options" not in sent
    events = [data for _, data in got.events if data != "[DONE]"]
    deltas = [choice["delta"] for event in events for choice in event["choices"]]
    if calls:
        assert any(call["function"].get("arguments") == '{"a": 1}' for delta in deltas
                   for call in delta.get("tool_calls", []))
    else:
        assert "".join(delta.get("content") or "" for delta in deltas) == "All of it."
    assert events[-1]["usage"]["total_tokens"] > 0 and got.events[-1][1] == "[DONE]"
    upstream.script(responses.whole("All of it.") if server == "both APIs" else chat.whole("All of it."))
    got = proxy.post("/v1/responses", {"model": "codex-light", "input": "hi", "stream": True})
    assert "stream" not in upstream.requests[-1].json
    kinds = [kind for kind, _ in got.events]
    assert responses.stream_fault(got.events) is None
    assert "response.output_text.delta" in kinds
    item, = got.events[-1][1]["response"]["output"]
    assert responses.item_text(item) == "All of it."
    assert [(entry["end"], entry["stream"]) for entry in proxy.journal(2)] == [("completed", True)] * 2


def test_each_item_of_a_whole_reply_keeps_its_id_in_the_stream(start_proxy, upstream):
    """The provider's, which it may look up when the client sends the item back."""
    output = [{"type": "reasoning", "id": "rs_empty", "summary": []},
              {"type": "reasoning", "id": "rs_up", "summary": [{"type": "summary_text", "text": "Hm."}],
               "encrypted_content": "secret"},
              {**responses.message("All of it."), "id": "msg_up"},
              {"type": "function_call", "id": "fc_up", "call_id": "c1", "name": "f", "arguments": "{}",
               "status": "completed"},
              {**responses.message("More."), "id": "msg_more"}]
    proxy = start_proxy(deployment("codex-light", upstream, fake_stream=True))
    upstream.script(responses.reply(body=responses.response("", output=output)))
    got = proxy.post("/v1/responses", {"model": "codex-light", "input": "hi", "stream": True})
    assert responses.stream_fault(got.events) is None
    opened = [data["item"]["id"] for kind, data in got.events if kind == "response.output_item.added"]
    assert opened == ["rs_up", "msg_up", "fc_up", "msg_more"]
    assert {item["id"] for item in got.events[-1][1]["response"]["output"]} == set(opened)
