"""An upstream that dies at each moment of its reply. The real Codex CLI retries, ends with the right answer, runs no
command twice, and accepts no truncated answer as a whole one."""
import json

import pytest

import chat_wire as chat
import codex_cli
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import CLOSE, STREAM_END, STREAM_HEAD, event
from proxy_process import MASTER_KEY

ANSWER = "Final answer."
COMMAND = {"cmd": "echo ran >> runs"}
CALL = {"type": "function_call", "id": "fc_mock", "call_id": "call_mock", "name": "exec_command", "status": "completed",
        "arguments": json.dumps(COMMAND)}

pytestmark = pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")


def chat_reply(*content, finish):
    """All pieces of a reply; each has the name of the moment after it."""
    return {"nothing": b"", "head": STREAM_HEAD, "role": event(chat.delta(role="assistant", content="")),
            **{f"piece {at}": event(piece) for at, piece in enumerate(content, 1)},
            "finish": event(chat.delta(finish=finish)), "usage": event(chat.usage_chunk()), "DONE": chat.DONE,
            "end": STREAM_END}


def native_reply(item, delta):
    """The same from an upstream with the Responses API."""
    whole = responses.response(output=[item])
    empty = {**item, "status": "in_progress", **({"content": []} if "content" in item else {"arguments": ""})}
    return {"nothing": b"", "head": STREAM_HEAD, "created": responses.created(),
            "added": responses.named("response.output_item.added", output_index=0, item=empty), "delta": delta,
            "done": responses.named("response.output_item.done", output_index=0, item=item),
            "completed": responses.named("response.completed", response=whole), "end": STREAM_END}


def has_result(request):
    """Returns true if the request has the command's output."""
    body = request.json
    return any(part.get("role") == "tool" or part.get("type") == "function_call_output"
               for part in body.get("messages", body.get("input")))


WIRES = {
    "chat": (chat_only, chat_reply(chat.delta("Final "), chat.delta("answer."), finish="stop"),
             chat_reply(*chat.call_deltas("c1", "exec_command", COMMAND), finish="tool_calls")),
    "responses": (deployment, native_reply(responses.message(ANSWER), responses.text_delta("Final ")),
                  native_reply(CALL, responses.named("response.function_call_arguments.delta", item_id="fc_mock",
                                                     output_index=0, delta=CALL["arguments"][:9]))),
}


# A reset connection, and a body that ends correctly before the reply does: each over one transport.
ENDS = pytest.mark.parametrize("transport, end", [("libcurl", [CLOSE]), ("loopback", [STREAM_END, CLOSE])],
                               indirect=["transport"], ids=["torn", "ended"])


def up_to(reply, moment, end):
    """The reply's pieces up to that moment, then `end`."""
    names = list(reply)
    return [*(reply[name] for name in names[:names.index(moment) + 1]), *end]


@ENDS
@pytest.mark.parametrize("wire, moment",
                         [(wire, moment) for wire, (_, text, call) in WIRES.items() for moment in {**text, **call}])
def test_an_upstream_that_dies(start_proxy, folder, upstream, wire, moment, end):
    """Both replies of the turn end at this moment: the tool call and the text."""
    entry, text, call = WIRES[wire]
    proxy = start_proxy(entry("codex-light", upstream))
    died = {"call": moment not in call, "text": moment not in text}

    def model(request):
        kind, reply = ("text", text) if has_result(request) else ("call", call)
        if died[kind]:
            return list(reply.values())
        died[kind] = True
        return up_to(reply, moment, end)

    upstream.always(chat.strict(model) if wire == "chat" else model)
    done = codex_cli.run(folder, proxy.base, MASTER_KEY, "Do what the test says.")
    assert done.code == 0 and done.out.strip() == ANSWER, done
    assert (done.work / "runs").read_text() == "ran\n"
    assert all(died.values())
    said = [json.dumps(request.json.get("messages", request.json.get("input"))) for request in upstream.requests]
    assert not any('"Final "' in text for text in said)   # a partial answer that Codex kept
