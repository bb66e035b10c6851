"""Refusals of a part of a request: the proxy repeats the request once without the part, on the same provider, and
leaves the part out from then on."""
import json

from faults_lab import PATHS, PROMPT, answers, chat, error, mock, scenario, variant

PIXEL = "data:image/png;base64,iVBORw0KGgo="


def refuses(lab, has, refusal):
    """The primary refuses bodies for which has(body) is true."""
    lab.provider("primary", always=lambda request: refusal if has(request.json) else answers("primary")(request))
    lab.provider("fallback")


def served_without(lab, name, **request):
    """Two requests make three calls; no cooldown follows, and the status names the part that is left out."""
    for _ in range(2):
        lab.served(lab.ask(**request), by="primary")
    lab.calls(primary=3, fallback=0)
    state = lab.running.get("/dispatch/state").json["models"]["primary"]
    lab.check([row["part"] for row in state["refused"]] == [name], f"/dispatch/state says {name} ({state['refused']})")
    lab.check(not state["hard_limited"], "no cooldown")
    lab.check(lab.journal(2)[0]["attempts"][0]["again_without"] == [name], "the request log has again_without")


def said(role, text):
    return {"role": role, "content": text}


# S24

scenario("S24", "a system message in the middle is refused")
MOVED = [said("system", "Be exact."), said("user", "Hello."), said("assistant", "Hello."),
         said("system", "<model_switch>"), said("user", PROMPT)]


def has_later_system(body):
    return any(message["role"] == "system" for message in body["messages"][1:])


@variant("with status 500 by a template: it becomes a user message, then and later")
def _(lab):
    refuses(lab, has_later_system, error(500, "Jinja Exception: System message must be at the beginning."))
    lab.start()
    served_without(lab, "later_system_messages", messages=MOVED)
    before, after = (request.json["messages"] for request in lab.providers["primary"].requests[1:])
    lab.check(before == after, "the same messages in each turn")
    lab.check("<model_switch>" in json.dumps(before), "its text is kept")


# S25

scenario("S25", "an effort is refused")
EFFORT = {"chat": {"reasoning_effort": "high"}, "responses": {"reasoning": {"effort": "high"}}}


@variant("any effort: it is left out")
def _(lab):
    refuses(lab, lambda body: "reasoning_effort" in body, error(400, '"x" does not support thinking'))
    lab.start()
    served_without(lab, "reasoning_effort", **EFFORT[lab.wire])


@variant("all but those in the error: the nearest of these is sent")
def _(lab):
    refuses(lab, lambda body: body.get("reasoning_effort") not in (None, "medium"),
            error(422, "`reasoning_effort` must be one of `none`, `low`, `medium`"))
    lab.start()
    served_without(lab, "reasoning_effort_value", **EFFORT[lab.wire])
    lab.check(lab.providers["primary"].requests[-1].json["reasoning_effort"] == "medium", "medium")


# S26

scenario("S26", "images are refused")
SHOWN = {"chat": [{"role": "user", "content": [{"type": "text", "text": PROMPT},
                                               {"type": "image_url", "image_url": {"url": PIXEL}}]}],
         "responses": [{"role": "user", "content": [{"type": "input_text", "text": PROMPT},
                                                    {"type": "input_image", "image_url": PIXEL}]}]}
NO_IMAGES = [(500, "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"),
             (422, "At most 0 image(s) may be provided in one request."),
             (404, "No endpoints found that support image input")]


def without_images(status, words):
    @variant(f"with status {status}: a line of text replaces them")
    def _(lab):
        refuses(lab, lambda body: "image_url" in json.dumps(body), error(status, words))
        lab.start()
        served_without(lab, "images", messages=SHOWN[lab.wire])


for refusal in NO_IMAGES:
    without_images(*refusal)


# S27

scenario("S27", "a server has no Responses API")
NO_PATH = {"404": error(404, "Not Found"), "405": mock.reply(405),
           "200 and an error": mock.reply(body={"error": "Unexpected endpoint or method. (POST /v1/responses)"})}


def without_path(words, refusal):
    @variant(f"{words}: Chat Completions is used, without another attempt later")
    def _(lab):
        lab.provider("primary", always=lambda request: refusal if request.path == PATHS["responses"] else
                     answers("primary")(request))
        lab.start([lab.entry("model", "primary", use_chat_completions_api=False)], cooldown_time=60, allowed_fails=0)
        for _ in range(2):
            lab.served(lab.ask(), by="primary")
        lab.calls(primary=3 if lab.wire == "responses" else 2)
        found = lab.running.get("/dispatch/state").json["models"]["primary"]["refused"]
        lab.check([row["part"] for row in found] == (["responses_api"] if lab.wire == "responses" else []),
                  f"/dispatch/state has responses_api ({found})")


for words, refusal in NO_PATH.items():
    without_path(words, refusal)


# S28

scenario("S28", "tool calls come back without state that the provider sent with them")
RUN = {"chat": [said("user", PROMPT), {"role": "assistant", "content": None, "tool_calls": [
           {"id": "c1", "type": "function", "function": {"name": "run", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "c1", "content": "done"}],
       "responses": [said("user", PROMPT), {"type": "function_call", "call_id": "c1", "name": "run", "arguments": "{}"},
                     {"type": "function_call_output", "call_id": "c1", "output": "done"}]}
DETAILS = [{"type": "reasoning.encrypted", "data": "c2VhbGVk", "id": "tool_1", "format": "google-gemini-v1",
            "index": 0}]
CALL = {"index": 0, "id": "tool_1", "type": "function", "function": {"name": "run", "arguments": "{}"}}


def lacks(field):
    return lambda body: any(field not in m for m in body["messages"] if m.get("tool_calls"))


@variant("reasoning_content: an empty one is sent with them")
def _(lab):
    refuses(lab, lacks("reasoning_content"),
            error(400, "The `reasoning_content` in the thinking mode must be passed back to the API."))
    lab.start()
    served_without(lab, "calls_without_reasoning", messages=RUN[lab.wire], tools=["run"])


@variant("reasoning_details: a Responses client returns them")
def _(lab):
    def calls(request):
        if not request.json.get("stream"):
            return chat.whole(None, "tool_calls", tool_calls=[CALL], reasoning_details=DETAILS)
        return chat.calls_stream(chat.delta(reasoning_details=DETAILS), chat.delta(tool_calls=[CALL]))
    refuses(lab, lacks("reasoning_details"),
            error(400, "Gemini models require OpenRouter reasoning details to be preserved"))
    lab.providers["primary"].script(calls)
    lab.start()
    if lab.wire == "chat":
        return    # its own body would have to return them
    output = lab.ask(tools=["run"]).output
    results = [{"type": "function_call_output", "call_id": item["call_id"], "output": "done"}
               for item in output if item["type"] == "function_call"]
    lab.served(lab.ask([said("user", PROMPT), *output, *results], tools=["run"]), by="primary")
    lab.calls(primary=2, fallback=0)
    lab.check(lab.providers["primary"].requests[1].json["messages"][1]["reasoning_details"] == DETAILS,
              "the details are unchanged")
