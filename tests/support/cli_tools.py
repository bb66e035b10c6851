"""The command `pointsman`, run with the test's own home and runtime folder."""
import json
import os
import pty
import select
import subprocess
import time

from basics import BUILD, free_port
from session_tools import own_config

BINARY = BUILD / "cli" / "pointsman"
PASSED_ON = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")


def two_free_ports():
    """The first of two consecutive free ports: the proxy's, and the risk router's after it."""
    port, following = free_port(), free_port()
    while following != port + 1:
        port, following = following, free_port()
    return port


class Cli:
    """`cli("status", "--json")` runs the command; of the caller's environment it gets only PATH."""

    def __init__(self, folder):
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir()
        self.runtime = folder / "run" / "pointsman"
        self.runtime.parent.mkdir(mode=0o700)
        self.web_port, self.proxy_port = free_port(), two_free_ports()
        self.environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {
            "HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime.parent),
            "CODEX_HOME": str(self.home / ".codex"), "LC_ALL": "C.UTF-8"}

    def __call__(self, *arguments, stdin=subprocess.DEVNULL, pass_fds=(), timeout=60, **variables):
        """Adds the variables; one that is None is removed."""
        given = None
        if isinstance(stdin, str):
            given, stdin = stdin, None
        return subprocess.run([BINARY, *map(str, arguments)], env=self.with_variables(variables), text=True,
                              input=given,
                              stdin=stdin, capture_output=True, pass_fds=pass_fds, timeout=timeout, cwd=self.folder)

    def with_variables(self, variables):
        return {name: value for name, value in (self.environment | variables).items() if value is not None}

    def start(self, *arguments, **more):
        """`pointsman start` on free ports."""
        settings = self.home / ".config" / "pointsman"
        if not settings.exists():
            own_config(settings)
        return self("start", "--web-port", self.web_port, "--proxy-port", self.proxy_port, *arguments, **more)

    def status(self):
        return json.loads(self("status", "--json").stdout)

    def stop(self):
        return self("stop")

    def close(self):
        """Stops what a test left running; afterwards the runtime folder must hold nothing of the session."""
        assert self.stop().returncode == 0
        assert not self.runtime.exists(), sorted(self.runtime.iterdir())


class Terminal:
    """The command with a terminal as its standard input, output and error; its output is in `text`."""

    def __init__(self, cli, *arguments, **variables):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(cli.folder)
            os.execve(BINARY, [str(BINARY), *map(str, arguments)], cli.with_variables(variables))
        self.text = ""

    def read_until(self, words, seconds=20):
        until = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < until, f"{words!r} was not printed, but {self.text!r}"
            if select.select([self.fd], [], [], 0.1)[0]:
                self.text += os.read(self.fd, 65536).decode()

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait(self):
        """Reads to the end. Returns the exit status, negative for a signal."""
        try:
            while piece := os.read(self.fd, 65536):
                self.text += piece.decode()
        except OSError:   # EIO: the other end is closed
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
