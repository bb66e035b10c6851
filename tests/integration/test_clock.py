"""The wall clock jumps, as after a suspend or a time synchronization. Durations are measured with the monotonic
clock."""
import threading

import chat_wire as chat
import pytest
from conftest import deployment
from faults import Clock
from mock_upstream import error, stream_open
from torture import SANITIZED

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "x"}]}
DAY = 86400
JUMPS = (DAY, -2 * DAY, 20 * 365 * DAY, 0)

pytestmark = pytest.mark.skipif(SANITIZED, reason="the sanitizer must be the first library that is loaded")


@pytest.fixture
def clock(folder):
    return Clock(folder)


def test_a_cooldown_continues(start_proxy, make_upstream, clock):
    first, second = make_upstream(), make_upstream()
    proxy = start_proxy(deployment("codex-light", first, order=1), deployment("codex-light", second, order=2),
                        environment=clock.environment)
    first.script(error(429, headers={"Retry-After": "500"}))
    second.always(chat.whole())
    for jump in (0, *JUMPS):
        clock.shift(jump)
        assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert len(first.requests) == 1
    times = [entry["timestamp"] for entry in proxy.journal(1 + len(JUMPS))]
    assert times[1] > times[0] > times[2] and all(entry["total_ms"] < 60000 for entry in proxy.journal())


def test_a_stream_continues(start_proxy, upstream, clock):
    proxy = start_proxy(deployment("codex-light", upstream, timeout=60, stream_timeout=60),
                        environment=clock.environment)
    go_on = [threading.Event() for _ in JUMPS]
    steps = [step for event in go_on for step in (event, stream_open(chat.delta("more"))[-1])]
    upstream.script([*stream_open(chat.delta("hi")), *steps, chat.text_stream()[-1]])
    with_jumps = proxy.stream("/v1/chat/completions", {**CHAT, "stream": True})
    for jump, event in zip(JUMPS, go_on):
        clock.shift(jump)
        assert with_jumps.next_event()
        event.set()
    assert with_jumps.rest()
