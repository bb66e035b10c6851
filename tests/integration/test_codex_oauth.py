"""codex-oauth: the ChatGPT backend with the login of the user's own Codex CLI."""
import fcntl
import json
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from basics import wait_until
import chat_wire as chat
import codex_cli
import responses_wire as responses
from conftest import deployment
from mock_chatgpt import ChatGPT, Login, cut, jwt, limited, with_limits
from mock_upstream import HANG, error, reply, stream
from proxy_process import MASTER_KEY

ASK = {"model": "codex-light", "input": "hi"}
STREAM = {**ASK, "stream": True}
EXPIRED = -60


@pytest.fixture
def chatgpt(make_upstream):
    return ChatGPT(make_upstream())


@pytest.fixture
def login(folder):
    return Login(folder / "home")


@pytest.fixture
def start(start_proxy, chatgpt, login):
    """A proxy for the mock backend; auth.json is in a folder that outlives it."""
    def start(*model_list, **options):
        environment = {**chatgpt.environment, "CODEX_HOME": str(login.path.parent)}
        return start_proxy(*(model_list or [chatgpt.entry()]), environment=environment, **options)
    return start


@pytest.fixture
def proxy(start):
    return start()


def answered(proxy, body=ASK, path="/v1/responses"):
    got = proxy.post(path, body)
    assert got.status == 200, got.body
    return got


def bearer(request):
    return request.headers["authorization"].removeprefix("Bearer ")


def refused(proxy, words, status=400):
    got = proxy.post("/v1/responses", ASK)
    assert got.status == status, got.body
    assert words in got.error["message"]
    return got.error


# Requests and replies

def test_a_valid_login_is_used_unchanged(proxy, chatgpt, login):
    token = chatgpt.issue("first")
    login.write(token)
    before = login.text
    got = answered(proxy, STREAM)
    assert got.headers["content-type"].startswith("text/event-stream")
    assert got.events[-1][1]["response"]["status"] == "completed"
    call, = chatgpt.calls
    assert bearer(call) == token
    assert call.headers["originator"] == "pointsman"
    assert call.headers["user-agent"].startswith("pointsman/")
    assert call.headers["accept"] == "text/event-stream"
    assert call.headers["session_id"] == call.headers["session-id"]
    assert chatgpt.renewals == [] and login.text == before


def test_a_request_is_adapted_to_the_backend(start, chatgpt, login):
    proxy = start(chatgpt.entry(model="codex-oauth/gpt-5.1-codex-max-high", originator="me"))
    login.write(chatgpt.issue("first"))
    answered(proxy, {"model": "codex-light", "max_output_tokens": 5, "temperature": 0, "user": "u", "store": True,
                     "input": [
                         {"type": "message", "role": "developer", "id": "msg_1",
                          "content": [{"type": "input_text", "text": "Be brief."}]},
                         {"type": "item_reference", "id": "rs_1"},
                         {"type": "function_call_output", "call_id": "gone", "output": "42"},
                         {"type": "message", "role": "user", "content": "hi"}]})
    body = chatgpt.calls[0].json
    assert body["model"] == "gpt-5.1-codex-max" and body["reasoning"] == {"effort": "high"}
    assert body["instructions"] == "Be brief."
    assert body["include"] == ["reasoning.encrypted_content"]
    assert [item["role"] for item in body["input"]] == ["user", "user"]
    assert chatgpt.calls[0].headers["originator"] == "me"


CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize("body", [{"n": 2}, {"logprobs": True}, {"top_logprobs": 2},
                                  {"audio": {"voice": "ash", "format": "wav"}}, {"functions": [{"name": "f"}]}])
def test_chat_fields_without_a_responses_equivalent_are_refused(proxy, chatgpt, login, body):
    login.write(chatgpt.issue("first"))
    got = proxy.post("/v1/chat/completions", {**CHAT, **body})
    assert (got.status, got.error["param"]) == (400, next(iter(body)))
    assert "/chat/completions" in got.error["message"] and chatgpt.calls == []
    answered(proxy, {**CHAT, "n": 1, "logprobs": False, "top_logprobs": None, "stop": "x"}, "/v1/chat/completions")


