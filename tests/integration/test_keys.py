"""Virtual keys: made over HTTP, limited, charged, and kept through restarts and crashes."""
import contextlib
import json
import os
import random
import signal
import sqlite3
import stat
import threading
import time

import pytest

import chat_wire as chat
import responses_wire as responses
from basics import children, wait_until
from conftest import deployment
from mock_upstream import CLOSE, HANG, error, stream_open
from proxy_process import MASTER_KEY

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
USAGE = {"prompt_tokens": 11, "completion_tokens": 500, "total_tokens": 511}
CALL_USD = 0.5


def fine(request):
    return (chat.text_stream("fine", usage=USAGE) if request.json.get("stream") else chat.whole("fine", usage=USAGE))


class Gateway:
    """A proxy with a key store, which may be started again with the same one."""

    def __init__(self, start, upstream, store, **options):
        self.start, self.upstream, self.store, self.options = start, upstream, store, options
        upstream.always(fine)
        self.restart()

    def restart(self):
        settings = {"key_store": str(self.store), **self.options.get("general", {})}
        self.proxy = self.start(
            deployment("codex-light", self.upstream, input_cost_per_token=0, output_cost_per_token=0.001),
            deployment("codex-free", self.upstream, input_cost_per_token=0, output_cost_per_token=0),
            general_settings=settings, arguments=self.options.get("arguments", ()),
            **self.options.get("sections", {}))

    def ask(self, method, path, body=None, by=MASTER_KEY):
        return self.proxy.request(method, path, body, key=by)

    def post(self, path, by=MASTER_KEY, **body):
        return self.ask("POST", path, body, by)

    def get(self, path, by=MASTER_KEY):
        return self.ask("GET", path, None, by)

    def make(self, **fields):
        made = self.post("/key/generate", **fields)
        assert made.status == 200, made.body
        return made.json["key"]

    def call(self, key, **fields):
        return self.post("/v1/chat/completions", key, **{**CHAT, **fields})

    def info(self, key):
        answer = self.get(f"/key/info?key={key}")
        assert answer.status == 200, answer.body
        return answer.json["info"]

    def rows(self):
        return self.get("/spend/logs").json


@pytest.fixture
def store(folder):
    return folder / "keys.db"


@pytest.fixture
def gateway(start_proxy, upstream, store):
    return Gateway(start_proxy, upstream, store)


def test_without_a_store_there_is_nothing(light, folder):
    assert light.get("/key/list").status == 404 and "key_store" in light.get("/key/list").error["message"]
    assert light.post("/v1/chat/completions", CHAT, key="sk-1234567890123456").status == 401
    assert not children(light.process.pid)


def test_make_use_and_delete(gateway, store):
    made = gateway.post("/key/generate", key_alias="agent-7", duration="30d", max_budget=5, budget_duration="1d",
                        metadata={"team": "x"}, tags=["ci"], models=["codex-light"]).json
    key = made["key"]
    assert key.startswith("sk-") and len(key) == 25 and made["key_name"] == f"sk-...{key[-4:]}"
    assert made["token"] == made["token_id"] and len(made["token"]) == 64 and made["expires"].endswith("Z")
    assert gateway.call(key).status == 200
    info = gateway.info(key)
    assert info["spend"] == CALL_USD and info["max_budget"] == 5 and info["status"] == "active"
    assert "key" not in info and "token" not in info and info["metadata"] == {"team": "x"}
    assert gateway.info(made["token"]) == info   # named by its hash
    own = gateway.get("/key/info", key).json
    assert own["info"]["spend"] == CALL_USD
    assert gateway.get(f"/key/info?key={key}", key).status == 403 and gateway.get("/key/list", key).status == 403
    assert gateway.post("/key/health", key).json["key"] == "healthy"
    assert gateway.get("/key/list").json == {"keys": [made["token"]], "total_count": 1, "current_page": 1,
                                             "total_pages": 1}
    assert gateway.post("/key/delete", keys=[key]).json == {"deleted_keys": [key]}
    assert gateway.call(key).status == 401 and gateway.get(f"/key/info?key={key}").status == 404
    assert stat.S_IMODE(os.stat(store).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(f"{store}-calls").st_mode) == 0o600


