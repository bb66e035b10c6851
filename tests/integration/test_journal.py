"""One line per request in requests.jsonl: what happened, without prompt and key."""
import json
import os
import resource
import stat
import subprocess

import pytest

from basics import BUILD, wait_until
import chat_wire as chat
import responses_wire as responses
from conftest import UPSTREAM_KEY, chat_only, deployment
from mock_upstream import error
from proxy_process import MASTER_KEY

PROMPT = "canary-prompt-0123456789"
CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": PROMPT}]}


def test_a_served_request(bridged, upstream):
    upstream.script(chat.text_stream("canary-answer-0123456789"))
    answer = bridged.post("/v1/responses", {"model": "codex-light", "input": PROMPT, "stream": True})
    entry, = bridged.journal()
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert entry["alias"] == "codex-light"
    assert (entry["status"], entry["end"], entry["stream"]) == (200, "completed", True)
    assert entry["wire"] == {"client": "responses", "upstream": "chat"}
    assert 0 <= entry["ttft_ms"] <= entry["total_ms"]
    tokens = entry["tokens"]
    assert (tokens["input"], tokens["cached"], tokens["output"], tokens["estimated"]) == (11, 4, 7, False)
    assert entry["cost_usd"] is None and tokens["cache_write"] is None
    assert [attempt["outcome"] for attempt in entry["attempts"]] == ["ok"]
    assert entry["deployment"] == entry["attempts"][0]["deployment"]


@pytest.mark.parametrize("run_id, kept", [
    ("run_1-A", "run_1-A"), ("x" * 64, "x" * 64), (None, None), ("", None), ("x" * 65, None), ("a b", None),
    ('a"b', None),
])
def test_the_run_that_a_request_belongs_to(light, upstream, run_id, kept):
    upstream.script(chat.whole())
    light.post("/v1/chat/completions", CHAT, headers={} if run_id is None else {"X-Pointsman-Run-Id": run_id})
    assert light.journal()[0]["run_id"] == kept


@pytest.mark.parametrize("user_agent, client", [
    ("codex_cli_rs/0.142.1 (Debian 12; x86_64) xterm", {"name": "codex_cli_rs", "version": "0.142.1"}),
    ("OpenAI/Python 2.8.1", {"name": "OpenAI/Python", "version": "2.8.1"}), ("tool", {"name": "tool", "version": None}),
    (None, None), ("\"canary\"/1.0", None), ("x" * 41, None),
])
def test_the_client_and_the_model(light, upstream, user_agent, client):
    upstream.script(chat.whole())
    light.post("/v1/chat/completions", CHAT, headers={"User-Agent": user_agent} if user_agent else {})
    entry, = light.journal()
    assert entry.get("client") == client and entry["model"] == "openai/mock-model"


def test_what_the_same_tokens_cost_at_the_baseline(start_proxy, upstream):
    """The baseline is the first deployment of codex-default. Without one, nothing is written."""
    def priced(alias, price):
        prices = ("input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost")
        return deployment(alias, upstream) | {"model_info": dict.fromkeys(prices, price)}
    baseline = [priced("codex-default", 0.01), priced("codex-default", 0.5)]
    upstream.always(chat.whole())
    for models, expected in (([*baseline, priced("codex-light", 0.001)], 0.18), ([priced("codex-light", 0.001)], None),
                             ([deployment("codex-default", upstream), priced("codex-light", 0.001)], None)):
        proxy = start_proxy(*models)
        proxy.post("/v1/chat/completions", CHAT)
        entry, = proxy.journal()
        assert entry["cost_usd"] == pytest.approx(0.018)
        assert entry.get("baseline_usd") == pytest.approx(expected)
        assert ("baseline_usd" in entry) == (len(models) > 1)


def test_the_baseline_can_be_chosen(start_proxy, upstream):
    """And what the provider's prompt cache saved: 4 of 11 input tokens are cached, 7 are output."""
    prices = ("input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost")
    light = deployment("codex-light", upstream) | {"model_info": dict(zip(prices, (0.001, 0.001, 0.0001)))}
    dear = deployment("dear", upstream) | {"model_info": dict.fromkeys(prices, 0.1)}
    default = deployment("codex-default", upstream) | {"model_info": dict.fromkeys(prices, 0.01)}
    proxy = start_proxy(default, dear, light, router_settings={"baseline": "dear"})
    upstream.always(chat.whole())
    proxy.post("/v1/chat/completions", CHAT)
    entry, = proxy.journal()
    assert entry["baseline_usd"] == pytest.approx(1.8) and entry["uncached_usd"] == pytest.approx(0.018)
    assert entry["cost_usd"] == pytest.approx(0.018 - 4 * 0.0009)


