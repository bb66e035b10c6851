"""The session ends when its runtime folder is gone, as at logout, when logind removes /run/user/UID."""
import os
import pathlib
import shutil
import subprocess

import pytest

from basics import children, is_alive, wait_until
from session_tools import Session


@pytest.fixture
def parent(folder):
    (folder / "user").mkdir()
    return folder / "user"


@pytest.fixture
def session(folder, parent):
    made = Session(folder, runtime=parent / "pointsman")
    yield made
    made.close()


def processes(session):
    """The pids of lighttpd, the session app and the proxy, started."""
    pid = session.start(DEMO=True).json["pid"]
    app = session.session_pid()
    assert children(app) == [pid]
    return session.server.pid, app, pid


def expect_end(pids):
    for name, pid in zip(("lighttpd", "the session app", "the proxy"), pids):
        wait_until(lambda: not is_alive(pid), f"the end of {name}")


@pytest.mark.parametrize("how", ["removed", "removed with its parent", "moved away", "emptied first"])
def test_it_ends_with_its_folder(session, parent, how):
    pids = processes(session)
    if how == "removed":
        shutil.rmtree(session.runtime)
    elif how == "removed with its parent":
        shutil.rmtree(parent)
    elif how == "moved away":
        session.runtime.rename(parent / "elsewhere")
    else:
        for path in session.runtime.iterdir():
            path.unlink()
        assert session.request("GET", "/health").status in (200, 503)   # its socket is gone, too; it continues
        assert is_alive(pids[2])
        session.runtime.rmdir()
    expect_end(pids)
    assert f"{session.runtime}: removed: ending the session" in session.log_text()
    if how == "moved away":
        assert not (parent / "elsewhere" / "codex-litellm-proxy.key").exists()


def test_it_lets_requests_in_flight_end(session):
    """With SIGTERM first, as at a stop. Another session's files at the same place stay."""
    session.behave({"ignore_term": True})
    pids = processes(session)
    session.runtime.rename(session.folder / "elsewhere")
    session.runtime.mkdir(mode=0o700)
    (session.runtime / "notify.sock").touch()
    wait_until(lambda: "running -> stopping" in session.log_text(), "the drain")
    assert all(map(is_alive, pids))
    expect_end(pids)
    assert (session.runtime / "notify.sock").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_it_ends_when_its_folder_is_unmounted(folder, parent):
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", parent], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"mount: {mount.stderr}")
    try:
        session = Session(folder, runtime=parent / "pointsman")
        pids = processes(session)
    finally:
        subprocess.run(["umount", "--lazy", parent], check=True)
    expect_end(pids)
    session.close()


def test_files_beside_it_do_not_wake_it(session, parent):
    """The parent may be /tmp."""
    _, app, _ = processes(session)

    def waits():
        status = pathlib.Path(f"/proc/{app}/status").read_text()
        return status.split("voluntary_ctxt_switches:")[1].split()[0]

    session.status()
    before = wait_until(lambda: pathlib.Path(f"/proc/{app}/stat").read_text().rsplit(") ")[1][0] == "S" and waits(),
                        "it to sleep")
    for name in range(100):
        (parent / str(name)).touch()
        (parent / str(name)).unlink()
    assert waits() == before and is_alive(app)
