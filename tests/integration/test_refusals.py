"""Refusals that name a part to leave out or change: the proxy repeats the request on the same deployment at once,
and remembers the part."""
import json

import pytest

import chat_wire as chat
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import error, event, reply, stream

EACH_MANNER = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
PIXEL = "data:image/png;base64,iVBORw0KGgo="
TOOL = {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}


def answer(request):
    """A successful reply, for either API, whole or streamed."""
    wire = responses if request.path.endswith("/responses") else chat
    return wire.text_stream("fine") if request.json.get("stream") else wire.whole("fine")


def refusing(has, refusal):
    """A server that refuses requests for which has(body) is true."""
    return lambda request: refusal if has(request.json) else answer(request)


def message(role, *parts):
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role,
            "content": [{"type": kind, "text": part} if isinstance(part, str) else part for part in parts]}


def ask(proxy, path="/v1/responses", streamed=False, **body):
    if "responses" in path:
        body = {"input": "hi", **body}
    elif "messages" not in body:
        body["messages"] = [{"role": "user", "content": "hi"}]
    got = proxy.post(path, {"model": "codex-light", "stream": streamed, **body})
    assert got.status == 200 and b"fine" in got.body, got.body
    return got


def refused(proxy):
    """What the first deployment is known to refuse, from /dispatch/state."""
    models = proxy.get("/dispatch/state").json["models"]
    return [row["part"] for row in next(iter(models.values()))["refused"]]


# Each kind of part: a test for it in a body of either API, a request that has it, and messages of real servers.

def has_images(body):
    return '"image_url"' in json.dumps(body) or '"input_image"' in json.dumps(body)


def has_effort(body):
    return "reasoning_effort" in body or "effort" in (body.get("reasoning") or {})


def has_format(body):
    return "response_format" in body or "format" in (body.get("text") or {})


def has_later_system(body):
    messages = body.get("messages") or ([{"role": "system"}] if body.get("instructions") else []) + body["input"]
    return any(m.get("role") in ("system", "developer") for m in messages[1:])


