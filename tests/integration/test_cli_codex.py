"""pointsman codex: runs the real Codex, starts the session and installs the profile before it, and restores both
after it, however it ends."""
import os
import pathlib
import signal
import subprocess
import threading

import pytest

from basics import children, is_alive, wait_until
import chat_wire as chat
import codex_cli
from cli_tools import BINARY, Terminal
from conftest import UPSTREAM_KEY, chat_only
from mock_upstream import HANG
from profile_tools import EXEC, Home, former_binary, proxy_config

ANSWER = "Final answer."
BINARIES = {"files": codex_cli.binary(), "tables": former_binary()}

pytestmark = pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")


@pytest.fixture
def home(cli):
    return Home(cli)


def ready(home, upstream):
    proxy_config(home.cli, chat_only("codex-default", upstream))
    return home


def ports(cli):
    return "--web-port", cli.web_port, "--proxy-port", cli.proxy_port


def routed(home, *arguments, provider="proxy", **variables):
    return home.cli("codex", "--provider", provider, *ports(home.cli), "--", *arguments, timeout=90,
                    **{"MOCK_API_KEY": UPSTREAM_KEY, **variables})


class Running:
    """A running `pointsman codex`; its request is at the upstream."""

    def __init__(self, home, *arguments):
        self.process = subprocess.Popen(
            [BINARY, "codex", "--provider", "proxy", *map(str, ports(home.cli)), "--",
             *(arguments or (*EXEC, "Do it."))],
            env=home.cli.with_variables({"MOCK_API_KEY": UPSTREAM_KEY}), cwd=home.work, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def codex_pid(self):
        """Codex's; the session's server is a child, too."""
        return next(pid for pid in children(self.process.pid)
                    if pathlib.Path(f"/proc/{pid}/comm").read_text() == "codex\n")

    def end(self):
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


def held(*waited_for):
    """A reply that comes after these events."""
    return [*waited_for, *chat.text_stream(ANSWER)]


def is_stopped(home):
    return home.cli("status").returncode == 3


@pytest.mark.parametrize("style", ["files", "tables"])
def test_everything_is_started_and_restored(cli, style, upstream):
    if not BINARIES[style]:
        pytest.skip("no former Codex CLI: ./check installs it")
    home = ready(Home(cli, binary=BINARIES[style]), upstream)
    upstream.script(chat.text_stream(ANSWER))
    done = routed(home, *EXEC, "Do it.")
    assert done.returncode == 0 and ANSWER in done.stdout, done.stderr
    assert upstream.requests[0].headers["authorization"] == f"Bearer {UPSTREAM_KEY}"
    assert is_stopped(home) and home.as_before() and not cli.runtime.exists()


def test_the_exit_code_is_codexs(home, upstream):
    ready(home, upstream)
    assert routed(home, "exec", "--no-such-option").returncode == 2
    assert is_stopped(home) and home.as_before()


def test_two_share_and_the_last_one_restores(home, upstream):
    """One of them is killed: the other continues, and restores for both."""
    ready(home, upstream)
    go_on = threading.Event()
    upstream.script([HANG], held(go_on))
    first = Running(home)
    asked = upstream.next_request()
    second = Running(home)
    upstream.next_request()
    codex = first.codex_pid()
    first.process.kill()
    first.end()
    assert asked.gone.wait(20)   # its Codex died with it
    wait_until(lambda: not is_alive(codex), "its Codex to exit")
    assert home.cli("status").returncode == 0 and not home.as_before()
    assert "in use" in home.cli("disable").stderr
    go_on.set()
    code, out, err = second.end()
    assert code == 0 and ANSWER in out, err
    assert is_stopped(home) and home.as_before() and not home.cli.runtime.exists()


def test_the_first_to_end_leaves_everything_to_the_other(home, upstream):
    ready(home, upstream)
    go_on = threading.Event()
    upstream.script(held(go_on), chat.text_stream(ANSWER))
    first = Running(home)
    upstream.next_request()
    done = routed(home, *EXEC, "Do it.")
    assert done.returncode == 0 and ANSWER in done.stdout, done.stderr
    assert home.cli("status").returncode == 0 and not home.as_before()
    go_on.set()
    assert first.end()[0] == 0
    assert is_stopped(home) and home.as_before()


def test_a_routed_run_keeps_what_another_started(home, upstream):
    ready(home, upstream)
    first_may, run_may = threading.Event(), threading.Event()
    upstream.script(held(first_may), held(run_may))
    first = Running(home)
    upstream.next_request()
    flags = [part for flag in EXEC[1:] for part in ("--codex-arg", flag)]
    run = subprocess.Popen([BINARY, "run", "--force-model", "codex-default", *flags, "Do it."], cwd=home.work,
                           env=home.cli.with_variables({}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
    upstream.next_request()
    first_may.set()
    assert first.end()[0] == 0 and home.cli("status").returncode == 0
    run_may.set()
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0 and ANSWER in out, err
    assert is_stopped(home) and home.as_before() and not home.cli.runtime.exists()


@pytest.mark.parametrize("command", [("disable",), ("codex", "--", "--version"), ("enable",)])
def test_the_next_command_restores_after_a_kill(home, upstream, command):
    ready(home, upstream)
    upstream.always([HANG])
    only = Running(home)
    upstream.next_request()
    codex = only.codex_pid()
    only.process.kill()
    only.end()
    wait_until(lambda: not is_alive(codex), "its Codex to exit")   # Codex writes to its home until then
    assert home.cli("status").returncode == 0 and not home.as_before()
    after = home.cli(*command)
    assert after.returncode == 0 and "killed" in after.stderr, after.stderr
    assert is_stopped(home)
    assert home.cli("disable").returncode == 0
    assert home.as_before() and not home.cli.runtime.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_goes_to_codex_and_everything_is_restored(home, upstream, number):
    ready(home, upstream)
    upstream.always([HANG])
    running = Running(home)
    request = upstream.next_request()
    running.process.send_signal(number)
    code = running.end()[0]
    assert code != 0 and request.gone.wait(20)
    assert is_stopped(home) and home.as_before()


def test_a_session_that_was_running_stays(home, upstream):
    ready(home, upstream)
    assert home.cli.start(MOCK_API_KEY=UPSTREAM_KEY).returncode == 0
    upstream.script(chat.text_stream(ANSWER))
    assert routed(home, *EXEC, "Do it.", MOCK_API_KEY=None).returncode == 0
    assert home.cli("status").returncode == 0 and home.as_before()


def test_a_session_that_the_user_starts_meanwhile_stays(home, upstream):
    ready(home, upstream)
    go_on = threading.Event()
    upstream.script(held(go_on))
    running = Running(home)
    upstream.next_request()
    assert home.cli.start(MOCK_API_KEY=UPSTREAM_KEY).returncode == 0
    go_on.set()
    assert running.end()[0] == 0
    assert home.cli("status").returncode == 0 and home.as_before()


def test_profiles_that_were_enabled_stay(home, upstream):
    ready(home, upstream)
    assert home.cli("enable", "--default").returncode == 0
    upstream.script(chat.text_stream(ANSWER))
    done = routed(home, *EXEC, "Do it.")
    assert done.returncode == 0, done.stderr
    assert "cost-routing-default" in home.config.read_text()
    assert home.cli("disable").returncode == 0 and home.as_before()


def test_nothing_to_route_to(home, upstream):
    ready(home, upstream)
    for name in "proxy", "litellm":
        assert routed(home, *EXEC, "Do it.", MOCK_API_KEY=None, provider=name).returncode == 4
    assert routed(home, *EXEC, "Do it.", provider="huggingface").returncode == 5
    assert routed(home, "--version", CODEX_CLI_PATH="/nonexistent").returncode == 3
    assert is_stopped(home) and home.as_before() and not home.cli.runtime.exists()


def test_plain_codex(home, upstream):
    ready(home, upstream)
    plain = home.cli("codex", "--", "--version")
    assert plain.returncode == 0 and plain.stdout == "codex-cli 0.169.0\n"
    assert routed(home, "--version", provider="standard").stdout == plain.stdout
    assert routed(home, "--version", provider="auto", MOCK_API_KEY=None).stdout == plain.stdout
    assert home.as_before() and not home.cli.runtime.exists()


def test_auto_takes_the_first_provider_with_a_key(home, upstream):
    ready(home, upstream)
    upstream.script(chat.text_stream(ANSWER))
    assert ANSWER in routed(home, *EXEC, "Do it.", provider="auto").stdout
    shown = routed(home, *EXEC, "-c", 'model_providers.cost-routing-hf.base_url="http://127.0.0.1:1/v1"', "--disable",
                   "unbounded_connection_retries", "-c", "model_providers.cost-routing-hf.request_max_retries=0", "-c",
                   "model_providers.cost-routing-hf.stream_max_retries=0", "Do it.", provider="auto", MOCK_API_KEY=None,
                   HF_TOKEN="hf_x")
    assert "provider: cost-routing-hf" in shown.stderr and shown.returncode == 1
    assert home.as_before()


def test_the_terminal_is_codexs(home, upstream):
    """Ctrl-C goes to Codex: pointsman stays, and restores afterwards."""
    ready(home, upstream)
    fake = home.cli.folder / "codex"
    fake.write_text("#!/bin/sh\n[ $# = 1 ] && { echo codex-cli 0.169.0; exit; }\ntrap 'echo caught; exit 7' INT\n"
                    "[ -t 0 ] && [ -t 1 ] && echo $2 at a terminal; while read -r line; do echo \"got $line\"; done\n")
    fake.chmod(0o755)
    terminal = Terminal(home.cli, "codex", "--provider", "proxy", *ports(home.cli), CODEX_CLI_PATH=str(fake),
                        MOCK_API_KEY=UPSTREAM_KEY)
    terminal.read_until("cost-routing at a terminal")
    assert not home.as_before()
    terminal.type("hello\n")
    terminal.read_until("got hello")
    terminal.type("\x03")
    assert terminal.wait() == 7 and "caught" in terminal.text
    assert is_stopped(home) and home.as_before()
    assert not os.path.exists(home.cli.runtime)