def test_such_a_request_goes_to_a_chat_completions_server(start, chatgpt, login, make_upstream):
    native = make_upstream()
    proxy = start(chatgpt.entry(order=1), deployment("codex-light", native, order=2))
    native.script(chat.whole("one"))
    assert answered(proxy, {**CHAT, "n": 2}, "/v1/chat/completions").json["choices"]
    assert native.requests[0].json["n"] == 2 and chatgpt.calls == []


@pytest.mark.parametrize("body, word", [
    ({"prompt": {"id": "pmpt_1"}}, "stores no conversations"),
    ({"input": "hi", "conversation": "conv_1"}, "stores no conversations"),
    ({"input": "hi", "background": True}, "background"),
    ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "store: false"),
])
def test_what_the_backend_would_ignore_is_refused(proxy, chatgpt, login, body, word):
    login.write(chatgpt.issue("first"))
    got = proxy.post("/v1/responses", {"model": "codex-light", **body})
    assert got.status == 400 and word in got.error["message"]
    assert chatgpt.calls == []


def test_a_client_without_streaming_gets_a_whole_reply(proxy, chatgpt, login):
    login.write(chatgpt.issue("first"))
    got = answered(proxy)
    assert got.headers["content-type"].startswith("application/json")
    assert got.json["output"][0]["content"][0]["text"] == "Hello."
    assert got.json["usage"]["output_tokens"] == 7
    entry, = journal(login)
    assert entry["status"] == 200 and entry["cost_usd"] is None   # no price is configured: unknown, not free


def test_a_subscription_is_never_a_hedge(start, chatgpt, login, upstream):
    """Although its price is 0. The client waits ten times as long as hedge_after_ms."""
    proxy = start(deployment("codex-light", upstream, order=1),
                  chatgpt.entry(order=2, input_cost_per_token=0, output_cost_per_token=0),
                  router_settings={"hedge_after_ms": 30})
    login.write(chatgpt.issue("first"))
    upstream.script([HANG])
    body = json.dumps(STREAM).encode()
    with proxy.connect(timeout=0.3) as client:
        client.sendall(b"POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
                       b"Content-Length: %d\r\n\r\n" % (proxy.port, MASTER_KEY.encode(), len(body)) + body)
        waiting = upstream.next_request()
        with pytest.raises(TimeoutError):
            client.recv(1)
    assert waiting.gone.wait(20)
    assert chatgpt.calls == []


