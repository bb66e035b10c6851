"""The risk router's port, and its reports about routing: /dispatch/metrics, /dispatch/state, /dispatch/reset."""
import json
import os
import subprocess

import pytest

from basics import free_port
import chat_wire as chat
from conftest import deployment
from mock_upstream import error
from proxy_process import BINARY, MASTER_KEY

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
MODEL_FIELDS = {"calls", "success_rate", "ewma_ttft_ms", "ewma_total_latency_ms", "ewma_latency_ms",
                "ewma_tokens_per_second",
                "ewma_queue_depth", "ewma_error_rate", "ewma_token_pressure", "ewma_response_tokens", "in_flight",
                "hard_limited", "hard_limited_remaining_s", "hard_limit_reason", "last_status", "last_error"}
FIRST, SECOND = "codex-light/openai/1", "codex-light/openai/2"


@pytest.fixture
def second(make_upstream):
    return make_upstream()


@pytest.fixture
def pair(start_proxy, upstream, second):
    return start_proxy(deployment("codex-light", upstream, order=1, max_parallel_requests=3),
                       deployment("codex-light", second, order=2),
                       router_settings={"cooldown_time": 90, "allowed_fails": 0})


def metrics(proxy, **options):
    return proxy.get("/dispatch/metrics", **options).json


def both_ports(proxy):
    return [{}, {"port": proxy.risk_port}]


def test_metrics_have_the_risk_routers_fields(pair, upstream, second):
    upstream.script(error(429, "slow down"))
    second.always(chat.either("fine"))
    for streamed in (False, True):
        assert pair.post("/v1/chat/completions", {**CHAT, "stream": streamed}).status == 200
    for options in both_ports(pair):
        got = metrics(pair, **options)
        assert set(got) >= {"strategy", "soft_score_weights", "temperature", "hard_limits", "models"}
        assert got["soft_score_weights"] == \
            {"cost": 0.1, "ttft": 0.22, "total_latency": 0.14, "tokens_per_second": 0.14,
             "error": 0.25, "token_pressure": 0.08, "queue_depth": 0.07, "quality": 0}
        assert got["temperature"] == 0.3
        assert got["hard_limits"] == {"max_in_flight": {FIRST: 3}, "status_cooldowns_seconds": {
            "401": 3600, "402": 300, "403": 3600, "404": 1800, "429": 90, "5xx": 90}}
        limited, well = got["models"][FIRST], got["models"][SECOND]
        assert set(limited) >= MODEL_FIELDS and set(well) >= MODEL_FIELDS
        assert limited["hard_limited"] and limited["hard_limit_reason"] == "http_429" and limited["last_status"] == 429
        assert 0 < limited["hard_limited_remaining_s"] <= 90 and "slow down" in limited["last_error"]
        assert (limited["calls"], limited["success_rate"], well["calls"], well["success_rate"]) == (1, 0, 2, 1)
        assert not well["hard_limited"] and well["hard_limit_reason"] is None and well["last_error"] is None
        assert well["ewma_response_tokens"] == 7 and well["ewma_ttft_ms"] is not None


def test_each_decision_has_its_reasons(pair, upstream, second):
    upstream.script(error(401))
    second.always(chat.either("fine"))
    for _ in range(2):
        reply = pair.post("/v1/chat/completions", CHAT)
    got = pair.get("/dispatch/state").json
    assert set(got["models"]) == {FIRST, SECOND}
    early, late = got["requests"]
    assert late["request_id"] == reply.headers["x-request-id"] and late["requested_model"] == "codex-light"
    assert [attempt["outcome"] for attempt in early["attempts"]] == ["auth", "ok"]
    assert early["selected_model"] == late["selected_model"] == SECOND and late["status"] == 200
    choices = {choice["model"]: choice for choice in late["choices"]}
    assert choices[FIRST]["limit"] == "resting" and choices[FIRST]["reason"].endswith("s after auth")
    assert 3500 < choices[FIRST]["limit_remaining_s"] <= 3600
    assert choices[SECOND]["limit"] is None and choices[SECOND]["reason"]


