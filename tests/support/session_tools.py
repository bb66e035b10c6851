"""The session app under the real lighttpd, in the test's own folder, as ./start runs it."""
import http.client
import json
import os
import pathlib
import select
import signal
import socket
import subprocess

from basics import BUILD, PATIENCE_S, ROOT, children, free_port, session_apps, wait_until

STUB = pathlib.Path(__file__).with_name("stub_proxy.py")
LIGHTTPD = next((p for p in ("/usr/sbin/lighttpd", "/usr/bin/lighttpd") if os.path.exists(p)), "lighttpd")
KEYS = {"OPENAI_API_KEY": "sk-canary-openai-0123456789abcdef", "GEMINI_API_KEY": "AIzaCanaryGemini0123456789abcdef",
        "HF_TOKEN": "hf_canary0123456789abcdef"}


# What cli/lighttpd.c adds to lighttpd's environment.
AS_STARTED = {"GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0", "LD_BIND_NOW": "1",
              "LD_PRELOAD": "./pointsman-web-guard.so"}


def writable_memory(pid):
    """The writable memory of a process, without a sanitizer's shadow regions (over 256 MB each)."""
    memory = b""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as raw:
        for line in maps:
            span, mode = line.split()[:2]
            low, high = (int(end, 16) for end in span.split("-"))
            if mode.startswith("rw") and high - low < 256 << 20:
                raw.seek(low)
                memory += raw.read(high - low)
    return memory


def own_config(folder):
    """A copy of the shipped configuration in that folder, for made-up keys: preconnect is off, so that they reach no
    provider."""
    path, shipped = folder / "litellm-cost-routing.yaml", (ROOT / "conf" / "litellm-cost-routing.yaml").read_text()
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(shipped.replace("\ngeneral_settings:\n", "\ngeneral_settings:\n  connect_ahead: false\n"))
    return path


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def error(self):
        return self.json["error"]


class Session:
    """lighttpd and the session app; `proxy` is the program in place of the proxy."""

    def __init__(self, folder, proxy=STUB, runtime=None, environment=None, config=None):
        self.folder = folder
        self.runtime = runtime or folder / "run time"
        self.runtime.mkdir(mode=0o700, exist_ok=True)
        self.config = config or folder / "proxy.yaml"
        self.port, self.proxy_port, self.risk_port = free_port(), free_port(), free_port()
        self.behave({})
        values = {"WEB_PORT": self.port, "PROXY_PORT": self.proxy_port, "RISK_PORT": self.risk_port,
                  "RUNTIME_DIR": self.runtime, "WWW": ROOT / "www", "PROXY": proxy, "CONFIG": self.config,
                  "COMMAND": BUILD / "cli" / "pointsman"}
        text = (ROOT / "conf" / "lighttpd.conf.in").read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        (self.runtime / "lighttpd.conf").write_text(text)
        (self.runtime / "url").write_text(f"http://127.0.0.1:{self.port}\n")
        for name in ("pointsman-session", "pointsman-usage", "pointsman-web-guard.so"):
            (self.runtime / name).unlink(missing_ok=True)
            (self.runtime / name).symlink_to(BUILD / "cgi" / name)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CODEX_HOME": str(folder / "codex"),
                            "XDG_CONFIG_HOME": str(folder), **AS_STARTED, **(environment or {})}
        self.log = open(folder / "lighttpd.log", "ab")
        self.server = subprocess.Popen(
            ["sh", "-c", f"POINTSMAN_PARENT=$$ && export POINTSMAN_PARENT && exec {LIGHTTPD} -D -f lighttpd.conf"],
            cwd=self.runtime, env=self.environment, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            wait_until(self.is_healthy, "the page to answer")
        except AssertionError as fault:
            self.server.kill()
            self.server.wait()
            raise AssertionError(f"{fault}\n{self.log_text()}") from None

    def behave(self, behaviour):
        """Sets what the stub does from its next start on."""
        (self.folder / "stub.json").write_text(json.dumps(behaviour))

    def seen(self):
        """What the stub saw when it last started."""
        return json.loads((self.folder / "stub-seen.json").read_text())

    def is_healthy(self):
        assert self.server.poll() is None, self.log_text()
        try:
            return self.request("GET", "/health").status == 200
        except OSError:
            return False

    def log_text(self):
        return (self.folder / "lighttpd.log").read_text()

    def request(self, method, path, body=None, headers=None, host=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            host = f"127.0.0.1:{self.port}" if host is None else host
            for name, value in {"Host": host, **(headers or {})}.items():
                if value is not None:
                    connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body.encode() if body is not None else None)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    @property
    def token(self):
        return (self.runtime / "session-token").read_text()

    def api(self, path, body=None, **headers):
        """A script's POST."""
        given = {"Content-Type": "application/json", "X-Pointsman-Token": self.token,
                 **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.request("POST", path, json.dumps({} if body is None else body), given)

    def start(self, **fields):
        return self.api("/api/start", fields or {"OPENAI_API_KEY": KEYS["OPENAI_API_KEY"]})

    def stop(self):
        return self.api("/api/stop")

    def status(self):
        return self.request("GET", "/api/status").json

    def wait_state(self, state, seconds=PATIENCE_S):
        return wait_until(lambda: self.status()["state"] == state and self.status(), f"state {state}", seconds)

    @property
    def key_file(self):
        return self.runtime / "codex-litellm-proxy.key"

    def session_pid(self):
        return wait_until(lambda: session_apps(self.server.pid), "the session app")[0]

    def close(self):
        if self.server.poll() is None:
            apps = [os.pidfd_open(pid) for pid in children(self.server.pid)]
            self.server.send_signal(signal.SIGTERM)
            for app in apps:   # it outlives lighttpd by a moment, and still removes files from the folder
                assert select.select([app], [], [], 10)[0], "the session app did not exit"
                os.close(app)
        self.server.wait(10)
        self.log.close()
        faults = [line for line in self.log_text().splitlines() if "Sanitizer" in line or "runtime error" in line]
        assert not faults, faults


def connection_parameters(client):
    """The parameters with which lighttpd describes a client's connection."""
    (address, port), (server, server_port) = client.getsockname(), client.getpeername()
    return {"REMOTE_ADDR": address, "REMOTE_PORT": str(port), "SERVER_ADDR": server, "SERVER_PORT": str(server_port)}


def fastcgi(path, parameters, body=b""):
    """One request directly to the session app's FastCGI socket: (status, text). If it names no client, a connection
    of this process is the client's."""
    if "REMOTE_PORT" not in parameters:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
            return fastcgi(path, {**connection_parameters(client), **parameters}, body)

    def record(kind, content):
        return bytes([1, kind, 0, 1, len(content) >> 8, len(content) & 255, 0, 0]) + content

    def length(text):
        return len(text).to_bytes(1, "big") if len(text) < 128 else (len(text) | 1 << 31).to_bytes(4, "big")

    pairs = b"".join(length(n) + length(v) + n.encode() + v.encode() for n, v in parameters.items())
    wire = record(1, bytes([0, 1, 0, 0, 0, 0, 0, 0])) + record(4, pairs) + record(4, b"")
    for at in range(0, len(body), 30000):
        wire += record(5, body[at:at + 30000])
    wire += record(5, b"")
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)
        connection.sendall(wire)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    out = b""
    while received:
        kind, size, padding = received[1], int.from_bytes(received[4:6], "big"), received[6]
        out += received[8:8 + size] if kind == 6 else b""
        received = received[8 + size + padding:]
    head, _, text = out.decode().partition("\r\n\r\n")
    return int(head.split("Status: ")[1][:3]), text
