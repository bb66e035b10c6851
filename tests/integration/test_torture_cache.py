"""No memory at any allocation of a request while a cache is configured: the client gets the right reply or an error,
the cache never has a wrong or partial reply, and no block is left."""
import concurrent.futures
import json

from basics import wait_until
import chat_wire as chat
import pytest
import redis_server
import responses_wire as responses
from conftest import deployment
from faults import FOREVER, Memory, Outcome
from torture import LONG, SANITIZED, figure

pytestmark = [pytest.mark.timeout(3600 if LONG else 120),
              pytest.mark.skipif(SANITIZED, reason="the sanitizers have their own allocators")]

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
LONG_TEXT = "0123456789. " * 60     # larger than a buffer's first size
FORMS = {"chat": (CHAT, False), "chat stream": (CHAT, True), "responses": (RESPONSES, False),
         "responses stream": (RESPONSES, True)}
STORES = ["memory", pytest.param("redis", marks=pytest.mark.skipif(not redis_server.BINARY, reason="no redis-server"))]


@pytest.fixture
def memory(folder):
    return Memory(folder)


def text_for(question):
    return f"{question}: {LONG_TEXT}"


def serve(request):
    """A provider of both APIs, whole and streamed, whose answer contains the question."""
    body = request.json
    wire = responses if request.path.endswith("/responses") else chat
    text = text_for(body["input"] if wire is responses else body["messages"][0]["content"])
    return wire.text_stream(text) if body.get("stream") else wire.whole(text)


def body_of(form, question):
    path, stream = FORMS[form]
    body = {"model": "codex-light", "temperature": 0, "stream": stream}
    if path == RESPONSES:
        return {**body, "input": question, "store": False}
    return {**body, "messages": [{"role": "user", "content": question}],
            **({"stream_options": {"include_usage": True}} if stream else {})}


def is_answer(form, question):
    path, stream = FORMS[form]

    def check(text):
        events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")] if stream else []
        if path == RESPONSES:
            whole = events[-1]["response"] if stream else json.loads(text)
            return whole["status"] == "completed" and responses.item_text(whole["output"][-1]) == text_for(question)
        if not stream:
            return json.loads(text)["choices"][0]["message"]["content"] == text_for(question)
        return text.endswith("data: [DONE]\n\n") and text_for(question) == "".join(
            choice["delta"].get("content") or "" for event in events for choice in event["choices"])
    return check


@pytest.fixture
def start(start_proxy, upstream, memory, folder, request):
    """start(store): a proxy with this cache, whose provider answers each question differently."""
    def make(store):
        params = {"type": "local"}
        if store == "redis":
            server = redis_server.Redis(folder / "redis")
            request.addfinalizer(server.close)
            params = {"type": "redis", "host": "127.0.0.1", "port": server.port, "lookup_timeout_ms": 2000}
        upstream.always(serve)
        proxy = start_proxy(deployment("codex-light", upstream), environment=memory.environment,
                            litellm_settings={"cache": True, "cache_params": params})
        if store == "redis":
            wait_until(lambda: proxy.get("/cache/ping").json["redis"] == "up", "Redis to be up")
        return proxy
    return make


def ask(proxy, form, question):
    return Outcome(proxy, FORMS[form][0], body_of(form, question))


def kind(proxy, form, question):
    return ask(proxy, form, question).kind(is_answer(form, question))


def assert_whole(proxy, form, question, first, memory):
    after = ask(proxy, form, question)
    assert after.kind(is_answer(form, question)) == "whole", \
        (first, memory.where, after.status, after.text, proxy.stderr)
    return after


def forget(proxy, store):
    """From the memory; a lookup then goes to Redis."""
    if store == "redis":
        proxy.reload()
        wait_until(lambda: proxy.get("/cache/ping").json["redis"] == "up", "Redis to be up")


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("how_many", [1, FOREVER], ids=["one", "all that follow"])
def test_misses(start, memory, store, form, how_many):
    """A question that is asked for the first time, and again: what was stored meanwhile is the right answer."""
    proxy, kinds = start(store), []
    for first in range(1, 1000):
        with memory.fails(first, how_many):
            kinds.append(kind(proxy, form, f"question {first}"))
        assert proxy.process.poll() is None, (first, memory.where, proxy.stderr)
        assert kinds[-1] in ("whole", "error", "truncated"), (first, memory.where, kinds[-1])
        if not memory.failed:
            break
        for _ in range(2):
            assert_whole(proxy, form, f"question {first}", first, memory)
    figure(f"{store}, {form}, misses: allocations that failed", first - 1)
    assert kinds[-1] == "whole" and "error" in kinds and 20 < first < 999


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("form", FORMS)
def test_hits(start, memory, store, form):
    proxy = start(store)
    assert_whole(proxy, form, "question", 0, memory)
    for first in range(1, 1000):
        forget(proxy, store)
        with memory.fails(first):
            found = kind(proxy, form, "question")
        assert found in ("whole", "error", "truncated"), (first, memory.where, found)
        assert_whole(proxy, form, "question", first, memory)
        if not memory.failed:
            break
    assert found == "whole" and first > 10
    forget(proxy, store)
    assert "; hit" in ask(proxy, form, "question").fields["cache-status"]


def test_equal_requests(start, memory):
    """Several wait for one call."""
    proxy = start("memory")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for first in range(1, 200, 1 if LONG else 5):
            with memory.fails(first):
                found = list(pool.map(lambda _, first=first: kind(proxy, "chat", f"question {first}"), range(4)))
            assert set(found) <= {"whole", "error", "truncated"}, (first, memory.where, found)
            assert_whole(proxy, "chat", f"question {first}", first, memory)
            if not memory.failed:
                break
    state = proxy.get("/cache/ping").json
    assert (state["waiting"], state["detached"]) == (0, 0)


@pytest.mark.parametrize("store", STORES)
def test_nothing_is_left(start, memory, store):
    """After many failures and a flush, there are as many blocks and descriptors as before."""
    proxy = start(store)

    def round_of_failures():
        for form in FORMS:
            for first in range(1, 80, 3):
                with memory.fails(first):
                    ask(proxy, form, f"question {first % 2}")
            assert_whole(proxy, form, "question", 0, memory)
        assert proxy.post("/cache/flushall", {}).status == 200

    round_of_failures()
    files, grown = proxy.open_files + 1, []
    while len(grown) < 2 or (0 not in grown and len(grown) < 4):    # a leak adds at least one in each round
        blocks = memory.live
        round_of_failures()
        wait_until(lambda: proxy.open_files <= files, "its descriptors")
        grown.append(max(0, memory.live - blocks))
    assert 0 in grown, f"blocks more than before: {grown}"
