"""The session app killed in the moment in which its child, not yet the proxy, still holds lighttpd's socket."""
import contextlib
import os
import shutil
import signal
import subprocess
import threading

import pytest
from session_tools import Session, children, wait_for

pytestmark = pytest.mark.skipif(not shutil.which("strace") or os.geteuid() != 0,
                                reason="strace by root holds the child up: the session app lets nobody else trace it")


@pytest.fixture
def session(folder):
    made = Session(folder)
    yield made
    made.close()


def try_start(session):
    with contextlib.suppress(OSError, ValueError):
        session.start(DEMO=True)


def hold_up(pid, call, folder):
    """strace on the process: its next child waits for a second before its first such call."""
    log = folder / "trace"
    tracer = subprocess.Popen(["strace", "-f", "-o", log, "-e", f"trace={call}", "-e",
                               f"inject={call}:delay_enter=1000000:when=1", "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    assert "attached" in tracer.stderr.readline()
    return tracer


@pytest.mark.parametrize("call", ["prctl", "close"])
def test_a_child_that_still_holds_the_socket(session, folder, call):
    """lighttpd takes a socket that somebody holds for a server that is well, and makes none: it would not answer any more."""
    app = session.session_pid()
    tracer = hold_up(app, call, folder)
    starting = threading.Thread(target=try_start, args=[session])
    starting.start()
    child = wait_for(lambda: children(app), "the child")[0]
    os.kill(app, signal.SIGKILL)
    wait_for(lambda: not os.path.exists(f"/proc/{app}"), "its end")
    wait_for(session.is_healthy, "the next session", 15)
    tracer.terminate()
    tracer.wait()
    starting.join()
    assert session.session_pid() not in (app, child) and session.start(DEMO=True).status == 200
