"""Providers that bill as OpenAI, Anthropic behind OpenRouter, DeepSeek and xAI do: which part of a prompt is read from
a cache, which part is written to it, at which price. Each has several servers with a cache of their own."""
import dataclasses
import hashlib
import json
import typing

import cache_session as session
import chat_wire as chat
import responses_wire as responses
from mock_upstream import stream
from tls_upstream import TlsUpstream

SERVERS = 8
SECONDS_PER_TURN = 40
LOOK_BACK = 20      # blocks: Anthropic


@dataclasses.dataclass
class Provider:
    name: str
    model: str                  # in the configuration
    price: dict                 # USD per million tokens: input, read, write, output
    hint: typing.Callable       # of a request: what selects the server; None: none
    min_tokens: int
    granularity: int            # tokens: a cached prefix is a multiple of this
    life_s: int
    shared: bool = False        # all servers have the same cache
    marks: bool = False         # only up to cache_control
    responses: bool = False


M = 1e-6
PROVIDERS = [
    Provider("openai", "openai/gpt-5.6-sol", {"input": 5, "read": 0.5, "write": 6.25, "output": 30},
             lambda request: request.json.get("prompt_cache_key"), 1024, 128, 1800, responses=True),
    Provider("anthropic-openrouter", "openrouter/anthropic/claude-sonnet-5",
             {"input": 3, "read": 0.3, "write": 3.75, "output": 15},
             lambda request: request.json.get("session_id"), 1024, 1, 300, marks=True),
    Provider("deepseek", "deepseek/deepseek-chat", {"input": 0.28, "read": 0.028, "write": 0.28, "output": 0.42},
             lambda request: None, 64, 64, 7200, shared=True),
    Provider("xai", "xai/grok-5", {"input": 3, "read": 0.75, "write": 3, "output": 15},
             lambda request: request.headers.get("x-grok-conv-id"), 1, 1, 300),
]


def tokens_of(text):
    return (len(text) + 3) // 4


def plain(value):
    """The value without marks; a single part of text is the same as the text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "cache_control"}
    if isinstance(value, list):
        items = [plain(item) for item in value]
        one = len(items) == 1 and isinstance(items[0], dict) and items[0].get("type") == "text"
        return items[0]["text"] if one else items
    return value


def texts(value, names=("text", "content", "arguments", "output", "name", "instructions")):
    """The texts of a message or an item that the model reads."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(texts(item) for item in value)
    if isinstance(value, dict):
        return "".join(texts(item) for key, item in value.items() if key in names or isinstance(item, (dict, list)))
    return ""


def tool_block(tool):
    """The bytes of a tool, and its tokens, whichever API it is written for."""
    definition = tool.get("function", tool)
    read = definition["name"] + definition["description"] + json.dumps(definition["parameters"])
    return json.dumps(tool), tokens_of(read)


def blocks_of(body):
    """(bytes, tokens, whether a mark follows) of each block of a prompt: tools, instructions, then each message."""
    out = [(*tool_block(tool), False) for tool in body.get("tools", [])]
    if body.get("instructions"):
        out.append((body["instructions"], tokens_of(body["instructions"]), False))
    for message in body.get("messages", body.get("input", [])):
        marked = "cache_control" in json.dumps(message.get("content"))
        calls = message.get("tool_calls") or []
        main = {key: value for key, value in message.items() if key != "tool_calls"}
        if calls and not main.get("content"):
            parts = calls       # each call is a block, as is each result
        else:
            parts = [plain(main), *calls]
        out += [(json.dumps(part), tokens_of(texts(part)), marked and part is parts[-1]) for part in parts]
    return out


@dataclasses.dataclass
class Bill:
    prompt: int
    read: int
    write: int
    output: int

    def usd(self, price):
        read, write = self.read, self.write
        return M * ((self.prompt - read - write) * price["input"] + read * price["read"] + write * price["write"] +
                    self.output * price["output"])


