"""The real Codex CLI through the bridge, with an upstream that supports only Chat Completions and checks requests
strictly."""
import json
import subprocess

import pytest

from basics import wait_until
import chat_wire as chat
import codex_cli
from conftest import chat_only
from mock_upstream import CLOSE, HANG, error, stream, stream_open
from proxy_process import MASTER_KEY

ANSWER = "Final answer from the chat upstream."
PATCH = "*** Begin Patch\n*** Add File: hello.txt\n+hello world\n*** End Patch\n"

pytestmark = pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")


@pytest.fixture
def proxy(start_proxy, upstream):
    return start_proxy(chat_only("codex-light", upstream), chat_only("gpt-5.5", upstream))


def codex(proxy, folder, upstream, *replies, **options):
    upstream.script(*map(chat.strict, replies))
    done = codex_cli.run(folder, proxy.base, MASTER_KEY, "Do what the test says.", **options)
    assert [chat.chat_fault(request.json) for request in upstream.requests] == [None] * len(upstream.requests)
    return done


def answers(done):
    assert done.code == 0 and ANSWER in done.out, done


def tool_results(upstream):
    return [message["content"] for message in upstream.requests[-1].json["messages"] if message["role"] == "tool"]


def test_text(proxy, folder, upstream):
    answers(codex(proxy, folder, upstream, chat.text_stream("Final answer ", "from the chat upstream.")))
    entry, = proxy.journal()
    assert entry["end"] == "completed"


def test_a_command(proxy, folder, upstream):
    answers(codex(proxy, folder, upstream,
                  chat.calls_stream(*chat.call_deltas("c1", "exec_command", {"cmd": "echo from-$((40+2))"})),
                  chat.text_stream(ANSWER)))
    assert "from-42" in tool_results(upstream)[0]


def test_two_commands_at_once(proxy, folder, upstream):
    one = chat.call_deltas("c1", "exec_command", {"cmd": "echo one"}, index=0)
    two = chat.call_deltas("c2", "exec_command", {"cmd": "echo two"}, index=1)
    answers(codex(proxy, folder, upstream, chat.calls_stream(one[0], two[0], one[1], two[1], two[2], one[2]),
                  chat.text_stream(ANSWER)))
    assert ["one" in tool_results(upstream)[0], "two" in tool_results(upstream)[1]] == [True, True]


def test_a_file_edit_by_the_custom_tool(proxy, folder, upstream):
    done = codex(proxy, folder, upstream, chat.calls_stream(*chat.call_deltas("c1", "apply_patch", {"input": PATCH})),
                 chat.text_stream(ANSWER), model="gpt-5.5")
    answers(done)
    assert (done.work / "hello.txt").read_text() == "hello world\n"


@pytest.mark.parametrize("failure", [error(429, headers={"Retry-After": "1"}), error(500),
                                     stream_open(chat.delta("Part"), CLOSE), chat.text_stream()],
                         ids=["429", "500", "drop", "empty"])
def test_one_failure_is_survived(proxy, folder, upstream, failure):
    answers(codex(proxy, folder, upstream, failure, chat.text_stream(ANSWER)))
    assert len(upstream.requests) == 2


def piece(arguments, name="exec_command"):
    """A piece of a tool call that repeats the id and name, as some servers send it."""
    function = {"name": name, "arguments": arguments}
    return chat.delta(tool_calls=[{"index": 0, "id": "c1", "type": "function", "function": function}])


@pytest.mark.parametrize("pieces", [
    lambda text: [piece(text[:9]), piece(text[9:]), piece(text)],
    lambda text: [piece(text[:9]), piece(text[9:]), piece(text, name=None)],
    lambda text: [piece(""), piece(text[:text.index("}") + 1]), piece(text[text.index("}") + 1:]), piece("")],
], ids=["twice", "twice without the name", "name in every piece"])
def test_a_command_runs_once_however_it_is_streamed(proxy, folder, upstream, pieces):
    text = json.dumps({"cmd": "echo ran >> ran.txt # {} and on"})
    done = codex(proxy, folder, upstream, chat.calls_stream(*pieces(text)), chat.text_stream(ANSWER))
    answers(done)
    assert (done.work / "ran.txt").read_text() == "ran\n"


def test_a_token_limit_is_shown(proxy, folder, upstream):
    done = codex(proxy, folder, upstream, chat.text_stream("cut off her", finish="length"))
    assert done.code != 0 and "max_output_tokens" in done.err, done


def test_reasoning_before_a_call(proxy, folder, upstream):
    answers(codex(proxy, folder, upstream,
                  stream(chat.delta(role="assistant", reasoning_content="thinking"),
                         *chat.call_deltas("c1", "exec_command", {"cmd": "true"}), chat.delta(finish="tool_calls"),
                         chat.usage_chunk(), chat.DONE),
                  chat.text_stream(ANSWER)))


def test_codex_shows_the_providers_error(proxy, folder, upstream):
    done = codex_cli.run(folder, proxy.base, MASTER_KEY, "hi", model="no-such-model")
    assert done.code != 0 and "no-such-model" in done.err
    assert upstream.requests == []


def test_interrupting_codex_cancels_the_call(proxy, folder, upstream):
    """Codex is interrupted before the model's first token."""
    upstream.script([HANG])
    (folder / "home").mkdir()
    (folder / "home" / "config.toml").write_text(codex_cli.CONFIG.format(model="codex-light", base=proxy.base))
    process = subprocess.Popen(
        [codex_cli.binary(), "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "hi"],
        cwd=folder / "home", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={"HOME": str(folder / "home"), "CODEX_HOME": str(folder / "home"), "LITELLM_API_KEY": MASTER_KEY})
    request = upstream.next_request()
    process.kill()
    process.wait()
    assert request.gone.wait(20)
    wait_until(lambda: proxy.journal()[0]["end"] == "cancelled", "the journal")