def test_no_secret_is_written(gateway, store):
    key = gateway.make(key_alias="canary")
    assert gateway.call(key).status == 200
    gateway.proxy.stop()
    for file in (*store.parent.glob("keys.db*"), *gateway.proxy.folder.rglob("*")):
        assert not file.is_file() or key.encode() not in file.read_bytes(), file


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_budget(gateway, upstream, streamed):
    key = gateway.make(key_alias="poor", max_budget=1.2)
    for spent in (0.5, 1.0):
        answer = gateway.call(key, stream=streamed)
        assert answer.status == 200
        assert answer.headers["x-litellm-key-max-budget"] == "1.2"
        # A stream's head comes before its cost is known: it has what is held.
        assert float(answer.headers["x-litellm-key-spend"]) == pytest.approx(spent, rel=0.2)
    refused = gateway.call(key, stream=streamed)
    assert refused.status == 400
    assert refused.error["type"] == "budget_exceeded" and refused.error["code"] == "model_not_found"
    for word in ('key "poor"', "$1.2", "$1", "does not reset"):
        assert word in refused.error["message"]
    assert len(upstream.requests) == 2 and gateway.info(key)["spend"] == 1.0
    assert gateway.call(key, model="codex-free").status == 200   # costs nothing
    assert gateway.post("/key/update", key=key, max_budget=2).status == 200
    assert gateway.call(key, stream=streamed).status == 200
    assert gateway.post(f"/key/{key}/reset_spend", reset_to=0).status == 200
    assert gateway.info(key)["spend"] == 0


def test_a_strict_budget_is_never_exceeded(start_proxy, upstream, store):
    """A request holds the most that it can cost: with a limit of its own, that, else the whole window."""
    gateway = Gateway(start_proxy, upstream, store, general={"strict_budget": True})
    key = gateway.make(max_budget=1)
    refused = gateway.call(key)
    assert refused.status == 400 and "This request may need $200.00," in refused.error["message"]
    assert gateway.call(key, max_tokens=1001).status == 400
    assert gateway.call(key, max_tokens=1000).status == 200   # as much as is left
    assert gateway.info(key)["spend"] == CALL_USD
    assert gateway.call(key, max_tokens=501).status == 400 and gateway.call(key, max_tokens=500).status == 200
    assert len(upstream.requests) == 2


def test_the_status_of_a_used_up_budget_can_be_chosen(start_proxy, upstream, store):
    gateway = Gateway(start_proxy, upstream, store, sections={"litellm_settings": {"budget_exceeded_status_code": 422}})
    refused = gateway.call(gateway.make(max_budget=0.1))
    assert refused.status == 422 and refused.error["code"] == "422"


def test_rates(gateway):
    key = gateway.make(rpm_limit=2)
    first = gateway.call(key)
    assert first.headers["x-ratelimit-api_key-limit-requests"] == "2"
    assert first.headers["x-ratelimit-api_key-remaining-requests"] == "1"
    assert gateway.call(key).status == 200
    refused = gateway.call(key)
    assert refused.status == 429 and refused.error["type"] == "rate_limit_error"
    assert refused.headers["rate_limit_type"] == "requests" and 1 <= int(refused.headers["Retry-After"]) <= 61
    tokens = gateway.make(tpm_limit=600)
    assert gateway.call(tokens).status == 200
    assert gateway.call(tokens).status == 429


def test_requests_at_once(gateway, upstream):
    key = gateway.make(max_parallel_requests=1)
    upstream.script(stream_open(chat.delta(content="Hel"), HANG))
    stream = gateway.proxy.stream("/v1/chat/completions", {**CHAT, "stream": True}, key=key)
    assert stream.next_event()
    refused = gateway.call(key)
    assert refused.status == 429 and refused.headers["rate_limit_type"] == "max_parallel_requests"
    stream.disconnect()
    wait_until(lambda: gateway.call(key).status == 200, "the slot to be free")


def test_models(gateway):
    key = gateway.make(models=["codex-f*"])
    refused = gateway.call(key)
    assert refused.status == 400 and refused.error["type"] == "key_model_access_denied"
    assert refused.error["code"] == "model_not_found" and "codex-f*" in refused.error["message"]
    assert gateway.call(key, model="codex-free").status == 200
    assert [model["id"] for model in gateway.get("/v1/models", key).json["data"]] == ["codex-free"]
    assert gateway.get("/v1/models/codex-light", key).status == 404
    assert len(gateway.get("/v1/models").json["data"]) == 2
    alias = gateway.make(aliases={"gpt-x": "codex-light"})
    assert gateway.call(alias, model="gpt-x").status == 200