def test_how_it_was_decided(start_proxy, upstream):
    settings = {"routing_strategy": "expected-cost"}
    closed = deployment("codex-light", upstream)
    closed["litellm_params"]["api_key"] = "os.environ/NO_SUCH_KEY"
    proxy = start_proxy(deployment("codex-light", upstream), deployment("codex-light", upstream), closed,
                        router_settings=settings)
    upstream.script(error(429, headers={"Retry-After": "50"}), chat.whole(), chat.whole())
    for _ in range(2):
        proxy.post("/v1/chat/completions", CHAT)
    proxy.post("/v1/chat/completions", {**CHAT, "model": "nobody"})
    early, late, none = proxy.journal(3)
    assert early["strategy"] == late["strategy"] == "expected-cost"
    scored = [candidate["deployment"] for candidate in early["candidates"] if candidate.get("score", 0) > 0]
    assert sorted(scored) == ["codex-light/openai/1", "codex-light/openai/2"]
    limits = {candidate["deployment"]: candidate.get("limit") for candidate in late["candidates"]}
    assert limits == {early["attempts"][0]["deployment"]: "resting", late["deployment"]: None,
                      "codex-light/openai/3": "not_ready"}
    assert next(c["limit_s"] for c in late["candidates"] if c.get("limit") == "resting") in range(1, 51)
    assert not early["stuck"] and late["stuck"]
    assert (none["strategy"], none["candidates"]) == (None, [])


def test_attempts_are_listed(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream, order=1), deployment("codex-light", upstream, order=2))
    upstream.script(error(500), chat.whole())
    proxy.post("/v1/chat/completions", CHAT)
    entry, = proxy.journal()
    assert [(attempt["outcome"], attempt["status"]) for attempt in entry["attempts"]] == [("server", 500), ("ok", 200)]


def test_the_cost_is_logged_if_the_price_is_known(start_proxy, upstream):
    entry = chat_only("codex-light", upstream)
    entry["model_info"] = {"input_cost_per_token": 1e-6, "cache_read_input_token_cost": 1e-7,
                           "output_cost_per_token": 1e-5}
    proxy = start_proxy(entry)
    upstream.script(chat.whole())
    proxy.post("/v1/chat/completions", CHAT)
    assert proxy.journal()[0]["cost_usd"] == pytest.approx((11 - 4) * 1e-6 + 4 * 1e-7 + 7 * 1e-5)


