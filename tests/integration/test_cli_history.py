"""pointsman history, stats and explain: their output about runs through the real proxy, and about logs written here."""
import json

import pytest

import chat_wire as chat
from conftest import chat_only, deployment
from mock_upstream import error
from test_cli_run import ANSWER, FLAGS, REAL, RunCli, priced, real_codex


@pytest.fixture
def cli(folder):
    cli = RunCli(folder)
    cli.environment["TZ"] = "UTC"
    return cli


def record(number, **fields):
    return {"timestamp": f"2026-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}.000Z", "run_id": f"run_{number}",
            "model": "codex-light", "codex_provider": "litellm", "original_input_tokens": 100,
            "estimated_input_tokens": 40,
            "estimated_cost_usd": 0.01, "estimated_savings_usd": 0.02, "exit_code": 0, "success": True, "calls": 0,
            "input_tokens": None, "output_tokens": None, "actual_cost_usd": None, "adaptive_router": {"enabled": False},
            **fields}


def request(number, run=None, **fields):
    return {"timestamp": f"2026-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}.500Z", "request_id": f"req_{number}",
            "run_id": f"run_{run}" if run is not None else None, "alias": "codex-light",
            "deployment": "codex-light/openai/1",
            "attempts": [{"deployment": "codex-light/openai/1", "outcome": "ok", "status": 200, "ms": 300}],
            "strategy": "expected-cost", "stuck": False, "candidates": [], "ttft_ms": 120, "total_ms": 300,
            "tokens": {"input": 1000, "cached": 0, "output": 100, "estimated": False}, "cost_usd": 0.002, "status": 200,
            "end": "completed", **fields}


def write(cli, name, entries, rotated=(), older=()):
    """`older`: of FILE.3. There is no FILE.2, as after a rotation that was killed."""
    cli.logs.mkdir(parents=True, exist_ok=True)
    for path, lines in ((cli.logs / name, entries), (cli.logs / f"{name}.1", rotated), (cli.logs / f"{name}.3", older)):
        if lines:
            path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))


def rows(text):
    return [line.split("\t") for line in text.splitlines()]


def test_nothing_yet(cli):
    assert cli("history").returncode == 0 and json.loads(cli("history", "--json").stdout) == []
    assert json.loads(cli("stats", "--json").stdout)["runs"] == 0 and cli("stats").returncode == 0
    assert cli("explain").returncode == 1 and "no run or request" in cli("explain").stderr


def test_history_shows_the_latest_first(cli):
    write(cli, "cost_router.jsonl", [record(i) for i in range(7, 15)] + ["{\"torn"],
          rotated=[record(i) for i in range(4, 7)], older=[record(i) for i in range(4)])
    assert [row[7] for row in rows(cli("history").stdout)] == [f"run_{i}" for i in range(14, 4, -1)]
    assert [row[7] for row in rows(cli("history", "--limit", "100").stdout)] == [f"run_{i}" for i in range(14, -1, -1)]
    assert json.loads(cli("stats", "--json").stdout)["runs"] == 15
    latest = json.loads(cli("history", "--json", "-n", "3").stdout)
    assert [entry["run_id"] for entry in latest] == ["run_14", "run_13", "run_12"]
    assert rows(cli("history", "-n", "1").stdout) == [
        ["2026-01-01 00:00:14", "codex-light", "litellm", "40", "$0.0100", "-", "ok", "run_14"]]
    assert cli("history", "--limit", "0").returncode == 2


def test_a_large_run_log_is_read_from_its_end(cli):
    """More than a megabyte of lines before the last ones is never parsed: these lines are not JSON."""
    write(cli, "cost_router.jsonl", ["x" * (3 << 20) + "\n"] + [record(i) for i in range(3000)])
    assert [row[7] for row in rows(cli("history", "-n", "2").stdout)] == ["run_2999", "run_2998"]
    assert len(rows(cli("history", "-n", "5000").stdout)) == 3000


def cached(status, tier="memory", **fields):
    return {"tier": tier, "status": status, "reason": None, "age_s": None, "saved_usd": None, **fields}