def test_teams_users_and_shared_budgets(gateway):
    assert gateway.post("/team/new", team_id="t1", team_alias="backend", max_budget=0.9).status == 200
    assert gateway.post("/budget/new", budget_id="b1", rpm_limit=1).status == 200
    one, other = (gateway.make(team_id="t1", user_id="u1") for _ in range(2))
    assert gateway.call(one).status == 200
    refused = gateway.call(other)
    assert refused.status == 400 and 'team "backend"' in refused.error["message"]
    shared = [gateway.make(budget_id="b1") for _ in range(2)]
    assert [gateway.call(key).status for key in shared] == [200, 429]
    team = gateway.get("/team/info?team_id=t1").json
    assert team["team_info"]["spend"] == CALL_USD and len(team["keys"]) == 2
    assert gateway.get("/user/info?user_id=u1").json["user_info"]["total_spend"] == CALL_USD
    assert gateway.post("/team/block", team_id="t1").status == 200
    assert gateway.call(one).status == 401
    assert gateway.post("/key/generate", team_id="nowhere").status == 404


def test_block_expire_rotate(gateway):
    key = gateway.make(key_alias="a")
    assert gateway.post("/key/block", key=key).json["blocked"] is True
    refused = gateway.call(key)
    assert refused.status == 401 and "blocked" in refused.error["message"]
    assert gateway.post("/key/unblock", key=key).status == 200 and gateway.call(key).status == 200
    renewed = gateway.post("/key/regenerate", key=key, grace_period="1h").json["key"]
    assert renewed != key and gateway.call(key).status == gateway.call(renewed).status == 200
    assert gateway.info(renewed)["total_spend"] == 3 * CALL_USD
    last = gateway.post(f"/key/{renewed}/regenerate").json["key"]
    assert [gateway.call(each).status for each in (key, renewed, last)] == [401, 401, 200]
    short = gateway.make(duration="1s")
    wait_until(lambda: gateway.call(short).status == 401, "the key to expire")
    assert gateway.call(short).error["type"] == "expired_key"


@pytest.mark.parametrize("path, body, status, word", [
    ("/key/generate", {"max_budget": -1}, 400, "max_budget"),
    ("/key/generate", {"max_budget": "much"}, 422, "max_budget"),
    ("/key/generate", {"rpm_limit": 1.5}, 400, "rpm_limit"),
    ("/key/generate", {"budget_duration": "soon"}, 400, "budget_duration"),
    ("/key/generate", {"models": "codex-light"}, 422, "models"),
    ("/key/generate", {"key": "short"}, 400, "sk-"),
    ("/key/generate", {"key_type": "root"}, 400, "key_type"),
    ("/key/update", {"key": "sk-nobody-has-this-key"}, 404, "no such key"),
    ("/key/delete", {}, 422, "keys"),
    ("/team/update", {}, 422, "team_id"),
    ("/team/update", {"team_id": "x"}, 404, "x"),
    ("/nowhere/else", {}, 404, ""),
])
def test_refused_bodies(gateway, path, body, status, word):
    answer = gateway.post(path, **body)
    assert answer.status == status and word in json.dumps(answer.json)
    assert gateway.get("/key/list").json["total_count"] == 0


def test_bodies_that_are_no_json(gateway):
    for text in ("[1]", "{", '{"key_alias":"a","key_alias":"b"}', '{"max_budget": NaN}'):
        answer = gateway.proxy.post("/key/generate", text.encode())
        assert answer.status == 400, text
    assert gateway.post("/key/generate", key_alias="a").status == 200
    assert gateway.post("/key/generate", key_alias="a").status == 400   # the alias is taken
    assert gateway.post("/key/update", key_alias="a", rpm_limit=3).json["rpm_limit"] == 3
    assert gateway.post("/key/delete", key_aliases=["a"]).status == 200


def test_everything_is_kept_over_a_restart(gateway, store):
    key = gateway.make(key_alias="kept", max_budget=1.2, budget_duration="30d")
    assert gateway.call(key).status == gateway.call(key).status == 200
    before = gateway.info(key)
    gateway.proxy.stop()
    gateway.restart()
    assert gateway.info(key) == before and gateway.call(key).status == 400
    assert gateway.post("/key/update", key=key, budget_duration="1h").status == 200
    assert gateway.info(key)["spend"] == 1.0   # summed up again for the new period
    assert [row["spend"] for row in gateway.rows()] == [0.5, 0.5]