@pytest.mark.parametrize("api", ["responses", "chat"])
def test_cache_writes_are_logged_priced_and_passed_on(start_proxy, upstream, api):
    """On a client of either API, whichever the upstream has."""
    entry = chat_only("codex-light", upstream) if api == "responses" else deployment("codex-light", upstream)
    entry["model_info"] = {"input_cost_per_token": 1e-6, "cache_read_input_token_cost": 1e-7,
                           "output_cost_per_token": 1e-5, "cache_creation_input_token_cost": 1.25e-6}
    proxy = start_proxy(entry)
    usage = {**chat.USAGE, "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 5}}
    upstream.script(chat.whole(usage=usage))
    body = {"model": "codex-light", "input": PROMPT} if api == "responses" else CHAT
    reply = proxy.post("/v1/responses" if api == "responses" else "/v1/chat/completions", body).json["usage"]
    details = reply["input_tokens_details" if api == "responses" else "prompt_tokens_details"]
    assert details == {"cached_tokens": 4, "cache_write_tokens": 5}
    entry, = proxy.journal()
    assert (entry["tokens"]["cached"], entry["tokens"]["cache_write"]) == (4, 5)
    assert entry["cost_usd"] == pytest.approx(2 * 1e-6 + 4 * 1e-7 + 5 * 1.25e-6 + 7 * 1e-5)


def test_a_failed_request(light, upstream):
    upstream.always(error(500, f"echo {UPSTREAM_KEY} {PROMPT}"))
    answer = light.post("/v1/chat/completions", CHAT)
    entry, = light.journal()
    assert (entry["status"], entry["end"]) == (answer.status, "failed")


def test_items_that_the_bridge_left_out_are_counted(start_proxy, upstream):
    """An item and a part of unknown types, and a tool that only OpenAI runs. With the same API on both sides,
    nothing is left out."""
    proxy = start_proxy(chat_only("bridged", upstream), deployment("native", upstream))
    upstream.script(chat.text_stream("ok"), chat.text_stream("ok"), responses.text_stream("ok"))
    parts = [{"type": "input_text", "text": "hi"}, {"type": "input_scent"}]
    odd = {"input": [{"type": "message", "role": "user", "content": parts}, {"type": "something_new"}],
           "tools": [{"type": "web_search"}]}
    for model, body in [("bridged", odd), ("bridged", {"input": "hi"}), ("native", odd)]:
        assert proxy.post("/v1/responses", {"model": model, "stream": True, **body}).status == 200
    assert [entry["dropped"] for entry in proxy.journal(3)] == [3, 0, 0]


def test_neither_prompt_nor_key_nor_answer(bridged, upstream):
    upstream.script(chat.text_stream("canary-answer-0123456789"), error(401, f"wrong key {UPSTREAM_KEY}"))
    for _ in range(2):
        bridged.post("/v1/responses", {"model": "codex-light", "input": PROMPT, "stream": True})
    bridged.journal(2)
    text = (bridged.codex_home / "logs" / "requests.jsonl").read_text() + bridged.stderr
    for secret in (PROMPT, UPSTREAM_KEY, MASTER_KEY, "canary-answer"):
        assert secret not in text


def test_only_its_owner_can_read_it(light, upstream):
    upstream.script(chat.whole())
    light.post("/v1/chat/completions", CHAT)
    light.journal()
    logs = light.codex_home / "logs"
    assert stat.S_IMODE(os.stat(logs).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(logs / "requests.jsonl").st_mode) == 0o600


def test_a_symbolic_link_is_not_followed(start_proxy, upstream, folder):
    target = folder / "elsewhere"
    target.write_text("")
    logs = folder / "proxy0" / "codex" / "logs"
    (folder / "other").mkdir()
    home = folder / "other" / "codex"
    (home / "logs").mkdir(parents=True, mode=0o700)
    (home / "logs" / "requests.jsonl").symlink_to(target)
    proxy = start_proxy(deployment("codex-light", upstream), environment={"CODEX_HOME": str(home)})
    upstream.script(chat.whole())
    assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert target.read_text() == "" and not logs.exists()
    assert "requests.jsonl" in proxy.stderr


def test_a_file_size_limit_is_a_full_disk(light, upstream):
    upstream.always(chat.whole())
    light.post("/v1/chat/completions", CHAT)
    light.journal()
    resource.prlimit(light.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    assert light.post("/v1/chat/completions", CHAT).status == 200
    # The line is written after its reply, and before the next request is read.
    assert light.get("/v1/models").status == 200
    assert light.get("/dispatch/state").json["log_dropped"] == 1
    resource.prlimit(light.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert light.post("/v1/chat/completions", CHAT).status == 200
    assert len(light.journal(2)) == 2   # the line between is lost, and so is the warning: standard error is a file, too
    assert light.get("/dispatch/state").json["log_dropped"] == 1
    recovered = "requests.jsonl: request log: writing again; lines lost: 1"
    wait_until(lambda: recovered in light.stderr, "the end of the warning")


def test_a_full_disk_does_not_stop_the_service(start_proxy, upstream, folder):
    """The log's folder cannot be created; requests are still answered."""
    blocked = folder / "blocked"
    blocked.write_text("a file in place of the folder")
    proxy = start_proxy(deployment("codex-light", upstream), environment={"CODEX_HOME": str(blocked)})
    upstream.script(chat.whole())
    assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert str(blocked) in proxy.stderr


TOOLS = [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}]
SYSTEM = {"role": "developer", "content": "Be brief. " * 200}
FIRST = [SYSTEM, {"role": "user", "content": PROMPT}]
SECOND = FIRST + [{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
                  {"type": "function_call_output", "call_id": "c", "output": "done " * 100}]
THIRD = SECOND + [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "There."}]},
                  {"role": "user", "content": "More."}]


