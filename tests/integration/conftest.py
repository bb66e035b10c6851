"""Fixtures: a mock upstream, and the proxy under test with a configuration of the test's own."""
import pathlib
import shutil
import tempfile

import pytest

from cli_tools import Cli
from mock_upstream import Upstream
from proxy_process import BINARY, Proxy

UPSTREAM_KEY = "sk-canary-upstream-fedcba9876543210"


def pytest_configure():
    if not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} is not there: build it, or set POINTSMAN_BUILD")


def deployment(alias, upstream, model="openai/mock-model", **params):
    """An entry of model_list that leads to the mock."""
    base = upstream if isinstance(upstream, str) else upstream.base
    return {"model_name": alias,
            "litellm_params": {"model": model, "api_base": base, "api_key": "os.environ/MOCK_API_KEY", **params}}


def chat_only(alias, upstream, **params):
    """The same for an upstream that has no Responses API."""
    return deployment(alias, upstream, use_chat_completions_api=True, **params)


@pytest.fixture
def folder():
    """A short path: a Unix socket's name has 107 bytes."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="pm-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def transport(request):
    """How the proxy reaches the mock. A server on 127.0.0.1 is called straight (proxy/upstream/loopback.c), any other through
    libcurl: 0.0.0.0 is one that Linux connects to this machine. Modules run their tests over BOTH_TRANSPORTS."""
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
    """make_tls_upstream(alpn=…): a provider behind TLS; its `trust` are the litellm_settings that have it trusted."""
    made = []

    def make(**options):
        import tls_upstream     # which takes a while, for few tests
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
    """start_proxy(entry, …, router_settings={…}, keys={…}): a running proxy; `text` is a whole configuration instead. It depends
    on the upstreams so that the proxy ends first. After the test it must end by SIGTERM with exit code 0 and have written no
    key anywhere."""
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
    """A proxy with one alias, codex-light, on an upstream that speaks both wires."""
    return start_proxy(deployment("codex-light", upstream))


@pytest.fixture
def bridged(start_proxy, upstream):
    """The same on an upstream that speaks Chat Completions alone."""
    return start_proxy(chat_only("codex-light", upstream))


@pytest.fixture
def cli(folder):
    """The command `pointsman`; what it started is stopped after the test, and must then have left nothing."""
    made = Cli(folder)
    yield made
    made.close()
