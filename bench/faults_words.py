"""Failures with unusual messages, in unusual places, or that look like success."""
import json

import chat_wire as chat
from faults_lab import ANSWER, STREAM, USAGE, WHOLE, answers, error, mock, scenario, variant, wait, whole, words


def start_group(lab, **router):
    """Both providers serve the same alias, the primary first: after its failure the other one is next."""
    lab.start([lab.entry("model", "primary", order=1), lab.entry("model", "fallback", order=2)], allowed_fails=20,
              **router)


# S17

scenario("S17", "finish_reason that means failure")


def ends(reason, after=60):
    """The answer's first words, streamed or whole as the request asks, and a finish_reason."""
    def answer(request):
        if not request.json.get("stream"):
            body = whole("primary")
            said = " ".join(ANSWER.split()[:after])
            body["choices"][0].update(finish_reason=reason, message={"role": "assistant", "content": said})
            return mock.reply(body=body)
        return mock.stream(chat.delta(role="assistant", content=""), *words(0, after), chat.delta(finish=reason),
                           chat.usage_chunk(USAGE), chat.DONE)
    return answer


@variant("before any content the fallback answers: abort, network_error, insufficient_system_resource, error")
def _(lab):
    reasons = ["abort", "network_error", "insufficient_system_resource", "error"]
    lab.provider("primary", *[ends(reason, 0) for reason in reasons])
    lab.provider("fallback")
    start_group(lab)
    for _ in reasons:
        lab.served(lab.ask(), by="fallback")
    lab.calls(primary=4, fallback=4)


@variant("after content the stream ends as a failure", STREAM)
def _(lab):
    def abort(request):
        return [*mock.stream_open(chat.delta(role="assistant", content=""), *words(0, 20)), wait(0.2),
                *map(mock.event, [chat.delta(finish="abort"), chat.usage_chunk(USAGE)]), chat.DONE, mock.STREAM_END]
    lab.provider("primary", abort)
    lab.start()
    outcome = lab.ask()
    lab.honest(outcome)
    lab.check("abort" in outcome.message, f"the message has the provider's finish_reason ({outcome})")


@variant("a whole reply that was interrupted: the fallback answers", WHOLE)
def _(lab):
    lab.provider("primary", ends("network_error", 20))
    lab.provider("fallback")
    start_group(lab)
    lab.served(lab.ask(), by="fallback")


@variant("a token limit by another name is incomplete: model_length, MAX_TOKENS, model_context_window_exceeded")
def _(lab):
    reasons = ["model_length", "MAX_TOKENS", "model_context_window_exceeded"]
    lab.provider("primary", *[ends(reason, 20) for reason in reasons])
    lab.start()
    for _ in reasons:
        lab.ask()
    lab.check([entry["end"] for entry in lab.journal(3)] == ["incomplete"] * 3, "the request log has end incomplete")


# S18

scenario("S18", "tool calls that are sent twice, or whole in each piece, or end in a brace")
RUN = '{"cmd":"rm -r build"}'
NESTED = '{"env": {"A":"1"},"cmd":"ls"}'


def piece(arguments, **fields):
    function = {"name": "exec", "arguments": arguments, **fields}
    return chat.delta(tool_calls=[{"index": 0, "id": "call_a", "type": "function", "function": function}])


def calls_once(says, expected, *pieces):
    @variant(says, STREAM)
    def _(lab):
        lab.provider("primary", mock.stream(*pieces, chat.delta(finish="tool_calls"), chat.usage_chunk(USAGE),
                                            chat.DONE))
        lab.start()
        outcome = lab.ask(tools=["exec"])
        lab.check(outcome.end == "complete", f"it is complete ({outcome})")
        if lab.wire == "responses":     # a chat client gets the provider's bytes
            lab.check(outcome.calls == [("exec", expected)], f"one call, with these arguments ({outcome.calls})")


calls_once("the whole call once more at its end", RUN, piece(RUN[:7]), piece(RUN[7:]), piece(RUN))
calls_once("its arguments once more, without the name", RUN, piece(RUN[:7]), piece(RUN[7:]), piece(RUN, name=None))
calls_once("all arguments so far in each piece", RUN, piece(""), piece(RUN[:1]), piece(RUN[:9]), piece(RUN))
calls_once("id and name in each piece, one of which ends in a brace", NESTED, piece(""), piece(NESTED[:7]),
           piece(NESTED[7:17]), piece(NESTED[17:]))


# S19

scenario("S19", "a stream with another Content-Type")


def called(content_type):
    """The whole stream with another Content-Type."""
    kind = f"Content-Type: {content_type}\r\n" if content_type else ""
    head = f"HTTP/1.1 200 Mock\r\n{kind}Transfer-Encoding: chunked\r\n\r\n".encode()
    return answers("primary", lambda steps: [head, *mock.stream(*steps)[1:]])


@variant("text/plain, application/json, none at all: it is the answer", STREAM)
def _(lab):
    types = ["text/plain; charset=utf-8", "application/json", None]
    lab.provider("primary", *map(called, types))
    lab.start()
    for _ in types:
        lab.served(lab.ask(), by="primary")


