"""general_settings.telemetry: the session log, the debug log, and lost lines of several workers in one sum."""
import json
import subprocess

import pytest

from basics import BUILD, children, wait_until
import chat_wire as chat
import responses_wire as responses
from conftest import UPSTREAM_KEY, deployment
from mock_upstream import error
from proxy_process import MASTER_KEY
from test_workers import only

PROMPT = "canary-prompt-0123456789"
CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": PROMPT}]}


def read(proxy, name, lines=1):
    path = proxy.codex_home / "logs" / name
    wait_until(lambda: path.exists() and path.read_text().count("\n") >= lines, f"the lines of {name}")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_session_log(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream),
                        general_settings={"telemetry": {"session": {"file": "mine.jsonl"}}})
    upstream.script(responses.whole(), chat.whole(), chat.whole(), error(400, "no such thing"))
    assert proxy.post("/v1/responses", {"model": "codex-light", "input": PROMPT,
                                        "reasoning": {"summary": "auto", "effort": "high"}}).status == 200
    assert proxy.post("/v1/chat/completions", {**CHAT, "reasoning_effort": "low"}).status == 200
    assert proxy.post("/v1/chat/completions", {**CHAT, "reasoning_effort": "\"" + PROMPT}).status == 200
    assert proxy.post("/v1/chat/completions", CHAT).status == 400
    lines = read(proxy, "mine.jsonl", 4)
    assert [set(line) for line in lines] == [{"ts", "session_id", "model", "effort", "tokens"}] * 4
    assert [line["effort"] for line in lines] == ["high", "low", None, None]
    assert [line["model"] for line in lines] == ["openai/mock-model"] * 3 + [None]
    for line, request in zip(lines, proxy.journal(4)):
        assert (line["ts"], line["session_id"], line["tokens"]) == (request["timestamp"], request["conversation"],
                                                                    request["tokens"])
    assert PROMPT not in (proxy.codex_home / "logs" / "mine.jsonl").read_text()
    assert (proxy.codex_home / "logs" / "mine.jsonl").stat().st_mode & 0o777 == 0o600
    assert not (proxy.codex_home / "logs" / "debug.jsonl").exists()


def test_the_debug_log(start_proxy, make_upstream):
    first, second = make_upstream(), make_upstream()
    first.always(error(429, f"slow down: {PROMPT}"))
    second.always(chat.whole("canary-answer-0123456789"))
    proxy = start_proxy(deployment("codex-light", first, order=1), deployment("codex-light", second, order=2),
                        deployment("codex-later", second, api_key="os.environ/NOT_THERE"),
                        general_settings={"telemetry": {"debug": {"enabled": True}}})
    reply = proxy.post("/v1/chat/completions", CHAT)
    assert reply.status == 200
    lines = read(proxy, "debug.jsonl", 9)
    assert [line["event"] for line in lines] == [
        "configuration", "deployment", "deployment", "deployment", "decision", "call", "result", "call", "result"]
    config, one, two, three, decision, call, result, again, done = lines
    assert config["path"].endswith(".yaml") and (one["not_ready"], two["not_ready"]) == (None, None)
    assert three["alias"] == "codex-later" and "NOT_THERE" in three["not_ready"]
    assert {line["request_id"] for line in lines[4:]} == {reply.headers["x-request-id"]}
    assert decision["plan"] == ["codex-light/openai/1", "codex-light/openai/2"] and decision["unavailable"] is None
    assert [c["deployment"] for c in decision["candidates"]] == decision["plan"]
    assert (call["api_base"], again["api_base"], call["api"]) == (first.base, second.base, "chat")
    assert (result["outcome"], result["status"], result["how"]) == ("rate_limit", 429, "final")
    assert (done["outcome"], done["status"], done["deployment"]) == ("ok", 200, "codex-light/openai/2")
    assert result["ttft_ms"] is None and 0 <= done["ttft_ms"] <= done["ms"]
    text = (proxy.codex_home / "logs" / "debug.jsonl").read_text()
    for secret in (PROMPT, "canary-answer", UPSTREAM_KEY, MASTER_KEY):
        assert secret not in text
    proxy.post("/v1/chat/completions", {**CHAT, "model": "codex-later"})
    assert "NOT_THERE" in read(proxy, "debug.jsonl", 10)[9]["unavailable"]


@pytest.mark.parametrize("telemetry, message", [
    ({"session": {"file": "requests.jsonl"}}, "of no other log"), ({"session": {"file": "../a.jsonl"}}, "of no other"),
    ({"session": {"file": "usage-sums.jsonl"}}, "of no other"), ({"session": {"file": "a.txt"}}, "of no other"),
    ({"session": {"file": "a.jsonl"}, "max_files": 4}, "max_files: with a session log, at least 5"),
])
def test_names_of_the_session_log(folder, telemetry, message):
    config = folder / "c.yaml"
    config.write_text(json.dumps({"model_list": [], "general_settings": {"telemetry": telemetry}}))
    done = subprocess.run([BUILD / "proxy" / "pointsman-proxy", "--check", "--config", config], text=True,
                          env={"LITELLM_API_KEY": MASTER_KEY, "HOME": str(folder)}, capture_output=True)
    assert done.returncode == 1 and message in done.stderr


def test_lost_lines_of_all_workers(start_proxy, upstream):
    """Each worker loses a line; both report two."""
    upstream.always(chat.whole())
    proxy = start_proxy(deployment("codex-light", upstream), arguments=("--workers", "2"))
    proxy.workers = children(proxy.process.pid)
    log = proxy.codex_home / "logs" / "requests.jsonl"
    log.unlink()
    log.mkdir()   # no file can be opened in its place

    def state(number):
        with only(proxy, number):
            return proxy.get("/dispatch/state").json["log_dropped"]

    def lose(number):   # a worker notices within a second that its file is gone; until then it loses nothing
        before = state(number)

        def ask():
            with only(proxy, number):
                assert proxy.post("/v1/chat/completions", CHAT).status == 200
            return state(number) > before
        wait_until(ask, "a lost line", every_s=0.05)

    lose(0)
    lost = state(0)
    assert state(1) == lost
    lose(1)
    assert state(0) == state(1) > lost
