"""Faults of a stream that has begun, or that begins late."""
import chat_wire as chat
from faults_lab import PATIENCE_S, PROMPT, STREAM, WHOLE, WORDS, answers, error, mock, scenario, variant, wait, words
from faults_refusals import overloaded

# S07

scenario("S07", "slow first token")


def slow(*then):
    """Headers at once, then these steps; without steps, the answer after some seconds."""
    def answer(request):
        steps = answers("primary")(request)
        head, body = steps[0].split(b"\r\n\r\n", 1)
        return [head + b"\r\n\r\n", *(then or (wait(2.5), *([body] if body else []), *steps[1:]))]
    return answer


@variant("within the timeouts it is answered, however slow")
def _(lab):
    lab.provider("primary", slow())
    lab.provider("fallback")
    # At most 2 s may pass between two pieces of a stream, but 10 s before the first.
    lab.start(stream_timeout=10, timeout=2 if lab.streams else 10)
    lab.served(lab.ask(), by="primary")
    lab.calls(primary=1, fallback=0)


@variant("over the timeout of the first token the fallback answers, and the slow call is canceled")
def _(lab):
    primary = lab.provider("primary", slow(mock.HANG))
    lab.provider("fallback")
    lab.start(**({"stream_timeout": 1} if lab.streams else {"timeout": 1}))
    outcome = lab.ask()
    lab.served(outcome, by="fallback")
    lab.check(outcome.seconds < 5, f"soon after the timeout ({outcome.seconds:.1f} s)")
    lab.calls(primary=1, fallback=1)
    lab.check(primary.requests[0].gone.wait(PATIENCE_S), "the provider sees the disconnect")


# S08, S09, S10: a stream breaks in the middle

def broken(*steps, after, rest=()):
    """The answer's first words, then these steps."""
    return mock.stream_open(chat.delta(role="assistant", content=""), *words(0, after), *steps, *rest)


def half_a_body(end):
    """A whole reply, of which only the first part comes."""
    def answer(request):
        reply = answers("primary")(request)[0]
        return [reply[:len(reply) * 3 // 5], end]
    return answer


def breaks(streamed, whole, **router):
    """The variants that these scenarios share: a stream that breaks after the words of `streamed`, and a whole reply
    that breaks."""
    @variant("a stream that has begun ends as a failure", STREAM)
    def _(lab):
        lab.provider("primary", streamed)
        lab.provider("fallback")
        lab.start(**router)
        outcome = lab.ask()
        lab.honest(outcome)
        lab.check(outcome.seconds < 5, f"soon ({outcome.seconds:.1f} s)")
        lab.calls(primary=1, fallback=0)
        lab.served(lab.ask())   # Codex retries
        lab.alive()

    @variant("hold_streams: the fallback's whole answer, without a word of the first", STREAM)
    def _(lab):
        lab.provider("primary", always=streamed)
        lab.provider("fallback")
        lab.start(hold_streams=True, **router)
        lab.served(lab.ask(), by="fallback")
        lab.calls(primary=1, fallback=1)
        lab.alive()

    @variant("a whole reply that breaks in the same way: the fallback answers", WHOLE)
    def _(lab):
        lab.provider("primary", whole)
        lab.provider("fallback")
        lab.start(**router)
        lab.served(lab.ask(), by="fallback")
        lab.calls(primary=1, fallback=1)
        lab.alive()


scenario("S08", "stream truncated in the middle")
breaks(broken(mock.CLOSE, after=40), half_a_body(mock.CLOSE))

scenario("S09", "stream stalls")
breaks(broken(mock.HANG, after=20), half_a_body(mock.HANG), timeout=1)

scenario("S10", "malformed event in the stream")
BAD = mock.chunk(
    b'data: {"id": "chatcmpl-mock", "object": "chat.completion.chunk", "choices": [{"delta": {"content": \n\n')
breaks(broken(BAD, after=10, rest=[*words(10), chat.delta(finish="stop"), chat.usage_chunk(), chat.DONE,
                                   mock.STREAM_END]),
       mock.reply(body=b'{"choices": [{"message": {"role": "assistant", "content": "stat'))


# S11

scenario("S11", "stream ends without [DONE]")


def without_done(*end):
    def spoil(steps):
        return [*mock.stream_open(*steps[:-1]), *end]
    return answers("primary", spoil)


def finalised(lab, reply):
    lab.provider("primary", reply)
    lab.provider("fallback")
    lab.start()
    outcome = lab.ask()
    lab.served(outcome, by="primary")
    lab.check(outcome.seconds < 4, f"at once, not after a timeout ({outcome.seconds:.1f} s)")
    lab.calls(primary=1, fallback=0)
    if lab.wire == "chat":
        lab.check(outcome.done, "the client gets the [DONE] that it may wait for")
    lab.check(lab.journal(1)[0]["end"] == "completed", "the request log has end completed")


@variant("it is complete all the same, with its usage", STREAM)
def _(lab):
    finalised(lab, without_done(mock.STREAM_END))


@variant("the connection is closed before the end of the body", STREAM)
def _(lab):
    finalised(lab, without_done(mock.CLOSE))


@variant("the connection stays open and silent", STREAM)
def _(lab):
    finalised(lab, without_done(mock.HANG))


# S14

scenario("S14", "the fallback refuses a prefill")
PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."


def no_prefill(request):
    if request.json["messages"][-1]["role"] == "assistant":
        return error(400, PREFILL, "invalid_prefill", "invalid_request_error")
    return answers("fallback")(request)


CUT = broken(mock.CLOSE, after=40)


@variant("a truncated stream is reported as truncated, not with the fallback's refusal", STREAM)
def _(lab):
    lab.provider("primary", CUT)
    lab.provider("fallback", always=no_prefill)
    lab.start()
    outcome = lab.ask()
    lab.honest(outcome)
    lab.check("prefill" not in outcome.message, f"nothing about a prefill ({outcome})")
    lab.calls(primary=1, fallback=0)


@variant("hold_streams: the fallback starts over, without the words of the first", STREAM)
def _(lab):
    lab.provider("primary", CUT)
    fallback = lab.provider("fallback", always=no_prefill)
    lab.start(hold_streams=True)
    lab.served(lab.ask(), by="fallback")
    lab.calls(primary=1, fallback=1)
    lab.check(fallback.requests[0].json["messages"][-1]["role"] == "user",
              "the fallback's conversation ends with the user's message")


@variant("the client's own conversation ends with an assistant message, which the fallback refuses: it is answered")
def _(lab):
    lab.provider("primary", always=overloaded())
    lab.provider("fallback", always=no_prefill)
    lab.start()
    outcome = lab.ask([{"role": "user", "content": PROMPT}, {"role": "assistant", "content": " ".join(WORDS[:40])}])
    # The fallback refuses the prefill; the request is repeated with a conversation that ends with the user.
    lab.served(outcome, by="fallback")
    lab.calls(primary=(1, 3), fallback=2)