@variant("a whole answer with the Content-Type of a stream is the answer, too")
def _(lab):
    body = json.dumps(whole("primary")).encode()
    lab.provider("primary", *[mock.reply(body=body + end, content_type="text/event-stream")
                              for end in (b"", b"\n\ndata: [DONE]\n\n")])
    lab.start()
    lab.served(lab.ask(), by="primary")
    lab.served(lab.ask(), by="primary")


# S20

scenario("S20", "errors of a provider behind a gateway")
LONG = "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000 tokens."
UNPAID = {"message": "Your account is suspended due to insufficient balance", "type": "exceeded_current_quota_error"}


def behind(status, raw):
    return mock.reply(status, body={"error": {"message": "Provider returned error", "code": status,
                                              "metadata": {"raw": raw, "provider_name": "Example"}}})


@variant("its message is shown and decides: a prompt that is too long")
def _(lab):
    lab.provider("primary", behind(400, json.dumps({"error": {"message": LONG}})), behind(400, LONG))
    lab.start()
    for _ in range(2):
        lab.fails(lab.ask(), 400, "context_length_exceeded", f"Example: {LONG}")
    lab.calls(primary=2)


@variant("an exhausted quota is not a rate limit: the fallback answers, the primary cools down")
def _(lab):
    lab.provider("primary", always=behind(429, json.dumps({"error": UNPAID})))
    lab.provider("fallback")
    lab.start()
    lab.served(lab.ask(), by="fallback")
    lab.served(lab.ask(), by="fallback")
    lab.calls(primary=1, fallback=2)
    lab.check(lab.journal(2)[0]["attempts"][0]["outcome"] == "quota", "the request log has outcome quota")


# S21

scenario("S21", "the model's tool call cannot be parsed by its provider")


def unreadable(request):
    return error(400, "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
                 "tool_use_failed", "invalid_request_error")


@variant("the fallback answers")
def _(lab):
    lab.provider("primary", always=unreadable)
    lab.provider("fallback")
    lab.start()
    lab.served(lab.ask(), by="fallback")
    lab.calls(primary=(1, 2), fallback=1)


@variant("alone: the request is repeated once; then the client gets an error that it retries")
def _(lab):
    lab.provider("primary", unreadable, answers("primary"), always=unreadable)
    lab.start()
    lab.served(lab.ask(), by="primary")
    lab.fails(lab.ask(), 503, words_of="Failed to call a function")
    lab.calls(primary=4)


@variant("as an event of the stream: the fallback answers", STREAM)
def _(lab):
    fault = {"error": {"message": "tool call validation failed", "code": "tool_use_failed", "status_code": 400}}
    lab.provider("primary", mock.stream(chat.delta(role="assistant", content=""), mock.event(fault, name="error")))
    lab.provider("fallback")
    start_group(lab)
    lab.served(lab.ask(), by="fallback")


# S22

scenario("S22", "a prompt larger than the limit per minute")


def larger(request, status=413):
    return mock.reply(status, {"Retry-After": "2"}, {"error": {
        "message": "Request too large for model `x` on tokens per minute (TPM): Limit 8000, Requested 38369, please "
                   "reduce your message size and try again.", "type": "tokens", "code": "rate_limit_exceeded"}})


@variant(
    "waiting does not help: the client gets an error after which it can compact; smaller requests are served at once")
def _(lab):
    lab.provider("primary", larger, lambda request: larger(request, 429))
    lab.start()
    for _ in range(2):
        outcome = lab.ask()
        lab.fails(outcome, 400, "context_length_exceeded", "Limit 8000, Requested 38369")
        lab.check(outcome.headers["Retry-After"] is None, "no Retry-After")
    lab.served(lab.ask(), by="primary")
    lab.calls(primary=3)


@variant("another deployment has a higher limit")
def _(lab):
    lab.provider("primary", always=larger)
    lab.provider("fallback")
    lab.start()
    lab.served(lab.ask(), by="fallback")
    lab.served(lab.ask(), by="fallback")
    lab.calls(primary=2, fallback=2)    # no cooldown: the next prompt may be smaller


# S23

scenario("S23", "an error in a reply of status 200")
FAULTS = [{"error": {"message": "boom", "code": 502}}, {"error": "boom"},
          {"object": "error", "message": "boom", "code": 500},
          {"base_resp": {"status_code": 1000, "status_msg": "boom"}, "choices": None}, {"detail": "boom"}]


@variant("as its body, whatever its Content-Type: the fallback answers")
def _(lab):
    lab.provider("primary", *[mock.reply(body=fault, content_type=kind) for fault in FAULTS
                              for kind in ("application/json", "text/event-stream")])
    lab.provider("fallback")
    start_group(lab)
    for _ in range(10):
        lab.served(lab.ask(), by="fallback")
    lab.check({entry["attempts"][0]["outcome"] for entry in lab.journal(10)} == {"server"},
              "the request log has outcome server")


@variant("as an event before any content: the fallback answers", STREAM)
def _(lab):
    lab.provider("primary", *[mock.stream(chat.delta(role="assistant", content=""), fault) for fault in FAULTS],
                 mock.stream(mock.chunk(b'error: {"message":"boom"}\n\n')),
                 mock.stream(mock.chunk(b'{"error":"boom"}\n')))
    lab.provider("fallback")
    start_group(lab)
    for _ in range(7):
        lab.served(lab.ask(), by="fallback")
