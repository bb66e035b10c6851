"""The view Live: the proxy's deployments and requests as they are now, on the page and as /api/live."""
import concurrent.futures
import http.client
import json
import threading

import pytest

import chat_wire as chat
from basics import BUILD, children, wait_until
from mock_upstream import HANG, error, stream_open
from session_tools import KEYS, Session


@pytest.fixture
def upstream_one(make_upstream):
    return make_upstream()


@pytest.fixture
def session(folder, upstream_one, make_upstream):
    other = make_upstream()
    other.always(error(429))
    config = folder / "config.yaml"
    config.write_text(json.dumps({
        "model_list": [
            {"model_name": "codex-light", "litellm_params": {"model": "openai/<b>", "order": 1, "api_base": other.base,
                                                             "api_key": "os.environ/OPENAI_API_KEY"}},
            {"model_name": "codex-light", "litellm_params": {"model": "openai/b", "order": 2,
                                                             "api_base": upstream_one.base,
                                                             "api_key": "os.environ/OPENAI_API_KEY"}},
            {"model_name": "codex-none", "litellm_params": {"model": "groq/c"}}],
        "general_settings": {"connect_ahead": False}}))
    session = Session(folder, proxy=BUILD / "proxy" / "pointsman-proxy", config=config)
    yield session
    session.close()


def ask(session, stream):
    connection = http.client.HTTPConnection("127.0.0.1", session.proxy_port, timeout=20)
    connection.request("POST", "/v1/chat/completions", json.dumps(
        {"model": "codex-light", "stream": stream, "messages": [{"role": "user", "content": "prompt-canary"}]}),
        {"Authorization": "Bearer " + session.key_file.read_text(), "Content-Type": "application/json"})
    return connection, connection.getresponse()


def live(session):
    answer = session.request("GET", "/api/live")
    assert answer.status == 200, answer.text
    return answer.json


def test_without_a_proxy(session):
    assert live(session) == {"state": "stopped", "verdict": "The proxy is stopped. Start it in the view Session.",
                             "proxy": None}
    page = session.request("GET", "/live")
    assert page.status == 200 and "The proxy is stopped." in page.text and "None since the proxy started." in page.text


def test_a_cooldown_a_request_under_way_and_the_last_ones(session, upstream_one):
    session.start(OPENAI_API_KEY=KEYS["OPENAI_API_KEY"])
    assert live(session)["verdict"] == "All is well: 2 of 3 deployments are ready."
    upstream_one.script(chat.whole("Hi."), stream_open(chat.delta(content="Hel"), HANG))
    assert ask(session, False)[1].status == 200
    connection, reply = ask(session, True)
    got = wait_until(lambda: [now for now in [live(session)] if now["proxy"]["running"]], "the request under way")[0]
    assert got["state"] == "running" and got["proxy"]["running"][0]["state"] == "streaming"
    assert got["verdict"].startswith("openai/<b>: cooling down for ")
    assert got["verdict"].endswith("(http_429); openai/b answers.")
    page = session.request("GET", "/live").text
    assert "openai/&lt;b&gt;: cooling down for " in page and "<b>" not in page
    assert ">streaming</td>" in page and ">completed</td>" in page and "1 deployment is not ready" in page
    assert "codex-light/openai/1: rate_limit" in page
    assert session.key_file.read_text() not in page and "prompt-canary" not in page
    connection.close()
    reply.close()


def test_many_views_share_one_look(session):
    proxy = session.start(OPENAI_API_KEY=KEYS["OPENAI_API_KEY"]).json["pid"]
    barrier = threading.Barrier(8)

    def look(_):
        barrier.wait()
        return live(session)["verdict"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert set(pool.map(look, range(8))) == {"All is well: 2 of 3 deployments are ready."}
    assert children(session.session_pid()) == [proxy], "a command was forgotten"


def test_a_proxy_that_does_not_answer(folder):
    session = Session(folder)   # the stub has no /dispatch/state
    try:
        session.start()
        got = live(session)
        assert (got["state"], got["verdict"], got["proxy"]) == \
            ("running", "The proxy does not answer. Run pointsman doctor.", None)
    finally:
        session.close()
