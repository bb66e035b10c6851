"""The adaptive router: in shadow mode it only reports; live, it changes the order. The cost guard blocks expensive
deployments. The canary takes a share of the conversations and rolls back by itself."""
import itertools
import json

import pytest

import chat_wire as chat
from conftest import deployment
from mock_upstream import error

NAMES = itertools.count()


@pytest.fixture
def second(make_upstream):
    return make_upstream()


def entry(upstream, order, name, price=0.0, **info):
    return {**deployment("codex-light", upstream, order=order),
            "model_info": {"id": name, "input_cost_per_token": price, "cache_read_input_token_cost": price,
                           "output_cost_per_token": price, **info}}


# Neither this machine's speed nor a cooldown may decide.
SETTINGS = {"enabled": True, "slow_ttft_ms": 1e9, "slow_latency_ms": 1e9}


def sections(**adaptive):
    return {"router_settings": {"disable_cooldowns": True, "adaptive_router": {**SETTINGS, **adaptive}}}


def ask(proxy, conversation=None):
    """Sends one request, in a new conversation unless one is named. Returns its line of the request log."""
    name = conversation or f"conversation-{next(NAMES)}"
    lines = len(proxy.journal(0)) if (proxy.codex_home / "logs" / "requests.jsonl").exists() else 0
    answer = proxy.post("/v1/chat/completions",
                        {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]},
                        headers={"thread-id": name})
    assert answer.status == 200
    return proxy.journal(lines + 1)[lines]


def let_the_first_fail(proxy, upstream, second):
    """The preferred deployment fails twice; the other one answers."""
    upstream.script(error(500), error(500))
    upstream.always(chat.whole("from the first"))
    second.always(chat.whole("from the second"))
    assert ask(proxy)["adaptive_router"]["would_switch"] is False
    ask(proxy)


def test_shadow_mode_reports_and_changes_nothing(start_proxy, upstream, second):
    proxy = start_proxy(entry(upstream, 1, "first"), entry(second, 2, "second"), **sections())
    let_the_first_fail(proxy, upstream, second)
    line = ask(proxy)
    assert line["deployment"] == "first"
    report = line["adaptive_router"]
    assert (report["enabled"], report["shadow_mode"]) == (True, True)
    assert (report["baseline_provider"], report["suggested_provider"]) == ("first", "second")
    assert (report["would_switch"], report["applied"], report["cost_guard_blocked"]) == (True, False, False)
    assert report["confidence_delta"] >= 0.15
    assert report["health"]["first"]["state"] == "failing"
    assert report["health"]["first"]["risk"] > report["health"]["second"]["risk"]
    assert report["health"]["second"]["observations"] == 2
    kept = proxy.get("/dispatch/state").json["requests"][-1]["adaptive_router"]
    assert kept == {name: kept[name]
                    for name in ("baseline_provider", "suggested_provider", "confidence_delta", "would_switch",
                                 "applied", "cost_guard_blocked")}
    assert all(report[name] == value for name, value in kept.items() if name != "confidence_delta")
    shown = proxy.get("/dispatch/metrics").json["adaptive_router"]
    assert (shown["shadow_mode"], shown["canary"]["baseline"]["requests"], shown["canary"]["stepped_back"]) == \
        (True, 3, None)
    assert shown["health"]["first"]["observations"] == 3
    proxy.post("/dispatch/reset", b"")
    assert proxy.get("/dispatch/metrics").json["adaptive_router"]["health"] == {}


def test_live_changes_the_order(start_proxy, upstream, second):
    proxy = start_proxy(entry(upstream, 1, "first"), entry(second, 2, "second"), **sections(shadow_mode=False))
    upstream.script(error(500))
    second.always(chat.whole("from the second"))
    assert [attempt["deployment"] for attempt in ask(proxy)["attempts"]] == ["first", "second"]
    line = ask(proxy, "mine")
    assert line["adaptive_router"]["applied"] is True
    assert [attempt["deployment"] for attempt in line["attempts"]] == ["second"]
    assert len(upstream.requests) == 1
    choices = proxy.get("/dispatch/state").json["requests"][-1]["choices"]
    assert {choice["model"]: choice["reason"].split(";")[0] for choice in choices} == {
        "first": "not first", "second": "moved first by the adaptive router"}
    # The deployment that was moved back is tried next.
    second.script(error(500))
    upstream.script(chat.whole("from the first"))
    assert [attempt["deployment"] for attempt in ask(proxy)["attempts"]] == ["second", "first"]


