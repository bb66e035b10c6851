"""The real Codex CLI with servers that refuse parts of its requests: a conversation that moves to another model, and
an effort."""
import pytest

import chat_wire as chat
import codex_cli
from conftest import chat_only
from mock_upstream import error
from proxy_process import MASTER_KEY

ANSWER = "Final answer."
CALL = ("c1", "exec_command", {"cmd": "echo from-1"})

pytestmark = pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")


def answering(fault):
    """A server: if fault(body) returns an error, it refuses the request with it; otherwise it has a command run,
    then answers."""
    def answer(request):
        refusal = fault(request.json)
        if refusal:
            return refusal
        asked = request.json["messages"]
        done = asked[-1]["role"] == "tool"
        return chat.text_stream(ANSWER) if done else chat.calls_stream(*chat.call_deltas(*CALL))
    return answer


def llama_cpp(body):
    """Some models' templates accept a system message only at the beginning."""
    roles = [message["role"] for message in body["messages"]]
    return error(500, "Jinja Exception: System message must be at the beginning.") if "system" in roles[1:] else None


def ollama(body):
    return error(400, '"qwen2.5-coder:3b" does not support thinking') if "reasoning_effort" in body else None


def codex(proxy, folder, *arguments, model="codex-light"):
    done = codex_cli.run(folder, proxy.base, MASTER_KEY, "Do what the test says.", model=model, arguments=arguments)
    assert done.code == 0 and ANSWER in done.out, done


def refused(proxy):
    return [row["part"] for model in proxy.get("/dispatch/state").json["models"].values() for row in model["refused"]]


def faults(upstream, fault):
    return [fault(request.json) is not None for request in upstream.requests]


def test_a_conversation_continues_with_another_model(start_proxy, make_upstream, folder):
    """Codex then announces the model in a developer message in the middle."""
    first, second = make_upstream(), make_upstream()
    proxy = start_proxy(chat_only("codex-light", first), chat_only("codex-qwen-local", second))
    first.always(answering(lambda body: None))
    second.always(answering(llama_cpp))
    codex(proxy, folder)
    for _ in range(2):
        codex(proxy, folder, "resume", "--last", "-m", "codex-qwen-local")
    assert faults(second, llama_cpp) == [True] + [False] * 4 and refused(proxy) == ["later_system_messages"]


def test_an_effort_that_the_model_does_not_support(start_proxy, upstream, folder):
    proxy = start_proxy(chat_only("codex-light", upstream))
    upstream.always(answering(ollama))
    for _ in range(2):
        codex(proxy, folder, "-c", "model_reasoning_effort=high")
    assert faults(upstream, ollama) == [True] + [False] * 4 and refused(proxy) == ["reasoning_effort"]
