"""pointsman top: live in a terminal, once as text elsewhere."""
import fcntl
import json
import os
import signal
import struct
import termios
import threading

import pytest

import chat_wire as chat
from basics import wait_until
from cli_tools import Cli, Terminal
from conftest import deployment
from mock_upstream import HANG, error, stream_open, with_head
from proxy_process import MASTER_KEY

REQUEST = {"model": "codex-light", "stream": True, "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def proxy(start_proxy, upstream, make_upstream):
    other = make_upstream()
    other.always(error(429))
    proxy = start_proxy(deployment("codex-light", upstream), deployment("codex-cool", other),
                        deployment("codex-none", upstream, api_key="os.environ/NOT_SET_API_KEY"),
                        litellm_settings={"num_retries": 0}, general_settings={"max_cost_usd": 5})
    proxy.post("/v1/chat/completions", {**REQUEST, "model": "codex-cool"})
    return proxy


@pytest.fixture
def cli(folder, proxy):
    cli = Cli(folder)
    cli.environment |= {"LITELLM_BASE_URL": f"http://127.0.0.1:{proxy.port}", "LITELLM_API_KEY": MASTER_KEY}
    return cli


def resize(terminal, lines, columns):
    fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def test_once_without_a_terminal(cli):
    shown = cli("top")
    assert shown.returncode == 0, shown.stderr
    assert "spent $0.0000 of $5.00 [..........]" in shown.stdout and "\033" not in shown.stdout
    lines = {line.split()[0]: line for line in shown.stdout.splitlines() if line}
    assert " ready " in lines["codex-light/openai/1"] and " http_429 " in lines["codex-cool/openai/1"]
    assert lines["1"] == "1 not ready: NOT_SET_API_KEY is not set (1)"


def test_as_json(cli, proxy):
    shown = cli("top", "--json")
    assert shown.returncode == 0, shown.stderr
    models = json.loads(shown.stdout)["models"]
    assert models["codex-cool/openai/1"]["hard_limit_reason"] == "http_429"
    assert cli("top", "--json", LITELLM_API_KEY="wrong").returncode == 1


@pytest.mark.parametrize("transport", ["libcurl"], indirect=True)   # the other ignores servers' limits
def test_the_quota_of_a_subscription(cli, proxy, upstream):
    quota = {"x-codex-primary-used-percent": "42", "x-codex-primary-window-minutes": "300",
             "x-codex-primary-reset-after-seconds": "5400", "x-codex-secondary-used-percent": "90",
             "x-codex-secondary-window-minutes": "10080", "x-codex-secondary-reset-after-seconds": "200000"}
    upstream.script(with_head(chat.whole("Hi."), quota))
    assert proxy.post("/v1/chat/completions", {**REQUEST, "stream": False}).status == 200
    line = next(line for line in cli("top").stdout.splitlines() if " 42 %" in line)
    assert line.split(maxsplit=1) == ["codex-light/openai/1",
                                      "5h [####......] 42 %, reset in 2h  7d [#########.] 90 %, reset in 2d"]


def test_a_request_under_way(cli, proxy, upstream):
    upstream.script(stream_open(chat.delta(content="Hel"), HANG))
    client = threading.Thread(target=lambda: proxy.post("/v1/chat/completions", REQUEST), daemon=True)
    client.start()
    terminal = Terminal(cli, "top", "--interval", "0.2", TERM="xterm")
    resize(terminal, 30, 100)
    terminal.read_until("UNDER WAY")
    terminal.read_until(" streaming")
    running, = proxy.get("/dispatch/state").json["running"]
    assert (running["alias"], running["deployment"], running["state"]) == \
        ("codex-light", "codex-light/openai/1", "streaming")
    assert running["tokens"] >= 1 and running["age_ms"] >= running["ttft_ms"] >= 0
    terminal.type("q")
    assert terminal.wait() == 0 and terminal.text.endswith("\033[?25h\033[?1049l")


def test_lines_fit_the_terminal_and_a_resize_redraws(cli):
    terminal = Terminal(cli, "top", "--interval", "60", TERM="xterm", NO_COLOR="1")
    terminal.read_until("LAST REQUESTS")
    terminal.text = ""
    resize(terminal, 6, 40)
    os.kill(terminal.pid, signal.SIGWINCH)
    terminal.read_until("\033[J")
    lines = terminal.text.split("\033[H")[-1].replace("\033[K", "").replace("\r", "").split("\n")
    assert len(lines) <= 6 and max(map(len, lines)) <= 40
    assert "\033[1m" not in terminal.text
    terminal.type("\x03")
    assert terminal.wait() == 0


def test_it_outlasts_a_restart_of_the_proxy(cli, proxy):
    terminal = Terminal(cli, "top", "--interval", "0.2", TERM="xterm")
    terminal.read_until("DEPLOYMENT")
    proxy.process.terminate()
    terminal.read_until("Waiting for the proxy")
    terminal.type("q")
    assert terminal.wait() == 0
    wait_until(lambda: proxy.process.poll() is not None, "the proxy's end")


def test_errors(cli):
    assert cli("top", "--interval", "0").returncode == 2
    done = cli("top", LITELLM_API_KEY="wrong")
    assert done.returncode == 1 and "HTTP status 401" in done.stderr
