"""Faults that a provider reports by an HTTP status, or shows by no reply at all, and their consequences over several
requests."""
import time

from faults_lab import COST, PATIENCE_S, PROMPT, answers, error, mock, scenario, variant


def other_conversation():
    return [{"role": "user", "content": "Something else altogether: " + PROMPT}]


# S01

scenario("S01", "429 with Retry-After")


def slow_down(**fields):
    return error(429, "Rate limit reached, slow down", "rate_limit_exceeded", "rate_limit_error", **fields)


@variant("the fallback answers; the primary is not called before Retry-After")
def _(lab):
    seen = []

    def primary(request):
        seen.append(time.monotonic())
        return slow_down(Retry_After="1") if len(seen) == 1 else answers("primary")(request)
    lab.provider("primary", always=primary)
    lab.provider("fallback")
    lab.start()
    lab.served(lab.ask(), by="fallback")
    lab.calls(primary=1, fallback=1)
    lab.served(lab.until_served_by("primary"), by="primary")
    lab.check(seen[1] - seen[0] >= 0.95, f"the primary is called again after a second ({seen[1] - seen[0]:.2f} s)")


@variant("alone: the client gets its Retry-After, and comes back later")
def _(lab):
    lab.provider("primary", slow_down(Retry_After="1"))
    lab.start()
    outcome = lab.ask()
    lab.fails(outcome, 429, "rate_limit_exceeded", "slow down")
    lab.check(outcome.headers["Retry-After"] == "1", f"Retry-After: 1 ({outcome.headers['Retry-After']})")
    lab.calls(primary=1)
    time.sleep(1)   # the Retry-After
    lab.served(lab.ask(), by="primary")
    lab.calls(primary=2)


# S02

scenario("S02", "429 without Retry-After, persistent")


@variant("the fallback answers every time; the primary is called once, then cools down")
def _(lab):
    lab.provider("primary", always=slow_down())
    lab.provider("fallback")
    lab.start(cooldown_time=60)
    for _ in range(5):
        lab.served(lab.ask(), by="fallback")
    lab.calls(primary=1, fallback=5)


@variant("alone: the client gets an error with a Retry-After that Codex understands")
def _(lab):
    lab.provider("primary", always=slow_down())
    lab.start()
    outcome = lab.ask()
    lab.fails(outcome, 429, "rate_limit_exceeded", "slow down")
    lab.check((outcome.headers["Retry-After"] or "").isdigit() and int(outcome.headers["Retry-After"]) >= 1,
              f"Retry-After in whole seconds ({outcome.headers['Retry-After']})")
    lab.calls(primary=1)


# S03

scenario("S03", "500 once, then healthy")


def broken():
    return error(500, "The server had an error")


@variant("either of the two answers, after one failure")
def _(lab):
    lab.provider("primary", broken())
    lab.provider("fallback")
    lab.start()
    lab.served(lab.ask())
    lab.check(sum(len(provider.requests) for provider in lab.providers.values()) == 2, "two calls in all")


@variant("alone: the same provider is called again")
def _(lab):
    lab.provider("primary", broken())
    lab.start()
    lab.served(lab.ask(), by="primary")
    lab.calls(primary=2)


# S04

scenario("S04", "503, persistent")


def overloaded():
    return error(503, "The engine is currently overloaded", "overloaded")


@variant("the fallback answers")
def _(lab):
    lab.provider("primary", always=overloaded())
    lab.provider("fallback")
    lab.start()
    lab.served(lab.ask(), by="fallback")
    lab.calls(primary=(1, 3), fallback=1)


@variant("alone: the client gets the provider's message with status 503")
def _(lab):
    lab.provider("primary", always=overloaded())
    lab.start()
    lab.fails(lab.ask(), 503, words_of="currently overloaded")
    lab.calls(primary=(1, 3))


# S05

scenario("S05", "TCP reset before the reply")


@variant("either of the two answers")
def _(lab):
    lab.provider("primary", [mock.RESET])
    lab.provider("fallback")
    lab.start()
    lab.served(lab.ask())
    lab.check(sum(len(provider.requests) for provider in lab.providers.values()) == 2, "two calls in all")


@variant("alone: the same provider is called again")
def _(lab):
    lab.provider("primary", [mock.RESET])
    lab.start()
    lab.served(lab.ask(), by="primary")
    lab.calls(primary=2)


@variant("a connection that served before is reset")
def _(lab):
    lab.provider("primary", answers("primary"), [mock.RESET])
    lab.start()
    lab.served(lab.ask(), by="primary")
    lab.served(lab.ask(), by="primary")
    lab.calls(primary=3)


# S06

scenario("S06", "no response at all")


@variant("after the timeout the fallback answers; the silent call is canceled and not repeated")
def _(lab):
    silent = lab.provider("primary", always=[mock.HANG])
    lab.provider("fallback")
    lab.start(timeout=1)
    lab.served(lab.ask(), by="fallback")
    lab.calls(primary=1, fallback=1)
    lab.check(silent.requests[0].gone.wait(PATIENCE_S), "the provider sees the disconnect")


