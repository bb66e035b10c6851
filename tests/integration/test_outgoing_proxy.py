"""general_settings.outgoing_proxy: what goes through the outbound proxy, what never does, and what is reported when
it fails."""
import json
import subprocess

import pytest

from basics import free_port
import chat_wire as chat
from conftest import UPSTREAM_KEY, deployment
from mock_chatgpt import ChatGPT, Login, jwt
from proxy_process import BINARY, MASTER_KEY
from tunnel_proxy import TunnelProxy

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
LOGIN = "clerk:s3cret-canary"


@pytest.fixture
def make_tunnel():
    made = []

    def make(**options):
        made.append(TunnelProxy(**options))
        return made[-1]
    yield make
    for tunnel in made:
        tunnel.close()


@pytest.fixture
def far(make_tls_upstream):
    """A provider whose name is not of this machine, though Linux connects it to this one."""
    upstream = make_tls_upstream()
    upstream.always(chat.whole("Hello."))
    upstream.base = upstream.base.replace("127.0.0.1", "0.0.0.0")
    return upstream


@pytest.fixture
def through(start_proxy, far):
    """through(URL of an outbound proxy): a proxy whose codex-light is the far provider."""
    def start(url, **options):
        return start_proxy(deployment("codex-light", far), litellm_settings=far.trust,
                           general_settings={"outgoing_proxy": url, "connect_ahead": False}, **options)
    return start


def ask(proxy):
    return proxy.post("/v1/chat/completions", CHAT)


def hello(proxy):
    answer = ask(proxy)
    assert answer.status == 200, answer.body
    assert answer.json["choices"][0]["message"]["content"] == "Hello."


@pytest.mark.parametrize("kind", ["http", "https", "socks5h"])
def test_calls_are_tunnelled(make_tunnel, through, far, kind):
    """The key and the prompt are in the tunnel's TLS; the outbound proxy sees a name and a port, and one connection."""
    tunnel = make_tunnel(context=far.context if kind == "https" else None, socks=kind == "socks5h")
    assert tunnel.url.startswith(kind)
    proxy = through(tunnel.url)
    for _ in range(3):
        hello(proxy)
    assert tunnel.requested == [f"0.0.0.0:{far.port}"]
    assert far.calls()[0].headers["authorization"] == f"Bearer {UPSTREAM_KEY}"
    seen = "".join(tunnel.heads).encode() + tunnel.carried
    assert tunnel.carried and UPSTREAM_KEY.encode() not in seen and b"codex" not in seen and b"uthorization" not in seen


def test_a_preconnect_is_tunnelled_too(make_tunnel, start_proxy, far):
    tunnel = make_tunnel()
    start_proxy(deployment("codex-light", far), litellm_settings=far.trust,
                general_settings={"outgoing_proxy": tunnel.url})
    assert far.next_request().method == "HEAD"
    assert tunnel.requested == [f"0.0.0.0:{far.port}"]


def test_its_login_comes_from_a_variable_and_is_never_shown(make_tunnel, through, far):
    tunnel = make_tunnel(login=LOGIN)
    proxy = through("os.environ/OUTGOING_PROXY", keys={"OUTGOING_PROXY": tunnel.url_with_login})
    hello(proxy)
    assert "Proxy-Authorization: Basic " in tunnel.heads[-1]
    command = [BINARY, "--check-config", proxy.config]
    checked = subprocess.run(command, env={"LITELLM_API_KEY": MASTER_KEY, "MOCK_API_KEY": UPSTREAM_KEY,
                                        "OUTGOING_PROXY": tunnel.url_with_login}, capture_output=True, text=True,
                             check=True)
    assert f"outbound proxy {tunnel.url}, with a login\n" in checked.stdout
    assert "s3cret" not in checked.stdout + checked.stderr + proxy.stderr \
        and "clerk" not in checked.stdout + checked.stderr


@pytest.mark.parametrize("options, words", [
    ({"status": 403}, "refused to connect to it (403)"), ({"status": 502}, "refused to connect to it (502)"),
    ({"login": LOGIN}, "requires a login (407)"), ({"socks": True, "status": 403}, "can't be used ("),
])
def test_a_proxy_that_refuses_is_named(make_tunnel, through, far, options, words):
    tunnel = make_tunnel(**options)
    proxy = through(tunnel.url)
    answer = ask(proxy)
    assert answer.status == 503 and f"the outbound proxy {tunnel.url} {words}" in answer.error["message"], answer.body
    assert far.requests == []
    assert proxy.journal()[0]["attempts"][0]["outcome"] == "connect"


def test_a_wrong_login_is_reported_without_it(make_tunnel, through):
    tunnel = make_tunnel(login=LOGIN)
    proxy = through("os.environ/OUTGOING", keys={"OUTGOING": tunnel.url.replace("://", "://clerk:wrong-canary@")})
    answer = ask(proxy)
    assert f"the outbound proxy {tunnel.url} requires another login (407)" in answer.error["message"]
    assert b"wrong-canary" not in answer.body


@pytest.mark.parametrize("scheme", ["http", "https", "socks5h"])
def test_an_unreachable_proxy_is_named(through, far, scheme):
    url = f"{scheme}://127.0.0.1:{free_port()}"
    answer = ask(through(url))
    assert answer.status == 503 and f"the outbound proxy {url} can't be used" in answer.error["message"], answer.body


def test_a_proxy_that_disconnects_is_named(make_tunnel, through):
    tunnel = make_tunnel(status=None)
    answer = ask(through(tunnel.url))
    assert f"the outbound proxy {tunnel.url} can't be used" in answer.error["message"], answer.body