class BillingServer(TlsUpstream):
    """Answers the session's steps, and bills each request."""

    def __init__(self, folder, provider):
        self.provider, self.bills, self.clock = provider, [], 0
        self.caches = {}        # server: {hash of a prefix: (tokens, time of its last use)}
        super().__init__(folder)

    def _next_reply(self, request):
        if request.method != "POST":
            return super()._next_reply(request)
        text, calls = session.step(len(self.bills))
        output = tokens_of(text + "".join(calls)) + 8
        bill = self._bill(request, output)
        self.bills.append(bill)
        return self._responses(text, calls, bill) if self.provider.responses else self._chat(text, calls, bill)

    def _bill(self, request, output):
        provider = self.provider
        self.clock += SECONDS_PER_TURN
        hint = provider.hint(request)
        # Without a hint any server answers.
        server = 0 if provider.shared else hash_of(hint) if hint else f"draw {len(self.bills) % SERVERS}"
        cache = self.caches.setdefault(server, {})
        blocks = blocks_of(request.json)
        prefixes, total, state = [], 0, hashlib.sha256()
        for text, count, marked in blocks:
            state.update(text.encode() + b"\0")
            total += count
            prefixes.append((state.hexdigest(), total, marked))
        marks = [i for i, prefix in enumerate(prefixes) if prefix[2]]
        if provider.marks and len(marks) > 4:
            raise AssertionError("more than 4 marks: Anthropic answers 400")
        reachable = set(range(len(prefixes)))
        if provider.marks:
            reachable = {i - back for i in marks for back in range(LOOK_BACK + 1)}
        read = max((tokens for i, (name, tokens, _) in enumerate(prefixes) if i in reachable and
                    self.clock - cache.get(name, -10 ** 9) <= provider.life_s), default=0)
        read = round_down(read, provider)
        end = (prefixes[marks[-1]][1] if marks else 0) if provider.marks else total
        write = end - read if end >= provider.min_tokens and provider.price["write"] != provider.price["input"] else 0
        for name, tokens, marked in prefixes:
            if tokens >= provider.min_tokens and (marked or not provider.marks):
                cache[name] = self.clock
        return Bill(total, read, max(write, 0), output)

    def least_usd(self, bodies):
        """Of the session as the client sent it (`bodies`), with an ideal cache: each request reads all of the one
        before, and the last one, which nothing follows, is not written."""
        price, last, before, usd = self.provider.price, len(bodies) - 1, 0, 0
        for n, (body, bill) in enumerate(zip(bodies, self.bills)):
            prompt = sum(count for _, count, _ in blocks_of(body))
            read = round_down(before, self.provider)
            write = prompt - read if price["write"] != price["input"] and n < last else 0
            usd += Bill(prompt, read, write, bill.output).usd(price)
            before = prompt
        return usd

    def usd(self):
        return sum(bill.usd(self.provider.price) for bill in self.bills)

    def _usage(self, bill):
        total = {"total_tokens": bill.prompt + bill.output}
        if self.provider.responses:
            return {"input_tokens": bill.prompt, "output_tokens": bill.output, **total,
                    "input_tokens_details": {"cached_tokens": bill.read, "cache_write_tokens": bill.write},
                    "output_tokens_details": {"reasoning_tokens": 0}}
        usage = {"prompt_tokens": bill.prompt, "completion_tokens": bill.output, **total}
        if self.provider.name == "deepseek":
            return {**usage, "prompt_cache_hit_tokens": bill.read, "prompt_cache_miss_tokens": bill.prompt - bill.read}
        details = {"cached_tokens": bill.read, **({"cache_write_tokens": bill.write} if self.provider.marks else {})}
        return {**usage, "prompt_tokens_details": details}

    def _chat(self, text, calls, bill):
        if text:
            return chat.text_stream(text, usage=self._usage(bill))
        number = len(self.bills)
        deltas = [delta for n, arguments in enumerate(calls)
                  for delta in chat.call_deltas(f"c{number}_{n}", f"tool_{n % 12}", {"text": arguments}, index=n)]
        return chat.calls_stream(*deltas, usage=self._usage(bill))

    def _responses(self, text, calls, bill):
        number = len(self.bills)
        items = [responses.message(text)] if text else [
            {"type": "function_call", "id": f"fc_{number}_{n}", "call_id": f"c{number}_{n}", "name": f"tool_{n % 12}",
             "arguments": json.dumps({"text": arguments}), "status": "completed"} for n, arguments in enumerate(calls)]
        events = [responses.created()]
        for n, item in enumerate(items):
            events += [responses.named("response.output_item.added", output_index=n, item=item),
                       responses.named("response.output_item.done", output_index=n, item=item)]
        end = responses.response(output=items, usage=self._usage(bill))
        return stream(*events, responses.named("response.completed", response=end))


def round_down(tokens, provider):
    """What of a prefix is cached."""
    return tokens // provider.granularity * provider.granularity if tokens >= provider.min_tokens else 0


def hash_of(text):
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % SERVERS
