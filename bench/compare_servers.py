"""The servers that bench/compare measures: one worker each, connections to the provider kept, no access log."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))
from basics import PATIENCE_S, free_port, wait_until  # noqa: E402

KEY = "sk-bench-0123456789abcdef"
LITELLM_PATIENCE_S = 180   # its import takes long
SEARCH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

NGINX_CONF = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr crit; worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    access_log off; tcp_nodelay on; keepalive_requests 1000000; client_body_buffer_size 2m; client_max_body_size 8m;
    default_type text/plain;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream mock {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{
            proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
            proxy_read_timeout 600s;
        }}
    }}
}}
"""

HAPROXY_CONF = """
global
    nbthread 1
    maxconn 4096
defaults
    mode http
    option http-keep-alive
    option http-no-delay
    http-reuse always
    timeout connect 10s
    timeout client 600s
    timeout server 600s
listen bench
    bind 127.0.0.1:{port} backlog 1024
    server mock 127.0.0.1:{upstream} pool-max-conn -1
"""


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Server:
    """A process that is measured."""

    def __init__(self, command, port, folder, environment=(), patience_s=PATIENCE_S):
        self.port = port
        self.log = open(folder / "log", "ab")
        began = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                        env=dict(environment))
        wait_until(lambda: self.process.poll() is not None or accepts(port), f"{command[0]} to accept connections",
                   patience_s, every_s=0.0005)
        if self.process.poll() is not None:
            sys.exit(f"bench/compare: {command[0]} did not start:\n{(folder / 'log').read_text()}")
        self.ready_ms = (time.monotonic() - began) * 1000

    @property
    def cpu_ns(self):
        """CPU time of all threads, to the nanosecond: see proc(5), schedstat."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    @property
    def rss_mb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:   # of connections that it made itself; those are measured already
            self.process.kill()
            self.process.wait()
        self.log.close()


def start_nginx(folder, upstream_port, _build=None):
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX_CONF.format(folder=folder, upstream=upstream_port, port=port))
    return Server([shutil.which("nginx", path=SEARCH), "-p", folder, "-e", "stderr", "-c", folder / "nginx.conf"], port,
                  folder)


def start_haproxy(folder, upstream_port, _build=None):
    port = free_port()
    (folder / "haproxy.cfg").write_text(HAPROXY_CONF.format(upstream=upstream_port, port=port))
    return Server([shutil.which("haproxy", path=SEARCH), "-db", "-q", "-f", folder / "haproxy.cfg"], port, folder)


def model_list(address, upstream_port):
    params = {"model": "openai/mock", "api_base": f"http://{address}:{upstream_port}/v1", "api_key": "sk-upstream"}
    return {"model_list": [{"model_name": "bench", "litellm_params": params},
                           {"model_name": "bridged", "litellm_params": {**params, "use_chat_completions_api": True}}]}


def start_pointsman(folder, upstream_port, build, address="127.0.0.1"):
    port = free_port()
    (folder / "config.yaml").write_text(json.dumps(model_list(address, upstream_port)))
    return Server([build / "proxy" / "pointsman-proxy", "--config", folder / "config.yaml", "--port", str(port)], port,
                  folder, {"LITELLM_API_KEY": KEY, "HOME": str(folder), "CODEX_HOME": str(folder)})


def start_pointsman_libcurl(folder, upstream_port, build):
    """The proxy calls 127.0.0.1 directly, and 0.0.0.0 through libcurl, as any other address. Linux connects both to
    this machine."""
    return start_pointsman(folder, upstream_port, build, "0.0.0.0")


def start_litellm(folder, upstream_port, program):
    port = free_port()
    (folder / "config.yaml").write_text(json.dumps(model_list("127.0.0.1", upstream_port)))
    environment = {"LITELLM_MASTER_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "HOME": str(folder),
                   "PATH": SEARCH, "LITELLM_LOG": "ERROR", "NO_DOCS": "True"}
    return Server([program, "--config", folder / "config.yaml", "--host", "127.0.0.1", "--port", str(port),
                   "--num_workers", "1", "--telemetry", "False"], port, folder, environment, LITELLM_PATIENCE_S)


def install_litellm(folder):
    """A temporary Python environment in the folder. Returns the program."""
    print("installing LiteLLM into a temporary environment", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    subprocess.run([folder / "venv/bin/pip", "-q", "install", "litellm[proxy]"], check=True, stdout=sys.stderr)
    return folder / "venv/bin/litellm"


@contextlib.contextmanager
def mock_upstream(build, events, interval_us):
    with subprocess.Popen([build / "bench" / "mock_upstream", str(events), str(interval_us)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline())
        process.stdin.close()
