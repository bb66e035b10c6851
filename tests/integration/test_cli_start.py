"""pointsman start, stop, restart, status, key and web, with the real session app and the real proxy."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import urllib.request

import pytest
from basics import is_alive, session_apps, wait_until
from cli_tools import BINARY, Terminal
from session_tools import KEYS, LIGHTTPD

OPENAI, GEMINI = KEYS["OPENAI_API_KEY"], KEYS["GEMINI_API_KEY"]


def environment_of(cli):
    """The proxy's variables. Only root can read them: the process is closed to its own user."""
    pid = cli.status()["pid"]
    try:
        text = pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode()
    except PermissionError:
        pytest.skip("only root may read the proxy's memory")
    return dict(entry.split("=", 1) for entry in text.split("\0") if "=" in entry)


def ready(cli):
    return {alias["name"] for alias in cli.status()["aliases"] if alias["ready"]}


def test_nothing_runs(cli):
    status = cli("status")
    assert status.returncode == 3 and "stopped" in status.stdout and "pointsman start" in status.stderr
    assert cli.status() == {"state": "stopped", "profile": "standard", "profile_is_default": False}
    for command in ("key", "web"):
        answer = cli(command)
        assert answer.returncode == 3 and answer.stdout == ""
        assert answer.stderr == "pointsman is not running: run pointsman start\n"
    assert cli("stop").returncode == 0
    assert not cli.runtime.exists()


def test_lighttpd_gets_no_key(cli):
    """Neither when it serves nor when it checks its configuration."""
    seen, program = cli.folder / "seen", cli.folder / "bin" / "lighttpd"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{seen}"\nenv >> "{seen}"\nexec {LIGHTTPD} "$@"\n')
    program.chmod(0o700)
    path = f"{program.parent}:{cli.environment['PATH']}"
    assert cli.start(PATH=path, OPENAI_API_KEY=OPENAI, UNRELATED_API_KEY="x").returncode == 0
    text = seen.read_text()
    assert "-tt -f " in text and "-D -f " in text and text.count("GLIBC_TUNABLES=") == 2
    assert "API_KEY" not in text and OPENAI not in text