def test_stats_and_explain_show_the_cache(cli):
    """Over all requests, of runs or not; a log without a cache says nothing of it."""
    write(cli, "cost_router.jsonl", [record(1)])
    write(cli, "requests.jsonl", [request(1, 1)])
    assert "Reply cache" not in cli("stats").stdout
    write(cli, "requests.jsonl", [
        request(1, 1), request(2, None, cache=cached("stored")),
        request(3, None, cache=cached("bypass", reason="tools")),
        request(4, None, cache=cached("hit", age_s=12, saved_usd=0.25)),
        request(5, 1, cache=cached("hit", "redis", age_s=3, saved_usd=0.5)),
        request(6, None, cache=cached("collapsed", saved_usd=0.125)),
        request(7, None, cache=cached("hit", "semantic", age_s=5, saved_usd=0.5))])
    assert json.loads(cli("stats", "--json").stdout)["cache"] == {
        "requests": 6, "memory_hits": 1, "redis_hits": 1, "semantic_hits": 1, "collapsed": 1, "missed": 1,
        "bypassed": 1, "stored": 1, "saved_usd": 1.375}
    text = cli("stats").stdout
    assert ("Reply cache               : 1 from memory (saved $0.2500, mean age 12 s), 1 from Redis (saved $0.5000, "
            "mean age 3 s), 1 from a similar question (saved $0.5000, mean age 5 s), 1 from an equal request in flight "
            "(saved $0.1250), 1 missed, 1 bypassed" in text)
    assert "Saved by the cache        : $1.375" in text
    assert "cache: bypass: tools" in " ".join(cli("explain", "req_3").stdout.split()).replace(" :", ":")


def test_stats_join_the_request_log(cli):
    (cli.settings / "litellm-cost-routing.yaml").write_text(json.dumps({"model_list": [
        priced(deployment("codex-default", "http://127.0.0.1:9/v1"), input_cost_per_token=1e-5,
               output_cost_per_token=1e-4)]}))
    write(cli, "cost_router.jsonl", [
        record(1), record(2, exit_code=1, success=False), record(3, codex_provider="standard", model="codex-deep"),
        record(4, codex_provider="ollama", model="codex-qwen-local", input_tokens=5, output_tokens=7,
               actual_cost_usd=0)])
    write(cli, "requests.jsonl", [request(1, 1), request(2, 1), request(3, None), request(9, 9),
                                  request(4, 2, cost_usd=None)])
    stats = json.loads(cli("stats", "--json").stdout)
    assert (stats["runs"], stats["failures"], stats["calls"]) == (4, 1, 3)
    assert (stats["original_input_tokens"], stats["estimated_input_tokens"]) == (400, 160)
    assert (stats["input_tokens"], stats["output_tokens"]) == (3005, 307)
    assert stats["estimated_cost_usd"] == pytest.approx(0.04) and stats["estimated_savings_usd"] == pytest.approx(0.08)
    # The cost of run 1 (two requests) and of the free run is known; run 2 was answered at an unknown price.
    assert stats["runs_of_known_cost"] == 2 and stats["actual_cost_usd"] == pytest.approx(0.004)
    baseline = 2005 * 1e-5 + 207 * 1e-4
    assert stats["actual_savings_usd"] == pytest.approx(baseline - 0.004)
    assert {name: kind["runs"] for name, kind in stats["providers"].items()} == \
        {"litellm": 2, "standard": 1, "ollama": 1}
    assert stats["aliases"]["codex-light"]["failures"] == 1
    text = cli("stats").stdout
    assert "Requests routed           : 4" in text and "Failed                    : 1 (25.0 %)" in text
    assert "Tokens removed            : 240" in text and "Your provider's bill is authoritative" in text


def test_savings_have_no_rounding_errors(cli):
    """A run on codex-default itself, whose cost was summed in another order, has saved nothing."""
    (cli.settings / "litellm-cost-routing.yaml").write_text(json.dumps({"model_list": [
        priced(deployment("codex-default", "http://127.0.0.1:9/v1"), input_cost_per_token=1e-7,
               output_cost_per_token=4e-7)]}))
    write(cli, "cost_router.jsonl", [record(1, estimated_savings_usd=0.1), record(2, estimated_savings_usd=0.2),
                                     record(3, estimated_savings_usd=-0.3), record(4, estimated_savings_usd=-1.4e-20)])
    tokens = {"input": 1, "cached": 0, "output": 1, "estimated": False}
    write(cli, "requests.jsonl", [request(i, 1, tokens=tokens, cost_usd=5e-7) for i in range(10)])
    assert 10 * 1e-7 + 10 * 4e-7 != sum([5e-7] * 10), "an example without a rounding error shows nothing"
    stats = json.loads(cli("stats", "--json").stdout)
    assert stats["estimated_savings_usd"] == 0 == stats["actual_savings_usd"]
    assert stats["aliases"]["codex-light"]["actual_savings_usd"] == 0
    text = cli("stats").stdout
    assert "Estimated savings         : $0.0000 (" in text and "Actual savings            : $0.0000 (" in text
    assert "$5e-06" in text, "small amounts that are not savings are shown"


