"""Longer conversations of the real Codex CLI, with an upstream that supports only Chat Completions and checks
requests strictly."""
import base64
import json
import pathlib
import sys

import pytest

import chat_wire as chat
import codex_cli
import mcp_server
from conftest import chat_only
from proxy_process import MASTER_KEY

ANSWER = "Final answer."
MCP = ["-c", f'mcp_servers.small.command="{sys.executable}"',
       "-c", f'mcp_servers.small.args=["{pathlib.Path(mcp_server.__file__)}"]']
PICTURE = "data:image/png;base64," + mcp_server.PNG

pytestmark = pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")


@pytest.fixture
def proxy(start_proxy, upstream):
    return start_proxy(*[chat_only(alias, upstream) for alias in ("codex-light", "gpt-5.5", "gpt-5.6-sol")])


@pytest.fixture
def codex(proxy, folder, upstream):
    """codex(reply, …) runs Codex, which must end with ANSWER after exactly these replies."""
    def run(*replies, prompt="Do what the test says.", **options):
        before = len(upstream.requests)
        upstream.script(*map(chat.strict, replies))
        done = codex_cli.run(folder, proxy.base, MASTER_KEY, prompt, **options)
        assert done.code == 0 and ANSWER in done.out, done
        assert len(upstream.requests) - before == len(replies)
        return done
    return run


def call(name, arguments, **extra):
    return chat.calls_stream(*chat.call_deltas("c1", name, arguments, **extra))


def answer():
    return chat.text_stream(ANSWER)


def messages(upstream, role=None):
    """The messages of the last request."""
    return [message for message in upstream.requests[-1].json["messages"] if role in (None, message["role"])]


def offered(request):
    return [tool["function"]["name"] for tool in request.json["tools"]]


def test_a_tool_of_an_mcp_server(codex, upstream):
    """Its tools are in a namespace, which Chat Completions does not have."""
    codex(call("mcp__small__echo", {"text": "from afar"}), answer(), arguments=MCP)
    assert "mcp__small__echo" in offered(upstream.requests[0])
    result, = messages(upstream, "tool")
    assert "echo: from afar" in result["content"]


def test_a_tool_of_an_mcp_server_found_by_search(codex, upstream):
    """gpt-5.5 gets such tools only after it has searched for them: they come with the search result, not in `tools`."""
    codex(call("tool_search", {"query": "echo"}), call("mcp__small__echo", {"text": "from afar"}), answer(),
          model="gpt-5.5", arguments=MCP)
    assert ["mcp__small__echo" in offered(request) for request in upstream.requests] == [False, True, True]
    assert "echo: from afar" in messages(upstream, "tool")[-1]["content"]


def test_an_image_of_an_mcp_server(codex, upstream):
    """In Chat Completions a tool's result is a string: its image follows in a user message."""
    codex(call("mcp__small__picture", {}), answer(), arguments=MCP)
    result, following = messages(upstream)[-2:]
    assert result["role"] == "tool" and "a caption" in result["content"]
    assert following["role"] == "user"
    assert [part["image_url"]["url"] for part in following["content"] if part["type"] == "image_url"] == [PICTURE]


def test_an_image_file(codex, folder, upstream):
    path = folder / "dot.png"
    path.write_bytes(base64.b64decode(mcp_server.PNG))
    codex(call("view_image", {"path": str(path)}), answer())
    result, following = messages(upstream)[-2:]
    assert (result["role"], following["role"]) == ("tool", "user")
    image, = [part["image_url"]["url"] for part in following["content"] if part["type"] == "image_url"]
    assert image.startswith("data:image/png;base64,")


def test_images_after_all_results(codex, folder, upstream):
    """Nothing may come between the results of one message's calls."""
    picture = chat.call_deltas("c1", "mcp__small__picture", {}, index=0)
    echo = chat.call_deltas("c2", "mcp__small__echo", {"text": "two"}, index=1)
    codex(chat.calls_stream(*picture, *echo), answer(), arguments=MCP)
    assert [message["role"] for message in messages(upstream)[-4:]] == ["assistant", "tool", "tool", "user"]
    assert "echo: two" in messages(upstream)[-2]["content"]


def test_structured_output(codex, folder, upstream):
    schema = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"],
              "additionalProperties": False}
    path = folder / "schema.json"
    path.write_text(json.dumps(schema))
    done = codex(chat.text_stream(json.dumps({"answer": ANSWER})), arguments=["--output-schema", str(path)])
    assert json.loads(done.out) == {"answer": ANSWER}
    wanted = upstream.requests[0].json["response_format"]
    assert wanted["type"] == "json_schema" and wanted["json_schema"]["schema"] == schema


