"""Compressed request bodies: Codex with a ChatGPT login sends zstd, other agents gzip."""
import gzip
import json
import os
import subprocess
import zlib

import pytest

import chat_wire as chat
import codex_cli
import mock_chatgpt
import responses_wire as responses
from conftest import deployment
from proxy_process import MASTER_KEY

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
BODY_MAX = 64 << 20
BLOCK_MAX = 128 << 10


def zstd(data):
    """A frame of raw blocks, which hold their bytes uncompressed (RFC 8878, 3.1.1)."""
    blocks = [data[i:i + BLOCK_MAX] for i in range(0, len(data), BLOCK_MAX)] or [b""]
    return b"\x28\xb5\x2f\xfd\x00\x58" + b"".join(
        ((len(block) << 3) | (i == len(blocks) - 1)).to_bytes(3, "little") + block for i, block in enumerate(blocks))


def zstd_bomb(size):
    """A frame of RLE blocks, which repeat one byte."""
    blocks = size // BLOCK_MAX
    return b"\x28\xb5\x2f\xfd\x00\x58" + b"".join(
        ((BLOCK_MAX << 3) | 2 | (i == blocks - 1)).to_bytes(3, "little") + b" " for i in range(blocks))


def bare(data):
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


CODINGS = [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", bare),
           ("zstd", zstd), ("identity", bytes)]


def post(proxy, body, coding, path="/v1/chat/completions", **headers):
    return proxy.post(path, body, headers={"Content-Encoding": coding, **headers})


@pytest.mark.parametrize("coding, compress", CODINGS)
def test_a_compressed_request_is_served(light, upstream, coding, compress):
    upstream.always(lambda _: chat.whole())
    sent = {**CHAT, "messages": [{"role": "user", "content": "word " * 100000}]}
    for _ in range(2):
        reply = post(light, compress(json.dumps(sent).encode()), coding)
        assert reply.status == 200, reply.body
    assert [request.json["messages"] for request in upstream.requests] == [sent["messages"]] * 2
    assert all("content-encoding" not in request.headers for request in upstream.requests)


def test_one_connection_sends_both_kinds(light, upstream):
    upstream.always(lambda _: chat.whole())
    plain, packed = json.dumps(CHAT).encode(), gzip.compress(json.dumps(CHAT).encode())
    with light.connect() as sock:
        for body, field in ((packed, b"Content-Encoding: gzip\r\n"), (plain, b""),
                            (packed, b"Content-Encoding: gzip\r\n")):
            sock.sendall(f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{light.port}\r\nAuthorization: Bearer "
                         f"{MASTER_KEY}\r\nContent-Length: {len(body)}\r\n".encode() + field + b"\r\n" + body)
            assert sock.recv(15) == b"HTTP/1.1 200 OK"
            rest = b""
            while not rest.endswith(b"}") and b"\r\n0\r\n" not in rest:
                rest += sock.recv(65536)


@pytest.mark.parametrize("coding", ["br", "compress", "gzip, zstd", "nonsense"])
def test_another_coding_gets_415_with_the_supported_ones(light, upstream, coding):
    reply = post(light, b"whatever", coding, path="/v1/responses")
    assert reply.status == 415 and reply.error["code"] == "unsupported_content_encoding"
    assert "features.enable_request_compression=false" in reply.error["message"]
    assert reply.headers["accept-encoding"] == "gzip, deflate, zstd"
    assert upstream.requests == []


@pytest.mark.parametrize("coding, body", [
    ("gzip", b"{}"), ("zstd", json.dumps(CHAT).encode()), ("gzip", gzip.compress(b"{}")[:-3]),
    ("zstd", zstd(b"{}")[:-1]), ("deflate", zlib.compress(b"{}") + b"x"),
], ids=["gzip not packed", "zstd not packed", "gzip cut", "zstd cut", "deflate damaged"])
def test_a_body_of_another_format_gets_400(light, upstream, coding, body):
    reply = post(light, body, coding)
    assert reply.status == 400 and reply.error["code"] == "invalid_content_encoding"
    assert "features.enable_request_compression=false" in reply.error["message"]
    assert upstream.requests == []


def test_the_coding_is_named_once(light):
    field = "Content-Encoding: gzip\r\n"
    reply = light.raw(
        f"POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:{light.port}\r\nAuthorization: Bearer {MASTER_KEY}\r\n"
                      f"{field}{field}Content-Length: 2\r\n\r\n{{}}".encode())
    assert reply.startswith(b"HTTP/1.1 400 ")


@pytest.mark.plain
@pytest.mark.parametrize("coding, bomb", [
    ("gzip", lambda size: gzip.compress(bytes(size))), ("zstd", zstd_bomb)], ids=["gzip", "zstd"])
def test_a_small_body_cannot_become_a_large_one(light, upstream, coding, bomb):
    """The ceiling counts decoded bytes, and the proxy frees the memory afterwards."""
    body = bomb(2 * BODY_MAX)
    assert len(body) < 200000
    before = light.rss_kb
    assert post(light, body, coding).status == 413
    upstream.always(lambda _: chat.whole())
    assert post(light, gzip.compress(json.dumps(CHAT).encode()), "gzip").status == 200
    assert light.rss_kb < before + 8000


def test_without_a_key_nothing_is_decoded(light):
    reply = light.post("/v1/responses", b"whatever", headers={"Content-Encoding": "br"}, key="wrong")
    assert reply.status == 401


CODEX = """\
model = "codex-light"
model_provider = "own"
[model_providers.own]
name = "OpenAI"
base_url = "{base}"
wire_api = "responses"
requires_openai_auth = true
[analytics]
enabled = false
[features]
plugins = false
apps = false
enable_request_compression = true
"""


@pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")
def test_codex_with_a_chatgpt_login_is_served(start_proxy, folder, upstream):
    """The login's access token is the master key here."""
    access = mock_chatgpt.jwt("access")
    home, work = folder / "home", folder / "work"
    work.mkdir()
    mock_chatgpt.Login(home).write(access, last_refresh="2035-01-01T00:00:00.000000Z")
    proxy = start_proxy(deployment("codex-light", upstream), keys={"LITELLM_API_KEY": access})
    upstream.always(responses.text_stream("Final answer."))
    for base in (upstream.base, proxy.base):
        (home / "config.toml").write_text(CODEX.format(base=base))
        done = subprocess.run([codex_cli.binary(), "exec", "--skip-git-repo-check",
                               "--dangerously-bypass-approvals-and-sandbox",
                               "Do it."], cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=90,
                              env={"PATH": os.environ["PATH"], "HOME": str(home), "CODEX_HOME": str(home),
                                   "TERM": "dumb"})
        assert done.returncode == 0 and "Final answer." in done.stdout, done.stderr
    direct, routed = [request for request in upstream.requests if request.method == "POST"]
    assert direct.headers["content-encoding"] == "zstd" and "content-encoding" not in routed.headers
    assert routed.json["model"] == "mock-model"
