"""What the torture and soak tests share: how many, what was seen, what a process holds, and requests that went wrong.

In ./check they run in short forms; `make torture` and `make soak` set POINTSMAN_LONG, and then the numbers are those of
doc/internals/security-figures.md, and the figures there are held to.
"""
import contextlib
import os
import pathlib
import random
import resource
import socket
import struct

from basics import BUILD

LONG = bool(os.environ.get("POINTSMAN_LONG"))
SANITIZED = b"__asan_init" in (BUILD / "proxy" / "pointsman-proxy").read_bytes()


def count(short, long):
    return long if LONG else short


def figure(name, seen, limit=None, unit=""):
    """Prints a figure; one that has a limit is held to it in the long form. Memory and times of this machine are no matter of
    ./check."""
    print(f"figure: {name}: {seen:.4g}{unit}" + (f" (at most {limit:g}{unit})" if limit is not None else ""), flush=True)
    assert not LONG or limit is None or seen <= limit, f"{name}: {seen} is over {limit}"


class Holdings:
    """What a process holds, and how that grows; descriptors only where /proc lets us look."""

    def __init__(self, pid):
        self.pid = pid
        self.begin_kb, self.begin_files = self.rss_kb, self.files

    @property
    def rss_kb(self):
        """Resident memory of its own; what is mapped of files comes and goes (proxy/serve/memory.c)."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:"))

    @property
    def files(self):
        try:
            return len(os.listdir(f"/proc/{self.pid}/fd"))
        except PermissionError:
            return 0

    @property
    def grown_mb(self):
        return (self.rss_kb - self.begin_kb) / 1024

    @property
    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def allow_files(wanted):
    """Lets this process open as many as it may, up to `wanted`; how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


PIECES = (b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"\t", b"\xff\xfe", b"%00", b"../", b"?", b";", b",", b'"', b"{", b"[" * 90,
          b"\r\nContent-Length: 5", b"\r\nContent-Length: -1", b"\r\nContent-Length: 99999999999999999999",
          b"\r\nTransfer-Encoding: chunked", b"\r\nTransfer-Encoding: gzip, chunked", b"\r\nHost: evil.test", b"\r\n folded",
          b"\r\nExpect: 100-continue", b"\r\nConnection: close", b"\r\nX: " + b"y" * 9000, b"ffffffffffffffff\r\n", b"0\r\n\r\n",
          b"HTTP/1.0", b"HTTP/2.0", b"http://evil.test", b"A" * 700, b"\\ud800", b"1e999", b"null")


def mutate(draw, seeds):
    """One of the seeds with one to six faults; or, seldom, none."""
    data = bytearray(draw.choice(seeds))
    for _ in range(draw.randrange(7)):
        at = draw.randrange(len(data) + 1)
        match draw.randrange(6):
            case 0:
                data[at:at + 1] = bytes([draw.randrange(256)])
            case 1:
                data[at:at] = draw.choice(PIECES)
            case 2:
                del data[at:at + draw.randrange(1, 40)]
            case 3:
                data[at:at] = data[at:at + draw.randrange(1, 200)]
            case 4:
                other = draw.choice(seeds)
                data[at:] = other[draw.randrange(len(other)):]
            case _:
                data = data + draw.choice(seeds)   # a second request behind it
    return bytes(data[:40000])


def fling(port, data, aborts):
    """Sends it on a connection of its own, and reads what comes until the end; or `aborts` by a reset."""
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(data)
        if aborts:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass


def fling_all(port, seeds, number, every_500):
    draw = random.Random(7)
    for done in range(1, number + 1):
        fling(port, mutate(draw, seeds), draw.random() < 0.2)
        if done % 500 == 0 or done == number:
            every_500()