def test_explain_prints_a_request(cli):
    write(cli, "requests.jsonl", [request(1), request(2, candidates=[
        {"deployment": "alpha", "limit": "resting", "limit_s": 240}, {"deployment": "beta", "limit": "not_ready"},
        {"deployment": "gamma", "score": 0.0041}], deployment="gamma", stuck=True,
        attempts=[{"deployment": "delta", "outcome": "server", "status": 500, "ms": 20},
                  {"deployment": "gamma", "outcome": "ok", "status": 200, "ms": 300}])])
    last = cli("explain").stdout
    for line in ("candidate   : alpha: resting, 240 s more", "candidate   : beta: not_ready",
                 "candidate   : gamma: 0.0041",
                 "attempt     : delta: server, status 500 after 20 ms", "answered by : gamma, completed, status 200",
                 "chosen      : delta, sticky: the conversation's last deployment",
                 "tokens      : 1000 in (0 cached), 100 out",
                 "cost        : $0.0020", "strategy    : expected-cost, scores are expected USD, the lowest first"):
        assert line in last, last
    write(cli, "requests.jsonl", [request(1, tokens={"input": 1000, "cached": 600, "cache_write": 300, "output": 100})])
    assert "tokens      : 1000 in (600 cached, 300 written), 100 out\n" in cli("explain", "req_1").stdout
    write(cli, "requests.jsonl", [request(1), request(2)])
    assert "Request req_1" in cli("explain", "req_1").stdout and "req_2" not in cli("explain", "req_1").stdout
    assert cli("explain", "req_9").returncode == 1


def test_explain_shows_the_segments_of_the_prompt(cli):
    segments = {"instructions": 1200, "tools": 3010, "environment": 500, "history": 20, "tool_output": 8}
    write(cli, "requests.jsonl", [
        request(1, conversation="0123456789abcdef", turn=1, segments=segments),
        request(2, conversation="0123456789abcdef", turn=2, segments=segments, prefix_changed="tools"),
        request(3, conversation="0123456789abcdef", turn=3, segments=segments, prefix_changed="tool_output"),
        request(4, conversation="0123456789abcdef", context_warning={"tokens": 183000, "window": 200000})])
    first, tools, output, bare = (cli("explain", f"req_{n}").stdout.splitlines() for n in (1, 2, 3, 4))
    assert "conversation: 0123456789abcdef, turn 1" in first
    assert ("prompt      : 1200 instructions, 3010 tools, 500 environment, 20 history, 8 tool output (estimated tokens)"
            in first)
    assert not [line for line in first if line.startswith("prefix")]
    assert ("prefix      : the tools changed since the turn before, so the provider's cache could not be used" in tools)
    assert ("prefix      : the tool output changed since the turn before, so the provider's cache could be used up to "
            "there only" in output)
    assert "context     : 183000 of 200000 tokens: the conversation is near its context window" in bare
    assert not [line for line in first if line.startswith("context")]
    assert "conversation: 0123456789abcdef" in bare and not [line for line in bare if line.startswith("prompt")]


def test_explain_names_the_rule_of_a_failure(cli, start_proxy, upstream):
    """From the request log: which rule recognized the failure, and what the repeated attempt left out."""
    words = "Jinja Exception: System message must be at the beginning."
    upstream.script(error(500, words), chat.whole("fine"), error(418, "teapot"))
    proxy = start_proxy(chat_only("codex-light", upstream),
                        router_settings={"error_rules": [{"words": "teapot", "as": "quota"}]})
    body = {"model": "codex-light",
            "messages": [{"role": role, "content": "x"} for role in ("system", "user", "system", "user")]}
    assert proxy.post("/v1/chat/completions", body).status == 200
    assert proxy.post("/v1/chat/completions", body).status == 429
    entries = proxy.journal(2)
    write(cli, "requests.jsonl", entries)
    first, second = (cli("explain", entry["request_id"]).stdout for entry in entries)
    assert "; rule: system message must be at the beginning; called again without later_system_messages\n" in first
    assert first.count("rule:") == 1 and "; rule: error_rules[0]\n" in second


