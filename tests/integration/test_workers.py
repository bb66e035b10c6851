"""Several worker processes behind one port (--workers): all of them serve, and limits apply to all together. The
test decides which one answers: it stops the other meanwhile."""
import contextlib
import json
import os
import signal

import pytest

from basics import can_bind, children, is_alive, wait_until
import chat_wire as chat
from conftest import deployment
from mock_upstream import error, stream_open
from proxy_process import Proxy

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
USAGE = {"prompt_tokens": 11, "completion_tokens": 500, "total_tokens": 511}   # the expected tokens of a first request


@pytest.fixture
def start(start_proxy):
    def start(*model_list, **sections):
        proxy = start_proxy(*model_list, arguments=("--workers", "2"), **sections)
        proxy.workers = children(proxy.process.pid)
        assert len(proxy.workers) == 2
        return proxy
    return start


def state_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(") ", 1)[1][0]


@contextlib.contextmanager
def only(proxy, number):
    """Only this one of the two workers runs."""
    other = proxy.workers[1 - number]
    os.kill(other, signal.SIGSTOP)
    wait_until(lambda: state_of(other) == "T", "the worker to stop")
    try:
        yield proxy
    finally:
        os.kill(other, signal.SIGCONT)


def served_by(proxy, number, body=None):
    """The worker's reply; on return, the worker has recorded its cost and tokens."""
    with only(proxy, number):
        reply = proxy.post("/v1/chat/completions", body or CHAT)
        assert proxy.get("/health/liveliness", key=None).status == 200   # its loop has run once more
        return reply


def two_places(make_upstream, **params):
    """A first deployment with these parameters, and a second for when the first is limited."""
    first, second = make_upstream(), make_upstream()
    second.always(chat.whole("Second."))
    return first, second, (deployment("codex-light", first, order=1, **params),
                           deployment("codex-light", second, order=2))


def gone(*pids):
    return lambda: not any(map(is_alive, pids))


def test_both_serve(start, upstream):
    upstream.always(chat.whole("Hello."))
    proxy = start(deployment("codex-light", upstream), general_settings={"nonsense": 1})
    assert [served_by(proxy, number).status for number in (0, 1, 0)] == [200] * 3
    assert proxy.stderr.count("nonsense: unknown key") == proxy.stderr.count("ready on port") == 1
    assert len({entry["request_id"] for entry in proxy.journal(3)}) == 3


def test_rpm_applies_to_both(start, make_upstream):
    first, second, entries = two_places(make_upstream, rpm=3)
    first.always(chat.whole("First."))
    proxy = start(*entries)
    for number in (0, 1, 0, 1, 0):
        assert served_by(proxy, number).status == 200
    assert (len(first.requests), len(second.requests)) == (3, 2)


def test_tpm_applies_to_both(start, make_upstream):
    first, second, entries = two_places(make_upstream, tpm=40)
    first.always(chat.whole("First."))     # 18 tokens
    proxy = start(*entries)
    for number in (0, 1, 0, 1):
        assert served_by(proxy, number).status == 200
    assert (len(first.requests), len(second.requests)) == (2, 2)


def test_max_parallel_requests_applies_to_both(start, make_upstream):
    first, second, entries = two_places(make_upstream, max_parallel_requests=1)
    first.script(stream_open(chat.delta("First"), "hang"), chat.whole("First."))
    proxy = start(*entries)
    with only(proxy, 0):
        stream = proxy.stream("/v1/chat/completions", {**CHAT, "stream": True})
        assert stream.next_event()
    assert served_by(proxy, 1).status == 200 and len(second.requests) == 1
    stream.disconnect()
    assert first.next_request().gone.wait(20)
    wait_until(lambda: served_by(proxy, 1).json["choices"][0]["message"]["content"] == "First.", "the slot to be free")


def test_a_cooldown_is_shared(start, make_upstream):
    first, second, entries = two_places(make_upstream)
    first.script(error(429, headers={"Retry-After": "60"}))
    proxy = start(*entries)
    assert [served_by(proxy, number).status for number in (0, 1, 1, 0)] == [200] * 4
    assert (len(first.requests), len(second.requests)) == (1, 4)


def test_spending_is_shared(start, upstream):
    """Two requests fit, the third does not, on either worker."""
    upstream.always(chat.whole("Hello.", usage=USAGE))
    proxy = start(deployment("codex-light", upstream, input_cost_per_token=0, output_cost_per_token=0.001),
                  general_settings={"max_cost_usd": 1.25})
    assert [served_by(proxy, number).status for number in (0, 1)] == [200] * 2
    for number in (0, 1):
        with only(proxy, number):
            assert proxy.post("/v1/chat/completions", CHAT).error["type"] == "budget_exceeded"
            report = proxy.get("/dispatch/metrics").json["spending"]["total"]
            assert (report["spent_usd"], report["held_usd"]) == (1, 0)


