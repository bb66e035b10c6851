"""Runs pointsman-proxy for a test, and sends it requests."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

from basics import BUILD, PATIENCE_S, listen, wait_until

BINARY = BUILD / "proxy" / "pointsman-proxy"
MASTER_KEY = "sk-local-canary-master-0123456789abcdef"

# Moves the listening sockets to the descriptors of the LISTEN_FDS convention, and becomes the proxy.
HAND_DOWN = ("import os, sys; spare = [os.dup(int(fd)) for fd in sys.argv[1].split(',')]; "
             "[(os.dup2(fd, 3 + i), os.set_inheritable(3 + i, True)) for i, fd in enumerate(spare)]; "
             "os.environ['LISTEN_PID'] = str(os.getpid()); "
             "os.execv(sys.argv[2], sys.argv[2:])")


class Reply:
    """A whole reply."""

    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]

    @property
    def events(self):
        return list(parse_events(self.body.decode()))


def parse_data(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse_events(text):
    """The (name, data) pairs of a stream; data is parsed if it is JSON."""
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if "data" in fields:
            yield fields.get("event"), parse_data(fields["data"])


class Stream:
    """A reply that is read as it arrives."""

    def __init__(self, connection, response, sock):
        self.connection, self.response, self.sock = connection, response, sock
        self.status, self.headers = response.status, response.headers

    def next_event(self):
        """The next (name, data), or None at the end of the stream."""
        lines = []
        while (line := self.response.readline().decode()) not in ("", "\n"):
            lines.append(line.rstrip("\n"))
        if lines:
            return next(parse_events("\n".join(lines)), None) or self.next_event()
        return None if line == "" else self.next_event()

    def rest(self):
        """All events up to the end of the stream."""
        return list(iter(self.next_event, None))

    def disconnect(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.response.close()
        self.connection.close()


class Proxy:
    def __init__(self, folder, config, keys=None, arguments=(), environment=None, by=()):
        self.folder = folder
        self.keys = {"LITELLM_API_KEY": MASTER_KEY, **(keys or {})}
        self.codex_home = folder / "codex"
        self.config = folder / "config.yaml"
        # JSON is YAML, too.
        self.config.write_text(config if isinstance(config, str) else json.dumps(config, indent=1))
        self.stderr_path = folder / "stderr"
        listener = listen(backlog=512)
        self.port = listener.getsockname()[1]
        risk = listen(backlog=512)
        self.risk_port = risk.getsockname()[1]
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(folder / "notify"))
        with open(self.stderr_path, "wb") as stderr, listener, risk:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", HAND_DOWN, f"{listener.fileno()},{risk.fileno()}", *by, BINARY,
                 "--config", self.config, *arguments],
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, pass_fds=[listener.fileno(), risk.fileno()],
                cwd=folder,
                env={"HOME": str(folder), "CODEX_HOME": str(self.codex_home), "XDG_RUNTIME_DIR": str(folder),
                     "LISTEN_FDS": "2", "LISTEN_FDNAMES": "proxy:risk", "NOTIFY_SOCKET": str(folder / "notify"),
                     **self.keys, **(environment or {})})
            self._wait_ready()

    def _wait_ready(self):
        self.notify.settimeout(0.05)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                if b"READY=1" in self.notify.recv(65536):
                    self.notify.settimeout(PATIENCE_S)
                    return
            except TimeoutError:
                pass
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the proxy did not start:\n{self.stderr}")

    def notified(self):
        """The next datagram to the supervisor, as a dictionary."""
        return dict(line.split("=", 1) for line in self.notify.recv(65536).decode().splitlines())

    def reload(self, config=None):
        """Sends SIGHUP, after replacing the configuration if one is given. Returns the datagram about the result."""
        if config is not None:
            self.config.write_text(config if isinstance(config, str) else json.dumps(config, indent=1))
        self.process.send_signal(signal.SIGHUP)
        while "RELOADING" not in (begin := self.notified()):
            pass
        assert int(begin["MONOTONIC_USEC"]) > 0
        while "READY" not in (end := self.notified()):
            pass
        return end

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    @property
    def rss_kb(self):
        """Private resident memory; mapped files come and go (proxy/serve/memory.c)."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon:"))

    @property
    def open_files(self):
        """Its descriptors. For a user who cannot see them (the proxy is not dumpable), at least the connections of
        its port."""
        try:
            return len(os.listdir(f"/proc/{self.process.pid}/fd"))
        except PermissionError:
            rows = [row.split() for row in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
            return sum(row[1].endswith(f":{self.port:04X}") and row[9] != "0" for row in rows)

    # Requests

    def send(self, method, path, body=None, headers=None, key=MASTER_KEY, timeout=PATIENCE_S, port=None):
        """Sends one request on its own connection. Returns (connection, response, socket)."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)
        connection.connect()
        sock = connection.sock
        fields = {"Content-Type": "application/json"} if body is not None else {}
        if key is not None:
            fields["Authorization"] = f"Bearer {key}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        connection.request(method, path, body, {**fields, **(headers or {})})
        return connection, connection.getresponse(), sock

    def request(self, method, path, body=None, **options):
        connection, response, _ = self.send(method, path, body, **options)
        try:
            return Reply(response)
        finally:
            connection.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body, **options):
        return self.request("POST", path, body, **options)

    def stream(self, path, body, **options):
        return Stream(*self.send("POST", path, body, **options))

    def connect(self, timeout=PATIENCE_S):
        """A plain connection, for what no client library would send."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def raw(self, data, ends=False):
        """Sends the bytes unchanged. Returns everything that comes back until the proxy closes the connection.
        `ends`: then shuts down the sending side, which a proxy may take for a disconnect."""
        with self.connect() as sock:
            try:
                sock.sendall(data)
                if ends:
                    sock.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: sock.recv(65536), b""))
            except ConnectionError:
                return b""

    # What it left behind

    def journal(self, lines=1):
        """The lines of the request log, once there are that many."""
        path = self.codex_home / "logs" / "requests.jsonl"
        wait_until(lambda: path.exists() and path.read_text().count("\n") >= lines, f"{lines} lines in the request log")
        return [json.loads(line) for line in path.read_text().splitlines()]

    def stop(self):
        """Sends SIGTERM. Returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE_S)
        self.notify.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.notify.close()

    def leaks(self):
        """Files of its folder, its messages included, that contain a key."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and path != self.config]
        return [(path.name, name) for path in files for name, key in self.keys.items()
                if len(key) >= 8 and key.encode() in path.read_bytes()]
