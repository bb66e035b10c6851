"""pointsman qwen and pointsman test: requests directly to local Qwen, and the aliases of the proxy."""
import json
import os
import re
import signal
import sys

import pytest
from basics import ROOT, free_port
from cli_tools import Terminal
from mock_ollama import MODEL, Ollama
from session_tools import KEYS

KEY = KEYS["OPENAI_API_KEY"]


def point_at(cli, port):
    """A configuration in which codex-qwen-local is ready."""
    config = cli.home / ".config" / "pointsman" / "litellm-cost-routing.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(f"model_list:\n- {{model_name: codex-qwen-local, litellm_params: {{model: ollama/{MODEL}, "
                      f"api_base: 'http://127.0.0.1:{port}/v1'}}}}\n")


@pytest.fixture
def ollama(cli):
    server = Ollama()
    point_at(cli, server.port)
    yield server
    server.close()


def test_the_answer_is_on_standard_output(cli, ollama):
    answer = cli("qwen", "Clean", "this")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "Clean code:\nx = 1\n", "")
    path, asked = ollama.requests[0]
    assert path == "/v1/chat/completions" and asked["model"] == MODEL and asked["stream"]
    assert asked["messages"] == [{"role": "user", "content": "Clean this"}]
    assert cli("qwen", "--max-tokens", "5", stdin="from a pipe\n").returncode == 0
    assert ollama.requests[1][1]["messages"][0]["content"] == "from a pipe\n" \
        and ollama.requests[1][1]["max_tokens"] == 5


def test_no_prompt_no_server_no_model(cli, ollama):
    assert cli("qwen").returncode == 2
    ollama.models.clear()
    answer = cli("qwen", "hi")
    assert answer.returncode == 7 and f"ollama pull {MODEL}" in answer.stderr and "qwen --setup" in answer.stderr
    ollama.close()
    answer = cli("qwen", "hi")
    assert answer.returncode == 7 and "ollama serve" in answer.stderr


def test_measure(cli, ollama):
    answer = cli("qwen", "--measure", "--runs", "2")
    assert answer.returncode == 0, answer.stderr
    rows = [line.split("\t") for line in answer.stdout.splitlines()]
    assert [row[:2] for row in rows] == [["1", "3"], ["2", "3"]] and "tokens/s" in answer.stderr
    assert all(float(row[4]) >= 0 for row in rows)
    measured = json.loads(cli("qwen", "--measure", "--json", "--runs=1").stdout)
    assert measured["model"] == MODEL and measured["runs"] == 1


def test_setup_pulls_with_a_progress_bar(cli, ollama):
    ollama.models.clear()
    terminal = Terminal(cli, "qwen", "--setup", TERM="xterm")
    assert terminal.wait() == 0
    assert re.search(r"pulling 4a188102020e \[#+\.+\]  25 %  500/2000 MB", terminal.text), terminal.text
    assert f"{MODEL} is ready" in terminal.text
    assert [path for path, _ in ollama.requests] == ["/api/pull"]
    again = cli("qwen", "--setup")
    assert again.returncode == 0 and len(ollama.requests) == 1 and again.stderr == ""


def test_setup_that_cannot_pull(cli, ollama):
    ollama.models.clear()
    ollama.refusal = "pull model manifest: file does not exist"
    answer = cli("qwen", "--setup")
    assert answer.returncode == 7 and "file does not exist" in answer.stderr


def test_setup_starts_the_server(cli):
    port = free_port()
    point_at(cli, port)
    assert "ollama.com/download" in cli("qwen", "--setup", PATH="/nonexistent").stderr
    program = cli.folder / "bin" / "ollama"
    program.parent.mkdir()
    mock = ROOT / "tests" / "support" / "mock_ollama.py"
    program.write_text(f"#!/bin/sh\n[ \"$1\" = serve ] && echo $$ >'{cli.folder}/pid' &&\n"
                       f"exec '{sys.executable}' '{mock}' {port}\n")
    program.chmod(0o700)
    try:
        answer = cli("qwen", "--setup", PATH=f"{program.parent}:{os.environ['PATH']}")
        assert answer.returncode == 0 and f"{MODEL} is ready" in answer.stdout, answer.stderr
        assert cli("qwen", "hi").stdout.startswith("Clean")   # it outlives the command that started it
    finally:
        os.kill(int((cli.folder / "pid").read_text()), signal.SIGTERM)
    program.write_text("#!/bin/sh\nexit 1\n")
    answer = cli("qwen", "--setup", PATH=f"{program.parent}:{os.environ['PATH']}")
    assert answer.returncode == 7 and "it exited immediately" in answer.stderr


def test_aliases_are_checked_without_a_request(cli):
    assert cli("test").returncode == 3
    assert cli.start("--demo", OPENAI_API_KEY=KEY).returncode == 0
    answer = cli("test")
    result = json.loads(answer.stdout)
    models = {model["model"]: model for model in result["models"]}
    assert answer.returncode == 0 and result["ok"] and answer.stdout.count("\n") == 1
    assert models["codex-default"]["ready"] and models["codex-default"]["served_by"] == ["openai/gpt-5.5"]
    assert not models["codex-hf-fast"]["ready"] and models["codex-hf-fast"]["not_ready"] == ["HF_TOKEN is not set"]
    one = cli("test", "--model", "codex-hf-fast")
    assert one.returncode == 4 and [model["model"] for model in json.loads(one.stdout)["models"]] == ["codex-hf-fast"]
    assert cli("test", "--model", "nonsense").returncode == 4
    assert KEY not in answer.stdout and cli("key").stdout.strip() not in answer.stdout


def test_one_real_call(cli):
    assert cli.start("--demo").returncode == 0
    answer = cli("test", "--model", "codex-echo", "--call")
    call = json.loads(answer.stdout)["call"]
    assert answer.returncode == 0 and call["status"] == 200 and "Reply with the word OK" in call["text"]
    assert call["output_tokens"] > 0


def test_the_proxy_that_the_environment_names(cli, ollama):
    """With and without /v1, and by another name of this machine; the session's own key overrides an old one."""
    assert cli.start().returncode == 0
    port = cli.proxy_port
    for base in (f"http://127.0.0.1:{port}", f"http://localhost:{port}/v1/"):
        assert json.loads(cli("test", LITELLM_BASE_URL=base, LITELLM_API_KEY="sk-stale").stdout)["ok"]
    key = cli("key", LITELLM_BASE_URL=f"http://127.0.0.1:{port}").stdout
    assert key == cli("key").stdout
    away = {"LITELLM_BASE_URL": "http://proxy.example:4000", "LITELLM_API_KEY": "sk-1"}
    assert cli("key", **away).stdout == "sk-1\n"
    assert cli("stop").returncode == 0
    stale = cli("key", LITELLM_BASE_URL=f"http://127.0.0.1:{port}", LITELLM_API_KEY="sk-stale")
    assert (stale.returncode, stale.stdout, stale.stderr) == (3, "", "pointsman is not running: run pointsman start\n")
