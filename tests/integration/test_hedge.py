"""A slow first token can start a hedge: an attempt on the plan's next deployment. The first to produce content wins."""
import json
import threading

import pytest

from basics import wait_until
import chat_wire as chat
from conftest import BOTH_TRANSPORTS, deployment
from mock_upstream import CLOSE, HANG, RESET, error

pytestmark = BOTH_TRANSPORTS

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}], "stream": True}
SETTINGS = {"hedge_after_ms": 30}


@pytest.fixture
def second(make_upstream):
    return make_upstream()


def start(start_proxy, upstream, second, usd=0, settings=None, **sections):
    return start_proxy(deployment("codex-light", upstream, order=1, input_cost_per_token=0.001,
                                  output_cost_per_token=0.001),
                       deployment("codex-light", second, order=2, input_cost_per_token=usd, output_cost_per_token=usd),
                       router_settings={**SETTINGS, **(settings or {})}, **sections)


def outcomes(entry):
    return [(attempt["deployment"][-1], attempt["outcome"]) for attempt in entry["attempts"]]


def settled(proxy):
    """Returns true if no deployment counts an attempt as in flight."""
    models = proxy.get("/dispatch/metrics").json["models"]
    return all(model["in_flight"] == 0 for model in models.values())


def test_the_hedge_wins_and_the_primary_is_canceled_and_billed(start_proxy, upstream, second):
    proxy = start(start_proxy, upstream, second)
    upstream.script([HANG])
    second.script(chat.text_stream("from the second"))
    reply = proxy.post("/v1/chat/completions", CHAT)
    assert reply.status == 200 and b"from the second" in reply.body
    assert reply.headers["x-litellm-model-id"] == "codex-light/openai/2"
    assert upstream.next_request().gone.wait(20), "the disconnect at the first"
    entry, = proxy.journal()
    assert outcomes(entry) == [("1", "lost"), ("2", "ok")] and entry["end"] == "completed"
    assert entry["attempts"][0]["cost_usd"] > 0 and entry["deployment"] == "codex-light/openai/2"
    spending = proxy.get("/dispatch/metrics").json["spending"]["total"]
    assert spending["spent_usd"] == pytest.approx(entry["attempts"][0]["cost_usd"]) and spending["held_usd"] == 0
    wait_until(lambda: settled(proxy), "no attempt to be in flight")


def test_the_primary_wins_if_it_is_faster_after_all(start_proxy, upstream, second):
    proxy = start(start_proxy, upstream, second)
    go_on = threading.Event()
    upstream.script([go_on, *chat.text_stream("from the first")])
    second.script([HANG])
    answers = []
    caller = threading.Thread(target=lambda: answers.append(proxy.post("/v1/chat/completions", CHAT)))
    caller.start()
    hedge = second.next_request()
    go_on.set()
    caller.join()
    assert b"from the first" in answers[0].body
    assert hedge.gone.wait(20)
    assert outcomes(proxy.journal()[0]) == [("2", "lost"), ("1", "ok")]
    wait_until(lambda: settled(proxy), "no attempt to be in flight")


@pytest.mark.parametrize("failure", [error(500), [CLOSE], [RESET], error(400, "no such parameter")],
                         ids=["500", "no reply", "reset", "400"])
def test_the_hedge_fails_and_the_primary_continues(start_proxy, upstream, second, failure):
    proxy = start(start_proxy, upstream, second)
    go_on = threading.Event()
    upstream.script([go_on, *chat.text_stream("from the first")])
    second.script(failure)
    answers = []
    caller = threading.Thread(target=lambda: answers.append(proxy.post("/v1/chat/completions", CHAT)))
    caller.start()
    second.next_request()
    wait_until(lambda: proxy.get("/dispatch/metrics").json["models"]["codex-light/openai/2"]["in_flight"] == 0,
               "its failure")
    go_on.set()
    caller.join()
    assert b"from the first" in answers[0].body
    assert [name for name, _ in outcomes(proxy.journal()[0])] == ["2", "1"]


