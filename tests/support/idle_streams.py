"""Streams that begin and then send nothing, passed through and translated: the memory that each one keeps."""
import asyncio
import contextlib
import json
import threading

import chat_wire as chat
import responses_wire as responses
from conftest import deployment
from mock_chatgpt import Login, jwt
from mock_upstream import stream
from proxy_process import MASTER_KEY

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
ASKED = {CHAT: {"messages": [{"role": "user", "content": "x"}]}, RESPONSES: {"input": "x"}}
BEGINS = {CHAT: [chat.delta("hi")], RESPONSES: responses.text_events("hi")[:3]}
# The client's path, the provider's, and the deployment. A deployment with only the Responses API uses the ChatGPT
# login, and is called through libcurl.
WAYS = {"chat": (CHAT, CHAT, {}), "responses": (RESPONSES, RESPONSES, {}),
        "responses from chat": (RESPONSES, CHAT, {"use_chat_completions_api": True}),
        "chat from responses": (CHAT, RESPONSES, {"model": "codex-oauth/gpt-5"})}


# Descriptors. The usual limit is 1024, which the proxy raises itself; this process may need more.
FEW_FILES = ("/bin/sh", "-c", 'ulimit -S -n 128 && exec "$@"', "sh")


class Silent:
    """A provider whose streams begin, and then send nothing more."""

    def __init__(self, beginning):
        self.beginning = b"".join(stream(*beginning)[:-1])
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=2000))
        self.base = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/v1"
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    async def serve(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
            writer.write(self.beginning)
            await reader.read(1)
        writer.close()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()


class Idle:
    """A proxy, and the idle streams through it that add() opened."""

    def __init__(self, start_proxy, folder, stack, way):
        self.path, provider, fields = WAYS[way]
        self.stack = stack
        self.silent = Silent(BEGINS[provider])
        stack.callback(self.silent.close)
        Login(folder / "home").write(jwt("first"))
        self.proxy = start_proxy(deployment("codex-light", self.silent.base, **fields), by=FEW_FILES,
                                 environment={"CODEX_HOME": str(folder / "home")})
        body = json.dumps({"model": "codex-light", "stream": True, **ASKED[self.path]}).encode()
        self.request = (f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.proxy.port}\r\n"
                        f"Authorization: Bearer {MASTER_KEY}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body

    def add(self, number):
        for _ in range(number):
            client = self.stack.enter_context(self.proxy.connect())
            client.sendall(self.request)
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
