"""The proxy's hardening of its own process, seen by a user who is not root: root could do many of these things in
any case."""
import json
import os
import resource
import shutil
import signal
import subprocess

from basics import BUILD, children, free_port, wait_until
import chat_wire as chat
import pytest
from conftest import UPSTREAM_KEY, deployment
from faults import Outcome
from proxy_process import BINARY, MASTER_KEY
from test_torture_memory import REQUESTS, is_whole, serve
from torture import SANITIZED

NOBODY, SOMEBODY = 65534, 65533
CHAT = REQUESTS["chat"]

pytestmark = [pytest.mark.skipif(SANITIZED, reason="LeakSanitizer needs what the hardening forbids"),
              pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="no setpriv (util-linux)")]


def run_as(uid, *command, **options):
    """Runs it as that user if this is root, who can become any user; otherwise as the current user."""
    other = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if os.geteuid() == 0 else []
    return subprocess.run([*other, *map(str, command)], capture_output=True, text=True, timeout=20, check=False,
                          **options)


class Unprivileged:
    """A proxy of the user nobody, in a folder of nobody's."""

    def __init__(self, folder, *model_list):
        self.folder, self.port, self.keys = folder, free_port(), {"LITELLM_API_KEY": MASTER_KEY}
        program = folder / "pointsman-proxy"   # the build may be where other users have no access
        shutil.copy(BINARY, program)
        program.chmod(0o755)
        self.configure(*model_list)
        own = {} if os.geteuid() else {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        if own:
            os.chown(folder, NOBODY, NOBODY)
        with open(folder / "stderr", "wb") as stderr:
            self.process = subprocess.Popen(
                [program, "--config", folder / "config.yaml", "--port", str(self.port)], stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr, cwd=folder, env={"HOME": str(folder), "MOCK_API_KEY": UPSTREAM_KEY, **self.keys},
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2), **own)
        wait_until(lambda: "ready on port" in self.said(), "it is ready")

    def configure(self, *model_list):
        (self.folder / "new.yaml").write_text(json.dumps({"model_list": model_list}))
        (self.folder / "new.yaml").chmod(0o644)
        os.replace(self.folder / "new.yaml", self.folder / "config.yaml")

    def said(self):
        return (self.folder / "stderr").read_text()

    def answers(self, model):
        path, body = CHAT
        return Outcome(self, path, {**body, "model": model}).kind(is_whole("chat"))

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(10)


@pytest.fixture
def proxy(folder, upstream):
    upstream.always(serve)
    made = Unprivileged(folder, deployment("codex-light", upstream))
    yield made
    made.end()


def check_closed(pid):
    """For its own user, without root's rights."""
    for name in ("environ", "mem", "maps", "auxv"):
        seen = run_as(NOBODY, "cat", f"/proc/{pid}/{name}")
        assert seen.returncode and "Permission denied" in seen.stderr and not seen.stdout, (name, seen)
    assert run_as(NOBODY, "ls", f"/proc/{pid}/fd").returncode


def test_its_user_cannot_read_its_memory(proxy):
    assert proxy.answers("codex-light") == "whole"
    check_closed(proxy.process.pid)
    # A process of the same user that is not hardened can be read: otherwise this would prove nothing.
    assert "PATH" in run_as(NOBODY, "cat", "/proc/self/environ").stdout


def test_nobody_can_read_the_page_processes(folder):
    """lighttpd and its programs: keys pass through the session app. The build may
    be where other users have no access."""
    build = folder / "build"
    for name in ("cli/pointsman", "cgi/pointsman-session", "cgi/pointsman-usage", "cgi/pointsman-web-guard.so",
                 "proxy/pointsman-proxy"):
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(BUILD / name, build / name)
    shutil.copytree(BUILD / "share", build / "share")
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    started = run_as(NOBODY, build / "cli" / "pointsman", "start", "--page-only", "--web-port", free_port(),
                     env=environment)
    try:
        assert started.returncode == 0, started.stderr
        lighttpd = int((folder / "pointsman" / "lighttpd.pid").read_text())
        for pid in (lighttpd, *children(lighttpd)):
            check_closed(pid)
    finally:
        assert run_as(NOBODY, build / "cli" / "pointsman", "stop", env=environment).returncode == 0


@pytest.mark.parametrize("tool", [["strace", "-p"], ["gdb", "-q", "-batch", "-p"]], ids=lambda tool: tool[0])
def test_nobody_can_trace_it(proxy, tool):
    if not shutil.which(tool[0]):
        pytest.skip(f"no {tool[0]}")
    seen = run_as(NOBODY, *tool, proxy.process.pid)
    assert "Operation not permitted" in seen.stderr + seen.stdout, seen
    assert proxy.answers("codex-light") == "whole"


def test_a_crash_leaves_no_core_dump(proxy):
    limits = open(f"/proc/{proxy.process.pid}/limits").read().splitlines()
    assert next(line.split()[4:6] for line in limits if line.startswith("Max core file size")) == ["0", "0"]
    proxy.process.send_signal(signal.SIGSEGV)
    assert proxy.process.wait(10) == -signal.SIGSEGV
    assert not list(proxy.folder.glob("core*"))


def test_it_keeps_access_to_its_folders(proxy, make_upstream):
    """A configuration with another server, and a request log that was moved away, both replaced while it runs."""
    assert proxy.answers("codex-light") == "whole"
    second = make_upstream()
    second.always(chat.whole("second"))
    proxy.configure(deployment("codex-new", second))
    proxy.process.send_signal(signal.SIGHUP)
    wait_until(lambda: "reloaded: 1 model groups" in proxy.said(), "the reload")
    proxy.answers("codex-new")
    assert len(second.requests) == 1
    journal = proxy.folder / ".codex" / "logs" / "requests.jsonl"
    wait_until(lambda: journal.exists() and journal.read_text().count("\n") == 2, "two lines")
    journal.rename(journal.with_name("old"))
    proxy.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: "request log reopened" in proxy.said(), "the new request log")
    proxy.answers("codex-new")
    wait_until(lambda: journal.read_text().count("\n") == 1, "its first line")
    assert proxy.end() == 0
