"""Bodies that are not JSON, or ambiguous JSON: refused with 400 before any provider is called, whole or inside an
otherwise valid body. Valid JSON reaches the provider byte for byte. The parser's own rows are in
tests/unit/test_json.c."""
import http.client

import pytest

from basics import PATIENCE_S
import chat_wire as chat
from conftest import BOTH_TRANSPORTS
from proxy_process import MASTER_KEY, Reply

START = b'{"model":"codex-light","messages":[{"role":"user","content":"hi"}],"metadata":'

VALUES = [b"0", b"-0", b"1e9999", b"-1.25e-3", b"123456789012345678901234567890", b'""', b'"\\ud800"',
          b'"\\udc00\\ud800"', b'"\\u0000"',
          b'"\xf4\x8f\xbf\xbf"', b'"\x7f"', b"[ ]", b"[[],{}]", b'{"":{"":0}}', b'{"a":1,"a":2}', b"\ttrue\r\n",
          b"[" * 60 +
          b"]" * 60]

NO_VALUES = [
    b"", b" ", b",", b"nul", b"True", b"NaN", b"-NaN", b"Infinity", b"undefined", b"+1", b"01", b"-01", b"1.", b".5",
    b"1e", b"1e+", b"0x1",
    b"1_000", b"- 1", b"--1", b"1 2", b"'a'", b'"a', b'"\\x"', b'"\\u12"', b'"\\uD800\\u1"', b'"a\nb"', b'"a\tb"',
    b'"a\0b"', b'"\x80"',
    b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xff"', b"[1,]", b"[,1]", b"[1 2]", b"[1;2]", b"[",
    b"]", b"[1", b"[}",
    b"{", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{a:1}", b"{1:1}", b"{'a':1}", b'{"a"::1}', b'{"a":1 "b":2}', b"/**/1",
    b"1//", b"#", b"\x0c1",
    b"\xef\xbb\xbf1", b"\xc2\xa01", b"\xe2\x81\xa01", b"\0", b"\xef\xbc\x91", b"[" * 70 + b"]" * 70, b"[" * 100000,
    b'{"a":' * 100000,
]

TWICE = [b'"model":"codex-light"', b'"model":"other"', b'"mod\\u0065l":"other"',
         b'"\\u006dodel":"other","mode\\u006c":"x"', b'"messages":[]',
         b'"stream":true,"stream":false', b'"tools":[],"tools":[]', b'"x":1,"x":1', b'"x":1,"\\u0078":1',
         b'"\\u0078":1,"x":1', b'"":1,"":2',
         b'"max_tokens":1,"a":{"max_tokens":2},"max_tokens":1']


class Asker:
    """One connection that sends bodies one after another."""

    def __init__(self, proxy):
        self.connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE_S)

    def __call__(self, body):
        self.connection.request("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {MASTER_KEY}"})
        return Reply(self.connection.getresponse())


@pytest.fixture
def ask(light):
    made = Asker(light)
    yield made
    made.connection.close()


def test_invalid_json_reaches_no_provider(ask, upstream):
    bodies = [*NO_VALUES, *(START + value + b"}" for value in NO_VALUES), START[:-12] + b"}}", START[:-12] + b"}x",
              START[:-12] +
              b"},",
              b"\xef\xbb\xbf" + START + b"1}", (START + b"1}").decode().encode("utf-16"), (START + b"1}")[:-1],
              START + b"1]"]
    for body in bodies:
        answer = ask(body)
        assert (answer.status, answer.error["code"]) == (400, "invalid_json"), body[:200]
    assert upstream.requests == []


@BOTH_TRANSPORTS
def test_json_passes_unchanged(ask, upstream):
    upstream.always(chat.whole("ok"))
    for value in VALUES:
        assert ask(START + value + b"}").status == 200, value
    sent = [request.body[request.body.index(b'"metadata":') + 11:-1] for request in upstream.requests]
    assert sent == VALUES


def test_a_duplicate_key_is_refused(ask, upstream):
    for keys in TWICE:
        answer = ask(START + b"{}," + keys + b"}")
        assert (answer.status, answer.error["code"]) == (400, "duplicate_parameter"), keys
    many = b",".join(b'"k%d":1' % n for n in range(100000))
    assert ask(START + b"{}," + many + b"}").error["code"] == "too_many_parameters"
    assert upstream.requests == []
