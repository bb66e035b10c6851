"""The session app's API: routes, errors, start and stop, and the life of its child."""
import errno
import os
import socket
import subprocess
import sys
import threading
import urllib.parse

import pytest
from basics import ROOT, is_alive, wait_until
from session_tools import KEYS, Session, own_config, writable_memory

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def session(folder):
    session = Session(folder)
    yield session
    session.close()


def form(session, path, **fields):
    body = urllib.parse.urlencode({"token": session.token, **fields})
    return session.request("POST", path, body, {**FORM, "Origin": f"http://127.0.0.1:{session.port}"})


def test_health_status_and_headers(session):
    assert session.request("GET", "/health").json == {"status": "ok"}
    status = session.status()
    assert status == {"state": "stopped", "reason": "", "pid": None, "uptime_s": 0, "key_file": None,
                      "base_url": f"http://127.0.0.1:{session.proxy_port}/v1", "risk_url": None,
                      "config": str(session.config), "config_from": "given", "version": status["version"],
                      "aliases": [], "variables": [], "config_warnings": [], "hardening": status["hardening"]}
    assert status["hardening"]["session"]["no_core"] is True
    for path in ("/", "/health", "/api/status", "/nowhere", "/style.css", "/app.js", "/favicon.svg"):
        headers = session.request("GET", path).headers
        assert headers["cache-control"] == "no-store", path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers


def test_unknown_paths_and_wrong_methods(session):
    for path in ("/nowhere", "/api", "/page.html", "/error-403.html", "/api/start/", "/health/x"):
        answer = session.request("GET", path)
        assert (answer.status, answer.error["code"]) == (404, "not_found"), path
    for method, path, allow in (("POST", "/", "GET, HEAD"), ("DELETE", "/health", "GET, HEAD"),
                                ("GET", "/api/start", "POST"), ("PUT", "/api/stop", "POST"), ("GET", "/start", "POST"),
                                ("OPTIONS", "/api/start", "POST")):
        answer = session.request(method, path, "")
        assert (answer.status, answer.headers["allow"]) == (405, allow), (method, path)
    assert session.request("HEAD", "/health").status == 200