def test_two_hundred_decisions_are_kept(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    last = [proxy.post("/v1/chat/completions", {**CHAT, "model": "nobody"}).headers["x-request-id"] for _ in range(203)]
    kept = proxy.get("/dispatch/state").json["requests"]
    assert [decision["request_id"] for decision in kept] == last[-200:]
    assert kept[0]["choices"] == [] and kept[0]["selected_model"] is None and kept[0]["status"] == 404


def test_decisions_outlive_their_configuration(pair, upstream, second):
    upstream.script(error(401))
    second.always(chat.whole("fine"))
    for _ in range(2):
        pair.post("/v1/chat/completions", CHAT)
    before = pair.get("/dispatch/state").json["requests"]
    pair.reload({"model_list": [deployment("codex-new", second)]})
    assert pair.get("/dispatch/state").json["requests"] == before


def test_state_is_saved_across_starts_if_configured(start_proxy, upstream, second, folder):
    entries = [deployment("codex-light", upstream, order=1), deployment("codex-light", second, order=2)]
    home = {"environment": {"CODEX_HOME": str(folder / "home")}}
    upstream.script(error(401))
    second.always(chat.whole("fine"))
    for keep in (True, True, False):
        proxy = start_proxy(*entries, router_settings={"keep_state": keep}, **home)
        if keep:
            assert proxy.post("/v1/chat/completions", CHAT).status == 200
        seen = metrics(proxy)["models"]
        assert proxy.stop() == 0
    assert len(upstream.requests) == 1, "its cooldown lasts over the restart"
    assert seen[FIRST]["calls"] == 0 and not seen[FIRST]["hard_limited"], "not configured, not loaded"
    kept = json.loads((folder / "home" / "logs" / "dispatch-state.json").read_text())
    assert {entry["id"]: entry["calls"] for entry in kept["deployments"]} == {FIRST: 1, SECOND: 2}
    assert "mock failure" not in json.dumps(kept), "no error texts in files"


def test_a_reset_clears_everything(pair, upstream, second):
    upstream.script(error(401), chat.whole("first again"))
    second.script(chat.whole("second"))
    pair.post("/v1/chat/completions", CHAT)
    assert pair.post("/dispatch/reset", b"", port=pair.risk_port).json == {"status": "reset"}
    assert pair.get("/dispatch/state").json["requests"] == []
    forgotten = metrics(pair)["models"][FIRST]
    assert not forgotten["hard_limited"] and forgotten["calls"] == 0 and forgotten["last_error"] is None
    assert b"first again" in pair.post("/v1/chat/completions", CHAT).body


@pytest.mark.parametrize("method, path",
                         [("GET", "/dispatch/metrics"), ("GET", "/dispatch/state"), ("POST", "/dispatch/reset")])
def test_only_a_client_with_the_key_gets_it(pair, method, path):
    for options in both_ports(pair):
        assert pair.request(method, path, key=None, **options).status == 401
        assert pair.request(method, path, headers={"Origin": "http://evil.example"}, **options).status == 403
        assert pair.request("PUT", path, **options).status == 405


def test_the_risk_routers_port_has_its_strategy_and_its_fields(pair, upstream):
    upstream.always(chat.either("fine"))
    for streamed in (False, True):
        risk = pair.post("/v1/chat/completions", {**CHAT, "stream": streamed}, port=pair.risk_port)
        main = pair.post("/v1/chat/completions", {**CHAT, "stream": streamed})
        assert (risk.headers["X-Risk-Router-Requested-Model"], risk.headers["X-Risk-Router-Selected-Model"],
                risk.headers["X-Risk-Router-Attempts"]) == ("codex-light", FIRST, "1")
        assert "X-Risk-Router-Attempts" not in main.headers
    strategies = [decision["strategy"] for decision in pair.get("/dispatch/state").json["requests"]]
    assert strategies == ["expected-cost", "simple-shuffle"] * 2
    assert metrics(pair)["strategy"] == "simple-shuffle"
    assert metrics(pair, port=pair.risk_port)["strategy"] == "expected-cost"


def test_the_selected_model_is_the_one_that_answered(pair, upstream, second):
    upstream.script(error(500))
    second.script(chat.whole("second"))
    reply = pair.post("/v1/chat/completions", CHAT, port=pair.risk_port)
    assert (reply.headers["X-Risk-Router-Selected-Model"], reply.headers["X-Risk-Router-Attempts"]) == (SECOND, "2")


def test_its_strategy_is_configurable_and_reports_its_terms(start_proxy, upstream, second):
    proxy = start_proxy(deployment("codex-light", upstream), deployment("codex-light", second),
                        router_settings={"risk_router_strategy": "risk-adjusted"})
    for mock in (upstream, second):
        mock.always(chat.either("fine"))
    proxy.post("/v1/chat/completions", CHAT, port=proxy.risk_port)
    decision = proxy.get("/dispatch/state").json["requests"][0]
    assert decision["strategy"] == "risk-adjusted"
    for choice in decision["choices"]:
        assert choice["score"] is not None and "ttft" in choice["terms"] and choice["reason"]
    assert decision["choices"][0]["reason"] != decision["choices"][1]["reason"]


def test_it_has_the_same_checks_as_the_main_port(pair):
    assert pair.get("/v1/models", port=pair.risk_port, headers={"Host": f"127.0.0.1:{pair.port}"}).status == 403
    assert pair.get("/v1/models", port=pair.risk_port, key="sk-wrong").status == 401
    assert pair.get("/health/readiness", port=pair.risk_port, key=None).json == \
        {"status": "healthy", "router": "risk-adjusted"}
    assert pair.get("/health/readiness", key=None).json == {"status": "healthy", "db": "Not connected"}


def test_an_option_adds_it(folder, upstream):
    main, risk = free_port(), free_port()
    path = folder / "config.yaml"
    path.write_text(json.dumps({"model_list": [deployment("codex-light", upstream)]}))
    environment = {"HOME": str(folder), "LITELLM_API_KEY": MASTER_KEY, "MOCK_API_KEY": "x", "PATH": os.environ["PATH"]}
    command = [BINARY, "--config", path, "--port", str(main), "--risk-port", str(risk)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    lines = [process.stderr.readline() for _ in range(2)]
    try:
        assert f"ready on port {main}" in lines[0] and f"risk router on port {risk}, strategy expected-cost" in lines[1]
        taken = subprocess.run([*command[:4], str(free_port()), "--risk-port", str(risk)], capture_output=True,
                               text=True, env=environment, check=False)
        assert taken.returncode == 1 and f"127.0.0.1:{risk}" in taken.stderr
    finally:
        process.terminate()
        process.stderr.close()
        assert process.wait(20) == 0
