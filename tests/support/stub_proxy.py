#!/usr/bin/python3
"""A program in place of pointsman-proxy: the same interface to its supervisor, with a behavior read from stub.json
beside its configuration file. Writes its environment, arguments and descriptors to stub-seen.json there."""
import json
import os
import pathlib
import select
import signal
import socket
import sys

folder = pathlib.Path(sys.argv[sys.argv.index("--config") + 1]).parent
behaviour = json.loads((folder / "stub.json").read_text())
descriptors = {}
for name in os.listdir("/proc/self/fd"):
    try:
        descriptors[name] = os.readlink(f"/proc/self/fd/{name}")
    except FileNotFoundError:
        pass
seen = {"environment": dict(os.environ), "arguments": sys.argv[1:], "descriptors": descriptors, "pid": os.getpid()}
(folder / "stub-seen.new").write_text(json.dumps(seen))
(folder / "stub-seen.new").rename(folder / "stub-seen.json")

STATUS = {"version": "0.1.0", "hardening": {"non_dumpable": True}, "aliases": [
    {"name": "codex-light", "ready": True, "reason": ""},
    {"name": "codex-hf-fast", "ready": False, "reason": "HF_TOKEN is not set <b>&amp;"}]}


def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(os.environ["NOTIFY_SOCKET"])
        out.send(text.encode())


def leave(*_):
    if behaviour.get("ignore_term"):
        return
    notify("STOPPING=1")
    os._exit(0)


def wait_until(name):
    """Blocks until the test opens the named pipe."""
    with open(folder / name, "rb") as pipe:
        pipe.read()


signal.signal(signal.SIGTERM, leave)
# Python runs a handler between its own instructions. A signal that arrives just before accept() would be missed;
# its byte in this pipe ends the select() below.
woken, wake = os.pipe()
os.set_blocking(wake, False)
signal.set_wakeup_fd(wake)
for line in behaviour.get("say", []):
    print(line.format(**os.environ), file=sys.stderr, flush=True)
if "exit" in behaviour:
    sys.exit(behaviour["exit"])
if behaviour.get("hold"):
    wait_until(behaviour["hold"])
status = behaviour.get("status", STATUS)
notify("READY=1\nSTATUS=ready\nX_POINTSMAN_STATUS=" + (status if isinstance(status, str) else json.dumps(status)))
listener = socket.socket(fileno=3)
listener.setblocking(True)
while True:
    if listener not in select.select([listener, woken], [], [])[0]:
        os.read(woken, 64)
        continue
    connection, _ = listener.accept()
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nstub")
    connection.close()
