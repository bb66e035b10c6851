"""./start, as a user runs it in the clone."""
import concurrent.futures
import fcntl
import json
import os
import pathlib
import socket
import subprocess
import urllib.request

import pytest
from basics import BUILD, ROOT, free_port, wait_until


@pytest.fixture
def start(folder):
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "ASAN_OPTIONS")}
    environment |= {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "POINTSMAN_BUILD": str(BUILD)}

    def run(*arguments, **more):
        return subprocess.run([ROOT / "start", "--no-browser", *arguments], env={**environment, **more}, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    yield run
    assert run("--stop").returncode == 0


def test_demo_twice_then_stop(start, folder):
    port, proxy_port = free_port(), free_port()
    ports = ("--web-port", str(port), f"--proxy-port={proxy_port}")
    first = start("--demo", *ports)
    assert first.returncode == 0, first.stderr
    assert "Which track am I on?" in first.stdout.split("Answer:")[1]
    assert f"http://127.0.0.1:{port}/" in first.stdout
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status") as answer:
        status = json.load(answer)
    assert status["state"] == "running" and status["base_url"].endswith(f":{proxy_port}/v1")
    runtime = folder / "pointsman"
    assert status["key_file"] == str(runtime / "codex-litellm-proxy.key")
    again = start("--demo", *ports)
    assert again.returncode == 0 and "already" in again.stderr
    other = start("--web-port", str(free_port()))
    assert other.returncode == 1 and "POINTSMAN_RUNTIME_DIR" in other.stderr
    other = start("--proxy-port", str(free_port()))
    assert other.returncode == 1 and f"port is {proxy_port}" in other.stderr
    stopped = start("--stop")
    assert stopped.returncode == 0 and "stopped" in stopped.stderr
    assert not runtime.exists()
    with pytest.raises(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health")
    assert start("--stop").returncode == 0


def test_another_page_on_the_port_is_not_mistaken_for_ours(start, folder):
    """Keys would be pasted into it. The other page answers /health, and an earlier session left its token."""
    runtime = folder / "pointsman"
    runtime.mkdir(mode=0o700)
    (runtime / "session-token").write_text("0" * 64)
    other = folder / "other"
    other.mkdir(mode=0o700)
    port = free_port()
    assert start("--web-port", str(port), POINTSMAN_RUNTIME_DIR=str(other)).returncode == 0
    try:
        answer = start("--web-port", str(port))
    finally:
        assert start("--stop", POINTSMAN_RUNTIME_DIR=str(other)).returncode == 0
    assert answer.returncode == 4 and f"port {port} of ::1 (localhost) is in use by" in answer.stderr
    assert "Page:" not in answer.stdout


def test_a_web_port_in_use_names_its_holder(start):
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        answer = start("--web-port", str(port))
    assert answer.returncode == 4
    assert f"port {port} is in use by" in answer.stderr and f"pid {os.getpid()}" in answer.stderr


def test_a_web_port_in_use_on_ipv6(start):
    """Keys would be pasted into its page: for localhost, browsers try ::1 first."""
    port = free_port()
    try:
        holder = socket.create_server(("::1", port), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no ::1")
    with holder:
        answer = start("--web-port", str(port))
    assert answer.returncode == 4
    assert f"port {port} of ::1 (localhost) is in use by" in answer.stderr and f"pid {os.getpid()}" in answer.stderr


def test_one_command_at_a_time_writes_to_the_build_folder(start):
    """Two commands that ran make at the same time replaced each other's programs while these ran."""
    folder = os.open(BUILD, os.O_RDONLY)
    inode = os.stat(folder).st_ino
    fcntl.flock(folder, fcntl.LOCK_EX)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        try:
            started = pool.submit(start, "--web-port", str(free_port()))
            wait_until(lambda: any("->" in line and f":{inode} " in line
                                   for line in pathlib.Path("/proc/locks").read_text().splitlines()),
                       "the wait for the lock")
            assert not started.done()
        finally:
            os.close(folder)
        assert started.result().returncode == 0


def test_invalid_options(start):
    assert start("--web-port", "none").returncode == 2
    assert start("--web-port=70000").returncode == 2
    assert start("--web-port").returncode == 2
    assert start("--nonsense").returncode == 2
    assert "usage" in start("--help").stdout


def with_codex(folder, script):
    """A PATH with this program as `codex`."""
    program = folder / "bin" / "codex"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n" + script)
    program.chmod(0o700)
    return f"{program.parent}:{os.environ['PATH']}"


def models(folder, proxy_port):
    key = (folder / "pointsman" / "codex-litellm-proxy.key").read_text().strip()
    request = urllib.request.Request(f"http://127.0.0.1:{proxy_port}/v1/models",
                                     headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["models"]


def test_codex_is_asked_for_its_model_catalog(start, folder):
    """With a temporary home, which is removed afterwards."""
    path = with_codex(folder, """\
[ "$*" = "debug models" ] && [ -d "$CODEX_HOME" ] && : >"$CODEX_HOME/left-behind" &&
    printf '{"models":[{"slug":"x","base_instructions":"Be exact."}]}'
""")
    port = free_port()
    assert start("--demo", "--web-port", str(free_port()), "--proxy-port", str(port), PATH=path).returncode == 0
    entry = next(entry for entry in models(folder, port) if entry["slug"] == "codex-echo")
    assert entry["base_instructions"] == "Be exact."
    assert not list(folder.rglob("left-behind"))
    assert start("--stop").returncode == 0
    assert not (folder / "pointsman").exists()


@pytest.mark.parametrize("script", ["exit 1", "echo nonsense", "exec sleep 60"])
def test_start_works_without_a_catalog(start, folder, script):
    port = free_port()
    done = start("--demo", "--web-port", str(free_port()), "--proxy-port", str(port), PATH=with_codex(folder, script))
    assert done.returncode == 0, done.stderr
    assert models(folder, port) == []
