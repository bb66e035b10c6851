"""Building blocks of the fault scenarios: scripted providers, a proxy for each variant, and a client for each API.

The provider is the one of tests/support, scripted byte for byte. It supports only Chat Completions, so a Responses
client uses the bridge."""
import contextlib
import http.client
import pathlib
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))

import chat_wire as chat                                              # noqa: E402
import mock_upstream as mock                                          # noqa: E402
import proxy_process                                                  # noqa: E402
import responses_wire as responses                                    # noqa: E402

PATHS = {"chat": "/v1/chat/completions", "responses": "/v1/responses"}
PROVIDER_KEY = "sk-faults-provider-0123456789abcdef"
PROMPT = "Count the stations of the line, all sixty of them."
WORDS = [f"station-{n:02}" for n in range(1, 61)]   # every whole answer: a truncated one cannot be mistaken for it
ANSWER = " ".join(WORDS)
PRICES = {"primary": (1e-6, 2e-6), "fallback": (3e-6, 5e-6)}          # USD per token, input and output
USAGE = {"prompt_tokens": 100, "completion_tokens": 60, "total_tokens": 160}
COST = {name: 100 * price[0] + 60 * price[1] for name, price in PRICES.items()}
PATIENCE_S = 20


# The provider's replies

def words(first=0, last=60):
    return [chat.delta((" " if n else "") + WORDS[n]) for n in range(first, last)]


def whole(name):
    return {"id": "chatcmpl-mock", "object": "chat.completion", "created": 1, "model": name, "usage": USAGE,
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ANSWER}}]}


def answers(name, spoil=None):
    """The whole answer, streamed or not as the request asks. spoil(steps) returns other steps for the stream."""
    def answer(request):
        if not request.json.get("stream"):
            return mock.reply(body=whole(name))
        steps = [chat.delta(role="assistant", content=""), *words(), chat.delta(finish="stop")]
        if request.json.get("stream_options", {}).get("include_usage"):
            steps.append(chat.usage_chunk(USAGE))
        steps = [{**step, "model": name} for step in steps] + [chat.DONE]
        return spoil(steps) if spoil else mock.stream(*steps)
    return answer


def error(status, message, code=None, kind="server_error", **headers):
    return mock.reply(status, {name.replace("_", "-"): value for name, value in headers.items()},
                      {"error": {"message": message, "type": kind, "param": None, "code": code}})


def wait(seconds):
    """A step: the provider is silent for that long. The silence is the fault."""
    over = threading.Event()
    timer = threading.Timer(seconds, over.set)
    timer.daemon = True
    timer.start()
    return over


# The client's outcome