def test_a_lite_model(codex, upstream):
    """Its tools are part of the input, and it writes programs for the custom tool `exec`."""
    program = 'const r = await tools.exec_command({cmd: "echo lite-$((40+2))"}); text(r.output);'
    codex(call("exec", {"input": program}), answer(), model="gpt-5.6-sol")
    assert "exec" in offered(upstream.requests[0])
    result, = messages(upstream, "tool")
    assert "lite-42" in result["content"]


def test_a_lite_model_that_writes_its_program_without_json(codex, upstream):
    codex(call("exec", 'text("bare-" + 42);'), answer(), model="gpt-5.6-sol")
    result, = messages(upstream, "tool")
    assert "bare-42" in result["content"]


def test_resume(codex, upstream):
    codex(call("exec_command", {"cmd": "echo first-$((40+2))"}), answer(), prompt="The first question.")
    codex(answer(), prompt="The second question.", arguments=["resume", "--last"])
    seen = messages(upstream)
    assert [message["role"] for message in seen[-5:]] == ["user", "assistant", "tool", "assistant", "user"]
    assert seen[-5]["content"] == "The first question." and seen[-1]["content"] == "The second question."
    assert "first-42" in seen[-3]["content"] and seen[-2]["content"] == ANSWER


def test_compaction_and_the_turns_after_it(codex, upstream):
    """The history goes to the model with Codex's request for a summary; only the summary continues."""
    full = {"prompt_tokens": 9000, "completion_tokens": 10, "total_tokens": 9010}
    small = ["-c", "model_context_window=10000", "-c", "model_auto_compact_token_limit=8000"]
    codex(chat.calls_stream(*chat.call_deltas("c1", "exec_command", {"cmd": "echo long-gone"}), usage=full),
          chat.text_stream("SUMMARY: nothing is left to do."), answer(), arguments=small)
    compaction, following = upstream.requests[1].json, upstream.requests[2].json
    assert "tools" not in compaction and "COMPACTION" in compaction["messages"][-1]["content"]
    assert "SUMMARY" in json.dumps(following["messages"])
    codex(answer(), prompt="The second question.", arguments=[*small, "resume", "--last"])
    assert "SUMMARY" in json.dumps(messages(upstream)) and "long-gone" not in json.dumps(messages(upstream))
    assert messages(upstream)[-1]["content"] == "The second question."


def signature(value):
    return {"extra_content": {"google": {"thought_signature": value}}}


def signatures(upstream):
    return [tool["extra_content"]["google"]["thought_signature"] if "extra_content" in tool else None
            for message in messages(upstream, "assistant") for tool in message.get("tool_calls", [])]


def test_thought_signatures_come_back_with_their_calls(codex, upstream):
    """Gemini refuses a conversation in which a signature is missing. Of parallel calls only the first has one."""
    first = call("exec_command", {"cmd": "true"}, **signature("SIG-1"))
    second = chat.calls_stream(*chat.call_deltas("c1", "exec_command", {"cmd": "true"}, 0, **signature("SIG-2\"/+=")),
                               *chat.call_deltas("c2", "exec_command", {"cmd": "true"}, 1))
    codex(first, second, answer())
    assert signatures(upstream) == ["SIG-1", "SIG-2\"/+=", None]
    codex(answer(), arguments=["resume", "--last"])
    assert signatures(upstream) == ["SIG-1", "SIG-2\"/+=", None]


def lists(request, *keys):
    """The bytes of the lists as they were sent."""
    text = request.body.decode()
    for key in keys:
        start = text.index(f'"{key}":') + len(key) + 3
        yield text[start:json.JSONDecoder().raw_decode(text, start)[1]]


def is_continued(before, after):
    return after.startswith(before[:-1]) and after[len(before) - 1] == ","


def test_ten_turns_with_one_prefix(codex, proxy, upstream):
    """What the provider got of one turn is the beginning of the next, also after a reload."""
    commands = [call("exec_command", {"cmd": f"echo turn-$(({n}+40))"}) for n in range(8)]
    codex(*commands[:5], answer(), prompt="The first question.")
    proxy.reload()
    codex(*commands[5:], answer(), prompt="The second question.", arguments=["resume", "--last"])
    sent = [tuple(lists(request, "messages", "tools")) for request in upstream.requests]
    assert len(sent) == 10 and "turn-47" in sent[-1][0]
    for before, after in zip(sent, sent[1:]):
        assert is_continued(before[0], after[0]) and before[1] == after[1]
    entries = proxy.journal(10)
    assert [entry["turn"] for entry in entries] == list(range(1, 11))
    assert len({entry["conversation"] for entry in entries}) == 1
    assert not any("prefix_changed" in entry for entry in entries)
    last = entries[-1]["segments"]
    assert min(last.values()) > 0 and last["tools"] > last["tool_output"]
