"""An upstream that falls silent in the middle of its reply: the client gets a keep-alive about every 10 s. These
tests take that long, because the interval is not configurable."""
import threading

import pytest

import chat_wire as chat
import codex_cli
import responses_wire as responses
from conftest import chat_only, deployment
from mock_upstream import stream_open
from proxy_process import MASTER_KEY

ANSWER = "Final answer."


def test_each_api_gets_its_keep_alive(start_proxy, make_upstream):
    """All of them at once, because of the 10 s."""
    chats, native, gate = make_upstream(), make_upstream(), threading.Event()
    proxy = start_proxy(chat_only("bridged", chats), deployment("native", native))
    chats.always([*stream_open(chat.delta("Half "), gate), *chat.text_stream(ANSWER)[1:]])
    native.always([*stream_open(*responses.text_events("Half ")[:3], gate),
                   responses.named("response.completed", response=responses.response("Half ")), b"0\r\n\r\n"])
    streams = {model: proxy.stream("/v1/responses", {"model": model, "input": "hi", "stream": True})
               for model in ("bridged", "native")}
    plain = proxy.stream("/v1/chat/completions", {"model": "bridged", "messages": [{"role": "user", "content": "hi"}],
                                                  "stream": True})
    events = {model: [] for model in streams}
    for model, stream in streams.items():
        while not (events[model] and events[model][-1][0] == "response.in_progress" and len(events[model]) > 3):
            events[model].append(stream.next_event())
    while not (line := plain.response.readline()).startswith(b":"):
        assert line, "the stream ended"
    gate.set()
    events["bridged"] += streams["bridged"].rest()
    assert responses.stream_fault(events["bridged"]) is None
    assert streams["native"].rest()[-1][0] == "response.completed"
    assert plain.rest()[-1] == (None, "[DONE]")


@pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")
def test_codex_waits_for_a_silent_model(start_proxy, folder, upstream):
    """Longer than it would without the keep-alive."""
    proxy, gate = start_proxy(chat_only("codex-light", upstream)), threading.Event()
    upstream.script([*stream_open(chat.delta("Half "), gate), *chat.text_stream(ANSWER)[1:]])
    timer = threading.Timer(13.5, gate.set)
    timer.start()
    done = codex_cli.run(folder, proxy.base, MASTER_KEY, "hi", arguments=[
        "-c", "model_providers.litellm.stream_idle_timeout_ms=12000", "-c",
        "model_providers.litellm.stream_max_retries=0"])
    timer.join()
    assert done.code == 0 and ANSWER in done.out, done
    assert len(upstream.requests) == 1
