"""What every test and benchmark needs: where the programs are, a free port, waiting for a condition, a look at processes."""
import os
import pathlib
import socket
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POINTSMAN_BUILD", ROOT / "build")).resolve()
PATIENCE_S = 20


def free_port():
    """A port that was free a moment ago: for programs that can't be handed a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until(condition, what, seconds=PATIENCE_S, every_s=0.005):
    """Calls `condition` until it returns a true value, and returns that."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(every_s)
    return value


def is_alive(pid):
    """Running, and no zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
