"""Starts, stops and crashes: parents that are killed at any moment, stops in the middle of a start, and keys that
must be nowhere else, whatever happened."""
import base64
import contextlib
import json
import os
import pathlib
import random
import signal
import threading
import time
import urllib.parse

import pytest
from basics import BUILD, can_bind, children, is_alive, session_apps, wait_until
from mock_upstream import error
from session_tools import KEYS, Session, own_config, writable_memory
from torture import LONG, SANITIZED, count, figure

pytestmark = pytest.mark.timeout(3600 if LONG else 120)


def make_session(folder, config=None):
    return Session(folder, proxy=BUILD / "proxy" / "pointsman-proxy", config=config or own_config(folder))


@pytest.fixture
def session(folder):
    session = make_session(folder)
    yield session
    session.close()


def processes_of(folder):
    """Processes whose command line names the folder, without zombies."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(folder).encode() in (entry / "cmdline").read_bytes() \
                and is_alive(int(entry.name)):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def start_in_the_background(session):
    def start():
        try:
            session.start(DEMO=True)
        except (OSError, ValueError):
            pass   # killed in the middle, as intended
    thread = threading.Thread(target=start)
    thread.start()
    return thread


def test_killed_parents(folder, request):
    """lighttpd and the session app are killed in turn, at some moment before, during or after a start."""
    draw, slowest = random.Random(11), 0
    number = count(8, 200)
    session = make_session(folder)
    request.addfinalizer(lambda: session.server.kill())   # shown if the test fails
    for turn in range(number):
        starting = start_in_the_background(session)
        time.sleep(draw.random() * 0.15)   # a random moment is the purpose of this test
        of_server = turn % 2 == 0
        session_pid, programs = next(iter(session_apps(session.server.pid)), None), children(session.server.pid)
        begin = time.monotonic()
        if of_server:
            session.server.kill()
        elif session_pid:
            os.kill(session_pid, signal.SIGKILL)
        wait_until(lambda: can_bind(session.proxy_port), "the port to be free")
        slowest = max(slowest, time.monotonic() - begin)
        gone = session.runtime / "pointsman-session" if of_server else BUILD / "proxy" / "pointsman-proxy"
        wait_until(lambda gone=gone: not mine(folder, gone), "nothing to be left")
        # An exiting FastCGI program has no command line but still holds its socket, which a new lighttpd would take for
        # a server.
        ending = programs if of_server else [session_pid] if session_pid else []
        wait_until(lambda pids=ending: not any(map(is_alive, pids)), "the sockets to be closed")
        starting.join()
        if of_server:
            session.server.wait()
            session.log.close()
            session = make_session(folder)
        else:
            wait_until(session.is_healthy, "the next session app")
        assert not session.key_file.exists() and session.status()["state"] == "stopped"
    session.close()
    assert not processes_of(folder)
    figure(f"{number} killed parents: survivors", len(processes_of(folder)), 0)
    figure("the port was free again after", slowest * 1000, None if SANITIZED else 100, " ms")


def mine(folder, program):
    return [pid for pid in processes_of(folder) if str(program).encode() in command_line(pid)]


def command_line(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_stops_in_the_middle_of_starts(session):
    draw = random.Random(12)
    number = count(6, 500)
    session.start(DEMO=True)
    session.stop()
    files = len(os.listdir(f"/proc/{session.session_pid()}/fd")) if os.geteuid() == 0 else 0
    app = session.session_pid()
    for _ in range(number):
        starting = start_in_the_background(session)
        time.sleep(draw.random() * 0.06)   # a random moment is the purpose of this test
        assert session.stop().status == 200
        starting.join()
        session.stop()   # the start may have come after the first stop
        assert session.status()["state"] == "stopped" and not session.key_file.exists()
        assert can_bind(session.proxy_port) and not children(app)
    assert session.session_pid() == app and session.start(DEMO=True).status == 200 and session.stop().status == 200
    if files:
        wait_until(lambda: len(os.listdir(f"/proc/{app}/fd")) <= files, "its descriptors")
    figure(f"{number} starts with a stop in the middle: stuck", 0, 0)


def forms_of(key):
    """The forms in which a key may appear."""
    raw = key.encode()
    return {raw, raw.hex().encode(), raw.hex().upper().encode(), urllib.parse.quote(key, safe="").encode(),
            *(base64.b64encode(b"x" * pad + raw)[4 if pad else 0:-4] for pad in range(3))}


def memory_of(pid):
    """Writable memory; empty if the kernel does not allow reading it."""
    with contextlib.suppress(PermissionError, FileNotFoundError, ProcessLookupError):
        yield writable_memory(pid)


def open_files_of(pid):
    """Contents of its open files, mainly deleted ones."""
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except (PermissionError, FileNotFoundError):
        return
    for name in names:
        path = f"/proc/{pid}/fd/{name}"
        try:
            if os.path.isfile(path):
                yield pathlib.Path(path).read_bytes()
        except OSError:
            continue


def places(session, proxy_pid):
    """Every place where no key belongs, by name: bytes."""
    for pid in {session.server.pid, *children(session.server.pid), *([proxy_pid] if proxy_pid else [])}:
        name = "proxy" if pid == proxy_pid else "lighttpd" if pid == session.server.pid else "session"
        yield f"{name}'s command line", command_line(pid)
        yield from ((f"{name}'s open files", data) for data in open_files_of(pid))
        if name != "proxy":
            yield from ((f"{name}'s memory", data) for data in memory_of(pid))
    yield from ((str(path), path.read_bytes()) for path in session.folder.rglob("*") if path.is_file()
                and path != session.config)


def found_keys(session, keys, proxy_pid=None):
    wanted = {form for key in keys for form in forms_of(key)}
    return [name for name, data in places(session, proxy_pid) if any(form in data for form in wanted)]


@pytest.fixture
def keyed(folder, make_upstream):
    """A session whose only provider refuses the key and quotes it in the error."""
    upstream = make_upstream()
    upstream.always(lambda request: error(401, f"Incorrect API key: {request.headers['authorization'].split()[-1]}"))
    config = folder / "echoing.yaml"
    config.write_text(json.dumps({"model_list": [{"model_name": "codex-light", "litellm_params": {
        "model": "openai/mock", "api_base": upstream.base, "api_key": "os.environ/OPENAI_API_KEY"}}]}))
    session = make_session(folder, config)
    yield session
    session.close()


@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
def test_no_key_anywhere(keyed, form):
    session, key = keyed, KEYS["OPENAI_API_KEY"]
    for end in ("stop", "crash"):
        if form:
            answer = session.request("POST", "/start",
                                     urllib.parse.urlencode({"token": session.token, "OPENAI_API_KEY": key}),
                                     {"Content-Type": "application/x-www-form-urlencoded",
                                      "Origin": f"http://127.0.0.1:{session.port}"})
            assert answer.status == 303 and key not in answer.text
        else:
            assert session.start(OPENAI_API_KEY=key).status == 200
        pid, master = session.status()["pid"], session.key_file.read_text()
        assert key in "".join(found_words(session, key))   # the search itself works
        for _ in range(3):
            answer = session.api("/api/test", {"model": "codex-light"})
            assert key not in answer.text and master not in answer.text
        assert not found_keys(session, [key], pid)
        session.stop() if end == "stop" else os.kill(pid, signal.SIGKILL if SANITIZED else signal.SIGSEGV)
        session.wait_state("stopped" if end == "stop" else "died")
        assert not session.key_file.exists() and not is_alive(pid)
        assert not found_keys(session, [key, master])
        assert key not in json.dumps(session.status()) and not list(session.folder.rglob("core*"))
    figure("places with a key after form, requests, quoting 401, stop and crash", 0, 0)


def found_words(session, key):
    """A file that has the key in it is found."""
    bait = session.folder / "bait"
    bait.write_text(base64.b64encode(("Bearer " + key).encode()).decode())
    names = found_keys(session, [key])
    bait.unlink()
    return [key] if names == [str(bait)] else names
