"""The reply's headers name the deployment that answered, the failures before it, the cost, and the proxy's own time."""
import threading

import pytest

import chat_wire as chat
from conftest import BOTH_TRANSPORTS, deployment
from mock_upstream import error

pytestmark = BOTH_TRANSPORTS

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}


def fields(reply):
    return {name[len("x-litellm-"):]: value for name, value in reply.headers.items() if name.startswith("x-litellm-")}


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_the_first_deployment_answers(start_proxy, upstream, streamed):
    proxy = start_proxy(deployment("codex-light", upstream, input_cost_per_token=0, output_cost_per_token=1e-5))
    upstream.script(chat.either("fine"))
    reply = proxy.post("/v1/chat/completions", {**CHAT, "stream": streamed})
    got = fields(reply)
    assert got["call-id"] == reply.headers["x-request-id"] == proxy.journal()[0]["request_id"]
    assert (got["model-group"], got["model-id"]) == ("codex-light", "codex-light/openai/1")
    assert got["model-api-base"] == upstream.base
    assert (got["attempted-retries"], got["attempted-fallbacks"]) == ("0", "0")
    assert got.get("response-cost") == (None if streamed else "7e-05"), "a stream's cost comes after its head"
    assert float(got["overhead-duration-ms"]) <= int(got["response-duration-ms"]) + 1
    assert got["overhead-duration-ms"].split(".")[1].isdigit()


def test_failures_and_fallbacks_are_counted(start_proxy, make_upstream):
    first, second, third = make_upstream(), make_upstream(), make_upstream()
    proxy = start_proxy(deployment("codex-light", first, order=1), deployment("codex-light", second, order=2),
                        deployment("codex-deep", third),
                        router_settings={"fallbacks": [{"codex-light": ["codex-deep"]}]})
    first.script(error(500))
    second.script(error(429))
    third.script(chat.whole("deep"))
    got = fields(proxy.post("/v1/chat/completions", CHAT))
    assert got["model-group"] == "codex-light", "the group that was asked for"
    assert got["model-id"] == "codex-deep/openai/1" and got["model-api-base"] == third.base
    assert (got["attempted-retries"], got["attempted-fallbacks"]) == ("2", "1")


def test_the_upstreams_time_is_not_overhead(start_proxy, upstream):
    """The upstream delays its reply by half a second or a little more."""
    proxy = start_proxy(deployment("codex-light", upstream))
    go_on = threading.Event()
    timer = threading.Timer(0.5, go_on.set)

    def think(_):
        timer.start()   # from the arrival of the request, however long that takes
        return [go_on, *chat.whole("fine")]
    upstream.script(think)
    got = fields(proxy.post("/v1/chat/completions", CHAT))
    timer.join()
    assert int(got["response-duration-ms"]) - float(got["overhead-duration-ms"]) >= 498


def test_a_refusal_has_what_is_known(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.script(error(401))
    got = fields(proxy.post("/v1/chat/completions", CHAT))
    assert got["model-id"] == "codex-light/openai/1" and got["attempted-retries"] == "1"
    assert "response-cost" not in got
    nobody = proxy.post("/v1/chat/completions", {**CHAT, "model": "no\u00e9"})
    assert nobody.status == 404 and "call-id" in fields(nobody) and "model-id" not in fields(nobody)