@variant("alone: the client gets an error within the timeout")
def _(lab):
    lab.provider("primary", always=[mock.HANG])
    lab.start(timeout=1)
    outcome = lab.ask()
    lab.fails(outcome, 503, "upstream_timeout", "timeout")
    lab.check(outcome.seconds < 5, f"soon after the timeout ({outcome.seconds:.1f} s)")
    lab.calls(primary=1)


# S12

scenario("S12", "context length exceeded")


def too_long():
    return error(400, "This model's maximum context length is 8192 tokens. Please reduce the length of the messages.",
                 "context_length_exceeded", "invalid_request_error")


@variant("context_window_fallbacks: the larger one answers; the primary is not called again, and no cooldown begins")
def _(lab):
    lab.provider("primary", always=too_long())
    lab.provider("fallback")
    lab.start([lab.entry("model", "primary"), lab.entry("spare", "fallback")],
              context_window_fallbacks=[{"model": ["spare"]}])
    lab.served(lab.ask(), by="fallback")
    lab.calls(primary=1, fallback=1)
    lab.served(lab.ask(other_conversation()), by="fallback")
    lab.calls(primary=2, fallback=2)


@variant("a deployment of the group with a larger context window answers")
def _(lab):
    lab.provider("primary", too_long())
    lab.provider("fallback")
    lab.start([lab.entry("model", "primary", {"max_input_tokens": 9000}, order=1),
               lab.entry("model", "fallback", {"max_input_tokens": 100000}, order=2)])
    lab.served(lab.ask(), by="fallback")
    lab.calls(primary=1, fallback=1)


@variant("nothing larger: the client gets an error after which it can compact; nothing is repeated")
def _(lab):
    lab.provider("primary", always=too_long())
    lab.start()
    lab.fails(lab.ask(), 400, "context_length_exceeded", "maximum context length")
    lab.calls(primary=1)


# S13

scenario("S13", "content filter")


def rejected():
    return error(400, "Your request was rejected by our safety system", "content_policy_violation",
                 "invalid_request_error")


@variant("the client gets the reason; no other deployment is called, and no cooldown begins")
def _(lab):
    lab.provider("primary", rejected())
    lab.provider("fallback")
    lab.start()
    lab.fails(lab.ask(), 400, "content_policy_violation", "rejected by our safety system")
    lab.calls(primary=1, fallback=0)
    lab.served(lab.ask(other_conversation()), by="primary")


@variant("content_policy_fallbacks: the configured fallback answers")
def _(lab):
    lab.provider("primary", always=rejected())
    lab.provider("fallback")
    lab.start([lab.entry("model", "primary"), lab.entry("spare", "fallback")],
              content_policy_fallbacks=[{"model": ["spare"]}])
    lab.served(lab.ask(), by="fallback")
    lab.calls(primary=1, fallback=1)


# S15

scenario("S15", "the primary flaps: down, then healthy")


@variant("every request is answered; trial calls go to the primary, which serves again after its recovery")
def _(lab):
    up = []

    def flapping(request):
        return answers("primary")(request) if up else overloaded()
    primary = lab.provider("primary", always=flapping)
    lab.provider("fallback")
    lab.start(allowed_fails=1, cooldown_time=0.3)
    for _ in range(20):
        lab.served(lab.ask(), by="fallback")
    probes = len(primary.requests)
    lab.check(1 <= probes <= 10, f"20 requests in the outage call the primary 1 to 10 times ({probes})")
    up.append(True)
    lab.served(lab.until_served_by("primary"), by="primary")
    for _ in range(5):
        lab.served(lab.ask(), by="primary")


# S16

scenario("S16", "failover accounting")


@variant("the deployment that answered, its tokens and its price, counted once")
def _(lab):
    lab.provider("primary", always=overloaded())
    lab.provider("fallback")
    lab.start()
    outcome = lab.ask()
    lab.served(outcome, by="fallback")
    lab.check(outcome.model == "fallback", f"the reply names the fallback's model ({outcome.model})")
    counted = ("prompt_tokens", "completion_tokens") if lab.wire == "chat" else ("input_tokens", "output_tokens")
    tokens = [(outcome.usage or {}).get(key) for key in counted]
    lab.check(tokens == [100, 60], f"the usage is the fallback's ({tokens})")
    entries = lab.journal(1)
    lab.check(len(entries) == 1, f"one line in the request log ({len(entries)})")
    entry = entries[0]
    lab.check([(attempt["deployment"], attempt["outcome"]) for attempt in entry["attempts"]][-1:] ==
              [("fallback", "ok")], "the attempts end with the fallback's")
    lab.check({attempt["outcome"] for attempt in entry["attempts"][:-1]} == {"overloaded"} and
              {attempt["deployment"] for attempt in entry["attempts"][:-1]} == {"primary"},
              "the primary's failures are named")
    lab.check((entry["tokens"]["input"], entry["tokens"]["output"], entry["tokens"]["estimated"]) == (100, 60, False),
              f"the request log counts the tokens once ({entry['tokens']})")
    lab.check(abs((entry["cost_usd"] or 0) - COST["fallback"]) < 1e-12,
              f"the cost is at the fallback's price ({entry['cost_usd']})")