KINDS = {
    "images": (has_images, {
        "/v1/responses": {"input": [message("user", "look", {"type": "input_image", "image_url": PIXEL})]},
        "/v1/chat/completions": {"messages": [{"role": "user", "content": [
            {"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": PIXEL}}]}]},
    }, [(500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
        (400, "model does not support vision"), (422, "At most 0 image(s) may be provided in one request."),
        (404, "No endpoints found that support image input")]),
    "reasoning_effort": (has_effort, {
        "/v1/responses": {"reasoning": {"effort": "high"}},
        "/v1/chat/completions": {"reasoning_effort": "high"},
    }, [(400, '"qwen2.5-coder:3b" does not support thinking'),
        (400, 'think value "high" is not supported for this model'),
        (400, "Model grok-4 does not support parameter reasoningEffort."),
        (500, "thinking is not supported by this model"), (422, "reasoning_effort: Extra inputs are not permitted")]),
    "response_format": (has_format, {
        "/v1/responses": {"text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}}},
        "/v1/chat/completions": {"response_format": {"type": "json_object"}},
    }, [(400, "This response_format type is unavailable now"),
        (500, "Cannot use custom grammar constraints with tools.")]),
    "later_system_messages": (has_later_system, {
        "/v1/responses": {"input": [message("developer", "base"), message("user", "a"), message("assistant", "b"),
                                    message("developer", "<model_switch>"), message("user", "c")]},
        "/v1/chat/completions": {"messages": [{"role": role, "content": role}
                                              for role in ("system", "user", "system", "user")]},
    }, [(500, "Jinja Exception: System message must be at the beginning."),
        (400, "invalid params, invalid chat setting (2013)")]),
}
ROWS = [pytest.param(kind, status, words, id=f"{kind}-{status}-{n}") for kind, (_, _, rows) in KINDS.items()
        for n, (status, words) in enumerate(rows)]
WAYS = {"bridged": (chat_only, "/v1/responses"), "chat": (chat_only, "/v1/chat/completions"),
        "native": (deployment, "/v1/responses"), "to responses": (deployment, "/v1/chat/completions")}


@EACH_MANNER
@pytest.mark.parametrize("way", ["bridged", "chat", "native"])
@pytest.mark.parametrize("kind, status, words", ROWS)
def test_it_is_repeated_without_the_part_which_stays_out(start_proxy, upstream, kind, status, words, way, streamed):
    entry, path = WAYS[way]
    has, requests, _ = KINDS[kind]
    proxy = start_proxy(entry("codex-light", upstream))
    upstream.always(refusing(has, error(status, words)))
    for _ in range(2):
        ask(proxy, path, streamed, **requests[path])
    assert [has(request.json) for request in upstream.requests] == [True, False, False]
    assert refused(proxy) == [kind]
    first, second = proxy.journal(2)
    assert [(attempt["outcome"], attempt.get("again_without")) for attempt in first["attempts"]] == \
        [("unsupported", [kind]), ("ok", None)]
    assert first["attempts"][0]["rule"].lower() in words.lower() and len(second["attempts"]) == 1


@pytest.mark.parametrize("refusal", [
    reply(200, body={"error": '"x" does not support thinking'}),
    stream(event({"error": {"message": "think value is not supported"}}), chat.DONE),
], ids=["whole", "event"])
def test_a_refusal_of_status_200(bridged, upstream, refusal):
    upstream.always(refusing(has_effort, refusal))
    ask(bridged, streamed=True, reasoning={"effort": "low"})
    assert refused(bridged) == ["reasoning_effort"]


@pytest.mark.parametrize("way", ["bridged", "chat", "native"])
def test_an_effort_is_lowered_to_a_supported_one(start_proxy, upstream, way):
    """xhigh becomes the nearest of those in the refusal. If that is refused, too, the effort is left out."""
    entry, path = WAYS[way]
    proxy = start_proxy(entry("codex-light", upstream))

    def effort(body):
        return body.get("reasoning_effort") or (body.get("reasoning") or {}).get("effort")

    def server(request):
        asked = effort(request.json)
        offered = "Unsupported value: reasoning_effort. Supported values are: 'minimal', 'low', and 'medium'."
        return answer(request) if asked in (None, "medium", "low") else error(400, offered)
    upstream.always(server)
    asked = {"reasoning": {"effort": "xhigh"}} if "responses" in path else {"reasoning_effort": "xhigh"}
    ask(proxy, path, **asked)
    ask(proxy, path, **asked)
    assert [effort(request.json) for request in upstream.requests][1:] == ["medium", "medium"]
    assert refused(proxy) == ["reasoning_effort_value"]
    minimal = {"reasoning": {"effort": "minimal"}} if "responses" in path else {"reasoning_effort": "minimal"}
    ask(proxy, path, **minimal)    # supported according to the message, and refused
    assert [effort(request.json) for request in upstream.requests][3:] == ["minimal", None]


@pytest.mark.parametrize("way", WAYS)
def test_a_part_that_the_request_does_not_have_is_no_reason_to_repeat_it(start_proxy, upstream, way):
    entry, path = WAYS[way]
    proxy = start_proxy(entry("codex-light", upstream))
    body = {"input": "hi"} if "responses" in path else {"messages": [{"role": "user", "content": "hi"}]}
    for words in ("reasoning_effort is odd", "model does not support vision",
                  "System message must be at the beginning.", "unknown parameter `x`", "response_format is odd"):
        upstream.script(error(400, words))
        got = proxy.post(path, {"model": "codex-light", **body})
        assert got.status == 400 and words in got.error["message"]
    assert len(upstream.requests) == 5 and refused(proxy) == []


def test_a_part_whose_removal_does_not_help_is_not_remembered(start_proxy, upstream, make_upstream):
    """The same error without the part: the next deployment is called, and nothing is remembered of the first."""
    second = make_upstream()
    proxy = start_proxy(chat_only("codex-light", upstream, order=1), chat_only("codex-light", second, order=2))
    upstream.always(error(400, "does not support thinking"))
    second.always(answer)
    ask(proxy, reasoning={"effort": "low"})
    assert [has_effort(request.json) for request in upstream.requests] == [True, False]
    assert refused(proxy) == [] and len(second.requests) == 1


def test_several_parts_one_after_another(bridged, upstream):
    checks = [(has_images, "model does not support vision"), (has_effort, "does not support thinking"),
              (has_later_system, "System message must be at the beginning.")]

    def server(request):
        return next((error(500, words) for has, words in checks if has(request.json)), None) or answer(request)
    upstream.always(server)
    body = {"input": KINDS["later_system_messages"][1]["/v1/responses"]["input"] +
            KINDS["images"][1]["/v1/responses"]["input"], "reasoning": {"effort": "low"}}
    ask(bridged, **body)
    ask(bridged, **body)
    assert len(upstream.requests) == 5 and refused(bridged) == ["images", "reasoning_effort", "later_system_messages"]


def test_a_reload_clears_them(start_proxy, upstream):
    proxy = start_proxy(chat_only("codex-light", upstream))
    upstream.always(refusing(has_effort, error(400, "does not support thinking")))
    ask(proxy, reasoning={"effort": "low"})
    assert refused(proxy) == ["reasoning_effort"]
    proxy.reload()
    assert refused(proxy) == []
    ask(proxy, reasoning={"effort": "low"})
    assert [has_effort(request.json) for request in upstream.requests] == [True, False, True, False]


def test_no_cooldown_follows(start_proxy, upstream):
    proxy = start_proxy(chat_only("codex-light", upstream), router_settings={"allowed_fails": 0, "cooldown_time": 60})
    upstream.always(refusing(has_images, error(500, "image input is not supported by this server")))
    ask(proxy, **KINDS["images"][1]["/v1/responses"])
    state = next(iter(proxy.get("/dispatch/state").json["models"].values()))
    assert state["hard_limited"] is False


# Fields by name

@pytest.mark.parametrize("field, value, words, extra", [
    ("temperature", 0.2,
     "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is "
     "supported.", {"param": "temperature", "code": "unsupported_value"}),
    ("access_programs", ["x"], "unknown parameter `access_programs`", {}),
    ("prompt_cache_key", "k", "Validation: Unsupported parameter(s): prompt_cache_key", {}),
    ("store", False, "Invalid JSON payload received. Unknown name \"store\": Cannot find field.", {}),
    ("presence_penalty", 1, "Argument not supported on this model: presencePenalty", {}),
])
def test_a_field_that_is_refused_by_name(start_proxy, upstream, field, value, words, extra):
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(refusing(lambda body: field in body, reply(400, body={"error": {"message": words, **extra}})))
    ask(proxy, "/v1/chat/completions", **{field: value})
    ask(proxy, "/v1/chat/completions", **{field: value})
    assert [field in request.json for request in upstream.requests] == [True, False, False]
    assert refused(proxy) == [field]


@pytest.mark.parametrize("body, words", [
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "Unsupported parameter: 'tools'"),
    ({"n": 2}, "Unsupported parameter: 'n'"), ({"stop": ["x"]}, "Unsupported parameter: 'stop'"),
])
def test_essential_fields_are_not_left_out(start_proxy, upstream, body, words):
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(error(400, words))
    got = proxy.post("/v1/chat/completions",
                     {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}], **body})
    assert got.status == 400 and len(upstream.requests) == 1