def turns(proxy, upstream, *bodies, path="/v1/responses"):
    before = len(proxy.journal(0))
    for body in bodies:
        upstream.script(responses.whole() if path.endswith("responses") else chat.whole())
        assert proxy.post(path, {"model": "codex-light", "tools": TOOLS, **body}).status == 200
    return proxy.journal(before + len(bodies))[before:]


def test_the_turns_of_a_conversation(light, upstream):
    entries = turns(light, upstream, *({"input": items} for items in (FIRST, SECOND, THIRD)))
    name, = {entry["conversation"] for entry in entries}
    assert len(name) == 16 and int(name, 16)
    assert [entry["turn"] for entry in entries] == [1, 2, 3]
    assert not any("prefix_changed" in entry for entry in entries)
    first, second, third = (entry["segments"] for entry in entries)
    assert first["instructions"] > 9 * first["tools"] > 0 == first["tool_output"] == first["environment"]
    assert second["instructions"] > 3 * second["tool_output"] > second["history"] > 0
    assert third["history"] > second["history"]
    other, = turns(light, upstream, {"input": [SYSTEM, {"role": "user", "content": "Another question."}]})
    assert other["conversation"] != name and "prefix_changed" not in other


def test_the_segment_in_which_a_prefix_changes(light, upstream):
    cut = [*FIRST, {"role": "user", "content": "What was before is gone."}]
    changes = turns(light, upstream, {"input": SECOND}, {"input": THIRD, "tools": TOOLS * 2},
                    {"input": [{"role": "developer", "content": "Be verbose."}, *THIRD[1:]], "tools": TOOLS * 2,
                     "prompt_cache_key": "x"},
                    {"input": [SYSTEM, *THIRD[1:]], "tools": TOOLS * 2, "prompt_cache_key": "x"},
                    {"input": THIRD, "tools": TOOLS * 2}, {"input": cut, "tools": TOOLS * 2})
    assert [entry.get("prefix_changed") for entry in changes] == [None, "tools", None, "instructions", None, "history"]