class Outcome:
    """A reply, judged as a client of its API judges it.

    end: "complete"; "failed": the reply reports its failure; "refused": an HTTP status other than 200; "truncated":
    it just stops; "invalid": it violates the rules of its API."""

    def __init__(self, wire, reply, seconds):
        self.status, self.headers, self.seconds = reply.status, reply.headers, seconds
        self.body, self.text, self.code, self.message, self.model, self.usage = reply.body, "", None, "", None, None
        self.events, self.done, self.calls, self.output = [], False, [], []
        if reply.status != 200:
            self.end = "refused"
            self._take_error(reply.error)
        elif reply.headers["Content-Type"].startswith("text/event-stream"):
            self.events = reply.events
            (self._chat_stream if wire == "chat" else self._responses_stream)()
        else:
            (self._chat_whole if wire == "chat" else self._responses_whole)(reply.json)

    def _take_error(self, fault):
        self.code, self.message = fault.get("code"), fault.get("message") or ""

    def _chat_stream(self):
        finish = None
        self.end = "truncated"
        for _, data in self.events:
            if data == "[DONE]":
                self.done = True
                continue
            if not isinstance(data, dict) or self.done:
                self.end, self.message = "invalid", f"not a chunk: {data!r}"
                return
            if data.get("error"):
                self.end = "failed"
                self._take_error(data["error"])
                return
            self.model, self.usage = data.get("model"), data.get("usage") or self.usage
            for choice in data.get("choices", []):
                self.text += choice["delta"].get("content") or ""
                finish = choice["finish_reason"] or finish
        if finish:
            self.end = "complete"

    def _responses_stream(self):
        events = [(name, data) for name, data in self.events if data != "[DONE]"]
        fault = responses.stream_fault(events)
        if fault:
            self.end, self.message = "invalid", fault
            return
        self.text = "".join(data["delta"] for name, data in events if name == "response.output_text.delta")
        self.done = any(name == "response.output_item.done" for name, _ in events)
        self._responses_whole(events[-1][1]["response"])

    def _responses_whole(self, response):
        self.model, self.usage, self.output = response["model"], response["usage"], response["output"]
        if response["status"] == "completed":
            self.end = "complete"
            self.text = "".join(responses.item_text(item) for item in response["output"] if item["type"] == "message")
            self.calls = [(item["name"], item["arguments"]) for item in response["output"]
                          if item["type"] == "function_call"]
        else:
            self.end = "failed"
            self._take_error(response["error"] or {})

    def _chat_whole(self, body):
        self.model, self.usage = body["model"], body["usage"]
        self.end, self.text = "complete", body["choices"][0]["message"]["content"]

    @property
    def whole(self):
        return self.end == "complete" and self.text == ANSWER

    def __str__(self):
        words_said = len(self.text.split())
        said = f"{self.end}, {words_said} of 60 words" if self.status == 200 else f"HTTP {self.status}"
        return f"{said}{', ' + str(self.code) if self.code else ''}{': ' + self.message[:160] if self.message else ''}"


# The environment of a variant

