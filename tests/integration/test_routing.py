"""Which deployment is called: limits before scores, conversations stay, and strategies use the outcomes of earlier
attempts."""
import json

import pytest

from basics import wait_until
import chat_wire as chat
from conftest import deployment
from mock_upstream import HANG, error, with_head
from proxy_process import MASTER_KEY

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
STRATEGIES = ["simple-shuffle", "expected-cost", "risk-adjusted"]
TOOLS = {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]}
PICTURE = {"messages": [{"role": "user", "content": [
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}]}
SHAPE = {"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}}


def entry(upstream, info=None, **params):
    made = deployment("codex-light", upstream, **params)
    return {**made, "model_info": info or {}}


def served(answer):
    return answer.json["choices"][0]["message"]["content"]


@pytest.fixture
def two(make_upstream):
    """Two providers whose replies name them."""
    made = make_upstream(), make_upstream()
    for upstream, name in zip(made, ("first", "second")):
        upstream.always(chat.whole(name))
    return made


def conversation(name, **more):
    return {**CHAT, "prompt_cache_key": name, **more}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_conversation_stays_on_its_deployment(start_proxy, two, strategy):
    proxy = start_proxy(*map(entry, two), router_settings={"routing_strategy": strategy})
    for name in "abcdefgh":
        body = conversation(name)
        assert len({served(proxy.post("/v1/chat/completions", body)) for _ in range(6)}) == 1


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_conversation_moves_with_a_failure_and_then_stays_there(start_proxy, two, strategy):
    proxy = start_proxy(*map(entry, two), router_settings={"routing_strategy": strategy, "cooldown_time": 0})
    at_home = served(proxy.post("/v1/chat/completions", conversation("a")))
    home, other = two if at_home == "first" else two[::-1]
    home.script(error(500))
    assert served(proxy.post("/v1/chat/completions", conversation("a"))) != at_home
    calls = len(home.requests)
    for _ in range(6):
        assert served(proxy.post("/v1/chat/completions", conversation("a"))) != at_home
    assert len(home.requests) == calls


def test_max_parallel_requests(start_proxy, two):
    first, _ = two
    proxy = start_proxy(entry(two[0], order=1, max_parallel_requests=1), entry(two[1], order=2))
    first.script([HANG])
    with ask(proxy):
        first.next_request()
        assert served(proxy.post("/v1/chat/completions", CHAT)) == "second"
    wait_until(lambda: served(proxy.post("/v1/chat/completions", CHAT)) == "first", "the slot to be free again")


def test_rpm(start_proxy, two):
    proxy = start_proxy(entry(two[0], order=1, rpm=2), entry(two[1], order=2))
    assert [served(proxy.post("/v1/chat/completions", CHAT)) for _ in range(4)] == \
        ["first", "first", "second", "second"]


def test_tpm(start_proxy, two):
    """Each request uses 18 tokens by the provider's count."""
    proxy = start_proxy(entry(two[0], order=1, tpm=40), entry(two[1], order=2))
    assert [served(proxy.post("/v1/chat/completions", CHAT)) for _ in range(3)][-1] == "second"
    assert len(two[0].requests) in (1, 2)


# Rate-limit headers of servers on this machine are ignored.
@pytest.mark.parametrize("transport", ["libcurl"], indirect=True)
def test_a_quota_that_the_provider_reports_as_used_up(start_proxy, two):
    first, _ = two
    proxy = start_proxy(entry(two[0], order=1), entry(two[1], order=2))
    first.script(with_head(chat.whole("first"),
                           {"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "0",
                            "x-ratelimit-reset-requests": "6m0s"}))
    assert [served(proxy.post("/v1/chat/completions", CHAT)) for _ in range(3)] == ["first", "second", "second"]
    unhealthy = proxy.get("/health").json["unhealthy_endpoints"]
    assert "quota used up for" in unhealthy[0]["error"]


@pytest.mark.parametrize("lacks, needs", [
    ({"supports_function_calling": False}, TOOLS), ({"supports_vision": False}, PICTURE),
    ({"supports_response_schema": False}, SHAPE)], ids=["tools", "images", "shape"])
def test_what_a_model_does_not_support_goes_elsewhere(start_proxy, two, lacks, needs):
    proxy = start_proxy(entry(two[0], lacks, order=1), entry(two[1], order=2))
    assert served(proxy.post("/v1/chat/completions", CHAT)) == "first"
    assert served(proxy.post("/v1/chat/completions", {**CHAT, **needs})) == "second"


def test_an_unsupported_feature_is_no_reason_to_refuse(start_proxy, two):
    proxy = start_proxy(entry(two[0], {"supports_function_calling": False}))
    assert served(proxy.post("/v1/chat/completions", {**CHAT, **TOOLS})) == "first"


def test_an_alias_requires_quality(start_proxy, two, make_upstream):
    unknown = make_upstream()
    unknown.always(chat.whole("unknown"))
    proxy = start_proxy(entry(two[0], {"quality": 60}, order=1), entry(unknown, order=2),
                        entry(two[1], {"quality": 80}, order=3),
                        router_settings={"model_group_quality": {"codex-light": 70}, "num_retries": 3})
    assert served(proxy.post("/v1/chat/completions", CHAT)) == "unknown"
    unknown.script(error(500))
    assert served(proxy.post("/v1/chat/completions", CHAT)) == "second"
    assert not two[0].requests


def test_expected_cost_prefers_the_cheaper_one_until_it_fails(start_proxy, two):
    first, second = two
    proxy = start_proxy(entry(first, {"output_cost_per_token": 1e-6, "input_cost_per_token": 1e-6}),
                        entry(second, {"output_cost_per_token": 2e-5, "input_cost_per_token": 1e-6}),
                        router_settings={"routing_strategy": "expected-cost", "allowed_fails": 1000})
    assert [served(proxy.post("/v1/chat/completions", conversation(name))) for name in "abcd"] == ["first"] * 4
    first.always(error(500))
    assert [served(proxy.post("/v1/chat/completions", conversation(name))) for name in "efghij"] == ["second"] * 6
    assert len(first.requests) <= 4 + 2


def test_only_one_trial_call_at_a_time(start_proxy, two):
    first, second = two
    proxy = start_proxy(entry(first, order=1), entry(second, order=2),
                        router_settings={"cooldown_time": 0.3, "allowed_fails": 0})
    first.script(error(500), [HANG])
    assert served(proxy.post("/v1/chat/completions", CHAT)) == "second"
    asking = []
    wait_until(lambda: asking.append(ask(proxy)) or len(first.requests) == 2, "the trial")
    for _ in range(4):
        assert served(proxy.post("/v1/chat/completions", CHAT)) == "second"
    assert len(first.requests) == 2
    for sock in asking:
        sock.close()


def ask(proxy):
    """Sends a request whose reply is not read; closing the socket disconnects."""
    data = json.dumps(CHAT).encode()
    sock = proxy.connect()
    sock.sendall(
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\nAuthorization: Bearer {MASTER_KEY}\r\n"
                 f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
    return sock
