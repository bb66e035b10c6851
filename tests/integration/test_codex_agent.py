"""codex-agent: a provider that is off by default, and whose deployments are retried after a temporary failure."""
import time

import pytest

from basics import free_port, wait_until
import chat_wire as chat
from conftest import deployment
from mock_upstream import CLOSE, RESET, error, stream_open
from test_disconnect import send

AGENT_KEY = "sk-canary-agent-0123456789abcdef"
ON = {"LITELLM_ENABLE_CODEX_AGENT": "1"}
CHAT = {"model": "codex-agent", "messages": [{"role": "user", "content": "hi"}]}


def entry(model="codex-agent/mini", **params):
    return {"model_name": "codex-agent", "litellm_params": {"model": model, **params}}


def root(upstream):
    return upstream.base.removesuffix("/v1")


@pytest.fixture
def agent(start_proxy, upstream):
    """A proxy with one codex-agent deployment, configured by the environment alone."""
    return start_proxy(entry(), keys={"CODEX_AGENT_API_KEY": AGENT_KEY},
                       environment={**ON, "CODEX_AGENT_API_BASE": root(upstream)})


def outcomes(proxy, line=0):
    return [attempt["outcome"] for attempt in proxy.journal(line + 1)[line]["attempts"]]


@pytest.mark.parametrize("model", ["codex-agent/mini", "codex_cli_agent/mini"])
@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/"])
@pytest.mark.parametrize("source", ["variable", "api_base"])
def test_the_base_url_with_and_without_v1(start_proxy, upstream, model, ending, source):
    base = root(upstream) + ending
    proxy = start_proxy(entry(model, **({"api_base": base} if source == "api_base" else {})),
                        environment={**ON, **({"CODEX_AGENT_API_BASE": base} if source == "variable" else {})})
    upstream.script(chat.whole("planned"))
    assert b"planned" in proxy.post("/v1/chat/completions", CHAT).body
    request = upstream.requests[0]
    assert (request.method, request.path, request.json["model"]) == ("POST", "/v1/chat/completions", "mini")
    assert "authorization" not in request.headers


def test_the_key_is_a_bearer_token(agent, upstream):
    upstream.script(chat.whole())
    assert agent.post("/v1/chat/completions", CHAT).status == 200
    assert upstream.requests[0].headers["authorization"] == f"Bearer {AGENT_KEY}"


def test_codex_reaches_it_through_the_bridge(agent, upstream):
    upstream.script(chat.text_stream("done"))
    answer = agent.post("/v1/responses", {"model": "codex-agent", "input": "hi", "stream": True})
    assert answer.events[-1][0] == "response.completed"