class Lab:
    """One variant of a scenario: its providers, its proxy, its checks."""

    def __init__(self, wire, transport, streams):
        self.wire, self.transport, self.streams = wire, transport, streams
        self.faults = []
        self.providers = {}
        self.running = None
        self._exit = contextlib.ExitStack()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pm-faults-", dir="/tmp"))
        self._exit.callback(shutil.rmtree, self.folder)

    def close(self):
        with self._exit:
            if self.running:
                code = self.running.stop() if self.running.process.poll() is None else self.running.process.returncode
                self.check(code == 0, f"the proxy exits with code 0 (exit code {code})")
                self.check(not self.running.leaks(), "no file contains a key")
                self.check("Sanitizer" not in self.running.stderr and "runtime error" not in self.running.stderr,
                           "the sanitizers report nothing")

    def provider(self, name, *script, always=None):
        """A provider with replies for its next requests, then `always` (by default the whole answer)."""
        upstream = mock.Upstream()
        # 127.0.0.1 is called directly; 0.0.0.0 is this machine, too, but called through libcurl.
        if self.transport == "libcurl":
            upstream.base = upstream.base.replace("127.0.0.1", "0.0.0.0")
        upstream.script(*script)
        upstream.always(always or answers(name))
        self.providers[name] = upstream
        self._exit.callback(upstream.close)
        return upstream

    def entry(self, alias, name, info=None, **params):
        price = PRICES[name]
        return {"model_name": alias,
                "litellm_params": {"model": f"openai/{name}", "api_base": self.providers[name].base,
                                   "api_key": "os.environ/FAULTS_API_KEY", "use_chat_completions_api": True, **params},
                "model_info": {"id": name, "input_cost_per_token": price[0], "output_cost_per_token": price[1],
                               **(info or {})}}

    def start(self, entries=None, **router):
        """Starts the proxy. By default the alias `model` has only the primary; if there is a provider named
        fallback, the alias `spare` has it and is the fallback of `model`."""
        if entries is None:
            entries = [self.entry("model", "primary")]
            if "fallback" in self.providers:
                entries.append(self.entry("spare", "fallback"))
                router.setdefault("fallbacks", [{"model": ["spare"]}])
        config = {"model_list": entries, "router_settings": {"timeout": 5, **router}}
        self.running = proxy_process.Proxy(self.folder, config, {"FAULTS_API_KEY": PROVIDER_KEY})
        self._exit.callback(lambda: self.running.process.poll() is None and self.running.kill())

    def ask(self, messages=None, stream=None, tools=(), **fields):
        """Sends one request. Returns the outcome for its client. `tools`: names of functions to offer; `fields`:
        more fields of the body."""
        stream = self.streams if stream is None else stream
        messages = messages or [{"role": "user", "content": PROMPT}]
        body = {"model": "model", "stream": stream, **fields}
        if self.wire == "chat":
            body["messages"] = messages
            if stream:
                body["stream_options"] = {"include_usage": True}
        else:
            body["input"] = messages
        if tools:
            functions = [{"name": name, "parameters": {"type": "object"}} for name in tools]
            body["tools"] = ([{"type": "function", "function": function} for function in functions]
                             if self.wire == "chat" else
                             [{"type": "function", **function} for function in functions])
        began = time.monotonic()
        try:
            reply = self.running.post(PATHS[self.wire], body)
        except (http.client.HTTPException, OSError) as fault:
            raise AssertionError(f"the client's connection failed: {fault!r}") from fault
        return Outcome(self.wire, reply, time.monotonic() - began)

    def until_served_by(self, name):
        """Sends requests until that provider answers. Returns the outcome."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            outcome = self.ask()
            self.check(outcome.whole, f"every request meanwhile is answered ({outcome})")
            if outcome.headers["x-litellm-model-id"] == name or not outcome.whole:
                return outcome
        raise AssertionError(f"{name} did not answer again within {PATIENCE_S} s")

    # Checks

    def check(self, condition, what):
        if not condition:
            self.faults.append(what)
        return bool(condition)

    def served(self, outcome, by=None):
        """The client has the whole answer, from that provider."""
        self.check(outcome.whole, f"the client gets the whole answer ({outcome})")
        self.check(outcome.usage is not None, "the client gets the usage")
        if by:
            self.check(outcome.headers["x-litellm-model-id"] == by,
                       f"{by} serves (x-litellm-model-id: {outcome.headers['x-litellm-model-id']})")

    def fails(self, outcome, status=None, code=None, words_of=""):
        """The client has no answer, and sees it: an error status, or a stream that reports its failure."""
        self.check(outcome.end in ("refused", "failed"), f"the client gets an error ({outcome})")
        self.check(outcome.status != 500, "the status is never 500: Codex retries it 30 times and hides the message")
        if status and outcome.end == "refused":
            self.check(outcome.status == status, f"the status is {status} ({outcome})")
        if code:
            self.check(outcome.code == code, f"the code is {code} ({outcome})")
        self.check(words_of.lower() in outcome.message.lower(), f"the message contains {words_of!r} ({outcome})")

    def honest(self, outcome):
        """A stream that had begun ends as a failure: its text is a part of the answer, nothing marks it as complete,
        no item is finished (Codex would keep and repeat it), and no other answer is mixed in."""
        self.fails(outcome)
        self.check(ANSWER.startswith(outcome.text), f"the text is the answer's beginning ({outcome.text[-60:]!r})")
        self.check(not outcome.done, "nothing marks the answer as complete")

    def calls(self, **expected):
        """Checks how many requests each provider got: a number, or (minimum, maximum)."""
        for name, count in expected.items():
            least, most = count if isinstance(count, tuple) else (count, count)
            seen = len(self.providers[name].requests)
            self.check(least <= seen <= most, f"{name} is called {count} times ({seen})")

    def alive(self):
        """After the fault the proxy serves as before."""
        self.check(self.running.get("/health").status == 200, "the proxy still answers afterwards")

    def journal(self, lines):
        return self.running.journal(lines)


# The scenarios

SCENARIOS = {}    # "S01": (title, [variant, …])
STREAM, WHOLE, BOTH = (True,), (False,), (True, False)


def scenario(number, title):
    SCENARIOS[number] = (title, [])


def variant(name, manners=BOTH):
    """The decorated function is a variant of the last scenario that was declared: run streamed, whole, or both."""
    def add(function):
        function.says, function.manners = name, manners
        list(SCENARIOS.values())[-1][1].append(function)
        return function
    return add
