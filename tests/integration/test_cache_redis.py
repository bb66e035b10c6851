"""The cache of replies in Redis: shared, sealed, and never in the way. See doc/caching.md."""
import socket
import threading

import pytest

from basics import free_port, wait_until
import chat_wire as chat
from conftest import deployment
from mock_upstream import error
import redis_server
from threaded_server import ThreadedServer

CHAT = {"model": "codex-light", "temperature": 0, "messages": [{"role": "user", "content": "canary-prompt-0123456789"}]}
ANSWER = "canary-answer-0123456789"
HIT = "pointsman; hit"

pytestmark = pytest.mark.skipif(not redis_server.BINARY, reason="no redis-server")


@pytest.fixture
def redis(folder):
    server = redis_server.Redis(folder / "redis")
    yield server
    server.close()


@pytest.fixture
def start(start_proxy, upstream):
    """start(port): a proxy that uses the Redis at this port. All share one installation key."""
    def make(at, keys=None, environment=None, arguments=(), limit_usd=None, **params):
        params = {"type": "redis", "host": "127.0.0.1", "port": at, "lookup_timeout_ms": 2000, **params}
        entry = deployment("codex-light", upstream, input_cost_per_token=0, output_cost_per_token=1)
        return start_proxy(entry, keys=keys, environment=environment, arguments=arguments,
                           general_settings={} if limit_usd is None else {"max_cost_usd": limit_usd},
                           litellm_settings={"cache": True, "cache_params": params})
    return make


def state(proxy):
    return proxy.get("/cache/ping", key=proxy.keys["LITELLM_API_KEY"]).json["redis"]


def is_up(proxy):
    wait_until(lambda: state(proxy) == "up", "Redis to be up")
    return proxy


def ask(proxy, body=None, **options):
    return proxy.post("/v1/chat/completions", body or CHAT, **options)


def status(reply):
    return reply.headers["cache-status"]


def keeps(redis, count=1):
    wait_until(lambda: len(redis.names()) == count, f"{count} names in Redis")
    return redis.names()


def restarted(start, proxy, *arguments, **options):
    """Another proxy of the same installation: it has the key of the first, and nothing in memory."""
    other = start(*arguments, **options, environment={"CODEX_HOME": str(proxy.codex_home)})
    other.codex_home = proxy.codex_home
    return is_up(other)


def test_a_restart_finds_the_reply(start, upstream, redis):
    proxy = is_up(start(redis.port))
    upstream.script(chat.whole(ANSWER))
    assert status(ask(proxy)) == "pointsman; fwd=miss; stored"
    keeps(redis)
    again = restarted(start, proxy, redis.port)
    reply = ask(again)
    assert status(reply).startswith(HIT) and reply.json["choices"][0]["message"]["content"] == ANSWER
    assert status(ask(again, {**CHAT, "stream": True})).startswith(HIT)
    tiers = [entry["cache"]["tier"] for entry in again.journal(3)]
    assert tiers == ["redis", "redis", "memory"]        # from memory the second time


def test_a_hit_is_served_above_the_spending_limit(start, upstream, redis):
    proxy = is_up(start(redis.port))
    upstream.script(chat.whole(ANSWER))
    ask(proxy)
    keeps(redis)
    poor = restarted(start, proxy, redis.port, limit_usd=0.001)
    assert ask(poor, {**CHAT, "seed": 1}).error["type"] == "budget_exceeded"
    assert status(ask(poor)).startswith(HIT)
    assert ask(poor, {**CHAT, "seed": 1}).error["type"] == "budget_exceeded"
    assert len(upstream.requests) == 1


def test_another_installation_and_another_key_find_nothing(start, upstream, redis):
    upstream.always(chat.whole(ANSWER))
    first = is_up(start(redis.port))
    ask(first)
    keeps(redis)
    assert status(ask(is_up(start(redis.port)))) == "pointsman; fwd=miss; stored"   # its installation has another key
    keeps(redis, 2)
    other = restarted(start, first, redis.port, keys={"LITELLM_API_KEY": "sk-another-master-0123456789"})
    assert status(ask(other, key="sk-another-master-0123456789")) == "pointsman; fwd=miss; stored"
    keeps(redis, 3)


