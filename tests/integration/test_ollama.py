"""Ollama's differences from other servers: it starts and stops, and it silently truncates a prompt that is longer
than the context its model was loaded with."""
import chat_wire as chat
import pytest
from basics import free_port, wait_until
from conftest import chat_only, deployment
from mock_upstream import CLOSE, HANG, error, reply

MODEL = "qwen2.5-coder:3b"
SHORT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
# About 14,000 to 25,000 tokens.
LONG = {"model": "codex-light", "messages": [{"role": "user", "content": "word " * 20000}]}


class Ollama:
    """The server's answers, in any order of requests."""

    def __init__(self, window, loaded=False, loads=True):
        self.window, self.loaded, self.loads = window, loaded, loads

    def __call__(self, request):
        if request.path == "/v1/models":
            return reply(body={"object": "list", "data": [{"id": MODEL, "object": "model"}]})
        if request.path == "/api/ps":
            if self.window is None:
                return error(404)
            loaded = [{"name": MODEL, "model": MODEL, "context_length": self.window}] if self.loaded else []
            return reply(body={"models": [{"name": "other", "model": "other", "context_length": 1}, *loaded]})
        if request.path == "/api/generate":
            self.loaded = self.loads
            return reply(body={"model": MODEL, "response": "", "done": True,
                               "done_reason": "load"}) if self.loads else error(500)
        return chat.whole("from this machine")


def start(start_proxy, upstream, second, ollama):
    """Ollama first, another provider after it. Returns once the proxy has asked for the context window."""
    upstream.always(ollama)
    second.always(chat.whole("from afar"))
    local = deployment("codex-light", upstream, model=f"ollama/{MODEL}", order=1)
    local["model_info"] = {"max_input_tokens": 32768}
    return start_proxy(local, deployment("codex-light", second, order=2))


def asked(upstream, path, times):
    wait_until(lambda: [request.path for request in upstream.requests].count(path) >= times, f"{times} times {path}")


def answer(proxy, body):
    return proxy.post("/v1/chat/completions", body).json["choices"][0]["message"]["content"]


def test_a_prompt_that_the_loaded_model_would_truncate_goes_elsewhere(start_proxy, upstream, make_upstream):
    proxy = start(start_proxy, upstream, make_upstream(), Ollama(8192, loaded=True))
    wait_until(lambda: "Ollama context is 8192 tokens" in proxy.stderr, "the warning")
    assert "OLLAMA_CONTEXT_LENGTH=32768" in proxy.stderr
    assert answer(proxy, SHORT) == "from this machine"
    assert answer(proxy, LONG) == "from afar"
    assert not any(request.path == "/api/generate" for request in upstream.requests)


def test_a_large_context_window_is_used(start_proxy, upstream, make_upstream):
    proxy = start(start_proxy, upstream, make_upstream(), Ollama(32768, loaded=True))
    wait_until(lambda: answer(proxy, LONG) == "from this machine", "the context window to be known")
    assert "OLLAMA_CONTEXT_LENGTH" not in proxy.stderr


def test_a_model_is_loaded_once_to_find_its_context_window(start_proxy, upstream, make_upstream):
    proxy = start(start_proxy, upstream, make_upstream(), Ollama(32768))
    wait_until(lambda: answer(proxy, LONG) == "from this machine", "the context window to be known")
    loads = [request for request in upstream.requests if request.path == "/api/generate"]
    assert [load.json for load in loads] == [{"model": MODEL, "stream": False, "keep_alive": "10s"}]


def test_an_unknown_context_window_counts_as_small(start_proxy, upstream, make_upstream):
    proxy = start(start_proxy, upstream, make_upstream(), Ollama(32768, loads=False))
    asked(upstream, "/api/ps", 2)
    assert answer(proxy, SHORT) == "from this machine"
    assert answer(proxy, LONG) == "from afar"


def test_another_server_with_the_same_api_has_its_configured_window(start_proxy, upstream, make_upstream):
    proxy = start(start_proxy, upstream, make_upstream(), Ollama(None))
    wait_until(lambda: answer(proxy, LONG) == "from this machine", "the answer that it is not Ollama")


def test_without_another_deployment_the_reason_is_reported(start_proxy, upstream):
    upstream.always(Ollama(4096, loaded=True))
    local = deployment("codex-light", upstream, model=f"ollama/{MODEL}")
    local["model_info"] = {"max_input_tokens": 32768}
    proxy = start_proxy(local)
    asked(upstream, "/api/ps", 1)
    answer = proxy.post("/v1/chat/completions", LONG)
    assert (answer.status, answer.error["code"]) == (400, "context_length_exceeded")
    assert "context window of 4096 tokens" in answer.error["message"] \
        and "OLLAMA_CONTEXT_LENGTH=32768" in answer.error["message"]


