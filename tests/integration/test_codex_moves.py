"""A conversation of the real Codex CLI that moves between a deployment with the Responses API and one behind the
bridge. State that one of them gave to Codex means nothing to the other, but returns to the one that gave it."""
import json

import pytest

import chat_wire as chat
import codex_cli
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import error, reply, stream
from proxy_process import MASTER_KEY

ANSWER = "Final answer."
BUSY = error(429)

pytestmark = pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")


@pytest.fixture
def native(make_upstream):
    return make_upstream()


def native_call(number):
    """Reasoning that only the provider can decrypt, and a command."""
    items = [{"type": "reasoning", "id": f"rs_{number}", "summary": [], "encrypted_content": f"SEALED-{number}"},
             {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "name": "exec_command",
              "arguments": json.dumps({"cmd": f"echo from-{number}"}), "status": "completed"}]
    pairs = [responses.named("response.output_item." + kind, output_index=at, item=item)
             for at, item in enumerate(items) for kind in ("added", "done")]
    return stream(responses.created(), *pairs,
                  responses.named("response.completed", response=responses.response(output=items)))


def chat_call(number):
    """The same with Chat Completions, and with the state that Gemini wants returned."""
    return chat.calls_stream(*chat.call_deltas(
        "c1", "exec_command", {"cmd": f"echo from-{number}"},
        extra_content={"google": {"thought_signature": f"SIG-{number}"}}))


def native_fault(body):
    """What OpenAI refuses: results without calls, calls without results, reasoning that it did not write."""
    calls = [item["call_id"] for item in body["input"] if item["type"] == "function_call"]
    results = [item["call_id"] for item in body["input"] if item["type"] == "function_call_output"]
    if sorted(calls) != sorted(results) or len(set(calls)) != len(calls):
        return f"calls {calls}, results {results}"
    foreign = [item for item in body["input"] if item["type"] == "reasoning"
               and not (item.get("encrypted_content") or "").startswith("SEALED-")]
    return f"reasoning {foreign}" if foreign else None


def strict(steps):
    def answer(request):
        fault = native_fault(request.json)
        return reply(400, body={"error": {"message": "strict: " + fault, "code": None}}) if fault else steps
    return answer


def results(request):
    """The commands' outputs in that request, in order."""
    body = request.json
    outputs = [message["content"] for message in body.get("messages", []) if message["role"] == "tool"] + \
        [item["output"] for item in body.get("input", []) if item["type"] == "function_call_output"]
    return [output.split("from-")[1].strip() for output in outputs]


def sealed(request):
    return [item["encrypted_content"] for item in request.json["input"] if item["type"] == "reasoning"]


def signatures(request):
    return [call["extra_content"]["google"]["thought_signature"] for message in request.json["messages"]
            for call in message.get("tool_calls", []) if "extra_content" in call]


def codex(proxy, folder, **options):
    done = codex_cli.run(folder, proxy.base, MASTER_KEY, "Do what the test says.", **options)
    assert done.code == 0 and ANSWER in done.out, done


def test_a_move_at_every_request(start_proxy, folder, native, upstream):
    """One alias; the native deployment comes first and refuses every second request."""
    proxy = start_proxy(deployment("codex-light", native, order=1), chat_only("codex-light", upstream, order=2),
                        router_settings={"cooldown_time": 0})
    native.script(strict(native_call(1)), BUSY, strict(native_call(3)), BUSY, strict(responses.text_stream(ANSWER)))
    upstream.script(chat.strict(chat_call(2)), chat.strict(chat_call(4)))
    codex(proxy, folder)
    assert [results(request) for request in native.requests[::2]] == [[], ["1", "2"], ["1", "2", "3", "4"]]
    assert [results(request) for request in upstream.requests] == [["1"], ["1", "2", "3"]]
    assert sealed(native.requests[-1]) == ["SEALED-1", "SEALED-3"]
    assert signatures(upstream.requests[-1]) == ["SIG-2"]


def test_a_move_at_every_turn(start_proxy, folder, native, upstream):
    """The user resumes with another model each time."""
    proxy = start_proxy(deployment("codex-native", native), chat_only("codex-bridged", upstream))
    native.script(strict(native_call(1)), strict(responses.text_stream(ANSWER)), strict(native_call(3)),
                  strict(responses.text_stream(ANSWER)))
    upstream.script(chat.strict(chat_call(2)), chat.strict(chat.text_stream(ANSWER)), chat.strict(chat_call(4)),
                    chat.strict(chat.text_stream(ANSWER)))
    for turn, model in enumerate(["codex-native", "codex-bridged"] * 2):
        codex(proxy, folder, model=model, arguments=["resume", "--last"] if turn else [])
    assert results(native.requests[-1]) == ["1", "2", "3"]
    assert results(upstream.requests[-1]) == ["1", "2", "3", "4"]
    assert sealed(native.requests[-1]) == ["SEALED-1", "SEALED-3"]
    assert signatures(upstream.requests[-1]) == ["SIG-2", "SIG-4"]