def test_redis_reads_neither_prompt_nor_reply_nor_key(start, upstream, redis, folder):
    proxy = is_up(start(redis.port, namespace="team"))
    upstream.script(chat.whole(ANSWER))
    ask(proxy)
    name, = keeps(redis)
    assert name.startswith(b"team:pointsman:cache:")
    assert redis.ask("SAVE") == b"+OK\r\n"
    dump = (folder / "redis" / "dump.rdb").read_bytes()
    assert name in dump
    assert not [word for word in (b"canary", b"codex-light", b"mock-model") if word in dump]


def exchange_values(redis, names):
    first, second = (redis.ask("GET", name) for name in names)
    redis.ask("SET", names[0], second)
    redis.ask("SET", names[1], first)


@pytest.mark.parametrize("harm", ["flipped", "cut", "empty", "garbage", "another type", "exchanged"])
def test_what_is_not_ours_is_a_miss(start, upstream, redis, harm):
    proxy = is_up(start(redis.port))
    upstream.always(chat.whole(ANSWER))
    other = {**CHAT, "seed": 1}
    for body in (CHAT, other):
        ask(proxy, body)
    names = keeps(redis, 2)
    for name in names:
        value = redis.ask("GET", name)
        if harm == "another type":
            redis.ask("DEL", name)
            redis.ask("RPUSH", name, "x")
        elif harm != "exchanged":
            redis.ask("SET", name, {"flipped": value[:-1] + bytes([value[-1] ^ 1]), "cut": value[:-1], "empty": b"",
                                    "garbage": b"\x01" * 4096}[harm])
    if harm == "exchanged":
        exchange_values(redis, names)
    again = restarted(start, proxy, redis.port)
    for body in (CHAT, other):
        reply = ask(again, body)
        assert reply.status == 200 and status(reply) == "pointsman; fwd=miss; stored"


def test_down_at_the_start_and_back_later(start, upstream, redis, folder):
    port = free_port()
    proxy = start(port)
    upstream.always(chat.whole(ANSWER))
    reply = ask(proxy)
    assert reply.status == 200 and status(reply) == "pointsman; fwd=miss; stored"       # in memory
    server = redis_server.Redis(folder / "late", port=port)
    try:
        is_up(proxy)
        ask(proxy, {**CHAT, "seed": 1})
        keeps(server)
    finally:
        server.close()
    wait_until(lambda: state(proxy) != "up", "the loss to be seen")
    assert ask(proxy, {**CHAT, "seed": 2}).status == 200
    server = redis_server.Redis(folder / "late", port=port)
    try:
        is_up(proxy)
    finally:
        server.close()
    assert "connected again" in proxy.stderr


class Mute(ThreadedServer):
    """Greets as Redis does, and then says `then`."""

    def __init__(self, then=b""):
        self.then, self.questions = then, 0
        self.port = self._listen()

    def _serve(self, connection):
        try:
            while data := connection.recv(65536):
                if b"PING" in data:
                    connection.sendall(b"+PONG\r\n")
                elif b"GET" in data:
                    self.questions += 1
                    connection.sendall(self.then)
        except OSError:
            pass
        finally:
            self._sockets.discard(connection)
            connection.close()


@pytest.mark.parametrize("then", [b"", b"garbage\r\n", b"$999999999\r\nx", b":1\r\n", b"-ERR no\r\n", b"*-5\r\n"],
                         ids=["silent", "garbage", "endless", "number", "error", "negative"])
def test_slow_or_strange_is_a_miss(start, upstream, then):
    mute = Mute(then)
    try:
        proxy = is_up(start(mute.port, lookup_timeout_ms=20))
        upstream.always(chat.whole(ANSWER))
        for seed in range(5):
            reply = ask(proxy, {**CHAT, "seed": seed})
            assert reply.status == 200 and status(reply) == "pointsman; fwd=miss; stored"
        assert mute.questions >= 1
    finally:
        mute.close()


