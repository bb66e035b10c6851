"""Common to the torture and soak tests: numbers, figures, the resources of a process, and damaged requests.

./check runs their short forms. `make torture` and `make soak` set POINTSMAN_LONG: then the numbers are those of
doc/internals/security-figures.md, and the limits there are checked."""
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
    """Prints a figure; if it has a limit, the long form checks it. The short form does not check the memory and
    times of this machine."""
    print(f"figure: {name}: {seen:.4g}{unit}" + (f" (at most {limit:g}{unit})" if limit is not None else ""),
          flush=True)
    assert not LONG or limit is None or seen <= limit, f"{name}: {seen} is over {limit}"


class Holdings:
    """The resources of a process, and their growth; descriptors only if /proc shows them."""

    def __init__(self, pid):
        self.pid = pid
        self.begin_kb, self.begin_files = self.rss_kb, self.files

    @property
    def rss_kb(self):
        """Private resident memory; mapped files come and go (proxy/serve/memory.c)."""
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
    """Raises this process's limit of open files, at most to `wanted`. Returns the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE,
                           (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


PIECES = (b"\r\n", b"\n", b"\r", b"\0", b" ", b":", b"\t", b"\xff\xfe", b"%00", b"../", b"?", b";", b",", b'"', b"{",
          b"[" * 90, b"\r\nContent-Length: 5", b"\r\nContent-Length: -1", b"\r\nContent-Length: 99999999999999999999",
          b"\r\nTransfer-Encoding: chunked", b"\r\nTransfer-Encoding: gzip, chunked", b"\r\nHost: evil.test",
          b"\r\n folded",
          b"\r\nExpect: 100-continue", b"\r\nConnection: close", b"\r\nX: " + b"y" * 9000, b"ffffffffffffffff\r\n",
          b"0\r\n\r\n", b"HTTP/1.0", b"HTTP/2.0", b"http://evil.test", b"A" * 700, b"\\ud800", b"1e999", b"null")


def mutate(draw, seeds):
    """One of the seeds with up to six random changes."""
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
                data = data + draw.choice(seeds)   # a second request after it
    return bytes(data[:40000])


def send_raw(port, data, aborts):
    """Sends it on its own connection, and reads until the end; if `aborts`, resets the connection instead."""
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(data)
        if aborts:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass


def send_all_raw(port, seeds, number, every_500):
    draw = random.Random(7)
    for done in range(1, number + 1):
        send_raw(port, mutate(draw, seeds), draw.random() < 0.2)
        if done % 500 == 0 or done == number:
            every_500()