def test_a_server_that_starts_is_waited_for(start_proxy, make_upstream):
    """Until then clients get an error that they retry; an unknown model would be final."""
    port = free_port()
    base = f"http://127.0.0.1:{port}/v1"
    proxy = start_proxy(deployment("codex-light", base, model=f"ollama/{MODEL}"))
    for _ in range(2):
        answer = wait_until(lambda: unless_connected(proxy), "the first health check")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
        assert answer.error["code"] == "upstream_unreachable" and "ollama serve" in answer.error["message"]
    make_upstream("127.0.0.1", port).always(Ollama(None))
    statuses = []

    def is_served():
        statuses.append(proxy.post("/v1/chat/completions", SHORT).status)
        return statuses[-1] == 200
    wait_until(is_served, "the next health check", seconds=10, every_s=0.1)    # in 2 s; they are 15 s apart otherwise
    assert set(statuses) <= {200, 503}


def unless_connected(proxy):
    """The reply to a request, or None if it was sent to the server before the first health check had ended."""
    answer = proxy.post("/v1/chat/completions", SHORT)
    return answer if "nothing listens" not in answer.error["message"] else None


@pytest.mark.parametrize("reply, status", [
    (reply(body={"object": "list", "data": []}), 404), (error(404), 404), (error(500), 503), ([CLOSE], 503),
    ([HANG], 503),
], ids=["no model", "another server", "an error", "a cut", "silence"])
def test_temporary_and_permanent_errors(start_proxy, upstream, reply, status):
    """A model that was not pulled stays missing; a server that is starting will answer."""
    upstream.always(reply)
    proxy = start_proxy(deployment("codex-light", upstream, model=f"ollama/{MODEL}"))
    wait_until(lambda: proxy.get("/health").json["unhealthy_count"] == 1, "the first health check")
    answer = proxy.post("/v1/chat/completions", SHORT)
    assert (answer.status, answer.headers["Retry-After"]) == (status, "2" if status == 503 else None)


def test_the_advice_matches_the_server(start_proxy, upstream):
    upstream.always(reply(body={"object": "list", "data": []}))
    proxy = start_proxy(deployment("down", f"http://127.0.0.1:{free_port()}/v1", model="lm_studio/m"),
                        deployment("empty", upstream, model="lm_studio/m"))
    wait_until(lambda: proxy.get("/health").json["unhealthy_count"] == 2, "the first health checks")
    for alias, words in (("down", "no server answers"), ("empty", "does not list the model m")):
        message = proxy.post("/v1/chat/completions", {**SHORT, "model": alias}).error["message"]
        assert words in message and "ollama" not in message.lower()


TOOL = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
TOOLS = {"/v1/chat/completions": [{"type": "function", "function": TOOL}],
         "/v1/responses": [{"type": "function", **TOOL}]}
LIMITS = {"/v1/chat/completions": "max_completion_tokens", "/v1/responses": "max_output_tokens"}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("path", TOOLS)
@pytest.mark.parametrize("model, knows", [(f"ollama/{MODEL}", False), ("openai/m", True)], ids=["Ollama", "others"])
def test_a_request_in_ollamas_terms(start_proxy, upstream, path, streamed, model, knows):
    """Ollama ignores max_completion_tokens and tool_choice; for chat passed through, and translated."""
    models = reply(body={"object": "list", "data": [{"id": MODEL, "object": "model"}]})
    upstream.always(lambda request: chat.either("Hello.")(request) if request.method == "POST" else models)
    proxy = start_proxy(chat_only("codex-light", upstream, model=model))
    body = {"model": "codex-light", "stream": streamed, "tools": TOOLS[path], LIMITS[path]: 20,
            "messages" if "chat" in path else "input": [{"role": "user", "content": "count"}]}
    for choice in ("none", "auto"):
        answer = proxy.post(path, {**body, "tool_choice": choice})
        assert answer.status == 200 and b"Hello." in answer.body
    none, auto = [request.json for request in upstream.requests if request.path == "/v1/chat/completions"]
    assert ("tools" in none, "tool_choice" in none) == (knows, knows)
    assert ("tools" in auto, auto["tool_choice"]) == (True, "auto")
    limit = "max_completion_tokens" if knows and "chat" in path else "max_tokens"
    assert [set(sent) & {"max_tokens", "max_completion_tokens"} for sent in (none, auto)] == [{limit}, {limit}]
    assert none[limit] == auto[limit] == 20
