"""Ollama cuts a prompt that is longer than the context its model was loaded with, and says nothing: no such prompt is sent."""
from basics import wait_until
import chat_wire as chat
from conftest import deployment
from mock_upstream import error, reply

MODEL = "qwen2.5-coder:3b"
SHORT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
LONG = {"model": "codex-light", "messages": [{"role": "user", "content": "word " * 20000}]}    # some 14,000 to 25,000 tokens


class Ollama:
    """What the server answers, whatever order it is asked in."""

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
            return reply(body={"model": MODEL, "response": "", "done": True, "done_reason": "load"}) if self.loads else error(500)
        return chat.whole("from this machine")


def start(start_proxy, upstream, second, ollama):
    """Ollama first, another provider behind it; returns once the window was asked for."""
    upstream.always(ollama)
    second.always(chat.whole("from afar"))
    local = deployment("codex-light", upstream, model=f"ollama/{MODEL}", order=1)
    local["model_info"] = {"max_input_tokens": 32768}
    return start_proxy(local, deployment("codex-light", second, order=2))


def asked(upstream, path, times):
    wait_until(lambda: [request.path for request in upstream.requests].count(path) >= times, f"{times} times {path}")


def answer(proxy, body):
    return proxy.post("/v1/chat/completions", body).json["choices"][0]["message"]["content"]


def test_a_prompt_goes_elsewhere_that_the_loaded_model_would_cut(start_proxy, upstream, make_upstream):
    proxy = start(start_proxy, upstream, make_upstream(), Ollama(8192, loaded=True))
    wait_until(lambda: "takes 8192 tokens" in proxy.stderr, "the warning")
    assert "OLLAMA_CONTEXT_LENGTH=32768" in proxy.stderr
    assert answer(proxy, SHORT) == "from this machine"
    assert answer(proxy, LONG) == "from afar"
    assert not any(request.path == "/api/generate" for request in upstream.requests)


def test_a_large_window_is_made_use_of(start_proxy, upstream, make_upstream):
    proxy = start(start_proxy, upstream, make_upstream(), Ollama(32768, loaded=True))
    wait_until(lambda: answer(proxy, LONG) == "from this machine", "the window to be known")
    assert "OLLAMA_CONTEXT_LENGTH" not in proxy.stderr


def test_a_model_that_is_not_loaded_is_loaded_once_to_know(start_proxy, upstream, make_upstream):
    proxy = start(start_proxy, upstream, make_upstream(), Ollama(32768))
    wait_until(lambda: answer(proxy, LONG) == "from this machine", "the window to be known")
    loads = [request for request in upstream.requests if request.path == "/api/generate"]
    assert [load.json for load in loads] == [{"model": MODEL, "stream": False, "keep_alive": "10s"}]


def test_while_nothing_is_known_it_is_taken_for_small(start_proxy, upstream, make_upstream):
    proxy = start(start_proxy, upstream, make_upstream(), Ollama(32768, loads=False))
    asked(upstream, "/api/ps", 2)
    assert answer(proxy, SHORT) == "from this machine"
    assert answer(proxy, LONG) == "from afar"


def test_another_server_with_the_same_api_is_believed(start_proxy, upstream, make_upstream):
    proxy = start(start_proxy, upstream, make_upstream(), Ollama(None))
    wait_until(lambda: answer(proxy, LONG) == "from this machine", "the answer that it is none")


def test_alone_it_refuses_with_the_reason(start_proxy, upstream):
    upstream.always(Ollama(4096, loaded=True))
    local = deployment("codex-light", upstream, model=f"ollama/{MODEL}")
    local["model_info"] = {"max_input_tokens": 32768}
    proxy = start_proxy(local)
    asked(upstream, "/api/ps", 1)
    answer = proxy.post("/v1/chat/completions", LONG)
    assert (answer.status, answer.error["code"]) == (400, "context_length_exceeded")
    assert "takes 4096 tokens" in answer.error["message"] and "OLLAMA_CONTEXT_LENGTH=32768" in answer.error["message"]