def test_the_primary_fails_and_the_hedge_continues(start_proxy, upstream, second):
    proxy = start(start_proxy, upstream, second)
    fail, go_on = threading.Event(), threading.Event()
    upstream.script([fail, *error(500)])
    second.script([go_on, *chat.text_stream("from the second")])
    answers = []
    caller = threading.Thread(target=lambda: answers.append(proxy.post("/v1/chat/completions", CHAT)))
    caller.start()
    second.next_request()
    fail.set()
    wait_until(lambda: proxy.get("/dispatch/metrics").json["models"]["codex-light/openai/1"]["in_flight"] == 0,
               "its failure")
    go_on.set()
    caller.join()
    assert b"from the second" in answers[0].body
    assert outcomes(proxy.journal()[0]) == [("1", "server"), ("2", "ok")]


def test_both_fail(start_proxy, upstream, second):
    """The one that fails last is the last of the plan, and is repeated once."""
    proxy = start(start_proxy, upstream, second)
    fail = threading.Event()
    upstream.always([fail, *error(500, "first words")])
    second.always([fail, *error(503, "second words")])
    answers = []
    caller = threading.Thread(target=lambda: answers.append(proxy.post("/v1/chat/completions", CHAT)))
    caller.start()
    second.next_request()
    fail.set()
    caller.join()
    assert answers[0].status == 503
    assert "first words" in answers[0].error["message"] and "second words" in answers[0].error["message"]
    assert {name for name, _ in outcomes(proxy.journal()[0])} == {"1", "2"}
    wait_until(lambda: settled(proxy), "no attempt to be in flight")


def test_a_deployment_that_failed_as_a_hedge_is_not_called_again(start_proxy, upstream, second):
    proxy = start(start_proxy, upstream, second, settings={"allowed_fails": 9})
    fail = threading.Event()
    upstream.always([fail, *error(500)])
    second.script(error(500))
    caller = threading.Thread(target=lambda: proxy.post("/v1/chat/completions", CHAT))
    caller.start()
    second.next_request()
    wait_until(lambda: proxy.get("/dispatch/metrics").json["models"]["codex-light/openai/2"]["in_flight"] == 0,
               "its failure")
    fail.set()
    caller.join()
    assert len(second.requests) == 1


def begin(proxy, streamed=True):
    """Sends a request on a plain connection; its reply is not read."""
    body = json.dumps({**CHAT, "stream": streamed}).encode()
    client = proxy.connect(timeout=0.3)
    client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
                   b"Content-Length: %d\r\n\r\n" % (proxy.port, proxy.keys["LITELLM_API_KEY"].encode(), len(body)) +
                   body)
    return client


@pytest.mark.parametrize("usd, settings, sections, streamed", [
    (0.001, {}, {}, True), (0.001, {"hedge_max_cost_usd": 0.01}, {}, True),
    (0.001, {"hedge_max_cost_usd": 5}, {"general_settings": {"max_cost_usd": 0.6}}, True),
    (0, {"hedge_after_ms": 0}, {}, True), (0, {}, {}, False),
], ids=["only free deployments", "too expensive", "budget used up", "off", "whole"])
def test_cases_without_a_hedge(start_proxy, upstream, second, usd, settings, sections, streamed):
    """Waits ten times as long as until a hedge."""
    proxy = start(start_proxy, upstream, second, usd, settings, **sections)
    upstream.script([HANG])
    client = begin(proxy, streamed)
    waiting = upstream.next_request()
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.close()
    assert waiting.gone.wait(20)
    assert second.requests == []


def test_an_expensive_hedge_within_the_budget(start_proxy, upstream, second):
    proxy = start(start_proxy, upstream, second, 0.001, {"hedge_max_cost_usd": 5})
    upstream.script([HANG])
    second.script(chat.text_stream("from the second"))
    assert b"from the second" in proxy.post("/v1/chat/completions", CHAT).body


def test_a_disconnect_cancels_both(start_proxy, upstream, second):
    proxy = start(start_proxy, upstream, second)
    upstream.script([HANG])
    second.script([HANG])
    client = begin(proxy)
    first, hedge = upstream.next_request(), second.next_request()
    client.close()
    assert first.gone.wait(20) and hedge.gone.wait(20)
    assert proxy.journal()[0]["end"] == "cancelled"
    wait_until(lambda: settled(proxy), "no attempt to be in flight")