def test_a_conversation_of_chat_completions(light, upstream):
    system, question = {"role": "system", "content": "Be brief."}, {"role": "user", "content": PROMPT}
    answer = {"role": "assistant", "content": "No.", "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}
    output = {"role": "tool", "tool_call_id": "c", "content": "done"}
    tools = [{"type": "function", "function": {"name": "f"}}]
    early, late = turns(light, upstream, *({"messages": messages, "tools": tools} for messages in (
        [system, question], [system, question, answer, output])), path="/v1/chat/completions")
    assert early["conversation"] == late["conversation"] and (early["turn"], late["turn"]) == (1, 2)
    assert early["segments"]["instructions"] == late["segments"]["instructions"] > 0 < late["segments"]["tool_output"]
    assert "prefix_changed" not in late


def test_a_conversation_keeps_its_name(start_proxy, upstream):
    """After a reload, which also remembers the prefix, and after a restart; another installation has other names."""
    entries = [deployment("codex-light", upstream)]
    proxy = start_proxy(*entries)
    first, = turns(proxy, upstream, {"input": FIRST})
    proxy.reload()
    changed, = turns(proxy, upstream, {"input": SECOND, "tools": TOOLS * 2})
    assert changed["prefix_changed"] == "tools"
    proxy.stop()
    again = start_proxy(*entries, environment={"CODEX_HOME": str(proxy.codex_home)})
    again.codex_home = proxy.codex_home
    last, = turns(again, upstream, {"input": THIRD})
    assert first["conversation"] == changed["conversation"] == last["conversation"] and "prefix_changed" not in last
    elsewhere, = turns(start_proxy(*entries), upstream, {"input": FIRST})
    assert elsewhere["conversation"] != first["conversation"]


def test_embeddings_have_no_conversation(light, upstream):
    upstream.script(responses.whole())
    light.post("/v1/embeddings", {"model": "codex-light", "input": PROMPT})
    entry, = light.journal()
    assert "conversation" not in entry and "segments" not in entry


def limited(upstream, **info):
    entry = deployment("codex-light", upstream)
    entry["model_info"] = info
    return entry


def test_a_prompt_that_is_near_its_window(start_proxy, upstream):
    """context_length is below the model's window. The provider counts 11 tokens."""
    near = start_proxy(limited(upstream, max_input_tokens=1000, context_length=12))
    far = start_proxy(limited(upstream, max_input_tokens=1000, context_length=13))
    unlimited = start_proxy(limited(upstream, max_input_tokens=1000))
    body = {"model": "codex-light", "input": "hi"}
    for proxy, warning in ((near, {"tokens": 11, "window": 12}), (far, None), (unlimited, None)):
        upstream.script(responses.whole())
        reply = proxy.post("/v1/responses", body)
        entry, = proxy.journal()
        assert entry.get("context_warning") == warning
        assert reply.headers["x-pointsman-context-warning"] == ("11/12" if proxy is near else None)


def test_a_prompt_above_its_limit_goes_elsewhere(start_proxy, upstream):
    small, large = limited(upstream, max_input_tokens=1000, context_length=50), limited(upstream, max_input_tokens=1000)
    small["litellm_params"]["order"], large["litellm_params"]["order"] = 1, 2
    proxy = start_proxy(small, large)
    for text in ("hi", "word " * 200):
        upstream.script(responses.whole())
        proxy.post("/v1/responses", {"model": "codex-light", "input": text})
    first, second = proxy.journal(2)
    assert (first["deployment"], second["deployment"]) == ("codex-light/openai/1", "codex-light/openai/2")
    limits = {candidate["deployment"]: candidate.get("limit") for candidate in second["candidates"]}
    assert limits == {"codex-light/openai/1": "context_window", "codex-light/openai/2": None}


def test_the_limits_of_the_files(start_proxy, upstream, folder):
    """64 files of 128 KB: a file of 120 KB is full."""
    logs = folder / "home" / "logs"
    logs.mkdir(parents=True, mode=0o700)
    (logs / "requests.jsonl").write_text("{}\n" * 40000)
    proxy = start_proxy(deployment("codex-light", upstream), environment={"CODEX_HOME": str(logs.parent)},
                        general_settings={"telemetry": {"max_total_bytes": 8 << 20, "max_files": 64}})
    proxy.codex_home = logs.parent
    upstream.script(chat.whole())
    assert proxy.post("/v1/chat/completions", CHAT).status == 200
    wait_until((logs / "requests.jsonl.1").exists, "the rotation")
    assert len(proxy.journal(1)) == 1


def test_sums_outlast_the_files_of_the_log(start_proxy, upstream):
    """A rotation removes the oldest file, and a report has its requests still."""
    upstream.always(chat.whole("hi"))
    limits = {"max_total_bytes": 8 << 20, "max_files": 4}
    proxy = start_proxy(deployment("codex-light", upstream), general_settings={"telemetry": limits})
    logs = proxy.codex_home / "logs"

    def ask():
        assert proxy.post("/v1/chat/completions", {"model": "codex-light", "messages": []}).status == 200

    def usage():
        done = subprocess.run([BUILD / "cli" / "pointsman", "usage", "--json", "--since", "2026-01-01"], check=True,
                              env={"CODEX_HOME": str(proxy.codex_home), "HOME": str(proxy.folder), "TZ": "UTC"},
                              capture_output=True, text=True)
        return json.loads(done.stdout)["total"]

    ask()
    line = json.dumps(proxy.journal(1)[0]) + "\n"
    (logs / "requests.jsonl.1").write_text(line * 500)
    with open(logs / "requests.jsonl", "a") as log:
        log.write(line * (6 * (2 << 20) // 8 // len(line)))   # from here on, each line is a reason to rotate
    before, asked = usage(), 0

    def has_rotated():   # what others write to the file is noticed within a second
        nonlocal asked
        ask()
        asked += 1
        return (logs / "usage-sums.jsonl").exists() and (logs / "requests.jsonl.1").stat().st_size > 1 << 20

    wait_until(has_rotated, "the rotation", every_s=0.05)
    wait_until(lambda: usage()["requests"] == before["requests"] + asked, "the last lines")
    after = usage()
    assert after["input_tokens"] == pytest.approx(before["input_tokens"] * after["requests"] / before["requests"])
    assert (logs / "usage-sums.jsonl").stat().st_mode & 0o777 == 0o600