@pytest.mark.parametrize("failure, outcome", [
    (error(500), "server"), (error(502), "server"), (error(503), "overloaded"), ([RESET], "connect"),
    ([CLOSE], "connect"),
    (stream_open(chat.delta(role="assistant", content=""), CLOSE), "cut")], ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_one_failure_is_repeated(agent, upstream, failure, outcome, streamed):
    upstream.script(failure, chat.either("at last"))
    started = time.monotonic()
    answer = agent.post("/v1/chat/completions", {**CHAT, "stream": streamed})
    assert time.monotonic() - started >= 0.120
    assert answer.status == 200 and b"at last" in answer.body
    assert len(upstream.requests) == 2 and upstream.requests[0].body == upstream.requests[1].body
    assert outcomes(agent) == [outcome, "ok"]


@pytest.mark.parametrize("failure", [error(429, headers={"Retry-After": "1"}), error(400), error(401), error(404)],
                         ids=["429", "400", "401", "404"])
def test_a_permanent_failure_is_not_repeated(agent, upstream, failure):
    upstream.script(failure)
    assert agent.post("/v1/chat/completions", CHAT).status >= 400
    assert len(upstream.requests) == 1


def test_a_reply_that_has_begun_is_not_repeated(agent, upstream):
    upstream.script(chat.broken_stream("half a", end=CLOSE))
    answer = agent.post("/v1/chat/completions", {**CHAT, "stream": True})
    assert b"half a" in answer.body and b'"error"' in answer.body
    assert len(upstream.requests) == 1 and agent.journal()[0]["end"] == "cut"


@pytest.mark.parametrize("retries, calls", [(None, 3), ("0", 1), ("1", 2)])
def test_the_number_of_retries(start_proxy, upstream, retries, calls):
    environment = {**ON, "CODEX_AGENT_API_BASE": root(upstream)}
    if retries:
        environment["CODEX_AGENT_MAX_RETRIES"] = retries
    proxy = start_proxy(entry(), environment=environment)
    upstream.always(error(500, "the agent fell over"))
    answer = proxy.post("/v1/chat/completions", CHAT)
    assert answer.status == 503 and answer.error["message"].count("the agent fell over") == 1
    assert len(upstream.requests) == calls and outcomes(proxy) == ["server"] * calls


def test_after_the_retries_the_next_deployment_answers(start_proxy, upstream, make_upstream):
    second = make_upstream()
    proxy = start_proxy(entry(order=1), deployment("codex-agent", second, order=2),
                        environment={**ON, "CODEX_AGENT_API_BASE": root(upstream)})
    upstream.script(error(500), error(502), error(503))
    second.script(chat.whole("from the second"))
    assert b"from the second" in proxy.post("/v1/chat/completions", CHAT).body
    assert outcomes(proxy) == ["server", "server", "overloaded", "ok"]


def test_other_providers_are_not_repeated(start_proxy, upstream, make_upstream):
    """Only providers whose row says so are called again."""
    second = make_upstream()
    proxy = start_proxy(deployment("codex-agent", upstream, order=1), deployment("codex-agent", second, order=2))
    upstream.script(error(500))
    second.script(chat.whole())
    assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert len(upstream.requests) == 1


def test_requests_with_retries_count_as_one_failure(start_proxy, upstream, make_upstream):
    second = make_upstream()
    proxy = start_proxy(entry(order=1), deployment("codex-agent", second, order=2),
                        router_settings={"allowed_fails": 1},
                        environment={**ON, "CODEX_AGENT_API_BASE": root(upstream), "CODEX_AGENT_MAX_RETRIES": "1"})
    upstream.always(error(500))
    second.always(chat.whole())
    for _ in range(3):
        assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert len(upstream.requests) == 4      # two requests; the third one finds it cooling down


def test_no_connection(start_proxy):
    proxy = start_proxy(entry(), environment={**ON, "CODEX_AGENT_API_BASE": f"http://127.0.0.1:{free_port()}"})
    assert proxy.post("/v1/chat/completions", CHAT).status == 503
    assert outcomes(proxy) == ["connect"] * 3


def test_a_disconnect_ends_the_wait(start_proxy, upstream):
    proxy = start_proxy(entry(), environment={**ON, "CODEX_AGENT_API_BASE": root(upstream), "POINTSMAN_DEBUG": "1"})
    upstream.script(error(503, headers={"Retry-After": "1"}))
    sock = send(proxy, "/v1/chat/completions", CHAT)
    wait_until(lambda: "retry in" in proxy.stderr, "the wait")
    sock.close()
    line = proxy.journal()[0]
    assert (line["status"], line["end"], outcomes(proxy)) == (499, "cancelled", ["overloaded"])
    assert line["total_ms"] < 1000
    assert len(upstream.requests) == 1


def test_a_stop_ends_the_wait(start_proxy, upstream):
    proxy = start_proxy(entry(), environment={**ON, "CODEX_AGENT_API_BASE": root(upstream), "POINTSMAN_DEBUG": "1",
                                              "CODEX_AGENT_MAX_RETRIES": "10"})
    upstream.always(error(503, headers={"Retry-After": "1"}))
    sock = send(proxy, "/v1/chat/completions", CHAT)
    wait_until(lambda: "retry in" in proxy.stderr, "the wait")
    assert proxy.stop() == 0
    sock.close()


@pytest.mark.parametrize("environment, names", [
    ({}, "LITELLM_ENABLE_CODEX_AGENT=1"), ({"LITELLM_ENABLE_CODEX_AGENT": "0"}, "LITELLM_ENABLE_CODEX_AGENT=1"),
    (ON, "CODEX_AGENT_API_BASE"), ({**ON, "CODEX_AGENT_API_BASE": "8788"}, "CODEX_AGENT_API_BASE")],
    ids=["off", "0", "no base", "no URL"])
def test_missing_variables_are_named(start_proxy, upstream, environment, names):
    proxy = start_proxy(entry(), deployment("other", upstream), environment=environment)
    answer = proxy.post("/v1/chat/completions", CHAT)
    assert answer.status >= 400 and names in answer.error["message"]
    assert upstream.requests == []