def test_a_conversation_stays_on_its_deployment(start_proxy, upstream, second):
    """A better deployment alone is no reason to move a conversation."""
    proxy = start_proxy(entry(upstream, 1, "first", 0.02), entry(second, 2, "second"), **sections(shadow_mode=False))
    upstream.always(chat.whole("from the first"))
    second.always(chat.whole("from the second"))
    ask(proxy, "mine")
    upstream.script(error(500))
    assert ask(proxy)["deployment"] == "second"
    assert ask(proxy)["deployment"] == "second"
    line = ask(proxy, "mine")
    assert line["deployment"] == "first"
    assert (line["adaptive_router"]["suggested_provider"], line["adaptive_router"]["would_switch"]) == ("second", False)


def test_the_cost_guard_blocks_an_expensive_deployment(start_proxy, upstream, second):
    proxy = start_proxy(entry(upstream, 1, "first", 1e-6), entry(second, 2, "second", 5e-6),
                        **sections(shadow_mode=False, critical_risk_threshold=1))
    let_the_first_fail(proxy, upstream, second)
    line = ask(proxy)
    report = line["adaptive_router"]
    assert line["deployment"] == "first"
    assert (report["would_switch"], report["applied"], report["cost_guard_blocked"]) == (False, False, True)
    assert report["blocked_provider"] == "second"
    assert report["blocked_cost_multiplier"] == pytest.approx(5, rel=0.05)


def test_the_canary_splits_and_rolls_back(start_proxy, upstream, second):
    """The second is preferred for its price, but its replies are worse. With this tolerance a busy machine's latencies
    do not decide."""
    proxy = start_proxy(entry(upstream, 1, "first", 0.02, quality=90), entry(second, 2, "second", 0.0, quality=40),
                        **sections(shadow_mode=False, canary_share=0.5, canary_min_requests=10,
                                   canary_tolerance=1.5, min_confidence_delta=0.05))
    upstream.always(chat.whole("from the first"))
    second.always(chat.whole("from the second"))
    upstream.script(error(500), error(500))
    while len(second.requests) < 2:
        ask(proxy)
    lines = [ask(proxy) for _ in range(50)]
    applied = [line["adaptive_router"]["applied"] for line in lines]
    asked_first = [line["attempts"][0]["deployment"] for line in lines]
    assert asked_first == ["second" if was else "first" for was in applied]
    last = max(index for index, was in enumerate(applied) if was)
    assert False in applied[:last], "the baseline got no conversation"
    assert last < 49, "it did not roll back"
    figures = proxy.get("/dispatch/metrics").json["adaptive_router"]["canary"]
    assert figures["canary"]["quality"] == pytest.approx(0.4) and figures["baseline"]["quality"] > 0.5
    assert figures["stepped_back"].startswith("a quality of 0.4 is below the bound of 0.")
    assert all(line["adaptive_router"]["would_switch"] for line in lines[last:])
    assert "adaptive router: back to shadow mode: a quality of 0.4 is below the bound of 0." in proxy.stderr


def test_statistics_survive_a_reload(start_proxy, upstream, second):
    proxy = start_proxy(entry(upstream, 1, "first"), entry(second, 2, "second"), **sections())
    let_the_first_fail(proxy, upstream, second)
    config = json.loads(proxy.config.read_text())
    proxy.reload({**config, **sections(shadow_mode=False)})
    assert ask(proxy)["deployment"] == "second"
    proxy.reload({**config, **sections(enabled=False)})
    line = ask(proxy)
    assert line["deployment"] == "first"
    assert "adaptive_router" not in line
