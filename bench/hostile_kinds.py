"""The kinds of hostile replies: what the provider sends, and the allowed outcomes."""
import gzip
import itertools
import json
import threading
import time

import chat_wire as chat
from faults_lab import ANSWER, BOTH, PROVIDER_KEY, STREAM, USAGE, WHOLE, answers, error, mock, words

# The client gets an error; it has the whole answer; one of the two.
ERROR, SERVED, EITHER = "error", "served", "either"
KINDS = []                                          # in the order of the declarations below
MB = 1 << 20
PEAK_MB = 16        # the maximum growth of the proxy
BLOCK = b"a" * (256 << 10)


class Kind:
    """A reply, its required outcome, and whether it is run streamed, whole or both. `peak_mb`: the maximum growth of
    the proxy. check(lab, outcome): further checks."""

    def __init__(self, name, reply, outcome=ERROR, manners=BOTH, peak_mb=PEAK_MB, check=None):
        self.name, self.reply, self.outcome, self.manners = name, reply, outcome, manners
        self.peak_mb, self.check = peak_mb, check
        KINDS.append(self)


def head(*fields, status="200 OK", stream=False):
    kind = "text/event-stream" if stream else "application/json"
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", *fields]).encode() + b"\r\n"


def without_end(start, piece):
    """A gigabyte of pieces, or until the proxy closes the connection."""
    def reply(_):
        yield start
        for _ in range((1 << 30) // len(piece)):
            yield piece
        yield mock.HANG
    return reply


def dripping(start, pieces):
    """A small piece every 50 ms, forever: there is never a silence."""
    def reply(_):
        yield start
        for piece in pieces:
            time.sleep(0.05)   # the delay is the fault
            yield piece
    return reply


def by_manner(streamed, whole):
    """One reply or the other, as the request asks."""
    def reply(request):
        chosen = streamed if request.json.get("stream") else whole
        return chosen(request) if callable(chosen) else chosen
    return reply


def healthy(request):
    return b"".join(answers("primary")(request))


def reframed(*fields, change=lambda body: body):
    """The whole answer with other header fields for its framing."""
    def reply(request):
        body = healthy(request).split(b"\r\n\r\n", 1)[1]
        if request.json.get("stream"):   # the data of its chunks
            body = b"\n\n".join(chunk.partition(b"\r\n")[2] for chunk in body.split(b"\n\n\r\n")[:-1]) + b"\n\n"
        return [head(*fields, stream=request.json.get("stream")) + b"\r\n" + change(body), mock.HANG]
    return reply


# Heads

Kind("a field of a gigabyte", without_end(head() + b"X-Filler: ", BLOCK))
Kind("endless fields", without_end(head(), b"X-Filler: 1\r\n" * 1000))
Kind("endless interim replies", without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000))
Kind("a head that drips", dripping(head(), itertools.cycle([b"X-Filler: 1\r\n"])))
Kind("an invalid status", [b"HTTP/1.1 99999 What\r\nContent-Length: 2\r\n\r\n{}", mock.HANG])
Kind("two lengths", reframed("Content-Length: 5", "Content-Length: 500"))
Kind("a length and chunks", reframed("Content-Length: 5", "Transfer-Encoding: chunked"), EITHER)
Kind("a length beyond 64 bits", reframed("Content-Length: 99999999999999999999999999"), EITHER)
Kind("an unknown transfer coding", reframed("Transfer-Encoding: zip"))
Kind("an unrequested protocol switch",
     [b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nxxxx", mock.HANG])

# Framing of bodies

Kind("a chunk size that overflows",
     reframed("Transfer-Encoding: chunked", change=lambda body: b"FFFFFFFFFFFFFFFFFFFF\r\n" + body))
Kind("an endless chunk extension", without_end(head("Transfer-Encoding: chunked") + b"\r\n2;", BLOCK))
Kind("endless trailers", without_end(head("Transfer-Encoding: chunked") + b"\r\n2\r\n{}\r\n0\r\n",
                                     b"X-Filler: 1\r\n" * 1000))


def poison():
    """A reply without a request."""
    return chat.whole("poison")[0]


def is_clean(lab, outcome):
    lab.check(b"poison" not in outcome.body, "no other reply is mixed in")


Kind("a second reply after the first", lambda request: [healthy(request) + poison()], SERVED, check=is_clean)


def early(request):
    """A reply to the next request, before that request."""
    request.said_all = threading.Event()

    def reply():
        yield healthy(request)
        yield poison()
        request.said_all.set()
    return reply()


Kind("a reply before its request", early, SERVED, check=is_clean)

# Sizes

BOMB = gzip.compress(b"[" * (64 * MB))
Kind("a compressed bomb", lambda request: [head("Content-Encoding: gzip", f"Content-Length: {len(BOMB)}",
                                                stream=request.json.get("stream")) + b"\r\n" + BOMB])
Kind("a body of a gigabyte", without_end(head("Content-Length: 1073741824") + b'\r\n{"a":"', BLOCK), manners=WHOLE,
     peak_mb=40)
Kind("an error of a gigabyte",
     without_end(head("Content-Length: 1073741824", status="500 Oh") + b'\r\n{"error":"', BLOCK))
Kind("a line of a gigabyte", without_end(head("Connection: close", stream=True) + b"\r\ndata: ", BLOCK), manners=STREAM)
Kind("an event of a gigabyte",
     without_end(head("Connection: close", stream=True) + b"\r\n", b"data: aaaaaaaa\n" * 10000), manners=STREAM)
DEEP = "[" * 200000 + "]" * 200000
Kind("deep nesting", by_manner(mock.stream(chat.delta("station"), mock.event('{"choices":' + DEEP + "}"), chat.DONE),
                               mock.reply(body=('{"choices":' + DEEP + "}").encode())))


def many_calls(_):
    yield mock.STREAM_HEAD
    for n in range(3000):
        yield mock.event(chat.delta(tool_calls=[{"index": n, "id": f"c{n}",
                                                 "function": {"name": "f", "arguments": "{}"}}]))
    yield mock.event(chat.delta(finish="tool_calls")) + chat.DONE + mock.STREAM_END


Kind("very many calls", many_calls, EITHER, STREAM)
NO_TEXT = json.dumps(chat.delta("@")).encode().replace(b"@", b"\xff\xfe\xed\xa0\x80")
Kind("invalid UTF-8",
     by_manner(mock.stream(*words(0, 5), mock.chunk(b"data: " + NO_TEXT + b"\n\n"), *words(5),
                           chat.delta(finish="stop"), chat.usage_chunk(USAGE), chat.DONE),
               mock.reply(body=b'{"choices":[{"message":{"content":"\xff\xfe\xed\xa0\x80"}}]}')))

# Time

PING = mock.chunk(b": ping\n\n")
Kind("endless comments", dripping(mock.STREAM_HEAD, itertools.cycle([PING])), manners=STREAM)
Kind("endless comments after the first words",
     dripping(b"".join(mock.stream_open(*words(0, 5))), itertools.cycle([PING])), manners=STREAM)
Kind("an event that drips",
     dripping(mock.STREAM_HEAD, itertools.chain([mock.chunk(b'data: {"a":"')], itertools.cycle([mock.chunk(b"a")]))),
     manners=STREAM)

# Keys


def keeps_the_key(lab, outcome):
    lab.check(PROVIDER_KEY.encode() not in outcome.body and PROVIDER_KEY not in str(outcome.headers),
              "the client does not see the key")


ECHO = f"Incorrect API key provided: {PROVIDER_KEY}, Bearer {PROVIDER_KEY}"
Kind("a key that is quoted",
     by_manner(mock.stream(mock.event({"error": {"message": ECHO, "code": PROVIDER_KEY}})),
               error(401, ECHO, PROVIDER_KEY)),
     check=keeps_the_key)


def redirected(request):
    """A redirect to a provider that must not be called: the same port under another name of this machine."""
    host = request.headers["host"].replace("127.0.0.1", "localhost").replace("0.0.0.0", "localhost")
    return mock.reply(307, {"Location": f"http://{host}/elsewhere"}, b"")


def is_not_redirected(lab, _):
    paths = [request.path for request in lab.providers["primary"].requests]
    lab.check("/elsewhere" not in paths, f"the key goes nowhere else ({paths})")


Kind("a redirect", redirected, check=is_not_redirected)

assert ANSWER and len(KINDS) == 28