def test_lines_that_the_logs_lost(cli):
    assert cli.start("--demo").returncode == 0
    assert "Log:" not in cli("status").stdout
    log = cli.home / ".codex" / "logs" / "requests.jsonl"
    log.unlink()
    log.mkdir()   # no file can be opened in its place, which is noticed within a second
    key = cli("key").stdout.strip()

    def lost():
        request = urllib.request.Request(f"http://127.0.0.1:{cli.proxy_port}/v1/responses", method="POST",
                                         data=b'{"model":"codex-echo","input":"hi"}',
                                         headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200
        return "Log:     lines lost: " in cli("status").stdout
    wait_until(lost, "the line about the log", every_s=0.1)


def test_keys_from_the_environment(cli):
    started = cli.start(OPENAI_API_KEY=OPENAI, HF_TOKEN="", UNRELATED_API_KEY="x")
    assert started.returncode == 0, started.stderr
    assert started.stdout.splitlines() == [f"Page:   http://127.0.0.1:{cli.web_port}/",
                                           f"Proxy:  http://127.0.0.1:{cli.proxy_port}/v1", "Sent:   OPENAI_API_KEY"]
    status = cli("status")
    assert status.returncode == 0 and "Proxy:   running, version 0.1.0" in status.stdout
    assert "codex-default\tready\t\n" in status.stdout and "HF_TOKEN is not set" in status.stdout
    assert "codex-default" in ready(cli) and "codex-hf-fast" not in ready(cli)
    key = cli("key")
    assert key.returncode == 0 and key.stdout.startswith("sk-local-") and key.stderr == ""
    request = urllib.request.Request(f"http://127.0.0.1:{cli.proxy_port}/v1/models",
                                     headers={"Authorization": f"Bearer {key.stdout.strip()}"})
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    assert cli("web").stdout == f"http://127.0.0.1:{cli.web_port}/\n"
    again = cli("start", OPENAI_API_KEY=OPENAI)
    assert again.returncode == 0 and "already" in again.stderr and "Sent" not in again.stdout
    assert cli("key").stdout == key.stdout
    stopped = cli("stop")
    assert stopped.returncode == 0 and not cli.runtime.exists()
    assert OPENAI not in started.stdout + started.stderr + status.stdout


def test_only_variables_of_the_configuration_reach_the_proxy(cli):
    started = cli.start(OPENAI_API_KEY=OPENAI, UNRELATED_API_KEY="x", HTTPS_PROXY="http://127.0.0.1:9",
                        LD_LIBRARY_PATH="/tmp")
    assert started.returncode == 0, started.stderr
    names = set(environment_of(cli))
    assert "OPENAI_API_KEY" in names and "LITELLM_API_KEY" in names
    assert not names & {"UNRELATED_API_KEY", "HTTPS_PROXY", "LD_LIBRARY_PATH", "GEMINI_API_KEY"}
    # lighttpd has no key at all.
    server = pathlib.Path(cli.runtime / "lighttpd.pid").read_text().strip()
    assert OPENAI not in pathlib.Path(f"/proc/{server}/environ").read_text()


def test_keys_from_a_descriptor(cli):
    reader, writer = os.pipe()
    os.write(writer, f"# session keys\nGEMINI_API_KEY={GEMINI}\nHF_TOKEN=hf_1\n".encode())
    os.close(writer)
    started = cli.start("--keys-fd", reader, "--local-qwen", pass_fds=(reader,), OPENAI_API_KEY=OPENAI, HF_TOKEN="hf_0")
    os.close(reader)
    assert started.returncode == 0, started.stderr
    assert "GEMINI_API_KEY" in started.stdout
    assert "codex-long" in ready(cli)
    variables = json.loads(cli("status", "--json").stdout)["variables"]
    assert {v["name"]: v["from"] for v in variables} == {
        "OPENAI_API_KEY": "environment", "GEMINI_API_KEY": "keys-fd", "HF_TOKEN": "keys-fd", "USE_LOCAL_QWEN": "option"}


@pytest.mark.parametrize("text, words, code", [
    ("OTHER_API_KEY=x\n", "OTHER_API_KEY: not a variable of the configuration", 2),
    ("sk-canary\n", "line 1", 2),
    ("OPENAI_API_KEY=hf_canary\n", "Hugging Face", 4),
])
def test_invalid_keys(cli, text, words, code):
    answer = cli.start("--keys-fd", 0, stdin=text)
    assert answer.returncode == code and words in answer.stderr, answer.stderr
    assert "canary" not in answer.stderr + answer.stdout
    assert not cli.runtime.exists(), "a failed start stops what it started"


def test_the_users_own_configuration(cli):
    """With variables that no field of the page sets, and without any key."""
    config = cli.folder / "own.yaml"
    config.write_text(
        "model_list:\n- {model_name: fast, litellm_params: {model: groq/m, api_key: os.environ/GROQ_API_KEY}}\n"
                      "- {model_name: own, litellm_params: {model: ollama/m, api_base: os.environ/OWN_BASE}}\n")
    base = "http://127.0.0.1:9"
    started = cli.start("--config", "own.yaml", GROQ_API_KEY="gsk_canary", OWN_BASE=base, OPENAI_API_KEY=OPENAI)
    assert started.returncode == 0, started.stderr
    assert "Sent:   GROQ_API_KEY, OWN_BASE\n" in started.stdout
    assert cli.status()["config"] == str(config) and "fast" in ready(cli)
    other = cli.folder / "other.yaml"
    other.write_text(config.read_text())
    assert cli("start", "--config", "own.yaml").returncode == 0
    answer = cli("start", "--config", "other.yaml")
    assert answer.returncode == 1 and "another configuration" in answer.stderr
    # A running proxy keeps its configuration, also for the names that a start passes on.
    again = cli("restart", GROQ_API_KEY="gsk_other", OWN_BASE=base)
    assert again.returncode == 0 and cli.status()["config"] == str(config)
    config.write_text("model_list:\n- model_name: [\n")
    broken = cli("restart", GROQ_API_KEY="gsk_canary")
    assert broken.returncode == 4 and "own.yaml:3" in broken.stderr and "canary" not in broken.stderr
    assert cli("status").returncode == 0, "the running proxy continues if its successor cannot start"


def test_strategy_and_hosts(cli):
    wrong = cli.start("--strategy", "nonsense", OPENAI_API_KEY=OPENAI)
    assert wrong.returncode == 4 and "simple-shuffle" in wrong.stderr
    assert cli.start("--host", "10.0.0.1", OPENAI_API_KEY=OPENAI).returncode == 2
    started = cli.start("--strategy", "expected-cost", "--host", "0.0.0.0", "--allow-host", "proxy.example,b",
                        OPENAI_API_KEY=OPENAI)
    assert started.returncode == 0, started.stderr
    headers = {"Authorization": f"Bearer {cli('key').stdout.strip()}", "Host": "proxy.example"}
    request = urllib.request.Request(f"http://127.0.0.2:{cli.proxy_port}/v1/models", headers=headers)
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200


def test_the_risk_router(cli):
    started = cli.start("--demo", "--risk-router")
    assert started.returncode == 0, started.stderr
    port = cli.proxy_port + 1
    assert f"Risk:   http://127.0.0.1:{port}/v1\n" in started.stdout and f":{port}/v1" in cli("status").stdout
    headers = {"Authorization": f"Bearer {cli('key').stdout.strip()}"}
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/v1/models",
                                                       headers=headers)) as answer:
        assert answer.status == 200
    assert cli("status", "--json").stdout.count("risk_url") == 1


