"""Each system call between a start and an exit fails once: nothing crashes or hangs, clients get an error, and no
failed operation is taken for done. Here for a few of the calls; `make torture` does all."""
import collections
import contextlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import time

import pytest
from basics import children, free_port
from conftest import UPSTREAM_KEY, deployment
from faults import PATIENCE_S, Outcome
from proxy_process import BINARY, MASTER_KEY
from test_torture_memory import REQUESTS, is_whole, serve
from torture import LONG, SANITIZED, figure

pytestmark = [pytest.mark.timeout(7200 if LONG else 120),
              pytest.mark.skipif(SANITIZED, reason="LeakSanitizer cannot work under a tracer"),
              pytest.mark.skipif(not shutil.which("strace"), reason="no strace: ./check installs it")]

# Errors that a call may have on a healthy system. Calls that only set up the sandbox or the limits are left out: the
# status reports what is not in force.
ERRORS = {
    "accept4": ("EMFILE", "EINTR", "ENOMEM", "ECONNABORTED"), "bind": ("EADDRINUSE",), "close": ("EIO",),
    "connect": ("EADDRNOTAVAIL", "ENOBUFS"), "epoll_create1": ("EMFILE",), "epoll_ctl": ("ENOMEM", "ENOSPC"),
    "epoll_wait": ("EINTR",), "eventfd2": ("EMFILE",), "fcntl": ("ENOMEM",), "fstat": ("EIO",),
    "getsockname": ("ENOBUFS",),
    "getsockopt": ("ENOMEM",), "listen": ("EADDRINUSE",), "lseek": ("EIO",), "mkdir": ("ENOSPC", "EIO"),
    "mlock": ("ENOMEM",),
    "mmap": ("ENOMEM",), "mprotect": ("ENOMEM",), "newfstatat": ("EIO",), "openat": ("EMFILE", "ENOMEM", "EIO"),
    "pipe2": ("EMFILE",), "poll": ("EINTR",), "pread64": ("EIO",), "read": ("EIO", "EINTR", "ENOMEM"),
    "recvfrom": ("EINTR", "ENOMEM"), "rename": ("EIO",), "sendmsg": ("EINTR", "ENOBUFS"),
    "sendto": ("EINTR", "ENOBUFS"),
    "setsockopt": ("ENOMEM",), "shutdown": ("ENOBUFS",), "socket": ("EMFILE", "ENOBUFS"), "socketpair": ("EMFILE",),
    "write": ("ENOSPC", "EIO", "EINTR"), "writev": ("EIO",),
}
CALL = re.compile(r"^\d+ +(\w+)\(")
NOT_MEANT = re.compile(r"write\(2, ")   # messages on standard error: these tests wait for them
SHORT = 24   # faults


class Life:
    """A proxy under strace, from its start through a few requests to its exit."""

    def __init__(self, folder, *options):
        self.port, self.keys = free_port(), {"LITELLM_API_KEY": MASTER_KEY}
        self.text, self.ready, self.kinds = "", False, []
        self.tracer = subprocess.Popen(
            ["strace", "-f", "-qq", *options, BINARY, "--config", folder / "config.yaml", "--port", str(self.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "MOCK_API_KEY": UPSTREAM_KEY, **self.keys})
        self._listen()
        traced = children(self.tracer.pid) if self.tracer.poll() is None else []
        for name, model in (("chat", "near"), ("responses stream", "far")) * 2 if self.ready else ():
            path, body = REQUESTS[name]
            self.kinds.append(Outcome(self, path, {**body, "model": model}).kind(is_whole(name)))
        # A second SIGTERM only reaches a proxy that missed the first, because libevent could not store it: one that is
        # exiting would end with code 143.
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            if traced and self.tracer.poll() is None:
                os.kill(traced[0], number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.code = self.tracer.wait(PATIENCE_S)
                break
        self.text += self.tracer.stderr.read().decode()
        self.tracer.stderr.close()

    def _listen(self):
        deadline = time.monotonic() + 2 * PATIENCE_S
        while not self.ready and time.monotonic() < deadline:
            if select.select([self.tracer.stderr], [], [], 0.1)[0]:
                piece = os.read(self.tracer.stderr.fileno(), 65536).decode()
                if not piece:
                    return
                self.text += piece
            self.ready = "ready on port" in self.text

    def fault(self):
        """What is wrong with it; None if nothing is."""
        if not self.ready:
            return None if self.code == 1 and "error: " in self.text else f"no start and no error: {self.code}"
        if wrong := [kind for kind in self.kinds if kind not in ("whole", "error", "truncated")]:
            return wrong[0]
        if "[err] evsig_cb" in self.text:   # libevent ends the process if it cannot read its own pipe of signals
            return None
        if sum(kind != "whole" for kind in self.kinds) > 1:
            return f"more than one request failed: {self.kinds}"
        return None if self.code == 0 else f"it ended with {self.code}"


@pytest.fixture
def place(folder, make_upstream):
    near, far = make_upstream(), make_upstream()
    near.always(serve)
    far.always(serve)
    (folder / "config.yaml").write_text(json.dumps({"model_list": [
        deployment("near", near), deployment("far", far.base.replace("127.0.0.1", "0.0.0.0"),
                                             use_chat_completions_api=True)]}))
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        pytest.skip("strace may not trace here")
    return folder


def faults(folder):
    """(call, number, error) for each call from main() on, from a run in which nothing fails."""
    log = folder / "trace"
    life = Life(folder, "-o", str(log))
    assert life.ready and life.kinds == ["whole"] * 4 and life.code == 0, (life.text, life.kinds, life.code)
    seen, found, begun = collections.Counter(), [], False
    for line in log.read_text(errors="replace").splitlines():
        if call := CALL.match(line):
            seen[call[1]] += 1
            begun = begun or "PR_SET_DUMPABLE" in line
            if begun and not NOT_MEANT.search(line):
                found += [(call[1], seen[call[1]], error) for error in ERRORS.get(call[1], ())]
    assert len(found) > 300 and {name for name, _, _ in found} > {"openat", "write", "accept4", "epoll_ctl", "mmap",
                                                                  "socket"}
    return found


def test_each_call(place):
    todo = faults(place)
    if not LONG:   # those that have found defects, and some of the others
        todo = [fault for fault in todo if fault[0] == "getsockname"
                or (fault[0] == "sendto" and fault[2] == "ENOBUFS")] + \
            todo[::len(todo) // SHORT]
    wrong = []
    for call, number, error in todo:
        log = place / "faulty"
        life = Life(place, "-o", str(log), "-e", f"trace={call}", "-e", f"inject={call}:error={error}:when={number}")
        # Calls of one kind may come in another order in each run.
        meant = not any("INJECTED" in line and NOT_MEANT.search(line)
                        for line in log.read_text(errors="replace").splitlines())
        if meant and (fault := life.fault()):
            wrong.append((call, number, error, fault, life.text[-300:]))
            print("wrong:", *wrong[-1], flush=True)
    figure(f"of {len(todo)} system calls that failed: wrong", len(wrong))
    assert not wrong, wrong
