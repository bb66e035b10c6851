"""Hints for the providers' prompt caches: which provider is told the conversation, how, and who is not."""
import json

import pytest

import chat_wire as chat
import codex_cli
import responses_wire as responses
from conftest import BOTH_TRANSPORTS, UPSTREAM_KEY, chat_only, deployment
from mock_upstream import error
from proxy_process import MASTER_KEY
from tunnel_proxy import TunnelProxy

ALIAS = "codex-light"
PROMPTS = ("The first conversation.", "The second conversation.")


@pytest.fixture
def home(make_tls_upstream):
    """The scripted provider, which the proxy reaches by every provider's own name."""
    upstream = make_tls_upstream()
    upstream.tunnel = TunnelProxy(to=("127.0.0.1", upstream.port))
    yield upstream
    upstream.tunnel.close()


@pytest.fixture
def start_home(start_proxy, home):
    """start_home(model): a proxy whose alias is that model, at the provider's own server."""
    def start(model, environment=None):
        entry = {"model_name": ALIAS,
                 "litellm_params": {"model": model, "api_key": "os.environ/MOCK_API_KEY"}}
        return start_proxy(entry, litellm_settings=home.trust, environment=environment,
                           general_settings={"outgoing_proxy": home.tunnel.url, "connect_ahead": False})
    return start


def ask(proxy, api, prompt, **fields):
    if api == "responses":
        answer = proxy.post("/v1/responses", {"model": ALIAS, "input": prompt, **fields})
    else:
        messages = [{"role": "user", "content": prompt}]
        answer = proxy.post("/v1/chat/completions", {"model": ALIAS, "messages": messages, **fields})
    assert answer.status == 200, answer.body


def hint_of(request):
    """(carrier, value) of the hint in a request; (None, None) without one."""
    found = [(name, request.json[name]) for name in ("prompt_cache_key", "session_id") if name in request.json]
    found += [(name, request.headers[name]) for name in ("x-grok-conv-id",) if name in request.headers]
    assert len(found) <= 1, found
    return found[0] if found else (None, None)


PROVIDERS = [
    ("openai/gpt-5.5", "responses", "prompt_cache_key"),
    ("openai/gpt-5.5", "chat", "prompt_cache_key"),
    ("mistral/codestral", "responses", "prompt_cache_key"),
    ("mistral/codestral", "chat", "prompt_cache_key"),
    ("xai/grok-5", "responses", "x-grok-conv-id"),
    ("xai/grok-5", "chat", "x-grok-conv-id"),
    ("openrouter/openai/gpt-oss", "responses", "session_id"),
    ("openrouter/openai/gpt-oss", "chat", "session_id"),
    ("deepseek/deepseek-chat", "responses", None),
    ("groq/openai/gpt-oss-120b", "responses", None),
    ("groq/openai/gpt-oss-120b", "chat", None),
    ("gemini/gemini-3-pro", "chat", None),
]


@pytest.mark.parametrize("model, api, carrier", PROVIDERS)
def test_a_conversation_has_one_hint_at_its_providers_own_server(start_home, home, model, api, carrier):
    """In each of its requests, and another conversation has another one."""
    proxy = start_home(model)
    home.always(responses.whole() if api == "responses" and model.startswith("openai/") else chat.whole())
    for prompt in (PROMPTS[0], PROMPTS[1], PROMPTS[0]):
        ask(proxy, api, prompt)
    hints = [hint_of(request) for request in home.calls()]
    assert [name for name, _ in hints] == [carrier] * 3
    assert all(request.headers["authorization"] == f"Bearer {UPSTREAM_KEY}" for request in home.calls())
    if carrier:
        assert hints[0] == hints[2] != hints[1]
        assert all(len(value) == 32 and int(value, 16) >= 0 for _, value in hints)


@pytest.mark.parametrize("model, api, carrier", [row for row in PROVIDERS if row[2]])
def test_a_clients_own_key_is_its_hint(start_home, home, model, api, carrier):
    proxy = start_home(model)
    home.always(responses.whole() if api == "responses" and model.startswith("openai/") else chat.whole())
    ask(proxy, api, PROMPTS[0], prompt_cache_key="mine-1")
    request, = home.calls()
    hints = {"prompt_cache_key": request.json.get("prompt_cache_key"), "session_id": request.json.get("session_id"),
             "x-grok-conv-id": request.headers.get("x-grok-conv-id")}
    assert hints[carrier] == "mine-1"


def test_the_hint_is_the_same_after_a_restart(start_home, home, folder):
    """And with another installation's key it is another one."""
    home.always(chat.whole())
    for name in ("one", "one", "two"):
        (folder / name).mkdir(exist_ok=True)
        proxy = start_home("mistral/codestral", environment={"CODEX_HOME": str(folder / name)})
        ask(proxy, "chat", PROMPTS[0])
        proxy.stop()
    hints = [hint_of(request) for request in home.calls()]
    assert hints[0] == hints[1] != hints[2] and {name for name, _ in hints} == {"prompt_cache_key"}


def test_a_server_that_refuses_the_hint_is_asked_without_it(start_home, home):
    """And is sent no further one."""
    proxy = start_home("mistral/codestral")
    home.script(error(400, "Unsupported parameter: 'prompt_cache_key'"), chat.whole(), chat.whole())
    for _ in range(2):
        ask(proxy, "responses", PROMPTS[0])
    assert [hint_of(request)[0] for request in home.calls()] == ["prompt_cache_key", None, None]


