"""A client that disconnects cancels its upstream call at once."""
import json
import socket
import struct

import pytest

from basics import wait_until
import chat_wire as chat
from conftest import BOTH_TRANSPORTS, deployment
from mock_upstream import HANG, stream_open
from test_front import head

pytestmark = BOTH_TRANSPORTS

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
AT_ONCE_S = 2   # ms; normally a fraction of one, so a poll once a second would fail here


def send(proxy, path, body):
    """Sends a request and does not read the reply."""
    data = json.dumps(body).encode()
    sock = proxy.connect()
    sock.sendall(head(proxy, "POST", path, f"Content-Length: {len(data)}") + data)
    return sock


def end(sock, how):
    if how == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
def test_before_the_first_byte(bridged, upstream, how, streamed, path):
    upstream.script([HANG])
    sock = send(bridged, path, {**CHAT, "input": "hi", "stream": streamed})
    request = upstream.next_request()
    end(sock, how)
    assert request.gone.wait(AT_ONCE_S)
    entry = bridged.journal()[0]
    assert (entry["status"], entry["end"]) == (499, "cancelled")


@pytest.mark.parametrize("how", ["close", "reset"])
def test_in_the_middle_of_a_reply(bridged, upstream, how):
    upstream.script(stream_open(chat.delta("Hello"), HANG))
    sock = send(bridged, "/v1/responses", {**CHAT, "input": "hi", "stream": True})
    request = upstream.next_request()
    received = b""
    while b"Hello" not in received:
        received += sock.recv(65536)
    end(sock, how)
    assert request.gone.wait(AT_ONCE_S)
    assert bridged.journal()[0]["end"] == "cancelled"


def test_no_other_deployment_is_called_afterwards(start_proxy, upstream, make_upstream):
    second = make_upstream()
    proxy = start_proxy(deployment("codex-light", upstream, order=1), deployment("codex-light", second, order=2))
    upstream.script([HANG])
    sock = send(proxy, "/v1/chat/completions", CHAT)
    upstream.next_request()
    sock.close()
    proxy.journal()
    assert second.requests == []


def test_a_canceled_call_does_not_count_against_the_deployment(light, upstream):
    upstream.script([HANG], chat.whole("well"))
    sock = send(light, "/v1/chat/completions", CHAT)
    upstream.next_request()
    sock.close()
    light.journal()
    assert light.get("/health").json["unhealthy_count"] == 0
    assert light.post("/v1/chat/completions", CHAT).status == 200


def test_nothing_stays_open(light, upstream):
    upstream.always([HANG])
    before = light.open_files
    for _ in range(50):
        sock = send(light, "/v1/chat/completions", CHAT)
        upstream.next_request()
        sock.close()
    light.journal(50)
    wait_until(lambda: light.open_files <= before, "the descriptors to be closed")


def test_a_client_that_only_shuts_down_its_sending_side_is_served(light, upstream):
    """curl and printf | nc shut down their side and still read. RFC 9112 allows the server to close, but an answer
    is better. Both are accepted here; a partial answer is not."""
    upstream.script(chat.whole("Hello."))
    sock = send(light, "/v1/chat/completions", CHAT)
    upstream.next_request()
    sock.shutdown(socket.SHUT_WR)
    received = b"".join(iter(lambda: sock.recv(65536), b""))
    sock.close()
    assert received == b"" or received.endswith(b"}")