def test_equal_requests_ask_once(start, upstream, redis):
    """One question to Redis and one call, for all."""
    proxy = is_up(start(redis.port))
    go_on = threading.Event()
    upstream.script([go_on, *chat.whole(ANSWER)])
    replies = []
    callers = [threading.Thread(target=lambda: replies.append(ask(proxy))) for _ in range(8)]
    for caller in callers:
        caller.start()
    wait_until(lambda: proxy.get("/cache/ping").json["waiting"] == 7, "7 requests that wait")
    go_on.set()
    for caller in callers:
        caller.join()
    assert sorted(entry["cache"]["status"] for entry in proxy.journal(8)) == ["collapsed"] * 7 + ["stored"]


def test_the_client_leaves_while_redis_is_asked(start, upstream):
    mute = Mute()
    try:
        proxy = is_up(start(mute.port, lookup_timeout_ms=10000))
        stream = proxy.connect()
        body = b'{"model":"codex-light","temperature":0,"messages":[{"role":"user","content":"hi"}]}'
        stream.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: %d\r\n"
                       b"Authorization: Bearer %s\r\n\r\n"
                       % (proxy.port, len(body), proxy.keys["LITELLM_API_KEY"].encode()) + body)
        wait_until(lambda: mute.questions == 1, "the question")
        stream.shutdown(socket.SHUT_RDWR)
        stream.close()
        assert proxy.journal(1)[0]["status"] == 499 and not upstream.requests
    finally:
        mute.close()


def test_password_user_database_and_url(start, upstream, folder):
    server = redis_server.Redis(folder / "redis", password="canary-redis-password-0123")
    try:
        upstream.always(chat.whole(ANSWER))
        keys = {"REDIS_PASSWORD": "canary-redis-password-0123"}
        is_up(start(server.port, keys=keys, db=3))
        url = f"redis://default:canary-redis-password-0123@127.0.0.1:{server.port}/2"
        by_url = is_up(start(None, keys={"REDIS_URL": url}, host=None, port=None))
        ask(by_url)
        wait_until(lambda: b"db2:keys=1" in server.ask("INFO", "keyspace"), "a name in database 2")
        wrong = start(server.port, keys={"REDIS_PASSWORD": "canary-wrong-password-0123"})
        wait_until(lambda: "WRONGPASS" in wrong.stderr or "invalid password" in wrong.stderr, "the refusal")
        assert ask(wrong).status == 200
    finally:
        server.close()


def test_the_endpoints(start, upstream, redis):
    proxy = is_up(start(redis.port))
    upstream.always(chat.whole(ANSWER))
    redis.ask("SET", "of-somebody-else", "1")
    key = ask(proxy).headers["x-litellm-cache-key"]
    ask(proxy, {**CHAT, "seed": 1})
    keeps(redis, 3)
    proxy.post("/cache/delete", {"keys": [key]})
    assert len(keeps(redis, 2)) == 2
    proxy.post("/cache/flushall", {})
    assert keeps(redis, 1) == [b"of-somebody-else"]


def test_workers_share_it(start, upstream, redis):
    proxy = start(redis.port, arguments=("--workers", "2"))
    upstream.always(chat.whole(ANSWER))
    wait_until(lambda: ask(proxy) and ("redis", "hit") in [(entry["cache"]["tier"], entry["cache"]["status"])
                                                           for entry in proxy.journal(1)], "a hit of the other worker")
    assert len(upstream.requests) <= 2
    upstream.always(chat.whole("new"))
    proxy.post("/cache/delete", {"keys": [ask(proxy).headers["x-litellm-cache-key"]]})
    answers = {ask(proxy).json["choices"][0]["message"]["content"] for _ in range(20)}     # of either worker
    assert answers == {"new"}


@pytest.mark.parametrize("params, words", [
    ({"ssl": True}, "TLS to Redis is not supported"), ({"url": "rediss://x", "host": None}, "TLS to Redis"),
    ({"host": None}, "give host or url"), ({"port": "70000"}, "70000"),
    ({"url": "redis://:x", "host": None}, "expected"),
])
def test_settings_that_are_refused(start, params, words):
    with pytest.raises(AssertionError, match=words):
        start(6379, **params)


def test_an_unknown_name_is_not_waited_for(start, upstream):
    proxy = start(6379, host="no-such-host.invalid")
    upstream.always(chat.whole(ANSWER))
    assert status(ask(proxy)) == "pointsman; fwd=miss; stored" and status(ask(proxy)).startswith(HIT)
