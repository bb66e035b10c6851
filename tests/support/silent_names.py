"""For test_warmth.py, in its own namespaces: a proxy whose name server never answers. Prints the outcome."""
import fcntl
import os
import pathlib
import socket
import struct
import subprocess
import sys

from proxy_process import Proxy

IMPATIENCE_S = 5                # s; a lookup takes twice as long
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}


def main(folder):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(server, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    server.bind(("127.0.0.2", 53))
    (folder / "resolv.conf").write_text("nameserver 127.0.0.2\n")
    subprocess.run(["mount", "--bind", folder / "resolv.conf", os.path.realpath("/etc/resolv.conf")], check=True)
    (folder / "proxy").mkdir()
    params = {"model": "openai/x", "api_base": "https://provider.invalid/v1", "api_key": "os.environ/MOCK_API_KEY"}
    config = {"model_list": [{"model_name": "codex-light", "litellm_params": {**params, "timeout": 0.5}}],
              "router_settings": {"num_retries": 0}, "general_settings": {"connect_ahead": False}}
    proxy = Proxy(folder / "proxy", config, {"MOCK_API_KEY": "sk-canary-0123456789"})
    try:
        print("call", proxy.post("/v1/chat/completions", CHAT, timeout=IMPATIENCE_S).status)
        print("others", proxy.get("/health/liveliness", key=None, timeout=IMPATIENCE_S).status)
        print("exit", proxy.stop())
    finally:
        proxy.kill()


main(pathlib.Path(sys.argv[1]))
