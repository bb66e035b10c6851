"""The session app is killed at the moment when its child, not yet the proxy, still holds lighttpd's socket. Also: no
disk space for the key file."""
import contextlib
import os
import shutil
import signal
import subprocess
import threading

import pytest
from basics import children, wait_until
from session_tools import Session

pytestmark = pytest.mark.skipif(not shutil.which("strace") or os.geteuid() != 0,
                                reason="strace by root delays the child: the session app lets no other user trace it")


@pytest.fixture
def session(folder):
    made = Session(folder)
    yield made
    made.close()


def try_start(session):
    with contextlib.suppress(OSError, ValueError):
        session.start(DEMO=True)


@contextlib.contextmanager
def injected(pid, call, how, *options, log="/dev/null"):
    """While the block runs, strace injects faults into these calls of the process and of its children."""
    tracer = subprocess.Popen(["strace", "-f", "-o", log, "-e", f"trace={call},execve", "-e", f"inject={call}:{how}",
                               *options, "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    assert "attached" in tracer.stderr.readline()
    yield
    tracer.terminate()
    tracer.wait()
    tracer.stderr.close()


@pytest.mark.parametrize("call", ["prctl", "close"])
def test_a_child_that_still_holds_the_socket(session, call):
    """If any process holds its socket, lighttpd assumes a healthy server and starts none: no request would be
    answered."""
    app = session.session_pid()
    with injected(app, call, "delay_enter=1000000:when=1"):   # the child's first such call
        starting = threading.Thread(target=try_start, args=[session])
        starting.start()
        child = wait_until(lambda: children(app), "the child")[0]
        os.kill(app, signal.SIGKILL)
        wait_until(lambda: not os.path.exists(f"/proc/{app}"), "its end")
        wait_until(session.is_healthy, "the next session app")
    starting.join()
    assert session.session_pid() not in (app, child) and session.start(DEMO=True).status == 200


@pytest.mark.parametrize("path, ended_by", [("/api/start", "stop"), ("/api/start", "death"), ("/api/test", "death")])
def test_sigterm_before_the_exec_ends_the_child(session, path, ended_by):
    """The session app handles SIGTERM. Its child must not run that handler, or the signal would be lost."""
    app, log, before = session.session_pid(), session.folder / "strace.log", []
    if path == "/api/test":
        assert session.start(DEMO=True).status == 200
        before = children(app)

    def call():
        with contextlib.suppress(OSError, ValueError):
            session.api(path, {"model": "codex-light"} if path == "/api/test" else {"DEMO": True})

    with injected(app, "close_range", "delay_enter=1000000", log=log):
        calling = threading.Thread(target=call)
        calling.start()
        wait_until(lambda: set(children(app)) - set(before), "the child")
        wait_until(lambda: "close_range" in log.read_text(), "its close_range()")
        if ended_by == "stop":
            assert session.stop().status == 200
        else:
            os.kill(app, signal.SIGKILL)
        calling.join()
        wait_until(lambda: "killed by SIGTERM" in log.read_text() or "execve(" in log.read_text(), "its end")
    assert "execve(" not in log.read_text()


def test_a_full_disk(session):
    """No disk space for the key file: nothing is started, nothing remains, and the next start works."""
    with injected(session.session_pid(), "write", "error=ENOSPC", "-P", session.key_file):
        refused = session.start(DEMO=True)
    assert (refused.status, refused.error["code"]) == (500, "key_file_failed"), refused.text
    assert str(session.key_file) in refused.error["message"] and "No space left" in refused.error["message"]
    assert not session.key_file.exists() and session.status()["state"] == "stopped"
    assert session.start(DEMO=True).status == 200