def test_an_object_that_cannot_be_loaded_keeps_no_other_from_working(gateway, store):
    gateway.post("/team/new", team_id="t")
    lost, other = gateway.make(key_alias="lost", team_id="t"), gateway.make()
    gateway.proxy.stop()
    with contextlib.closing(sqlite3.connect(store, isolation_level=None)) as damaged:
        damaged.execute("DELETE FROM objects WHERE id = 't'")
    gateway.restart()
    assert gateway.call(lost).status == 401 and gateway.call(other).status == 200
    assert "is not in force: it refers to a team" in gateway.proxy.stderr
    gateway.post("/team/new", team_id="t")
    assert gateway.post("/key/update", key_alias="lost", rpm_limit=5).status == 200 and gateway.call(lost).status == 200


def test_the_ledger_forgets_old_calls_but_no_sum(start_proxy, upstream, store):
    gateway = Gateway(start_proxy, upstream, store, general={"maximum_spend_logs_retention_period": "1d"})
    key = gateway.make(max_budget=2, budget_duration="30d")
    assert gateway.call(key).status == gateway.call(key).status == 200
    gateway.proxy.stop()
    with contextlib.closing(sqlite3.connect(store, isolation_level=None)) as older:
        older.execute(f"UPDATE calls SET ended_ms = ended_ms - {2 * 86400000} WHERE id = 1")
    gateway.restart()
    wait_until(lambda: len(gateway.rows()) == 1, "the old call to be removed")
    assert gateway.info(key)["spend"] == 1.0
    gateway.proxy.stop()
    with pytest.raises(AssertionError, match="expected a duration like 90d"):
        Gateway(start_proxy, upstream, store, general={"maximum_spend_logs_retention_period": "soon"})


def pids(gateway):
    return [gateway.proxy.process.pid, *children(gateway.proxy.process.pid)]


def test_a_kill_loses_nothing(gateway, store, upstream):
    """The calls that have ended are charged, those under way cost what they held."""
    key = gateway.make(max_budget=100)
    assert gateway.call(key).status == 200
    upstream.script(stream_open(chat.delta(content="Hel"), HANG))
    stream = gateway.proxy.stream("/v1/chat/completions", {**CHAT, "stream": True}, key=key)
    assert stream.next_event()
    for pid in pids(gateway):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    gateway.proxy.process.wait()
    stream.disconnect()
    gateway.proxy.stop = lambda: 0   # it has ended
    upstream.always(fine)
    gateway.restart()
    rows = gateway.rows()
    assert sorted(row["estimated"] for row in rows) == [False, True]
    assert gateway.info(key)["spend"] == pytest.approx(sum(row["spend"] for row in rows))
    assert "calls that were under way at a crash: 1" in gateway.proxy.stderr


@pytest.mark.parametrize("victim", ["all", "keeper", "worker"])
def test_kills_at_random_moments(start_proxy, upstream, store, victim):
    """Each call that a client got is in the ledger once."""
    gateway = Gateway(start_proxy, upstream, store, arguments=("--workers", "2"))
    key = gateway.make()
    draw, got, rounds = random.Random(20), 0, 4
    for _ in range(rounds):
        stop = threading.Event()
        counts = []

        def use():
            count = 0
            while not stop.is_set():
                try:
                    count += gateway.call(key).status == 200
                except (OSError, ValueError):
                    break
            counts.append(count)
        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(draw.random() * 0.2)   # a random moment is the purpose of this test
        running = pids(gateway)
        chosen = {"all": running, "keeper": running[1:2], "worker": running[2:3]}[victim]
        for pid in chosen:
            with contextlib.suppress(ProcessLookupError):   # the others end by themselves
                os.kill(pid, signal.SIGKILL)
        gateway.proxy.process.wait(20)
        stop.set()
        for thread in threads:
            thread.join()
        got += sum(counts)
        gateway.proxy.stop = lambda: 0
        gateway.restart()
    gateway.proxy.stop()
    with sqlite3.connect(store) as ledger:
        calls, = ledger.execute("SELECT count(*) FROM calls WHERE status = 200 AND ended_ms NOT NULL").fetchone()
        total, = ledger.execute("SELECT max(nano) FROM totals").fetchone()
        charged, = ledger.execute("SELECT sum(nano) FROM calls").fetchone()
    assert total == charged
    # A client may have been cut off from a reply that was paid, one for each connection and round.
    assert got <= calls <= got + 4 * rounds