def test_a_reset_is_shared(start, make_upstream):
    first, second, entries = two_places(make_upstream)
    first.script(error(429, headers={"Retry-After": "60"}))
    first.always(chat.whole("First."))
    proxy = start(*entries)
    assert [served_by(proxy, number).status for number in (0, 1)] == [200] * 2 and len(first.requests) == 1
    with only(proxy, 1):
        assert proxy.post("/dispatch/reset", {}).status == 200
    for number in (1, 0):
        wait_until(lambda number=number: served_by(proxy, number).json["choices"][0]["message"]["content"] == "First.",
                   "the cooldown to be cleared")


def test_a_flush_of_the_cache_is_shared(start, upstream):
    upstream.always(chat.whole("Hello."))
    proxy = start(deployment("codex-light", upstream), litellm_settings={"cache": True})

    def statuses():
        return [served_by(proxy, number, {**CHAT, "temperature": 0}).headers["cache-status"].split("; ")[1]
                for number in (0, 1)]
    assert statuses() == ["fwd=miss"] * 2 and statuses() == ["hit"] * 2
    with only(proxy, 0):
        assert proxy.post("/cache/flushall", {}).status == 200
    assert statuses() == ["fwd=miss"] * 2 and statuses() == ["hit"] * 2


def test_a_deleted_reply_is_gone_from_both(start, upstream):
    upstream.always(chat.whole("Hello."))
    proxy = start(deployment("codex-light", upstream), litellm_settings={"cache": True})
    bodies = [{**CHAT, "temperature": 0, "seed": seed} for seed in range(100)]

    def status(number, body):
        return served_by(proxy, number, body).headers["cache-status"].split("; ")[1]
    keys = [served_by(proxy, number, body).headers["x-litellm-cache-key"] for body in bodies for number in (0, 1)]
    with only(proxy, 0):
        assert proxy.post("/cache/delete", {"keys": keys[:1]}).json["deleted"] == 1
    assert status(1, bodies[0]) == "fwd=miss" and status(1, bodies[1]) == "hit"
    with only(proxy, 0):        # more than the table of the workers holds: all are removed
        assert proxy.post("/cache/delete", {"keys": keys[2::2]}).json["deleted"] == 99
    assert status(1, bodies[0]) == "fwd=miss" and status(1, bodies[50]) == "fwd=miss"


def test_a_reload_reaches_both(start, upstream):
    upstream.always(chat.whole("Hello."))
    proxy = start(deployment("codex-light", upstream))
    proxy.reload(json.dumps({"model_list": [deployment("renamed", upstream)]}))
    for number in (0, 1):
        wait_until(lambda number=number: served_by(proxy, number, {**CHAT, "model": "renamed"}).status == 200,
                   "the reload")
        assert served_by(proxy, number).status == 404


def test_they_exit_together(start, upstream):
    """After the requests in flight."""
    upstream.script([*chat.text_stream("Hello.")])
    proxy = start(deployment("codex-light", upstream))
    stream = proxy.stream("/v1/chat/completions", {**CHAT, "stream": True})
    proxy.process.send_signal(signal.SIGTERM)
    assert stream.rest()[-1] == (None, "[DONE]")
    assert proxy.process.wait(20) == 0
    wait_until(gone(*proxy.workers), "the workers to end")


@pytest.fixture
def doomed(folder, upstream):
    """A proxy with two workers whose exit start_proxy() does not check."""
    place = folder / "proxy"
    place.mkdir()
    proxy = Proxy(place, {"model_list": [deployment("codex-light", upstream)]},
                  {"MOCK_API_KEY": "sk-canary-0123456789"}, ("--workers", "2"))
    proxy.workers = children(proxy.process.pid)
    yield proxy
    proxy.kill()


@pytest.mark.parametrize("number", [0, 1])
def test_if_one_dies_the_others_exit(doomed, number):
    os.kill(doomed.workers[number], signal.SIGKILL)
    assert doomed.process.wait(20) == 1 and f"worker {number} exited" in doomed.stderr
    wait_until(gone(*doomed.workers), "the other worker to end")
    assert can_bind(doomed.port)


def test_they_exit_with_their_parent(doomed):
    doomed.process.kill()
    doomed.process.wait()
    wait_until(gone(*doomed.workers), "the workers to end")
    assert can_bind(doomed.port)
