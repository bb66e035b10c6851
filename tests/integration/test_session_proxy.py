"""The session app with the real proxy and the shipped configuration."""
import http.client
import json
import os
import pathlib
import signal

from basics import BUILD, can_bind, is_alive, wait_until
import chat_wire as chat
import pytest
from mock_upstream import error
from session_tools import KEYS, Session, own_config


@pytest.fixture
def session(folder):
    session = Session(folder, proxy=BUILD / "proxy" / "pointsman-proxy", config=own_config(folder))
    yield session
    session.close()


def ask(session, model):
    connection = http.client.HTTPConnection("127.0.0.1", session.proxy_port, timeout=20)
    connection.request("POST", "/v1/chat/completions",
                       json.dumps({"model": model, "messages": [{"role": "user", "content": "which track?"}]}),
                       {"Authorization": "Bearer " + session.key_file.read_text(), "Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def test_demo_answers_and_stop_leaves_nothing(session):
    status = session.start(DEMO=True).json
    assert status["state"] == "running" and status["hardening"]["proxy"]
    ready = [alias["name"] for alias in status["aliases"] if alias["ready"]]
    assert "codex-echo" in ready and "codex-default" in [alias["name"] for alias in status["aliases"]]
    assert all(alias["reason"] for alias in status["aliases"] if not alias["ready"])
    code, answer = ask(session, "codex-echo")
    assert code == 200 and "which track?" in answer["choices"][0]["message"]["content"]
    assert session.stop().json["state"] == "stopped"
    assert not is_alive(status["pid"]) and not session.key_file.exists()


def test_keys_decide_what_is_ready(session):
    status = session.start(GEMINI_API_KEY=KEYS["GEMINI_API_KEY"]).json
    ready = {alias["name"]: alias["ready"] for alias in status["aliases"]}
    assert ready["codex-no-openai"] and not ready["codex-hf-fast"] and "codex-echo" not in ready
    assert not any(key in session.log_text() for key in KEYS.values())


def test_providers_that_are_off_name_their_variable(session):
    status = session.start(DEMO=True).json
    reasons = {alias["name"]: alias["reason"] for alias in status["aliases"]}
    assert reasons["codex-chatgpt"] == "disabled: USE_CHATGPT_LOGIN is not set"
    assert reasons["codex-agent"] == "disabled: set LITELLM_ENABLE_CODEX_AGENT=1"


def test_codex_agent_serves(session, make_upstream):
    agent = make_upstream()
    agent.script(error(500), chat.whole("planned and done"))
    status = session.start(LITELLM_ENABLE_CODEX_AGENT=True, CODEX_AGENT_API_BASE=agent.base.removesuffix("/v1"),
                           CODEX_AGENT_API_KEY="agent-canary-0123456789").json
    assert [alias["name"] for alias in status["aliases"] if alias["ready"]] == ["codex-agent"]
    code, answer = ask(session, "codex-agent")
    assert code == 200 and answer["choices"][0]["message"]["content"] == "planned and done"
    assert [request.headers["authorization"] for request in agent.requests] == ["Bearer agent-canary-0123456789"] * 2
    assert "agent-canary-0123456789" not in session.log_text()


def test_the_chatgpt_login_is_accepted(session):
    login = session.folder / "codex" / "auth.json"
    login.parent.mkdir()
    login.write_text(json.dumps({"tokens": {"access_token": "a.b.c", "refresh_token": "r", "account_id": "x"}}))
    status = session.start(USE_CHATGPT_LOGIN=True).json
    assert [alias["name"] for alias in status["aliases"] if alias["ready"]] == ["codex-chatgpt"]


def test_orphans_end(session):
    for _ in range(3):
        pid = session.start(DEMO=True).json["pid"]
        os.kill(session.session_pid(), signal.SIGKILL)
        wait_until(lambda: not is_alive(pid), "the proxy to end")
        wait_until(session.is_healthy, "the next session app")
        assert not session.key_file.exists()


def test_dead_web_server_frees_the_port(session):
    pid = session.start(DEMO=True).json["pid"]
    session.server.kill()
    wait_until(lambda: not is_alive(pid), "the proxy to end")
    wait_until(lambda: can_bind(session.proxy_port), "the port to be free")
    wait_until(lambda: not session.key_file.exists(), "the key file to be removed")


def test_the_environment_is_closed_to_the_same_user(session):
    """/proc/PID/environ of a non-dumpable process belongs to root."""
    pid = session.start(OPENAI_API_KEY=KEYS["OPENAI_API_KEY"]).json["pid"]
    if os.environ.get("ASAN_OPTIONS") is None and session.status()["hardening"]["proxy"].get("non_dumpable"):
        assert pathlib.Path(f"/proc/{pid}/environ").stat().st_uid == 0


def test_the_sandbox_is_on_if_the_kernel_has_one(session):
    status = session.start(DEMO=True).json
    hardening, pid = status["hardening"]["proxy"], status["pid"]
    kernel = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    assert hardening["no_new_privs"] and kernel["NoNewPrivs"] == "1"
    assert hardening["seccomp"] == (kernel["Seccomp"] == "2") == (os.environ.get("ASAN_OPTIONS") is None)
    assert hardening["landlock"] in (True, False)


def test_a_test_request(session):
    assert session.api("/api/test", {"model": "codex-echo"}).error["code"] == "stopped"
    session.start(DEMO=True)
    answer = session.api("/api/test", {"model": "codex-echo"})
    assert answer.status == 200 and answer.json["words"].startswith("codex-echo: OK after ")
    assert answer.json["test"]["call"]["status"] == 200
    assert session.key_file.read_text() not in answer.text
    served = wait_until(lambda: next((a for a in session.status()["aliases"] if a["name"] == "codex-echo" and
                                    a["deployments"][0]["calls"]), None), "the request to be reported")["deployments"]
    assert [(d["model"], d["serves"], d["calls"], d["failed"]) for d in served] == [("echo/codex-echo", True, 1, 0)]
    for wrong in ({}, {"model": ""}, {"model": "--call"}, {"model": True}, {"model": "x" * 300}):
        assert session.api("/api/test", wrong).status == 400, wrong
    answer = session.api("/api/test", {"model": "nowhere"})
    assert answer.status == 502 and answer.error["code"] == "test_failed"


def test_a_wildcard_is_shown_without_a_test_button(folder):
    config = folder / "wild.yaml"
    config.write_text(json.dumps({"model_list": [
        {"model_name": name, "litellm_params": {"model": model, "api_key": "os.environ/OPENAI_API_KEY"}}
        for name, model in (("*", "openai/*"), ("codex-light", "openai/x"))],
                                  "general_settings": {"connect_ahead": False}}))
    session = Session(folder, proxy=BUILD / "proxy" / "pointsman-proxy", config=config)
    try:
        status = session.start(OPENAI_API_KEY="sk-test-0123456789").json
        assert [(alias["name"], alias["ready"]) for alias in status["aliases"]] == [("*", True), ("codex-light", True)]
        page = session.request("GET", "/").text
        assert "<code>*</code>" in page and 'value="codex-light"' in page and 'value="*"' not in page
        assert 'class="model">codex-light<' in page
    finally:
        session.close()