def test_two_workers_share_limits(start_proxy, upstream, store):
    gateway = Gateway(start_proxy, upstream, store, arguments=("--workers", "2"))
    key = gateway.make(rpm_limit=20)
    counts = []

    def use():
        counts.append(sum(gateway.call(key).status == 200 for _ in range(20)))
    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 20
    assert gateway.post("/key/block", key=key).status == 200
    assert {gateway.call(key).status for _ in range(8)} == {401}


def test_a_reload_may_change_the_master_key(gateway):
    key = gateway.make()
    config = json.loads(gateway.proxy.config.read_text())
    config["general_settings"]["master_key"] = "sk-another-master-key-0123456789"
    gateway.proxy.reload(config)   # the environment's master key wins: nothing changes
    assert gateway.get("/key/list").status == 200 and gateway.call(key).status == 200


def test_a_master_key_of_the_file_is_replaced_by_a_reload(start_proxy, upstream, store):
    first, second = "sk-first-master-key-0123456789", "sk-second-master-key-0123456789"
    upstream.always(fine)
    settings = {"key_store": str(store), "master_key": first}
    proxy = start_proxy(deployment("codex-light", upstream), general_settings=settings, keys={"LITELLM_API_KEY": ""})
    assert proxy.get("/key/list", key=first).status == 200
    config = json.loads(proxy.config.read_text())
    config["general_settings"]["master_key"] = second
    proxy.reload(config)
    assert [proxy.get("/key/list", key=each).status for each in (first, second)] == [401, 200]
    assert proxy.post("/v1/chat/completions", CHAT, key=second).status == 200


def test_a_failed_call_costs_nothing(gateway, upstream):
    key = gateway.make(max_budget=0.6)
    upstream.script(error(400), [CLOSE], [CLOSE], [CLOSE])
    assert gateway.call(key).status == 400
    assert gateway.call(key).status == 503
    assert gateway.info(key)["spend"] == 0 and gateway.info(key)["held"] == 0
    assert gateway.call(key).status == 200


def test_codex_shows_the_budget(gateway, upstream):
    upstream.always(responses.whole("Hello."))
    key = gateway.make(max_budget=2, budget_duration="1h")
    head = gateway.post("/v1/responses", key, model="codex-light", input="hi").headers
    used = float(head["x-codex-primary-used-percent"])
    assert used == pytest.approx(50 * gateway.info(key)["spend"], rel=0.01)
    assert head["x-codex-primary-window-minutes"] == "60"
    assert 0 < int(head["x-codex-primary-reset-at"]) - time.time() <= 3600
    plain = gateway.post("/v1/responses", gateway.make(), model="codex-light", input="hi").headers
    assert "x-codex-primary-used-percent" not in plain


def test_responses_and_the_request_log(gateway, upstream):
    gateway.post("/team/new", team_id="t", team_alias="backend")
    key = gateway.make(key_alias="agent-7", team_id="t", tags=["ci", "night"])
    upstream.always(responses.whole("Hello."))
    assert gateway.post("/v1/responses", key, model="codex-free", input="hi", user="end-1").status == 200
    entry = gateway.proxy.journal(1)[-1]
    assert (entry["key"], entry["team"], entry["tags"]) == ("agent-7", "t", "ci,night")
    row, = gateway.rows()
    assert row["end_user"] == "end-1" and row["call_type"] == "aresponses" and row["request_tags"] == ["ci", "night"]
    day = time.strftime("%Y-%m-%d", time.gmtime())
    assert gateway.get(f"/spend/logs?start_date={day}&end_date={day}").json[0]["startTime"] == day


@pytest.mark.parametrize("damage, word", [
    (b"not a database" * 100, "is it one"),
    (b"SQLite format 3\0" + b"x" * 4080, "is it one"),
])
def test_a_damaged_store(start_proxy, upstream, store, damage, word):
    store.write_bytes(damage)
    with pytest.raises(AssertionError) as refused:
        Gateway(start_proxy, upstream, store)
    assert str(store) in str(refused.value) and word in str(refused.value)
    assert str(refused.value).count("error:") == 1
    assert store.read_bytes() == damage


@pytest.mark.parametrize("script, word", [
    ("CREATE TABLE songs(name)", "another program"),
    (f"CREATE TABLE objects(x); PRAGMA application_id = {0x706d6b73}; PRAGMA user_version = 99", "version 99"),
])
def test_a_store_of_another_program_or_version(start_proxy, upstream, store, script, word):
    with sqlite3.connect(store) as other:
        other.executescript(script)
    with pytest.raises(AssertionError, match=word):
        Gateway(start_proxy, upstream, store)
