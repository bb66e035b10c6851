"""enable and disable, killed at their system calls: every file stays whole, and the next command recovers.

Here at the calls that change the disk or flush it. At every call after the first access to Codex's home, which takes
twice as long:

    POINTSMAN_KILL=every build/check/venv/bin/python -m pytest -c tests/pytest.ini tests/integration/test_cli_killed.py
"""
import os
import re
import shutil
import subprocess

import pytest

from cli_tools import BINARY
from profile_tools import Home, snapshot

BEFORE = '# mine\r\nmodel = "gpt-5.5"\r\n[tui]\r\ntheme = "dark"'
CHANGES = {"openat", "mkdir", "write", "fsync", "rename", "unlink", "fchmod", "fchown", "flock", "close"}
CALL = re.compile(r"(\w+)\(")
NO_CODEX = {"CODEX_CLI_PATH": "/nonexistent"}   # processes other than the one that is killed
ENABLE, DISABLE = ("enable", "--default"), ("disable",)

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="no strace: ./check installs it")


def traced(cli, command, *options):
    return subprocess.run(["strace", *options, BINARY, *command], env=cli.with_variables(NO_CODEX), cwd=cli.folder,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def can_trace():
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


def points(home, command):
    """(call, n) for each point: the n-th call of that name, from the first access to Codex's home on."""
    log = home.cli.folder / "trace"
    assert traced(home.cli, command, "-o", str(log)).returncode == 0
    seen, found, begun = {}, [], False
    for line in log.read_text(errors="replace").splitlines():
        if call := CALL.match(line):
            name = call[1]
            seen[name] = seen.get(name, 0) + 1
            begun = begun or str(home.path) in line
            if begun and (name in CHANGES or os.environ.get("POINTSMAN_KILL") == "every") and name != "exit_group":
                found.append((name, seen[name]))
    assert len(found) > 20, found
    return found


def kill_at(home, command, point):
    name, count = point
    killed = traced(home.cli, command, "-o", "/dev/null", "-e", f"inject={name}:signal=KILL:when={count}")
    assert killed.returncode in (-9, 137), (point, killed)


@pytest.fixture
def home(cli):
    if not can_trace():
        pytest.skip("strace may not trace here")
    made = Home(cli, text=None)
    made.config.write_bytes(BEFORE.encode())
    made.config.chmod(0o640)
    made.before = snapshot(made.path)
    return made


def check(home, whole, point):
    """After a kill, each file is whole. The next command then restores the former files and nothing else."""
    assert home.config.read_bytes() in whole, point
    assert home.cli.status()["profile"] in ("standard", "cost-routing", "interrupted")
    recovered = home.cli("disable", **NO_CODEX)
    assert recovered.returncode == 0 and home.as_before(), (point, recovered.stderr, sorted(os.listdir(home.path)))


@pytest.fixture
def whole(home):
    """The two valid contents of config.toml: without our block, and with all of it."""
    assert home.cli(*ENABLE, **NO_CODEX).returncode == 0
    edited = home.config.read_bytes()
    assert home.cli(*DISABLE).returncode == 0 and home.as_before()
    return BEFORE.encode(), edited


def test_enable(home, whole):
    to_kill = points(home, ENABLE)
    assert home.cli(*DISABLE).returncode == 0
    edited = 0
    for point in to_kill:
        kill_at(home, ENABLE, point)
        edited += home.config.read_bytes() == whole[1]
        check(home, whole, point)
    assert 0 < edited < len(to_kill)   # killed before the change, and after it


def test_disable(home, whole):
    assert home.cli(*ENABLE, **NO_CODEX).returncode == 0
    restored, to_kill = 0, points(home, DISABLE)
    for point in to_kill:
        assert home.cli(*ENABLE, **NO_CODEX).returncode == 0
        kill_at(home, DISABLE, point)
        restored += home.config.read_bytes() == whole[0]
        check(home, whole, point)
    assert 0 < restored < len(to_kill)


FULL = {"openat", "mkdir", "write", "fsync", "rename"}


@pytest.mark.parametrize("command", [ENABLE, DISABLE], ids=lambda command: command[0])
def test_a_full_disk(home, whole, command):
    """Each call that needs disk space fails once with ENOSPC: the command succeeds all the same, or it reports the
    error and its changes can be undone."""
    if command == DISABLE:
        assert home.cli(*ENABLE, **NO_CODEX).returncode == 0
    failed, to_fail = 0, [point for point in points(home, command) if point[0] in FULL]
    for name, count in to_fail:
        if command == DISABLE:
            assert home.cli(*ENABLE, **NO_CODEX).returncode == 0
        done = traced(home.cli, command, "-o", "/dev/null", "-e", f"inject={name}:error=ENOSPC:when={count}")
        assert done.returncode in (0, 1) and (done.returncode == 0 or "No space left on device" in done.stderr), \
            (name, count, done.returncode, done.stderr)
        failed += done.returncode
        check(home, whole, (name, count))
    assert 5 < failed <= len(to_fail)


def test_the_next_enable_recovers_too(home, whole):
    for point in [("rename", 1), ("rename", 2), ("rename", 4), ("fsync", 6)]:
        kill_at(home, ENABLE, point)
        assert home.cli(*ENABLE, **NO_CODEX).returncode == 0
        assert home.config.read_bytes() == whole[1]
        check(home, whole, point)