def test_body_limits_and_types(session):
    padded = '{"OPENAI_API_KEY":"' + "x" * 8300 + '"}'
    headers = {"Content-Type": "application/json", "X-Pointsman-Token": session.token}
    assert session.request("POST", "/api/start", padded, headers).error["code"] == "body_too_large"
    huge = session.request("POST", "/api/start", " " * 20000, headers)
    assert (huge.status, huge.error["code"]) == (413, "body_too_large")
    for kind in (None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = session.request("POST", "/api/start", "{}", {**headers, "Content-Type": kind})
        assert (answer.status, answer.error["code"]) == (415, "unsupported_media_type")
    assert session.request("POST", "/start", "{}", headers).status == 415
    packed = session.request("POST", "/api/start", "{}", {**headers, "Content-Encoding": "gzip"})
    assert packed.status == 415 and "uncompressed" in packed.error["message"]
    charset = {**headers, "Content-Type": "application/json; charset=utf-8"}
    assert session.request("POST", "/api/stop", "{}", charset).status == 200


@pytest.mark.parametrize("body, code", [
    ("{", "invalid_json"), ("[]", "invalid_body"), ('{"OPENAI_API_KEY":1}', "invalid_body"),
    ('{"OPENAI_API_KEY":"sk-a","OPENAI_API_KEY":"sk-b"}', "invalid_body"), ('{"NOPE":"x"}', "unknown_field"),
    ("{}", "no_usable_key"), ("", "no_usable_key"), ('{"HF_TOKEN":"hf_abcdefgh"}', "no_usable_key"),
    ('{"OPENAI_API_KEY":" "}', "no_usable_key"), ('{"OPENAI_API_KEY":"sk-a b"}', "invalid_key"),
    ('{"OPENAI_API_KEY":"AIzaSyA"}', "wrong_provider"), ('{"GEMINI_API_KEY":"sk-proj-1"}', "wrong_provider"),
    ('{"QWEN_API_KEY":"x","USE_LOCAL_QWEN":true}', "qwen_key_refused"),
    ('{"QWEN_API_BASE":"http://x","USE_LOCAL_QWEN":true}', "qwen_key_refused"),
    ('{"USE_LOCAL_QWEN":"maybe"}', "invalid_flag")])
def test_invalid_starts(session, body, code):
    answer = session.request("POST", "/api/start", body,
                             {"Content-Type": "application/json", "X-Pointsman-Token": session.token})
    assert (answer.status, answer.error["code"]) == (400, code)
    assert answer.error["message"]
    assert session.status()["state"] == "stopped" and not session.key_file.exists()


def test_start_use_stop(session):
    answer = session.start(**KEYS, USE_LOCAL_QWEN=True)
    status = answer.json
    assert answer.status == 200 and status["state"] == "running"
    assert status["key_file"] == str(session.key_file)
    assert [(a["name"], a["ready"]) for a in status["aliases"]] == [("codex-light", True), ("codex-hf-fast", False)]
    assert status["hardening"]["proxy"] == {"non_dumpable": True}
    master = session.key_file.read_text()
    assert len(master) == len("sk-local-") + 64 and session.key_file.stat().st_mode & 0o777 == 0o600
    with socket.create_connection(("127.0.0.1", session.proxy_port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert b"stub" in client.recv(1000)
    assert session.start().error["code"] == "already_running"
    stopped = session.stop()
    assert (stopped.status, stopped.json["state"], stopped.json["pid"]) == (200, "stopped", None)
    assert not session.key_file.exists() and not is_alive(status["pid"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", session.proxy_port))
    assert session.stop().status == 200
    assert session.start().json["state"] == "running"
    assert session.key_file.read_text() != master


def test_the_environment_is_built_from_nothing(folder):
    evil = {"SSLKEYLOGFILE": "/tmp/x", "LD_LIBRARY_PATH": "/tmp", "ALL_PROXY": "http://x", "https_proxy": "http://x",
            "OPENAI_API_KEY": "sk-from-the-shell", "MISTRAL_API_KEY": "shell", "TZ": "Europe/Paris", "LANG": "C.UTF-8"}
    session = Session(folder, environment=evil)
    try:
        assert session.start(GEMINI_API_KEY=KEYS["GEMINI_API_KEY"], HF_TOKEN=KEYS["HF_TOKEN"], USE_LOCAL_QWEN=True,
                             DEMO=True).status == 200
        seen = session.seen()
        environment = seen["environment"]
        environment.pop("LC_CTYPE", None)   # added by Python itself (PEP 538)
        assert environment == {
            "LISTEN_PID": str(seen["pid"]), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "proxy",
            "NOTIFY_SOCKET": str(session.runtime / "notify.sock"), "POINTSMAN_PARENT": str(session.session_pid()),
            "POINTSMAN_KEY_FILE": str(session.key_file), "LITELLM_API_KEY": session.key_file.read_text(),
            "GEMINI_API_KEY": KEYS["GEMINI_API_KEY"], "HF_TOKEN": KEYS["HF_TOKEN"],
            "HUGGINGFACE_API_KEY": KEYS["HF_TOKEN"], "USE_LOCAL_QWEN": "1", "POINTSMAN_DEMO": "1",
            "HOME": str(folder), "CODEX_HOME": str(folder / "codex"), "XDG_CONFIG_HOME": str(folder),
            "TZ": "Europe/Paris", "LANG": "C.UTF-8",
            "POINTSMAN_CODEX_CATALOG": str(session.runtime / "codex-models.json")}
        assert seen["arguments"] == ["--config", str(session.config), "--port", str(session.proxy_port)]
        descriptors = seen["descriptors"]
        assert {"0", "1", "2", "3"} <= set(descriptors) and descriptors["3"].startswith("socket:")
        assert [path for path in descriptors.values() if path.startswith("socket:")] == [descriptors["3"]]
    finally:
        session.close()


AGENT = {"LITELLM_ENABLE_CODEX_AGENT": True, "CODEX_AGENT_API_BASE": "http://127.0.0.1:8788"}


@pytest.mark.parametrize("fields, code, field", [
    ({"LITELLM_ENABLE_CODEX_AGENT": True}, "missing_base", "CODEX_AGENT_API_BASE"),
    ({**AGENT, "CODEX_AGENT_API_BASE": "8788"}, "invalid_base", "CODEX_AGENT_API_BASE"),
    ({**AGENT, "CODEX_AGENT_API_BASE": True}, "invalid_base", "CODEX_AGENT_API_BASE"),
    ({**AGENT, "CODEX_AGENT_API_BASE": "http://far.example"}, "insecure_base", "CODEX_AGENT_API_BASE"),
    ({**AGENT, "CODEX_AGENT_API_KEY": "a b"}, "invalid_key", "CODEX_AGENT_API_KEY"),
    ({"CODEX_AGENT_API_BASE": "http://127.0.0.1:8788"}, "no_usable_key", None),
    ({"USE_CHATGPT_LOGIN": True}, "no_login", "USE_CHATGPT_LOGIN")])
def test_half_a_provider_is_refused(session, fields, code, field):
    answer = session.api("/api/start", fields)
    assert (answer.status, answer.error["code"], answer.error.get("field")) == (400, code, field)
    assert session.status()["state"] == "stopped"


def test_codex_agent_gets_its_variables(session):
    assert session.start(**AGENT, CODEX_AGENT_API_KEY="agent-canary-0123456789").status == 200
    environment = session.seen()["environment"]
    assert environment["LITELLM_ENABLE_CODEX_AGENT"] == "1"
    assert environment["CODEX_AGENT_API_BASE"] == AGENT["CODEX_AGENT_API_BASE"]
    assert environment["CODEX_AGENT_API_KEY"] == "agent-canary-0123456789"
    assert session.stop().status == 200
    assert session.start(DEMO=True, CODEX_AGENT_API_BASE=AGENT["CODEX_AGENT_API_BASE"],
                         CODEX_AGENT_API_KEY="k").status == 200
    assert not [name for name in session.seen()["environment"] if "AGENT" in name]


OWN_CONFIG = """\
model_list:
- {model_name: a, litellm_params: {model: groq/m, api_key: os.environ/GROQ_API_KEY}}
- {model_name: b, litellm_params: {model: huggingface/m, api_key: os.environ/HUGGINGFACE_API_KEY}}
- {model_name: c, litellm_params: {model: openai_like/m, api_base: os.environ/OWN_BASE, api_key: os.environ/OWN_WORD}}
"""


def test_variables_that_the_configuration_names(session):
    """Exactly these are passed on, and removed from the proxy's messages."""
    session.config.write_text(OWN_CONFIG)
    answer = session.start(GROQ_API_KEY="gsk_canary123", LD_PRELOAD="/tmp/x.so")
    assert (answer.status, answer.error["code"]) == (400, "unknown_field") and "GROQ_API_KEY" in answer.error["message"]
    given = {"GROQ_API_KEY": "gsk_canary123", "OWN_BASE": "http://127.0.0.1:9/v1", "OWN_WORD": "open sesame",
             "HUGGINGFACE_API_KEY": "hf_second"}
    assert session.start(**given, HF_TOKEN="hf_first").status == 200
    environment = session.seen()["environment"]
    assert environment.items() >= given.items() and environment["HF_TOKEN"] == "hf_first"
    session.stop()
    session.behave({"say": ["{GROQ_API_KEY} {OWN_WORD} {OWN_BASE}"], "exit": 3})
    words = session.start(**given).error["message"]
    assert "canary" not in words and "sesame" not in words and "http://127.0.0.1:9/v1" in words


def test_a_configuration_that_needs_no_key_starts_without_one(session):
    assert session.start(HF_TOKEN="hf_1").error["code"] == "no_usable_key"
    session.config.write_text("model_list:\n- {model_name: a, litellm_params: {model: ollama/m}}\n")
    assert session.api("/api/start").status == 200


def test_options_of_a_start(session):
    assert session.start(DEMO=True, risk_router=True, strategy="expected-cost", allow_host="a.example, b").status == 200
    seen = session.seen()
    assert seen["arguments"][2:] == ["--port", str(session.proxy_port), "--risk-port", str(session.risk_port),
                                     "--strategy", "expected-cost", "--allow-host", "a.example", "--allow-host", "b"]
    assert seen["environment"]["LISTEN_FDS"] == "2" and seen["environment"]["LISTEN_FDNAMES"] == "proxy:risk"
    assert set(seen["descriptors"]) >= {"3", "4"} and session.status()["risk_url"].endswith(f":{session.risk_port}/v1")
    for port in (session.proxy_port, session.risk_port):
        socket.create_connection(("127.0.0.1", port)).close()
    session.stop()
    assert session.status()["risk_url"] is None
    with socket.create_server(("127.0.0.1", session.risk_port)):
        answer = session.start(DEMO=True, risk_router=True)
        assert (answer.status, answer.error["code"]) == (409, "port_busy") \
            and str(session.risk_port) in answer.error["message"]
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", session.proxy_port))
        assert session.start(DEMO=True).status == 200
    assert session.seen()["environment"]["LISTEN_FDS"] == "1"


def test_the_ports_follow_the_options_after_a_crash(session):
    session.start(DEMO=True, risk_router=True)
    os.kill(session.status()["pid"], 9)
    session.wait_state("died")
    assert session.start(DEMO=True, host="0.0.0.0").status == 200
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", session.risk_port))
    socket.create_connection(("127.0.0.2", session.proxy_port)).close()


def test_the_risk_router_option(session):
    assert form(session, "/start", DEMO="1", risk_router="1").status == 303
    assert "--risk-port" in session.seen()["arguments"]


def test_the_chatgpt_login_is_offered_if_there_is_one(session):
    own_config(session.folder).rename(session.config)
    assert 'class="choice" hidden' in session.request("GET", "/").text
    login = session.folder / "codex" / "auth.json"
    login.parent.mkdir()
    login.write_text('{"tokens":{"access_token":"canary-access-token"}}')
    page = session.request("GET", "/").text
    assert 'class="choice" hidden' not in page and str(login) in page
    assert session.start(USE_CHATGPT_LOGIN=True).status == 200
    environment = session.seen()["environment"]
    assert environment["USE_CHATGPT_LOGIN"] == "1" and environment["CODEX_HOME"] == str(login.parent)
    assert "canary-access-token" not in str(environment)


def test_form_starts_and_stops_by_redirect(session):
    answer = form(session, "/start", OPENAI_API_KEY=" " + KEYS["OPENAI_API_KEY"] + "\r\n", GEMINI_API_KEY="",
                  HF_TOKEN="")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    page = session.request("GET", "/").text
    assert 'data-state="running"' in page and "codex-light" in page \
        and f"http://127.0.0.1:{session.proxy_port}/v1" in page
    assert "HF_TOKEN is not set &lt;b&gt;&amp;amp;" in page
    assert str(session.key_file) in page and session.key_file.read_text() not in page
    assert not any(key in page for key in KEYS.values())
    assert form(session, "/stop").status == 303
    assert 'data-state="stopped"' in session.request("GET", "/").text


def test_form_shows_an_error_on_the_page(session):
    own_config(session.folder).rename(session.config)
    answer = form(session, "/start", OPENAI_API_KEY="AIzaCanaryCanary", GEMINI_API_KEY="", HF_TOKEN="")
    assert answer.status == 400 and answer.headers["content-type"].startswith("text/html")
    assert "that is a key of Gemini" in answer.text and 'aria-invalid="true"' in answer.text
    assert "AIzaCanaryCanary" not in answer.text
    answer = form(session, "/start", LITELLM_ENABLE_CODEX_AGENT="1", CODEX_AGENT_API_BASE="ftp://agent")
    assert answer.status == 400 and answer.text.count('aria-invalid="true"') == 1
    box = answer.text[answer.text.index('id="agent"'):]
    assert " checked>" in box[:box.index("\n")] and 'name="CODEX_AGENT_API_BASE"' in box


def test_a_crash_at_once_shows_the_last_log_lines_without_keys(session):
    session.behave({"say": ["config: line 3: what is this", "my key is {OPENAI_API_KEY}, master {LITELLM_API_KEY}!"],
                    "exit": 3})
    answer = session.start()
    assert (answer.status, answer.error["code"]) == (502, "proxy_died")
    assert "status 3" in answer.error["message"] and "config: line 3: what is this" in answer.error["message"]
    for text in (answer.text, session.log_text(), session.request("GET", "/").text):
        assert KEYS["OPENAI_API_KEY"] not in text and "sk-local-" not in text
    assert session.status()["state"] == "died" and not session.key_file.exists()
    session.behave({})
    assert session.start().json["state"] == "running"


def test_a_missing_program(folder):
    session = Session(folder, proxy=folder / "nowhere" / "pointsman-proxy")
    try:
        answer = session.start()
        assert answer.status == 502 and "can't be started: No such file" in answer.error["message"]
    finally:
        session.close()


def test_killed_proxy(session):
    pid = session.start().json["pid"]
    os.kill(pid, 9)
    status = session.wait_state("died")
    assert "signal 9" in status["reason"] and status["key_file"] is None and not session.key_file.exists()
    # The session app keeps the port, and no connection waits on it.
    with pytest.raises(OSError):
        socket.create_server(("127.0.0.1", session.proxy_port)).close()
    with pytest.raises(ConnectionResetError), \
            socket.create_connection(("127.0.0.1", session.proxy_port), timeout=5) as client:
        client.recv(1)
    assert session.start().status == 200
    assert session.stop().json["state"] == "stopped"


def test_a_port_in_use_names_its_holder_and_keeps_the_keys(session):
    with socket.create_server(("127.0.0.1", session.proxy_port)):
        answer = session.start()
        assert (answer.status, answer.error["code"]) == (409, "port_busy")
        assert f"pid {os.getpid()}" in answer.error["message"]
        assert not (session.folder / "stub-seen.json").exists() and not session.key_file.exists()
    assert session.start().status == 200


def ipv6_listener(port):
    try:
        return socket.create_server(("::1", port), family=socket.AF_INET6)
    except OSError as error:
        if error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            pytest.skip("this machine has no ::1")
        raise


def test_localhost_leads_nowhere_else(session):
    """Chromium tries ::1 first: another user who listened there would get the keys."""
    assert session.start(DEMO=True, risk_router=True).status == 200
    for port in (session.port, session.proxy_port, session.risk_port):
        with pytest.raises(OSError, match="in use"):
            ipv6_listener(port)
        socket.create_connection(("localhost", port)).close()
    session.stop()
    ipv6_listener(session.proxy_port).close()
    with pytest.raises(OSError, match="in use"):
        ipv6_listener(session.port)


@pytest.mark.parametrize("name", ["proxy_port", "risk_port"])
def test_a_port_in_use_on_ipv6(session, name):
    port = getattr(session, name)
    with ipv6_listener(port):
        answer = session.start(DEMO=True, risk_router=True)
        assert (answer.status, answer.error["code"]) == (409, "port_busy")
        assert f"Port {port} on ::1 (localhost) is taken by" in answer.error["message"], answer.text
        assert f"pid {os.getpid()}" in answer.error["message"]
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", session.proxy_port))
    assert session.start(DEMO=True, risk_router=True).status == 200


def test_health_answers_during_a_start(session):
    os.mkfifo(session.folder / "gate")
    session.behave({"hold": "gate"})
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(session.start()))
    waiting.start()
    session.wait_state("starting")
    assert session.request("GET", "/health").status == 200
    assert session.start().status == 409
    with open(session.folder / "gate", "wb"):
        pass
    waiting.join(20)
    assert [answer.json["state"] for answer in answers] == ["running"]


def test_stop_during_a_start(session):
    os.mkfifo(session.folder / "gate")
    session.behave({"hold": "gate"})
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(session.start()))
    waiting.start()
    session.wait_state("starting")
    wait_until((session.folder / "stub-seen.json").exists, "the stub to be up")
    with open(session.folder / "gate", "wb"):   # blocks until the stub waits; released after the stop
        assert session.stop().json["state"] == "stopped"
    waiting.join(20)
    assert [(answer.status, answer.error["code"]) for answer in answers] == [(409, "stopped")]


def test_too_many_waiting_requests(session):
    session.behave({"ignore_term": True})
    pid = session.start().json["pid"]
    answers = []
    stops = [threading.Thread(target=lambda: answers.append(session.stop().status)) for _ in range(30)]
    for stop in stops:
        stop.start()
    wait_until(lambda: answers.count(503) >= 15, "the excess to be refused")
    assert session.request("GET", "/health").status == 200
    os.kill(pid, 9)
    for stop in stops:
        stop.join(20)
    assert answers.count(200) == 15 and answers.count(503) == 15


def test_a_proxy_that_ignores_sigterm_is_killed_after_its_drain(session):
    session.behave({"ignore_term": True})
    pid = session.start().json["pid"]
    assert session.stop().json["state"] == "stopped"
    assert not is_alive(pid) and not session.key_file.exists()


def test_status_datagrams_are_checked_strictly(session):
    session.behave({"status": '{"version":"1","aliases":[{"name":"x","ready":"yes","reason":""}],"hardening":{}}'})
    status = session.start().json
    assert status["state"] == "running" and status["aliases"] == []


def test_lost_lines_of_the_request_log_are_in_the_status(session):
    session.behave({"status": '{"version":"1","aliases":[],"hardening":{},"log_dropped":3}'})
    assert session.start().json["log_dropped"] == 3


def test_other_processes_cannot_notify(session):
    os.mkfifo(session.folder / "gate")
    session.behave({"hold": "gate"})
    waiting = threading.Thread(target=session.start)
    waiting.start()
    session.wait_state("starting")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as liar:
        here = os.open(session.runtime, os.O_RDONLY)
        liar.connect(f"/proc/self/fd/{here}/notify.sock")
        os.close(here)
        for _ in range(20):
            liar.send(b"READY=1")
    assert session.request("GET", "/health").status == 200
    assert session.status()["state"] == "starting"
    with open(session.folder / "gate", "wb"):
        pass
    waiting.join(20)
    assert session.status()["state"] == "running"


def test_an_old_key_file_is_removed_and_no_link_is_followed(folder):
    runtime = folder / "r"
    runtime.mkdir(mode=0o700)
    victim = folder / "victim"
    victim.write_text("mine")
    (runtime / "codex-litellm-proxy.key").symlink_to(victim)
    session = Session(folder, runtime=runtime)
    try:
        assert not session.key_file.is_symlink()
        session.key_file.symlink_to(victim)
        assert session.start().status == 200
        assert victim.read_text() == "mine" and not session.key_file.is_symlink()
    finally:
        session.close()


FULL_DISK = """
import pathlib, subprocess, sys
from session_tools import Session
folder = pathlib.Path(sys.argv[1])
runtime = folder / "small"
runtime.mkdir()
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "none", runtime], check=True)
session = Session(folder, runtime=runtime)
try:
    with open(runtime / "ballast", "wb", buffering=0) as ballast:
        try:
            while ballast.write(b"x" * 4096):
                pass
        except OSError:
            pass
    answer = session.start()
    assert (answer.status, answer.error["code"]) == (500, "key_file_failed"), answer.text
    assert "No space left" in answer.error["message"] and not session.key_file.exists()
    (runtime / "ballast").unlink()
    assert session.start().status == 200
finally:
    session.close()
"""


def test_full_disk_for_the_runtime_folder(folder, session):
    """On the test's own file system if this user may mount one (in a namespace); otherwise in a folder in which the
    file's name is taken, which stops root, too."""
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "true"], capture_output=True).returncode == 0:
        place = folder / "disk"
        place.mkdir()
        subprocess.run([*namespace, sys.executable, "-c", FULL_DISK, place], check=True, timeout=60,
                       cwd=ROOT / "tests" / "support")
        return
    session.key_file.mkdir()
    answer = session.start()
    assert (answer.status, answer.error["code"]) == (500, "key_file_failed"), answer.text
    session.key_file.rmdir()
    assert session.start().status == 200


def test_everything_ends_with_the_web_server(session):
    pid = session.start().json["pid"]
    app = session.session_pid()
    session.server.kill()
    session.server.wait()
    wait_until(lambda: not is_alive(pid) and not is_alive(app), "both end")
    assert not session.key_file.exists()


def test_the_proxy_ends_with_the_session_app_and_the_next_one_cleans_up(session):
    pid = session.start().json["pid"]
    os.kill(session.session_pid(), 9)
    wait_until(lambda: not is_alive(pid), "the proxy to end")
    assert wait_until(session.is_healthy, "lighttpd to start the next one")
    assert session.status()["state"] == "stopped" and not session.key_file.exists()
    assert session.start().status == 200


def test_a_normal_shutdown_leaves_nothing(session):
    pid = session.start().json["pid"]
    app = session.session_pid()
    session.close()
    wait_until(lambda: not is_alive(pid) and not is_alive(app), "both end")
    assert not {"codex-litellm-proxy.key", "session-token", "notify.sock"} & {p.name for p in session.runtime.iterdir()}


def test_no_key_stays_in_the_session(session):
    """Only root can read its memory, and finds no key in it."""
    assert session.start(**KEYS).status == 200
    if os.geteuid() != 0 and session.status()["hardening"]["session"]["non_dumpable"]:
        with pytest.raises(PermissionError):
            writable_memory(session.session_pid())
        return
    memory = writable_memory(session.session_pid())
    assert session.token.encode() in memory   # the search itself works
    for key in (*KEYS.values(), session.key_file.read_text()):
        assert key.encode() not in memory


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can read the session app's memory")
def test_no_key_stays_during_a_start(session):
    """While a start waits for the proxy, its request is not finished, so libfcgi has not freed its buffers."""
    os.mkfifo(session.folder / "gate")
    session.behave({"hold": "gate"})
    waiting = threading.Thread(target=session.start, kwargs=KEYS)
    waiting.start()
    session.wait_state("starting")
    memory = writable_memory(session.session_pid())
    with open(session.folder / "gate", "wb"):
        pass
    waiting.join(20)
    assert session.token.encode() in memory   # the search itself works
    for key in KEYS.values():
        assert key.encode() not in memory
