"""SIGHUP reloads the configuration; SIGUSR1 reopens the request log."""
import json
import os
import pty
import signal
import subprocess
import threading

import pytest

from basics import free_port, wait_until
import chat_wire as chat
from conftest import UPSTREAM_KEY, deployment
from mock_upstream import error, stream
from proxy_process import BINARY, MASTER_KEY

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}


def config(*entries, **sections):
    return {"model_list": list(entries), **sections}


def aliases(proxy):
    return [model["id"] for model in proxy.get("/v1/models").json["data"]]


@pytest.fixture
def second(make_upstream):
    return make_upstream()


def test_a_new_file_takes_effect_at_once(start_proxy, upstream, second):
    proxy = start_proxy(deployment("codex-light", upstream))
    end = proxy.reload(config(deployment("codex-light", second), deployment("codex-new", second)))
    assert end["STATUS"] == "serving, reloaded"
    assert [alias["name"] for alias in json.loads(end["X_POINTSMAN_STATUS"])["aliases"]] == ["codex-light", "codex-new"]
    assert aliases(proxy) == ["codex-light", "codex-new"]
    second.script(chat.whole("second"))
    assert b"second" in proxy.post("/v1/chat/completions", CHAT).body
    assert f"the port stays {proxy.port}" in proxy.stderr


@pytest.mark.parametrize("text, fault", [
    ("model_list: [", "config.yaml:"), ("model_list: []", "model_list is missing or empty"),
    (json.dumps(config(deployment("a", "http://127.0.0.1:1/v1", order="x"))), "litellm_params.order: expected"),
], ids=["no YAML", "nothing to serve", "a wrong type"])
def test_an_invalid_file_changes_nothing(start_proxy, upstream, text, fault):
    proxy = start_proxy(deployment("codex-light", upstream))
    end = proxy.reload(text)
    assert "not reloaded" in end["STATUS"] and fault in end["STATUS"]
    assert "X_POINTSMAN_STATUS" not in end
    assert fault in proxy.stderr and "stays in force" in proxy.stderr
    upstream.script(chat.whole())
    assert proxy.post("/v1/chat/completions", CHAT).status == 200
    proxy.reload(config(deployment("codex-new", upstream)))
    assert aliases(proxy) == ["codex-new"]