def test_an_error_behind_it_is_not_its_own(make_tunnel, start_proxy, far):
    """The provider's certificate is not trusted."""
    tunnel = make_tunnel()
    proxy = start_proxy(deployment("codex-light", far),
                        general_settings={"outgoing_proxy": tunnel.url, "connect_ahead": False})
    answer = ask(proxy)
    assert "certificate" in answer.error["message"] and "outgoing proxy" not in answer.error["message"]


def test_servers_on_this_machine_are_reached_directly(make_tunnel, start_proxy, upstream, make_tls_upstream):
    tunnel, tls = make_tunnel(), make_tls_upstream()
    for server in (upstream, tls):
        server.always(chat.whole("Hello."))
    proxy = start_proxy(deployment("plain", upstream), deployment("tls", tls), litellm_settings=tls.trust,
                        general_settings={"outgoing_proxy": tunnel.url})
    for alias in ("plain", "tls"):
        assert proxy.post("/v1/chat/completions", {**CHAT, "model": alias}).status == 200
    assert tunnel.requested == []


def test_nothing_goes_through_it_unencrypted(make_tunnel, start_proxy, upstream):
    tunnel = make_tunnel()
    base = upstream.base.replace("127.0.0.1", "0.0.0.0")
    proxy = start_proxy(deployment("codex-light", base), general_settings={"outgoing_proxy": tunnel.url})
    answer = ask(proxy)
    assert answer.status == 404 and "use https://" in answer.error["message"], answer.body
    assert tunnel.requested == [] and upstream.requests == []


def test_without_its_variable_nothing_is_sent(start_proxy, far):
    proxy = start_proxy(deployment("codex-light", far), litellm_settings=far.trust,
                        general_settings={"outgoing_proxy": "os.environ/OUTGOING"})
    answer = ask(proxy)
    assert answer.status == 404 and "OUTGOING is not set" in answer.error["message"], answer.body
    assert not far.handshakes


NAMES = ("ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "all_proxy", "https_proxy", "http_proxy")


def test_https_proxy_in_the_environment_is_ignored(make_tunnel, start_proxy, far):
    tunnel = make_tunnel()
    proxy = start_proxy(deployment("codex-light", far), litellm_settings=far.trust,
                        environment={name: tunnel.url for name in NAMES})
    hello(proxy)
    assert tunnel.requested == []


def test_no_proxy_in_the_environment_is_ignored(make_tunnel, through):
    tunnel = make_tunnel()
    hello(through(tunnel.url, environment={"NO_PROXY": "*", "no_proxy": "0.0.0.0"}))
    assert tunnel.requested


def test_a_reload_changes_it(make_tunnel, through, far):
    first, second = make_tunnel(), make_tunnel()
    proxy = through(first.url)
    hello(proxy)
    for url in (second.url, None):
        settings = {"outgoing_proxy": url, "connect_ahead": False} if url else {"connect_ahead": False}
        text = proxy.config.read_text()
        proxy.reload({**json.loads(text), "general_settings": settings})
        hello(proxy)
    assert len(first.requested) == len(second.requested) == 1 and len(far.handshakes) == 3


def test_a_login_is_refreshed_through_it(make_tunnel, start_proxy, make_tls_upstream, folder):
    tunnel, upstream = make_tunnel(), make_tls_upstream()
    chatgpt, login = ChatGPT(upstream), Login(folder / "home")
    login.write(jwt("old", lives_s=-60))
    far = f"https://0.0.0.0:{upstream.port}"
    proxy = start_proxy({"model_name": "codex-light", "litellm_params": {"model": "codex-oauth/gpt-5.5",
                                                                         "api_base": f"{far}/backend-api/codex"}},
                        litellm_settings=upstream.trust,
                        general_settings={"outgoing_proxy": tunnel.url, "connect_ahead": False},
                        environment={"CODEX_REFRESH_TOKEN_URL_OVERRIDE": f"{far}/oauth/token",
                                     "CODEX_HOME": str(login.path.parent)})
    answer = proxy.post("/v1/responses", {"model": "codex-light", "input": "hi"})
    assert answer.status == 200, answer.body
    assert len(chatgpt.renewals) == 1 and set(tunnel.requested) == {f"0.0.0.0:{upstream.port}"}
    assert len(tunnel.requested) == len(upstream.handshakes)


@pytest.mark.parametrize("url", ["proxy.example:3128", "http://proxy.example", "http://proxy.example:0",
                                 "http://proxy.example:70000",
                                 "ftp://proxy.example:21", "socks5://proxy.example:1080", "http://a b:3128",
                                 "http://:3128",
                                 "http://@proxy.example:3128", "http://proxy.example:3128/path",
                                 "http://clerk:s3cret-canary@:1"])
def test_an_invalid_proxy_url_is_reported(folder, url):
    (folder / "config.yaml").write_text(
        '{"model_list": [{"model_name": "a", "litellm_params": {"model": "openai/x"}}],\n'
                                        f' "general_settings": {{"outgoing_proxy": "{url}"}}}}')
    checked = subprocess.run([BINARY, "--check-config", folder / "config.yaml"], env={"LITELLM_API_KEY": MASTER_KEY},
                          capture_output=True, text=True, check=False)
    assert checked.returncode != 0 and ":2: general_settings.outgoing_proxy: expected" in checked.stderr
    assert "s3cret" not in checked.stdout + checked.stderr