@BOTH_TRANSPORTS
@pytest.mark.parametrize("prefix", ["openai", "mistral", "xai", "openrouter"])
@pytest.mark.parametrize("api", ["responses", "chat"])
def test_another_server_gets_no_hint(start_proxy, upstream, prefix, api):
    """The same API at another address is another server. This one answers 400 to unknown fields."""
    entry = chat_only(ALIAS, upstream)
    entry["litellm_params"]["model"] = f"{prefix}/mock-model"
    proxy = start_proxy(entry)
    upstream.script(chat.strict(chat.whole()))
    key = {"prompt_cache_key": "mine-1"} if api == "responses" else {}
    ask(proxy, api, PROMPTS[0], **key)
    request, = upstream.requests
    assert hint_of(request) == (None, None)


def marks(request):
    """The places with cache_control in a request: (index of the message, its last text)."""
    found = []
    for index, message in enumerate(request.json["messages"]):
        parts = message["content"] if isinstance(message["content"], list) else []
        found += [(index, part["text"]) for part in parts if "cache_control" in part]
    return found


LONG = "Long enough to be cached. " * 60
CONVERSATION = [{"role": "system", "content": LONG}, {"role": "user", "content": "One."},
                {"role": "assistant", "content": "Two."}, {"role": "user", "content": "Three."}]


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("model, marked", [("anthropic/claude-sonnet-5", True), ("openai/gpt-oss", False)])
def test_models_of_anthropic_behind_openrouter_get_breakpoints(start_home, home, api, model, marked):
    proxy = start_home(f"openrouter/{model}")
    home.always(chat.whole())
    if api == "chat":
        body = {"messages": CONVERSATION}
    else:
        body = {"input": [{"type": "message", **message} for message in CONVERSATION]}
    path = "/v1/chat/completions" if api == "chat" else "/v1/responses"
    assert proxy.post(path, {"model": ALIAS, **body}).status == 200
    request, = home.calls()
    assert marks(request) == ([(0, LONG), (1, "One."), (3, "Three.")] if marked else [])


def test_a_clients_breakpoints_are_left_alone(start_home, home):
    proxy = start_home("openrouter/anthropic/claude-sonnet-5")
    home.always(chat.whole())
    own = [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    messages = [{"role": "system", "content": own}, *CONVERSATION[1:]]
    assert proxy.post("/v1/chat/completions", {"model": ALIAS, "messages": messages}).status == 200
    assert home.calls()[0].json["messages"] == messages


def test_another_server_gets_no_breakpoints(start_proxy, upstream):
    entry = chat_only(ALIAS, upstream)
    entry["litellm_params"]["model"] = "openrouter/anthropic/claude-sonnet-5"
    proxy = start_proxy(entry)
    upstream.script(chat.whole())
    assert proxy.post("/v1/chat/completions", {"model": ALIAS, "messages": CONVERSATION}).status == 200
    assert upstream.requests[0].json["messages"] == CONVERSATION


def test_a_refusal_of_breakpoints(start_home, home):
    proxy = start_home("openrouter/anthropic/claude-sonnet-5")
    home.script(error(400, "Unsupported parameter: 'cache_control'"), chat.whole())
    assert proxy.post("/v1/chat/completions", {"model": ALIAS, "messages": CONVERSATION}).status == 200
    assert [bool(marks(request)) for request in home.calls()] == [True, False]


@pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")
def test_each_turn_of_codex_has_a_breakpoint_where_the_one_before_ended(start_home, home, folder):
    proxy = start_home("openrouter/anthropic/claude-sonnet-5")
    turns = [chat.calls_stream(*chat.call_deltas(f"c{n}", "exec_command", {"cmd": f"echo {n}"})) for n in range(4)]
    home.script(*turns, chat.text_stream("Final answer."))
    done = codex_cli.run(folder, proxy.base, MASTER_KEY, "Do what the test says.", model=ALIAS)
    assert done.code == 0 and "Final answer." in done.out, done
    found = [marks(request) for request in home.calls()]
    assert len(found) == 5 and all(len(places) <= 4 for places in found)
    for before, after in zip(found, found[1:]):
        assert before[-1] in after and before[0] == after[0] and after[-1][0] > before[-1][0]


@pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")
@pytest.mark.parametrize("model, carrier", [
    ("xai/grok-5", "x-grok-conv-id"), ("openrouter/openai/gpt-oss", "session_id"),
    ("mistral/codestral", "prompt_cache_key"), ("deepseek/deepseek-chat", None)])
def test_every_turn_of_codex_has_the_same_hint(start_home, home, folder, model, carrier):
    proxy = start_home(model)
    turns = [chat.calls_stream(*chat.call_deltas(f"c{n}", "exec_command", {"cmd": f"echo {n}"})) for n in range(3)]
    home.script(*turns, chat.text_stream("Final answer."))
    done = codex_cli.run(folder, proxy.base, MASTER_KEY, "Do what the test says.", model=ALIAS)
    assert done.code == 0 and "Final answer." in done.out, done
    calls = home.calls()
    assert len(calls) == 4 and {hint_of(request)[0] for request in calls} == {carrier}
    assert len({hint_of(request) for request in calls}) == 1
    assert len(json.loads(calls[-1].body)["messages"]) > len(json.loads(calls[0].body)["messages"])
