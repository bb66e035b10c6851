"""A scripted model provider on a loopback port: each request gets the next reply of the script, byte for byte.

A reply is a list of steps. Bytes are sent unchanged, a threading.Event is waited for, and:

    CLOSE   closes the connection,
    RESET   ends it with a TCP reset,
    HANG    sends nothing more until the client disconnects.

A reply may also be a function that takes the Request and returns the steps.
"""
import json
import queue
import socket
import struct
import threading

from threaded_server import PATIENCE_S, ThreadedServer

CLOSE, RESET, HANG = "close", "reset", "hang"


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        self.gone = threading.Event()   # the client closed the connection before the reply's end

    @property
    def json(self):
        return json.loads(self.body)


class Upstream(ThreadedServer):
    def __init__(self, host="127.0.0.1", port=0):
        self.requests = []              # in order of arrival
        self.checks = 0                 # HEAD /, which is answered without the script …
        self.answers_checks = True      # … or not at all
        self.unscripted = 0
        self._arrivals = queue.Queue()
        self._script = queue.Queue()
        self._always = None
        self.port = self._listen(host, port)
        self.base = f"http://{f'[{host}]' if ':' in host else host}:{self.port}/v1"

    def script(self, *replies):
        """Adds replies, one for each of the next requests."""
        for reply in replies:
            self._script.put(reply)

    def always(self, reply):
        """Sets the reply for requests after the end of the script."""
        self._always = reply

    def next_request(self, timeout=PATIENCE_S):
        """Waits for the next request, and returns it."""
        return self._arrivals.get(timeout=timeout)

    def _serve(self, connection):
        reader = connection.makefile("rb")
        try:
            while (request := _read_request(reader)) is not None:
                if self._takes_check(connection, request):
                    continue
                self.requests.append(request)
                reply = self._next_reply(request)
                self._arrivals.put(request)
                if not _perform(connection, reader, request, reply):
                    return
        except OSError:
            pass
        finally:
            self._sockets.discard(connection)
            reader.close()
            connection.close()

    def _takes_check(self, connection, request):
        """Returns true if the request is only the proxy's HEAD /."""
        if (request.method, request.path) != ("HEAD", "/"):
            return False
        if self.answers_checks:
            connection.sendall(NOT_FOUND)
        self.checks += 1
        return True

    def _next_reply(self, _request):
        try:
            return self._script.get_nowait()
        except queue.Empty:
            if self._always is None:
                self.unscripted += 1
                return error(500, "the mock upstream has no reply left")
            return self._always


def _read_request(reader):
    line = reader.readline()
    if not line:
        return None
    method, path, _ = line.decode().split(" ", 2)
    headers = {}
    while (line := reader.readline().decode().rstrip("\r\n")):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body)


def _perform(connection, reader, request, reply):
    """Sends a reply. Returns true if the connection stays open."""
    steps = reply(request) if callable(reply) else reply
    try:
        for step in steps:
            if step == CLOSE:
                return False
            if step == RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            if step == HANG:
                reader.read(1)
                request.gone.set()
                return False
            if isinstance(step, threading.Event):
                assert step.wait(PATIENCE_S), "an event that the script waits for was never set"
            else:
                connection.sendall(step)
    except OSError:
        request.gone.set()
        raise
    return True


# Replies

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def reply(status=200, headers=(), body=b"", content_type="application/json"):
    """A whole reply with Content-Length."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Mock", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in dict(headers).items()]
    return ["\r\n".join(lines).encode() + b"\r\n\r\n" + body]


def with_head(steps, fields):
    """The reply with additional header fields."""
    head, rest = steps[0].split(b"\r\n", 1)
    more = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    return [head + b"\r\n" + more + rest, *steps[1:]]



def error(status, message="mock failure", code=None, headers=()):
    return reply(status, headers, {"error": {"message": message, "type": "mock", "param": None, "code": code}})


STREAM_HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
STREAM_END = b"0\r\n\r\n"


def chunk(data):
    """One piece of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(data, name=None):
    """One server-sent event as a chunk; `data` is text or an object to be written as JSON."""
    if not isinstance(data, str):
        data = json.dumps(data)
    head = f"event: {name}\n" if name else ""
    return chunk(f"{head}data: {data}\n\n".encode())


def stream(*steps):
    """A chunked stream with its end; objects among the steps become events."""
    return [STREAM_HEAD, *map(_step, steps), STREAM_END]


def stream_open(*steps):
    """A stream without its end; the last step (CLOSE, RESET, HANG) decides what happens."""
    return [STREAM_HEAD, *map(_step, steps)]


def _step(step):
    return event(step) if isinstance(step, dict) else step
