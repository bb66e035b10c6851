"""For every test and benchmark: the programs' paths, a free port, waiting for a condition, and processes."""
import errno
import itertools
import os
import pathlib
import socket
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POINTSMAN_BUILD", ROOT / "build")).resolve()
PATIENCE_S = 20


# Ports for programs that cannot inherit a socket. Each process owns a block of them, below the range from which the
# kernel takes the ports of outgoing connections. A name in the abstract namespace reserves the block until the process
# ends.
PORTS = range(10240, 32768)
PORTS_PER_BLOCK = 256
_block = []     # the socket that reserves it, and an iterator over its ports


def _claim_block():
    blocks = [PORTS[at:at + PORTS_PER_BLOCK] for at in range(0, len(PORTS), PORTS_PER_BLOCK)]
    first = os.getpid() % len(blocks)
    for block in blocks[first:] + blocks[:first]:
        holder = socket.socket(socket.AF_UNIX)
        try:
            holder.bind(f"\0pointsman-test-ports-{block[0]}")
        except OSError:
            holder.close()
            continue
        return holder, itertools.cycle(block)
    raise AssertionError("every block of ports is in use: end other test runs")


def can_bind(port):
    """Returns true if no process has the port, on 127.0.0.1 and, if the machine has it, on ::1: the programs reserve
    both."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            socket.create_server((host, port), family=family).close()
        except OSError as fault:
            if fault.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                return False
    return True


def free_port():
    """A port that no other test process, and no outgoing connection, takes."""
    if not _block:
        _block.extend(_claim_block())
    return next(port for port in itertools.islice(_block[1], PORTS_PER_BLOCK) if can_bind(port))


def listen(backlog):
    """Returns a socket that listens on a free port of 127.0.0.1. Tries again if the port is in use: a child of another
    thread holds a copy of the socket with which free_port() tested it, until its exec()."""
    while True:
        try:
            return socket.create_server(("127.0.0.1", free_port()), backlog=backlog)
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE:
                raise


def wait_until(condition, what, seconds=PATIENCE_S, every_s=0.005):
    """Calls `condition` until it returns a true value, and returns that value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(every_s)
    return value


def is_alive(pid):
    """Returns true if the process runs and is not a zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def session_apps(server):
    """The running session apps among lighttpd's children: one, or none while it restarts. The view Usage has a program
    of its own."""
    def runs(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("pointsman-sess") and is_alive(pid)
        except OSError:
            return False   # it has ended
    return [pid for pid in children(server) if runs(pid)]
