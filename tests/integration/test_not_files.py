"""A named pipe in place of a file: nothing waits for a writer, and the message says what to do."""
import os
import signal
import subprocess

import pytest

from conftest import deployment
from proxy_process import BINARY, MASTER_KEY

REASON = "not a regular file; save the contents in one and use its path"
PATIENCE_S = 20   # s; a program that waits for a writer waits forever
CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def pipe(folder):
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def check(config, **more):
    return subprocess.run([BINARY, "--check-config", config], env={"LITELLM_API_KEY": MASTER_KEY}, text=True,
                          capture_output=True, timeout=PATIENCE_S, **more)


def test_as_configuration(pipe):
    done = check(pipe)
    assert (done.returncode, done.stdout) == (1, "") and f"{pipe}:1: can't be read: {REASON}" in done.stderr


def test_standard_input_is_accepted_if_it_is_a_file(folder, upstream):
    (folder / "config.yaml").write_text("model_list: [{model_name: a, litellm_params: {model: openai/x, api_key: k}}]")
    with open(folder / "config.yaml") as file:
        assert check("/dev/stdin", stdin=file).returncode == 0
    done = check("/dev/stdin", input="model_list: []")
    assert done.returncode == 1 and f"/dev/stdin:1: can't be read: {REASON}" in done.stderr


def test_at_sighup(start_proxy, upstream):
    """The previous configuration stays in force, and the proxy still exits on SIGTERM."""
    proxy = start_proxy(deployment("codex-light", upstream))
    proxy.config.unlink()
    os.mkfifo(proxy.config)
    end = proxy.reload()
    assert "not reloaded" in end["STATUS"] and REASON in proxy.stderr
    assert [model["id"] for model in proxy.get("/v1/models").json["data"]] == ["codex-light"]
    proxy.process.send_signal(signal.SIGTERM)
    assert proxy.process.wait(PATIENCE_S) == 0


def test_as_catalog(start_proxy, upstream, pipe):
    proxy = start_proxy(deployment("codex-light", upstream), arguments=["--codex-catalog", pipe])
    assert f"{pipe}: can't read Codex's model catalog: {REASON}" in proxy.stderr


def test_as_ca_certificates(folder, pipe):
    (folder / "config.yaml").write_text("model_list: [{model_name: a, litellm_params: {model: openai/x, api_key: k}}]\n"
                                        f"litellm_settings: {{ssl_verify: {pipe}}}\n")
    done = check(folder / "config.yaml")
    assert done.returncode == 1 and f"ssl_verify: {pipe}: {REASON}" in done.stderr


def test_as_login(start_proxy, folder):
    home = folder / "proxy0" / "codex"
    home.mkdir(parents=True)
    os.mkfifo(home / "auth.json")
    (folder / "proxy0").rename(folder / "kept")   # the fixture creates that folder
    proxy = start_proxy({"model_name": "codex-light", "litellm_params": {"model": "codex-oauth/gpt-5.5"}},
                        environment={"USE_CHATGPT_LOGIN": "1", "CODEX_HOME": str(folder / "kept" / "codex")})
    answer = proxy.post("/v1/chat/completions", CHAT)
    assert answer.status >= 400 and REASON in proxy.stderr + answer.body.decode() + proxy.get("/dispatch").body.decode()


@pytest.mark.parametrize("arguments", [["start", "--config"], ["run", "--dry-run", "x", "--policy"]],
                         ids=["start", "run"])
def test_for_the_command(cli, pipe, arguments):
    done = cli(*arguments, pipe, OPENAI_API_KEY="sk-canary-0123456789", timeout=PATIENCE_S)
    assert done.returncode in (2, 4) and f"{pipe}:1: can't be read: {REASON}" in done.stderr


def test_as_codex_configuration(cli):
    home = cli.home / ".codex"
    home.mkdir()
    os.mkfifo(home / "config.toml")
    done = cli("enable", "--default", timeout=PATIENCE_S)
    assert done.returncode == 1 and REASON in done.stderr


@pytest.mark.parametrize("name", ["url", "session-token", "lighttpd.pid", "pointsman-started"])
def test_in_the_runtime_folder(cli, name):
    cli.runtime.mkdir(mode=0o700)
    os.mkfifo(cli.runtime / name)
    assert cli("status", timeout=PATIENCE_S).returncode == 3
    assert cli("stop", timeout=PATIENCE_S).returncode == 0
    (cli.runtime / name).unlink(missing_ok=True)


@pytest.mark.parametrize("name", ["cost_router.jsonl", "requests.jsonl"])
def test_as_request_log(cli, name):
    logs = cli.home / ".codex" / "logs"
    logs.mkdir(parents=True)
    os.mkfifo(logs / name)
    assert cli("stats", timeout=PATIENCE_S).returncode == 0
    assert cli("explain", timeout=PATIENCE_S).returncode in (0, 1, 3)