def journal(login, lines=1):
    path = login.path.parent / "logs" / "requests.jsonl"
    wait_until(lambda: path.exists() and path.read_text().count("\n") >= lines, "the journal")
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("streams", [False, True])
def test_a_chat_client_is_served(proxy, chatgpt, login, streams):
    login.write(chatgpt.issue("first"))
    got = answered(proxy, {"model": "codex-light", "stream": streams, "max_tokens": 9, "messages": [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Ping!"}]}, "/v1/chat/completions")
    if streams:
        text = "".join(data["choices"][0]["delta"].get("content") or "" for _, data in got.events
                       if data != "[DONE]" and data["choices"])
    else:
        text = got.json["choices"][0]["message"]["content"]
    assert text == "Hello."
    assert chatgpt.calls[0].json["instructions"] == "Be brief."


@pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")
def test_the_real_codex_works_through_it(proxy, chatgpt, login, folder):
    login.write(chatgpt.issue("first"))
    call = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "exec_command", "status": "completed",
            "arguments": json.dumps({"cmd": "printf 'made it' > made.txt"})}
    chatgpt.replies.append(stream(
        responses.created(), responses.named("response.output_item.done", output_index=0, item=call),
        responses.named("response.completed", response=responses.response(output=[]))))
    done = codex_cli.run(folder, proxy.base, MASTER_KEY, "Make the file.")
    assert done.code == 0 and "Hello." in done.out, done
    assert (done.work / "made.txt").read_text() == "made it"
    first, second = (request.json for request in chatgpt.calls)
    assert len(first["instructions"]) > 1000   # Codex's own prompt, in its first message
    assert [item["type"] for item in second["input"][-2:]] == ["function_call", "function_call_output"]


def test_a_stream_without_its_end_is_not_complete(proxy, chatgpt, login):
    login.write(chatgpt.issue("first"))
    chatgpt.replies += [cut("Hel"), cut("Hel")]
    assert answered(proxy, STREAM).events[-1][1]["type"] == "response.failed"
    assert proxy.post("/v1/responses", ASK).status == 503


def test_the_subscriptions_limits_are_reported(proxy, chatgpt, login):
    login.write(chatgpt.issue("first"))
    chatgpt.replies.append(with_limits("Hi.", primary=42.5, secondary=7))
    answered(proxy)
    endpoint, = proxy.get("/health").json["healthy_endpoints"]
    assert endpoint["rate_limits"] == {
        "primary": {"used_percent": 42.5, "window_minutes": 300, "reset_after_seconds": 60},
        "secondary": {"used_percent": 7, "window_minutes": 0, "reset_after_seconds": 0}}


def test_the_quota_goes_on_to_codex(proxy, chatgpt, login):
    """Codex shows and warns of it, whatever its provider."""
    login.write(chatgpt.issue("first"))
    for turn in range(2):
        chatgpt.replies.append(with_limits("Hi.", primary=82.5, secondary=7))
        head = answered(proxy, STREAM if turn else ASK).headers
        assert head["x-codex-primary-used-percent"] == "82.5" and head["x-codex-secondary-used-percent"] == "7"
        assert 0 < int(head["x-codex-primary-reset-at"]) - time.time() <= 61


def test_a_used_up_subscription_cools_down_and_the_next_deployment_answers(start, chatgpt, login, upstream):
    login.write(chatgpt.issue("first"))
    proxy = start(chatgpt.entry(order=1), deployment("codex-light", upstream, order=2))
    chatgpt.replies.append(limited())
    upstream.always(responses.whole("Other."))
    for _ in range(2):
        assert answered(proxy).json["output"][0]["content"][0]["text"] == "Other."
    assert len(chatgpt.calls) == 1
    endpoint, = proxy.get("/health").json["unhealthy_endpoints"]
    assert "quota" in endpoint["error"] and endpoint["rate_limits"]["primary"]["used_percent"] == 100


# Token refresh

def test_an_expired_token_is_refreshed_and_written_back(proxy, chatgpt, login):
    login.write(jwt("old", EXPIRED))
    before = login.text
    answered(proxy)
    renewed = login.tokens
    assert bearer(chatgpt.calls[0]) == renewed["access_token"]
    assert renewed["refresh_token"] == "refresh-1"
    assert stat.S_IMODE(login.path.stat().st_mode) == 0o600
    # Only the three tokens and the date have changed, not even white space.
    changed = [new for old, new in zip(before.split("\n"), login.text.split("\n"), strict=True) if old != new]
    assert [line.split('"')[1] for line in changed] == ["id_token", "access_token", "refresh_token", "last_refresh"]
    answered(proxy)
    assert len(chatgpt.renewals) == 1


def test_twenty_requests_at_once_make_one_refresh(proxy, chatgpt, login):
    login.write(jwt("old", EXPIRED))
    together = threading.Event()
    chatgpt.token_reply = lambda request: [together, *chatgpt.renew(request)]
    with ThreadPoolExecutor(20) as pool:
        waiting = [pool.submit(proxy.post, "/v1/responses", ASK) for _ in range(20)]
        wait_until(lambda: proxy.open_files >= 20 and len(chatgpt.renewals) == 1, "all requests to wait")
        together.set()
        assert [future.result().status for future in waiting] == [200] * 20
    assert len(chatgpt.renewals) == 1
    assert {bearer(call) for call in chatgpt.calls} == {login.tokens["access_token"]}


def test_each_refresh_uses_the_last_refresh_token(proxy, chatgpt, login):
    login.write(jwt("old", EXPIRED))
    chatgpt.lives_s = 5   # too short for a second request
    for _ in range(3):
        answered(proxy)
    assert [request.json["refresh_token"] for request in chatgpt.renewals] == ["refresh-0", "refresh-1", "refresh-2"]
    assert login.tokens["refresh_token"] == "refresh-3"


def test_a_token_that_another_process_refreshed_is_used(proxy, chatgpt, login):
    login.write(jwt("old", EXPIRED))
    with open(login.lock, "w") as other, ThreadPoolExecutor(1) as pool:
        fcntl.flock(other, fcntl.LOCK_EX)
        waiting = pool.submit(proxy.post, "/v1/responses", ASK)
        wait_until(lambda: proxy.get("/health/liveness").status == 200, "the proxy to answer others meanwhile")
        login.write(chatgpt.issue("theirs"), "refresh-theirs")
        fcntl.flock(other, fcntl.LOCK_UN)
        assert waiting.result().status == 200
    assert chatgpt.renewals == []
    assert bearer(chatgpt.calls[0]) == login.tokens["access_token"]


def test_two_proxies_make_one_refresh(start, chatgpt, login):
    first, second = start(), start()
    login.write(jwt("old", EXPIRED))
    together = threading.Event()
    chatgpt.token_reply = lambda request: [together, *chatgpt.renew(request)]
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(proxy.post, "/v1/responses", ASK) for proxy in (first, second)]
        wait_until(lambda: chatgpt.renewals, "one proxy to refresh")
        together.set()
        assert [future.result().status for future in waiting] == [200, 200]
    assert len(chatgpt.renewals) == 1


def test_a_file_that_is_being_written_is_waited_for(proxy, chatgpt, login):
    login.write(chatgpt.issue("first"))
    whole = login.text
    login.write_text(whole[:100])
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(proxy.post, "/v1/responses", ASK)
        wait_until(lambda: proxy.get("/health/liveness").status == 200, "the proxy to answer others meanwhile")
        login.write_text(whole)
        assert waiting.result().status == 200


def test_a_new_login_during_a_refresh_is_not_overwritten(proxy, chatgpt, login):
    login.write(jwt("old", EXPIRED))
    new_token = chatgpt.issue("new")

    def log_in_meanwhile(request):
        login.write(new_token, "refresh-new")
        return chatgpt.renew(request)
    chatgpt.token_reply = log_in_meanwhile
    answered(proxy)
    assert login.tokens["access_token"] == new_token and login.tokens["refresh_token"] == "refresh-new"


def test_a_read_only_file_keeps_the_login_in_memory(proxy, chatgpt, login):
    login.write(jwt("old", EXPIRED))
    before = login.text
    login.path.chmod(0o400)
    chatgpt.lives_s = 5
    for _ in range(3):
        answered(proxy)
    assert login.text == before
    # With the tokens in memory, not those of the file.
    assert len(chatgpt.renewals) == 3 and chatgpt.refresh == "refresh-3"
    assert proxy.stderr.count("is only in memory") == 1
    login.path.chmod(0o600)
    answered(proxy)
    assert login.tokens["refresh_token"] == "refresh-4"


def test_a_refresh_token_in_memory_outlives_replies_without_one(proxy, chatgpt, login):
    login.write(jwt("old", EXPIRED))
    login.path.chmod(0o400)
    chatgpt.lives_s = 5
    answered(proxy)
    chatgpt.rotates = False
    answered(proxy)
    answered(proxy)
    assert [request.json["refresh_token"] for request in chatgpt.renewals] == ["refresh-0", "refresh-1", "refresh-1"]


def test_a_crash_while_writing_leaves_a_whole_file(start, chatgpt, login):
    """At random moments; tests/unit/test_login_store.c does it at each system call."""
    for attempt in range(8):
        login.write(jwt("old", EXPIRED), chatgpt.refresh)
        before = login.tokens
        proxy = start()

        def reply_and_kill(request, proxy=proxy, delay_s=attempt * 0.0004):
            yield from chatgpt.renew(request)
            time.sleep(delay_s)
            proxy.kill()
        chatgpt.token_reply = reply_and_kill
        with pytest.raises(OSError):
            proxy.post("/v1/responses", ASK)
        proxy.stop = lambda: 0   # it was killed, as this test intends
        after = login.tokens
        assert after == before or after["refresh_token"] == chatgpt.refresh


# Refusals

def test_after_a_401_the_file_is_read_first(proxy, chatgpt, login):
    login.write(chatgpt.issue("first"))
    answered(proxy)
    chatgpt.accepted.clear()
    login.write(chatgpt.issue("second"))
    answered(proxy)
    assert bearer(chatgpt.calls[-1]) == login.tokens["access_token"]
    assert chatgpt.renewals == []


def test_after_a_401_the_token_is_refreshed(proxy, chatgpt, login):
    login.write(jwt("revoked"))
    answered(proxy)
    assert len(chatgpt.renewals) == 1 and len(chatgpt.calls) == 2
    assert [attempt["outcome"] for attempt in journal(login)[0]["attempts"]] == ["ok"]


def test_a_refused_token_is_refreshed_only_once(proxy, chatgpt, login):
    login.write(jwt("revoked"))
    chatgpt.token_reply = lambda request: reply(body={"access_token": jwt("no good"), "refresh_token": "refresh-1"})
    assert refused(proxy, "run: codex login")["code"] == "model_not_found"
    assert (len(chatgpt.calls), len(chatgpt.renewals)) == (2, 1)
    refused(proxy, "run: codex login")
    assert (len(chatgpt.calls), len(chatgpt.renewals)) == (2, 1)
    login.write(chatgpt.issue("new"))
    answered(proxy)


@pytest.mark.parametrize("answer", [
    error(401, "nope"), error(400, "revoked", code="refresh_token_invalidated"),
    reply(400, body={"error": "refresh_token_expired"}), reply(403, body={"code": "refresh_token_reused"})])
def test_a_final_refusal_is_remembered_until_a_new_login(proxy, chatgpt, login, answer):
    login.write(jwt("old", EXPIRED))
    chatgpt.token_reply = lambda request: answer
    for _ in range(3):
        refused(proxy, "run: codex login")
    assert len(chatgpt.renewals) == 1 and chatgpt.calls == []
    login.write(chatgpt.issue("new"))
    answered(proxy)


@pytest.mark.parametrize("answer", [error(500), error(429), error(400, "who knows", code="invalid_grant"),
                                    reply(body=b"<html>"), reply(body={})])
def test_a_temporary_error_of_the_token_endpoint_is_not_remembered(proxy, chatgpt, login, answer):
    login.write(jwt("old", EXPIRED))
    chatgpt.token_reply = lambda request: answer
    refused(proxy, "login", status=503)
    chatgpt.token_reply = None
    answered(proxy)


def test_a_valid_token_is_used_while_the_token_endpoint_is_down(proxy, chatgpt, login):
    login.write(chatgpt.issue("about to expire", lives_s=30))
    chatgpt.token_reply = lambda request: error(503)
    answered(proxy)
    assert len(chatgpt.renewals) == 1


@pytest.mark.parametrize("text", ["{}", '{"OPENAI_API_KEY":"sk-1","tokens":null}', "[]"])
def test_a_missing_login_is_reported_with_its_fix(proxy, login, text):
    refused(proxy, "run: codex login")
    login.write_text(text)
    refused(proxy, "run: codex login")


def test_another_account_is_not_used_silently(proxy, chatgpt, login):
    login.write(chatgpt.issue("mine"))
    answered(proxy)
    chatgpt.accepted.clear()
    login.write(chatgpt.issue("theirs", account="acc-2"), account="acc-2")
    refused(proxy, "another ChatGPT account")
    assert len(chatgpt.calls) == 2


def test_without_a_login_the_next_deployment_answers(start, chatgpt, login, upstream):
    proxy = start(chatgpt.entry(order=1), deployment("codex-light", upstream, order=2))
    upstream.always(responses.whole("Other."))
    answered(proxy)
    login.write(chatgpt.issue("now"))
    answered(proxy)
    assert len(chatgpt.calls) == 1   # no cooldown began


def test_a_disconnect_leaves_the_queue(proxy, chatgpt, login):
    login.write(jwt("old", EXPIRED))
    go_on = threading.Event()
    chatgpt.token_reply = lambda request: [go_on, *chatgpt.renew(request)]
    gone = proxy.connect()
    body = json.dumps(ASK).encode()
    gone.sendall(
        b"POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
                 % (proxy.port, proxy.keys["LITELLM_API_KEY"].encode(), len(body), body))
    wait_until(lambda: chatgpt.renewals, "the renewal")
    gone.close()
    assert journal(login)[0]["end"] == "cancelled"
    go_on.set()
    answered(proxy)
    assert len(chatgpt.renewals) == 1 and len(chatgpt.calls) == 1


def test_a_refresh_in_flight_does_not_delay_the_exit(start, chatgpt, login):
    login.write(jwt("old", EXPIRED))
    proxy = start()
    chatgpt.token_reply = lambda request: [HANG]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(proxy.post, "/v1/responses", ASK)
        wait_until(lambda: chatgpt.renewals, "the renewal")
        assert proxy.stop() == 0
        assert waiting.result().status == 503


def test_tokens_are_in_auth_json_only(start, chatgpt, login):
    login.write(jwt("revoked"))
    proxy = start()
    chatgpt.token_reply = lambda request: error(
        500, f"no use: {request.json['refresh_token']} {login.tokens['access_token']}")
    got = proxy.post("/v1/responses", ASK)
    chatgpt.token_reply = None
    answered(proxy)
    secrets = [bearer(chatgpt.calls[0]), login.tokens["access_token"], login.tokens["refresh_token"]]
    files = [path.read_text(errors="replace") for path in proxy.folder.parent.rglob("*")
             if path.is_file() and path != login.path]
    assert [secret for secret in secrets for text in [got.body.decode(), *files] if secret in text] == []


def test_the_configured_price_counts(start, chatgpt, login):
    entry = {**chatgpt.entry(), "model_info": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
                                               "cache_read_input_token_cost": 0}}
    login.write(chatgpt.issue("first"))
    answered(start(entry))
    assert journal(login)[0]["cost_usd"] == pytest.approx(7e-6 + 2e-6 * 7)


def test_litellms_custom_provider_map_is_accepted(start, chatgpt, login):
    proxy = start(litellm_settings={"custom_provider_map": [
        {"provider": "codex-oauth", "custom_handler": "litellm_codex_oauth_provider.provider.CodexAuthProvider"}]})
    login.write(chatgpt.issue("first"))
    answered(proxy)
    assert "custom_provider_map" not in proxy.stderr


def test_without_such_a_deployment_the_login_is_left_alone(start, upstream, login, chatgpt):
    login.write(jwt("old", EXPIRED))
    before = login.path.stat().st_mtime_ns
    proxy = start(deployment("codex-light", upstream))
    upstream.script(chat.whole())
    proxy.post("/v1/chat/completions", {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]})
    assert login.path.stat().st_mtime_ns == before and not login.lock.exists()
    assert chatgpt.renewals == []