def test_a_token_limit_by_its_other_name(bridged, upstream):
    upstream.always(refusing(lambda body: "max_tokens" in body, error(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.")))
    ask(bridged, max_output_tokens=99)
    assert upstream.requests[1].json["max_completion_tokens"] == 99


def test_reasoning_in_the_history_that_is_refused(start_proxy, upstream):
    """This proxy gives chat clients reasoning_content. A client that sends it back meets servers that forbid it."""
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(refusing(lambda body: any("reasoning_content" in m for m in body["messages"]), reply(400, body={
        "message": "messages.1.assistant.reasoning_content: property "
                   "'messages.1.assistant.reasoning_content' is unsupported",
        "type": "invalid_request_error", "param": "validation_error", "code": "wrong_api_format"})))
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "reasoning_content": "c"},
                {"role": "user", "content": "d"}]
    ask(proxy, "/v1/chat/completions", messages=messages)
    assert upstream.requests[1].json["messages"] == [messages[0], {"role": "assistant", "content": "b"}, messages[2]]


# Roles

def test_roles_that_must_alternate(bridged, upstream):
    def alternates(body):
        roles = [m["role"] for m in body["messages"]]
        return all(a != b for a, b in zip(roles, roles[1:])) and "system" not in roles[1:]
    upstream.always(refusing(lambda body: not alternates(body), error(
        400, "After the optional system message, conversation roles must alternate user/assistant/user/assistant/...")))
    ask(bridged, input=[message("developer", "s"), message("user", "a"), message("user", "b"),
                        message("assistant", "c"), message("developer", "d"), message("user", "e")])
    assert [(m["role"], m["content"]) for m in upstream.requests[-1].json["messages"]] == [
        ("system", "s"), ("user", "a\n\nb"), ("assistant", "c"), ("user", "d\n\ne")]
    assert len(upstream.requests) == 2


def test_a_model_without_a_system_role(bridged, upstream):
    upstream.always(refusing(lambda body: body["messages"][0]["role"] == "system",
                             error(400, "System role not supported")))
    ask(bridged, instructions="s")
    assert [m["role"] for m in upstream.requests[1].json["messages"]] == ["user", "user"]


# A server without one of the APIs

PATHS = {
    "FastAPI": reply(404, body={"detail": "Not Found"}), "llama.cpp": error(404, "File Not Found"),
    "Go": reply(404, body=b"404 page not found", content_type="text/plain"), "nothing": reply(404),
    "web page": reply(404, body=b"<html>404 Not Found</html>", content_type="text/html"),
    "405": reply(405, body={"detail": "Method Not Allowed"}), "501": reply(501),
    "LM Studio": reply(200, body={"error": "Unexpected endpoint or method. (POST /v1/responses)"}),
}


def without_path(path, refusal):
    return lambda request: refusal if request.path.endswith(path) else answer(request)


@EACH_MANNER
@pytest.mark.parametrize("refusal", PATHS.values(), ids=PATHS)
def test_a_server_with_only_chat_completions(start_proxy, upstream, refusal, streamed):
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(without_path("/responses", refusal))
    for _ in range(2):
        ask(proxy, streamed=streamed)
    ask(proxy, "/v1/chat/completions", streamed)
    assert [request.path for request in upstream.requests] == ["/v1/responses"] + 3 * ["/v1/chat/completions"]
    assert refused(proxy) == ["responses_api"]
    assert "use_chat_completions_api" in proxy.stderr
    assert proxy.journal()[0]["wire"] == {"client": "responses", "upstream": "chat"}


def test_a_server_with_only_the_responses_api(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(without_path("/chat/completions", PATHS["FastAPI"]))
    ask(proxy, "/v1/chat/completions")
    ask(proxy, "/v1/chat/completions", streamed=True)
    assert [request.path for request in upstream.requests] == ["/v1/chat/completions", "/v1/responses", "/v1/responses"]
    assert refused(proxy) == ["chat_completions_api"]


def test_a_server_with_a_part_of_the_responses_api(start_proxy, upstream):
    """llama.cpp refused every tool that is not a function; Codex has such tools."""
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(refusing(lambda body: any(tool["type"] != "function" for tool in body.get("tools", [])),
                             error(400, "'type' of tool must be 'function'")))
    ask(proxy, tools=[TOOL, {"type": "web_search"}])
    assert [tool["type"] for tool in upstream.requests[1].json["tools"]] == ["function"]


def test_tools_with_an_effort_use_the_responses_api(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(without_path("/chat/completions", error(
        400,
        "Function tools with reasoning_effort are not supported for gpt-5.6-terra in /v1/chat/completions. To use "
        "function tools, use /v1/responses or set reasoning_effort to 'none'.")))
    ask(proxy, "/v1/chat/completions", reasoning_effort="high")
    assert upstream.requests[1].path == "/v1/responses" and upstream.requests[1].json["reasoning"] == {"effort": "high"}


def test_if_neither_path_exists_the_message_says_what_to_check(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(PATHS["FastAPI"])
    got = proxy.post("/v1/responses", {"model": "codex-light", "input": "hi"})
    assert got.status == 404 and "api_base" in got.error["message"] \
        and "use_chat_completions_api" in got.error["message"]
    assert len(upstream.requests) == 2
    state = next(iter(proxy.get("/dispatch/state").json["models"].values()))
    assert state["hard_limited"] and state["refused"] == []


def test_a_missing_model_is_not_a_missing_path(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(error(404, "The model `x` does not exist", "model_not_found"))
    got = proxy.post("/v1/responses", {"model": "codex-light", "input": "hi"})
    assert got.status == 404 and "model's name" in got.error["message"] and len(upstream.requests) == 1


def test_a_request_that_cannot_be_translated_leaves_the_deployment_to_others(start_proxy, upstream, make_upstream):
    """It needs the Responses API, which the server lacks: no cooldown for other requests, and it is not tried there
    again."""
    second = make_upstream()
    proxy = start_proxy(deployment("codex-light", upstream, order=1), deployment("codex-light", second, order=2))
    upstream.always(without_path("/responses", PATHS["FastAPI"]))
    second.always(answer)
    for _ in range(2):
        ask(proxy, previous_response_id="resp_1")
    assert [request.path for request in upstream.requests] == ["/v1/responses"] and len(second.requests) == 2
    ask(proxy, "/v1/chat/completions")
    ask(proxy)
    assert [request.path for request in upstream.requests[1:]] == 2 * ["/v1/chat/completions"]


# State that must come back with tool calls

def calls_without(field):
    return lambda body: any(m["role"] == "assistant" and m.get("tool_calls") and field not in m
                            for m in body["messages"])


HISTORY = [message("user", "run"), {"type": "reasoning", "summary": [{"type": "summary_text", "text": "I must look."}],
                                    "encrypted_content": "pointsman-1."},
           {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
           {"type": "function_call_output", "call_id": "c1", "output": "r"}]


@pytest.mark.parametrize("words", [
    "The `reasoning_content` in the thinking mode must be passed back to the API.",
    "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
])
def test_reasoning_comes_back_after_such_a_refusal(bridged, upstream, words):
    upstream.always(refusing(calls_without("reasoning_content"), error(400, words)))
    ask(bridged, input=HISTORY, tools=[TOOL])
    ask(bridged, input=[*HISTORY, message("user", "next")], tools=[TOOL])
    assert len(upstream.requests) == 3 and refused(bridged) == ["calls_without_reasoning"]
    before, after = (request.json["messages"] for request in upstream.requests[1:])
    assert before[1]["reasoning_content"] == "I must look." and after[:len(before)] == before


@pytest.mark.parametrize("model", ["deepseek/deepseek-v4-pro", "moonshot/kimi-k2.6"])
def test_reasoning_comes_back_to_providers_that_require_it(start_proxy, upstream, model):
    proxy = start_proxy(deployment("codex-light", upstream, model=model))
    upstream.always(refusing(calls_without("reasoning_content"), error(400, "no reasoning")))
    ask(proxy, input=HISTORY, tools=[TOOL])
    ask(proxy, input=[item for item in HISTORY if item["type"] != "reasoning"], tools=[TOOL])
    assert [request.json["messages"][1]["reasoning_content"] for request in upstream.requests] == ["I must look.", ""]


def test_a_chat_client_that_does_not_send_it_back(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(refusing(calls_without("reasoning_content"), error(
        400, "The `reasoning_content` in the thinking mode must be passed back to the API.")))
    calls = [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    ask(proxy, "/v1/chat/completions",
        messages=[{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": calls},
                  {"role": "tool", "tool_call_id": "a", "content": "r"}])
    assert upstream.requests[1].json["messages"][1]["reasoning_content"] == ""


DETAILS = [{"type": "reasoning.text", "text": "I must look.", "format": "google-gemini-v1", "index": 0},
           {"type": "reasoning.encrypted", "data": "c2lnbmF0dXJl", "id": "tool_1", "format": "google-gemini-v1",
            "index": 1}]
PIECES = [{**DETAILS[0], "text": "I must"}, {**DETAILS[0], "text": " look."}, DETAILS[1]]
CALLS = [{"index": n, "id": f"tool_{n + 1}", "type": "function", "function": {"name": "f", "arguments": "{}"}}
         for n in range(2)]


def detailed(streamed, late=False):
    """A reply with reasoning_details and two calls; the details name the first call."""
    if not streamed:
        return chat.whole(None, finish="tool_calls", reasoning="I must look.", reasoning_details=DETAILS,
                          tool_calls=CALLS)
    details = [chat.delta(reasoning_details=[piece]) for piece in PIECES]
    calls = [chat.delta(tool_calls=[call]) for call in CALLS]
    return chat.calls_stream(*(calls + details if late else details + calls))


@pytest.mark.parametrize("streamed, late", [(False, False), (True, False), (True, True)],
                         ids=["whole", "streamed", "late"])
def test_reasoning_details_come_back(start_proxy, upstream, streamed, late):
    """Unchanged, with the ids that they name, and in later turns the same. Another deployment gets none of it."""
    proxy = start_proxy(deployment("codex-light", upstream, model="openrouter/google/gemini-3-pro-preview"),
                        deployment("other", upstream, model="openrouter/other"))
    upstream.script(detailed(streamed, late))
    got = proxy.post("/v1/responses", {"model": "codex-light", "stream": streamed, "input": [message("user", "run")],
                                       "tools": [TOOL]})
    output = [data["item"] for name, data in got.events if name == "response.output_item.done"] if streamed else \
        got.json["output"]
    history = [message("user", "run"), *output,
               *[{"type": "function_call_output", "call_id": item["call_id"], "output": "r"}
                 for item in output if item["type"] == "function_call"]]
    upstream.always(answer)
    ask(proxy, input=history, tools=[TOOL])
    ask(proxy, input=[*history, message("assistant", "x"), message("user", "next")], tools=[TOOL])
    for request in upstream.requests[1:]:
        assistant, *results = request.json["messages"][1:4]
        assert assistant["reasoning_details"] == DETAILS
        assert [call["id"] for call in assistant["tool_calls"]] == ["tool_1", "call00002"]
        assert [result["tool_call_id"] for result in results] == ["tool_1", "call00002"]
    got = proxy.post("/v1/responses", {"model": "other", "input": history, "tools": [TOOL]})
    assert got.status == 200
    assistant = upstream.requests[-1].json["messages"][1]
    assert "reasoning_details" not in assistant and assistant["tool_calls"][0]["id"] == "call00001"


def test_reasoning_details_come_back_after_a_restart(start_proxy, upstream, folder):
    """It changes the master key, not the installation's. Another installation opens none."""
    upstream.script(detailed(False))
    upstream.always(answer)
    history = None
    for home, key in (("one", "sk-canary-master-1-0123456789"), ("one", "sk-canary-master-2-0123456789"),
                      ("two", "sk-canary-master-2-0123456789")):
        (folder / home).mkdir(exist_ok=True)
        proxy = start_proxy(deployment("codex-light", upstream, model="openrouter/google/gemini-3-pro-preview"),
                            keys={"LITELLM_API_KEY": key}, environment={"CODEX_HOME": str(folder / home)})
        got = proxy.post("/v1/responses", {"model": "codex-light", "input": history or [message("user", "run")],
                                           "tools": [TOOL]}, key=key)
        history = history or [message("user", "run"), *got.json["output"], *[
            {"type": "function_call_output", "call_id": item["call_id"], "output": "r"}
            for item in got.json["output"] if item["type"] == "function_call"]]
        proxy.stop()
    found = [request.json["messages"][1].get("reasoning_details") for request in upstream.requests[1:]]
    assert found == [DETAILS, None]


def test_details_that_another_deployment_never_gave(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream, model="openrouter/google/gemini-3-pro-preview"))
    upstream.always(refusing(calls_without("reasoning_details"), reply(400, body={"error": {
        "message": "Provider returned error", "code": 400, "metadata": {
            "raw": "Gemini models require OpenRouter reasoning details to be preserved in each request.",
            "provider_name": "Google AI Studio"}}})))
    ask(proxy, input=HISTORY, tools=[TOOL])
    assistant = upstream.requests[1].json["messages"][1]
    assert assistant["reasoning_details"] == \
        [{"type": "reasoning.encrypted", "data": "skip_thought_signature_validator",
          "id": assistant["tool_calls"][0]["id"], "format": "google-gemini-v1", "index": 0}]