def test_explain_prints_a_run_and_its_requests(cli):
    attempts = [{"provider": "litellm", "outcome": "failed", "exit_code": 1, "ms": 2500},
                {"provider": "standard", "outcome": "barred", "exit_code": None, "ms": 0, "why": "avoid_openai"}]
    write(cli, "cost_router.jsonl", [record(10, attempts=attempts), record(50)])
    write(cli, "requests.jsonl", [request(1), request(11, 10), request(12), request(13, 10), request(51, 50)])
    shown = cli("explain", "run_10").stdout
    assert "Run run_10" in shown and "Request req_11" in shown and "Request req_13" in shown and "req_12" not in shown
    assert "tried       : litellm: failed, exit code 1 after 2.5 s" in shown \
        and "standard: barred: avoid_openai" in shown
    assert "Run run_50" in cli("explain", "last").stdout
    found = json.loads(cli("explain", "--json", "run_10").stdout)
    assert found["run"]["run_id"] == "run_10" and [r["request_id"] for r in found["requests"]] == ["req_11", "req_13"]


@REAL
def test_a_real_run_is_joined_with_its_requests(cli, start_proxy, make_upstream):
    models, own = make_upstream(), make_upstream()
    proxy = cli.through(start_proxy, priced(chat_only("codex-light", models)))
    real_codex(cli, own.base)
    models.script(chat.strict(chat.calls_stream(*chat.call_deltas("c1", "exec_command", {"cmd": "echo hi"}))),
                  chat.strict(chat.text_stream(ANSWER)))
    done = cli("run", *FLAGS, "Fix the typo in the readme")
    assert done.returncode == 0 and "2 proxy requests" in done.stderr, done.stderr
    entry, = cli.records()
    assert entry["calls"] == 2 and entry["actual_cost_usd"] > 0 and entry["ttft_ms"] is not None
    assert {line["run_id"] for line in proxy.journal(2)} == {entry["run_id"]}
    shown = cli("explain").stdout
    assert f"Run {entry['run_id']}" in shown and shown.count("\nRequest ") == 2
    assert json.loads(cli("stats", "--json").stdout)["actual_cost_usd"] == pytest.approx(entry["actual_cost_usd"])


@REAL
def test_a_run_that_costs_too_much_is_stopped(cli, start_proxy, make_upstream):
    """Each request costs far more than its estimate; the second one never ends by itself."""
    models, own = make_upstream(), make_upstream()
    cli.through(start_proxy, priced(chat_only("codex-light", models)))
    real_codex(cli, own.base)
    expensive = {"prompt_tokens": 10 ** 6, "completion_tokens": 10, "total_tokens": 10 ** 6 + 10}
    models.always(chat.calls_stream(*chat.call_deltas("c1", "exec_command", {"cmd": "sleep 1"}), usage=expensive))
    done = cli("run", *FLAGS, "--max-cost-usd", "0.5", "Fix the typo in the readme")
    assert done.returncode == 143, done.stderr
    entry, = cli.records()
    assert [(a["provider"], a["outcome"]) for a in entry["attempts"]] == [("litellm", "over_cost")]
    assert "the run cost more than $0.5000 (max_cost_usd)" in done.stderr
    assert entry["actual_cost_usd"] > 0.5 and len(models.requests) < 5


def test_the_adaptive_router_learns_from_outcomes(cli):
    """The first step fails twice, in shadow mode. Then, live, the second step comes first."""
    cli.codex('case "$*" in *router.huggingface.co*) exit 0;; esac; exit 1')
    policy = ("fallback_order: [standard, huggingface]\nadaptive_router: {{enabled: true, shadow_mode: {}, "
              "cost_guard_enabled: false, min_confidence_delta: 0.05}}\n")
    cli.policy(policy.format("true"))
    for _ in range(4):
        assert cli("run", "Make it blue", HF_TOKEN="hf_canary").returncode == 0
    orders = [[attempt["provider"] for attempt in entry["attempts"]] for entry in cli.records()]
    assert orders == [["standard", "huggingface"]] * 4
    decisions = [entry["adaptive_router"] for entry in cli.records()]
    assert not decisions[0]["would_switch"] and decisions[-1]["would_switch"] and not decisions[-1]["applied"]
    assert decisions[-1]["health"]["standard"]["state"] == "failing"
    state = cli.logs / "cost_router_state.json"
    assert state.stat().st_mode & 0o777 == 0o600 and "hf_canary" not in state.read_text()
    cli.policy(policy.format("false"))
    assert cli("run", "Make it blue", HF_TOKEN="hf_canary").returncode == 0
    entry = cli.records()[-1]
    assert [attempt["provider"] for attempt in entry["attempts"]] == ["huggingface"] \
        and entry["adaptive_router"]["applied"]
    assert entry["adaptive_router"]["baseline_provider"] == "standard"
    state.write_text("{broken")
    assert cli("run", "Make it blue", HF_TOKEN="hf_canary").returncode == 0