def test_nothing_to_route_to(cli):
    answer = cli.start()
    assert answer.returncode == 4 and "OPENAI_API_KEY" in answer.stderr and answer.stdout == ""
    assert not cli.runtime.exists()


def test_prompts_for_keys_do_not_echo(cli):
    terminal = Terminal(cli, "start", "--web-port", cli.web_port, "--proxy-port", cli.proxy_port)
    answers = {"OPENAI_API_KEY": OPENAI, "GEMINI_API_KEY": ""}
    for _ in range(20):
        terminal.read_until(": ")
        question = terminal.text.splitlines()[-1]
        name = question.split(" ")[0]
        terminal.type(answers.get(name, "") + "\n")
        terminal.read_until(question + "\r\n")
        terminal.text = terminal.text.split(question + "\r\n")[1]
        if name == "HF_TOKEN":
            break
    terminal.read_until("(y/N)? ")
    terminal.type("n\n")
    assert terminal.wait() == 0
    assert "Sent:   OPENAI_API_KEY" in terminal.text
    assert OPENAI not in terminal.text


def test_no_prompt_if_there_are_enough_keys(cli):
    terminal = Terminal(cli, "start", "--web-port", cli.web_port, "--proxy-port", cli.proxy_port, OPENAI_API_KEY=OPENAI)
    assert terminal.wait() == 0
    assert "Enter" not in terminal.text and "Proxy:" in terminal.text


def test_an_interrupted_prompt_restores_the_terminal_and_starts_nothing(cli):
    terminal = Terminal(cli, "start", "--web-port", cli.web_port, "--proxy-port", cli.proxy_port)
    terminal.read_until("(Enter: none): ")
    terminal.type("\x03")
    assert terminal.wait() == -signal.SIGINT
    assert not cli.runtime.exists()


def test_the_demo_answers(cli):
    started = cli.start("--demo")
    assert started.returncode == 0, started.stderr
    assert "Which track am I on?" in started.stdout.split("Answer:")[1]


def test_a_proxy_port_in_use(cli):
    with socket.create_server(("127.0.0.1", cli.proxy_port)):
        answer = cli.start(OPENAI_API_KEY=OPENAI)
    assert answer.returncode == 4 and f"pid {os.getpid()}" in answer.stderr
    assert not cli.runtime.exists()


def test_restart_keeps_the_ports_and_takes_new_keys(cli):
    assert cli.start(OPENAI_API_KEY=OPENAI).returncode == 0
    before = cli("key").stdout
    again = cli("restart", GEMINI_API_KEY=GEMINI)
    assert again.returncode == 0, again.stderr
    assert f":{cli.proxy_port}/v1" in again.stdout and f":{cli.web_port}/" in again.stdout
    assert "codex-long" in ready(cli) and "openai-direct" not in ready(cli)
    assert cli("key").stdout != before


def test_a_killed_session_is_cleared_away(cli):
    assert cli.start(OPENAI_API_KEY=OPENAI).returncode == 0
    proxy = cli.status()["pid"]
    server = int((cli.runtime / "lighttpd.pid").read_text())
    app = session_apps(server)[0]
    for pid in (server, app):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(proxy), "the proxy to end after its parents")
    assert cli("status").returncode == 3
    assert cli("key").stderr == "pointsman is not running: run pointsman start\n"
    assert cli.start(OPENAI_API_KEY=OPENAI).returncode == 0
    assert cli("status").returncode == 0


def test_help_and_version(cli):
    assert cli("--version").stdout == "pointsman 0.1.0\n"
    listed = cli("--help").stdout
    for command in ("start", "stop", "restart", "status", "web", "key"):
        assert f"\n  {command} " in listed
        one = cli(command, "--help")
        assert one.returncode == 0 and one.stdout.startswith(f"usage: pointsman {command}") \
            and "Examples:" in one.stdout
        assert cli("help", command).stdout == one.stdout
    assert cli("nonsense").returncode == 2
    assert cli("start", "--nonsense").returncode == 2
    assert cli().returncode == 2
    assert json.loads(cli("status", "--json").stdout)


def test_a_full_disk_is_not_a_success(cli):
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "--help"], env=cli.environment, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "standard output" in done.stderr
