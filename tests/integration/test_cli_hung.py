"""pointsman stop and status if lighttpd, the session app or the proxy is stopped or hangs, or the runtime folder is
gone."""
import ctypes
import json
import os
import pathlib
import shutil
import signal
import urllib.request

import pytest

from basics import children, is_alive, session_apps, wait_until
from cli_tools import Cli

PTRACE_ATTACH, WALL = 16, 0x40000000
NAMES = ("lighttpd", "pointsman-session", "pointsman-proxy")


@pytest.fixture
def started(cli):
    """The pids of lighttpd, the session app and the proxy, of a session with the demo."""
    assert cli.start("--demo").returncode == 0
    server = int((cli.runtime / "lighttpd.pid").read_text())
    app = session_apps(server)[0]
    pids = [server, app, children(app)[0]]
    yield pids
    left = [pid for pid in pids if is_alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left, "the test left processes to kill"


def halt(pid):
    """Sends SIGSTOP, and waits until the process has stopped."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] == "T", "the stop")


def expect_stop(cli, pids):
    stopped = cli("stop")
    assert stopped.returncode == 0 and "is stopped" in stopped.stderr, stopped.stderr
    assert not any(map(is_alive, pids)) and not cli.runtime.exists()
    return stopped.stderr


def serves(cli):
    with urllib.request.urlopen(f"http://127.0.0.1:{cli.proxy_port}/health/liveliness") as answer:
        return answer.status == 200


@pytest.mark.parametrize("which", [0, 1])
def test_stopped_lighttpd_or_session_app(cli, started, which):
    """The proxy still serves, and status reports it."""
    halt(started[which])
    status = cli("status")
    assert status.returncode == 0 and serves(cli)
    assert f"running, pid {started[2]}, http://127.0.0.1:{cli.proxy_port}/v1" in status.stdout
    reason = f"{NAMES[which]} (pid {started[which]}) is stopped (SIGSTOP)"
    assert f"no answer: {reason}" in status.stdout and "pointsman stop" in status.stderr
    seen = cli.status()
    assert (seen["state"], seen["answers"], seen["pid"], seen["reason"]) == ("running", True, started[2], reason)
    words = expect_stop(cli, started)
    assert "killed" not in words


def test_a_stopped_proxy(cli, started):
    halt(started[2])
    status = cli("status")
    assert status.returncode == 3 and f"pointsman-proxy (pid {started[2]}) is stopped (SIGSTOP)" in status.stdout
    assert cli.status()["answers"] is False
    expect_stop(cli, started)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may trace a process that is closed to debuggers")
@pytest.mark.parametrize("which", [0, 1])
def test_a_process_that_hangs_is_killed(cli, started, which):
    """SIGCONT does not help."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.ptrace(PTRACE_ATTACH, started[which], None, None) == 0, os.strerror(ctypes.get_errno())
    os.waitpid(started[which], WALL)   # stopped until this process detaches or the process is killed
    assert f"{NAMES[which]} (pid {started[which]}) is stopped by a debugger" in cli("status").stdout
    words = expect_stop(cli, started)
    assert f"killed, because they did not exit in time: {NAMES[which]} (pid {started[which]})" in words
    assert "the key-page server does not confirm the stop" in words


@pytest.mark.parametrize("parents_too", [False, True], ids=["the folder", "and its parent"])
def test_without_the_runtime_folder(cli, started, parents_too):
    """The session app would end; it is stopped."""
    halt(started[1])
    shutil.rmtree(cli.runtime.parent if parents_too else cli.runtime)
    status = cli("status")
    assert status.returncode == 0 and f"running, pid {started[2]}" in status.stdout and serves(cli)
    assert f"pointsman-session (pid {started[1]}) is stopped" in status.stdout
    findings = {one["name"]: one for one in json.loads(cli("doctor", "--json").stdout)["findings"]}
    assert not findings["leftovers"]["ok"] and "lighttpd (pid" in findings["leftovers"]["detail"]
    expect_stop(cli, started)


def test_the_session_ends_with_its_folder(cli, started):
    shutil.rmtree(cli.runtime)
    wait_until(lambda: not any(map(is_alive, started)), "all processes to end")
    assert cli("status").returncode == 3 and "not running" in cli("stop").stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("command", ["stop", "start"])
def test_processes_that_outlive_lighttpd(cli, started, how, command):
    """A stopped session app cannot end with lighttpd."""
    halt(started[1])
    os.kill(started[0], how)
    wait_until(lambda: not is_alive(started[0]), "lighttpd's end")
    status = cli("status")
    assert status.returncode == 0 and f"running, pid {started[2]}" in status.stdout and serves(cli)
    if command == "start":
        again = cli.start("--demo")
        assert again.returncode == 0 and "an earlier session" in again.stderr, again.stderr
        assert not any(map(is_alive, started)) and cli("status").returncode == 0
        assert cli("stop").returncode == 0
    else:
        expect_stop(cli, started)


def test_another_folders_session_is_left_alone(cli, started, folder):
    (folder / "other").mkdir()
    other = Cli(folder / "other")
    assert other("status").returncode == 3 and "not running" in other("stop").stderr
    shutil.rmtree(other.runtime, ignore_errors=True)
    assert all(map(is_alive, started)) and serves(cli)
    expect_stop(cli, started)