def test_a_missing_file_changes_nothing(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    proxy.config.rename(proxy.config.with_suffix(".away"))
    assert "config.yaml" in proxy.reload()["STATUS"]
    assert aliases(proxy) == ["codex-light"]


def test_a_request_in_flight_ends_as_it_began(start_proxy, upstream, second):
    """Its deployment, key and alias are removed from the file before its second half comes, and a second reload
    follows."""
    proxy = start_proxy(deployment("codex-light", upstream))
    go_on = threading.Event()
    upstream.script(stream(chat.delta(content="first "), go_on, chat.delta(content="half"), chat.delta(finish="stop"),
                           chat.DONE))
    reply = proxy.stream("/v1/chat/completions", {**CHAT, "stream": True})
    assert reply.next_event()[1]["choices"][0]["delta"]["content"] == "first "
    proxy.reload(config(deployment("codex-new", second)))
    assert proxy.post("/v1/chat/completions", CHAT).status == 404
    proxy.reload(config(deployment("codex-newer", second)))
    go_on.set()
    assert [data for _, data in reply.rest()][-1] == "[DONE]"
    entry = proxy.journal(2)[-1]
    assert entry["deployment"] == "codex-light/openai/1" and entry["end"] == "completed"


def test_the_exit_waits_for_requests_of_an_earlier_configuration(start_proxy, upstream, second):
    proxy = start_proxy(deployment("codex-light", upstream))
    go_on = threading.Event()
    upstream.script(stream(chat.delta(content="first "), go_on, chat.delta(content="half"), chat.delta(finish="stop"),
                           chat.DONE))
    reply = proxy.stream("/v1/chat/completions", {**CHAT, "stream": True})
    reply.next_event()
    proxy.reload(config(deployment("codex-new", second)))
    proxy.process.send_signal(signal.SIGTERM)
    while "STOPPING" not in proxy.notified():
        pass
    go_on.set()
    assert [data for _, data in reply.rest()][-1] == "[DONE]"
    assert proxy.process.wait(20) == 0


def test_the_state_of_a_deployment_stays(start_proxy, upstream, second):
    """A cooldown lasts over a reload, though the deployment has another place in the file; with another key it ends."""
    entries = [deployment("codex-light", upstream, order=1), deployment("codex-light", second, order=2)]
    settings = {"router_settings": {"cooldown_time": 60, "allowed_fails": 0}}
    proxy = start_proxy(*entries, **settings, keys={"OTHER_KEY": UPSTREAM_KEY + "-other"})
    upstream.script(error(401), chat.whole("first"))
    second.always(chat.whole("second"))
    proxy.post("/v1/chat/completions", CHAT)
    proxy.reload(config(deployment("codex-other", second), *entries, **settings))
    assert b"second" in proxy.post("/v1/chat/completions", CHAT).body
    entries[0]["litellm_params"]["api_key"] = "os.environ/OTHER_KEY"
    proxy.reload(config(*entries, **settings))
    assert b"first" in proxy.post("/v1/chat/completions", CHAT).body


def test_the_master_key_may_change(start_proxy, upstream):
    entry = deployment("codex-light", upstream)
    sections = {"general_settings": {"master_key": "os.environ/FIRST_KEY"}}
    keys = {"LITELLM_API_KEY": "", "FIRST_KEY": MASTER_KEY, "SECOND_KEY": "sk-local-second-key-0123456789"}
    proxy = start_proxy(entry, **sections, keys=keys)
    assert proxy.get("/v1/models").status == 200
    proxy.reload(config(entry, general_settings={"master_key": "os.environ/SECOND_KEY"}))
    assert proxy.get("/v1/models").status == 401
    assert proxy.get("/v1/models", key=keys["SECOND_KEY"]).status == 200


def test_reloads_under_load_lose_no_request(start_proxy, upstream, second):
    """Valid and invalid files in turn, while four clients send requests without a pause."""
    proxy = start_proxy(deployment("codex-light", upstream))
    for mock in (upstream, second):
        mock.always(chat.either("fine"))
    statuses, over = [], threading.Event()

    def call(streamed):
        while not over.is_set():
            reply = proxy.post("/v1/chat/completions", {**CHAT, "stream": streamed})
            statuses.append((reply.status, b"fine" in reply.body))
    callers = [threading.Thread(target=call, args=(streamed,)) for streamed in (False, True, False, True)]
    for caller in callers:
        caller.start()
    try:
        for turn in range(12):
            before = len(statuses)
            proxy.reload("{" if turn % 3 == 2 else config(deployment("codex-light", second if turn % 2 else upstream)))
            wait_until(lambda: len(statuses) > before, "a request to end")
    finally:
        over.set()
        for caller in callers:
            caller.join()
    assert set(statuses) == {(200, True)}


def test_unused_configurations_are_freed(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(chat.whole())
    proxy.post("/v1/chat/completions", CHAT)
    proxy.reload()
    files = proxy.open_files
    for _ in range(10):
        proxy.post("/v1/chat/completions", CHAT)
        proxy.reload()
    wait_until(lambda: proxy.open_files <= files, "the connections of earlier configurations to go")


def test_the_request_log_is_reopened(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream))
    upstream.always(chat.whole())
    proxy.post("/v1/chat/completions", CHAT)
    path = proxy.codex_home / "logs" / "requests.jsonl"
    proxy.journal(1)
    path.rename(path.with_suffix(".old"))
    proxy.process.send_signal(signal.SIGUSR1)
    wait_until(path.exists, "a new journal")
    proxy.post("/v1/chat/completions", CHAT)
    assert len(proxy.journal(1)) == 1
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_terminal_that_closes_ends_the_proxy(folder, upstream):
    """On a terminal SIGHUP is not a request of the user's; a proxy that stayed would never be ended."""
    path = folder / "config.yaml"
    path.write_text(json.dumps(config(deployment("codex-light", upstream))))
    ours, theirs = pty.openpty()
    process = subprocess.Popen([BINARY, "--config", path, "--port", str(free_port())], stdin=theirs, stdout=theirs,
                               stderr=theirs,
                               start_new_session=True, preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),
                               env={"HOME": str(folder), "LITELLM_API_KEY": MASTER_KEY, "MOCK_API_KEY": UPSTREAM_KEY})
    os.close(theirs)
    seen = b""
    while b"ready on port" not in seen:
        seen += os.read(ours, 4096)
    os.kill(process.pid, signal.SIGHUP)
    while b"reloaded" not in seen:
        seen += os.read(ours, 4096)
    os.close(ours)
    assert process.wait(20) == 0
