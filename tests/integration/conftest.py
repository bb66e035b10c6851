"""Fixtures: a mock upstream, and the proxy under test with the test's own configuration."""
import pathlib
import shutil
import signal
import tempfile

import pytest

from cli_tools import Cli
from mock_upstream import Upstream
from proxy_process import BINARY, Proxy

UPSTREAM_KEY = "sk-canary-upstream-fedcba9876543210"


def pytest_configure():
    # nohup, and a shell's `&`, have these signals ignored, which programs inherit. A handler does not pass to them.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    if not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} does not exist: build it, or set POINTSMAN_BUILD")


def deployment(alias, upstream, model="openai/mock-model", **params):
    """An entry of model_list for the mock upstream."""
    base = upstream if isinstance(upstream, str) else upstream.base
    return {"model_name": alias,
            "litellm_params": {"model": model, "api_base": base, "api_key": "os.environ/MOCK_API_KEY", **params}}


def chat_only(alias, upstream, **params):
    """The same for an upstream without the Responses API."""
    return deployment(alias, upstream, use_chat_completions_api=True, **params)


@pytest.fixture
def folder():
    """A short path: the name of a Unix socket has at most 107 bytes."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="pm-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def transport(request):
    """How the proxy reaches the mock. It calls servers on 127.0.0.1 directly (proxy/upstream/loopback.c), all others
    through libcurl. 0.0.0.0 counts as another server, but Linux connects it to this machine. A module with
    BOTH_TRANSPORTS runs its tests over both."""
    return getattr(request, "param", "loopback")


BOTH_TRANSPORTS = pytest.mark.parametrize("transport", ["loopback", "libcurl"], indirect=True)


@pytest.fixture
def make_upstream(transport):
    made = []

    def make(*address):
        made.append(Upstream(*address))
        if transport == "libcurl":
            made[-1].base = made[-1].base.replace("127.0.0.1", "0.0.0.0")
        return made[-1]
    yield make
    for upstream in made:
        upstream.close()
    assert [upstream.unscripted for upstream in made] == [0] * len(made), "more requests than the script has replies"


@pytest.fixture
def make_tls_upstream(folder):
    """make_tls_upstream(alpn=…): a provider behind TLS; its `trust` has the litellm_settings that make the proxy
    trust it."""
    made = []

    def make(**options):
        import tls_upstream     # slow to import, and few tests need it
        made.append(tls_upstream.TlsUpstream(folder, **options))
        return made[-1]
    yield make
    for upstream in made:
        upstream.close()
    assert [upstream.unscripted for upstream in made] == [0] * len(made), "more requests than the script has replies"


@pytest.fixture
def upstream(make_upstream):
    return make_upstream()


@pytest.fixture
def start_proxy(folder, make_upstream, make_tls_upstream):
    """start_proxy(entry, …, router_settings={…}, keys={…}): a running proxy; `text` is a whole configuration
    instead. The fixture depends on the upstreams, so that the proxy ends first. After the test, the proxy must exit
    with code 0 on SIGTERM and must have written no key anywhere."""
    running = []

    def start(*model_list, keys=None, arguments=(), environment=None, by=(), text=None, **sections):
        config = text or {"model_list": list(model_list), **sections}
        place = folder / f"proxy{len(running)}"
        place.mkdir()
        running.append(Proxy(place, config, {"MOCK_API_KEY": UPSTREAM_KEY, **(keys or {})}, arguments, environment, by))
        return running[-1]
    yield start
    faults = []
    for proxy in running:
        try:
            code = proxy.stop()
        finally:
            if proxy.process.poll() is None:
                proxy.kill()
        faults += [f"exit code {code}"] * (code != 0) + proxy.leaks()
        faults += [line for line in proxy.stderr.splitlines() if "Sanitizer" in line or "runtime error" in line]
    assert not faults, f"{faults}\n" + "\n".join(proxy.stderr for proxy in running)


@pytest.fixture
def light(start_proxy, upstream):
    """A proxy with one alias, codex-light, whose upstream supports both APIs."""
    return start_proxy(deployment("codex-light", upstream))


@pytest.fixture
def bridged(start_proxy, upstream):
    """The same with an upstream that supports only Chat Completions."""
    return start_proxy(chat_only("codex-light", upstream))


@pytest.fixture
def cli(folder):
    """The command `pointsman`. After the test, the fixture stops what the command started; nothing may remain."""
    made = Cli(folder)
    yield made
    made.close()
