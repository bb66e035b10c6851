"""What the proxy reports about itself: health from real requests, models, and messages at the start."""
import subprocess

import pytest

from basics import free_port
import chat_wire as chat
from conftest import deployment
from mock_upstream import error
from proxy_process import BINARY, MASTER_KEY

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}


def test_liveness_has_litellms_shape(light):
    assert light.get("/health/liveliness", key=None).json == "I'm alive!"
    assert light.get("/health/liveness", key=None).json == "I'm alive!"
    assert light.get("/health/readiness", key=None).json["status"] == "healthy"


def test_models_are_listed_in_openais_shape(start_proxy, upstream):
    proxy = start_proxy(deployment("codex-light", upstream), deployment("codex-deep", upstream),
                        deployment("codex-light", upstream))
    for path in ("/v1/models", "/models"):
        body = proxy.get(path).json
        assert body["object"] == "list"
        assert [entry["id"] for entry in body["data"]] == ["codex-light", "codex-deep"]
        for entry in body["data"]:
            assert entry["object"] == "model"
            assert isinstance(entry["created"], int) and entry["owned_by"]


def test_one_model(light):
    assert light.get("/v1/models/codex-light").json["id"] == "codex-light"
    assert light.get("/v1/models/nope").status == 404


def test_health_never_calls_a_provider(light, upstream):
    body = light.get("/health").json
    assert (body["healthy_count"], body["unhealthy_count"]) == (1, 0)
    assert body["healthy_endpoints"][0]["model"]
    assert upstream.requests == []


def test_health_comes_from_real_requests(start_proxy, upstream, make_upstream):
    second = make_upstream()
    proxy = start_proxy(deployment("codex-light", upstream, order=1), deployment("codex-light", second, order=2),
                        router_settings={"cooldown_time": 60, "allowed_fails": 0})
    upstream.script(error(500, "boom"))
    second.script(chat.whole())
    proxy.post("/v1/chat/completions", CHAT)
    body = proxy.get("/health").json
    assert (body["healthy_count"], body["unhealthy_count"]) == (1, 1)


def test_a_missing_key_makes_a_deployment_unhealthy_and_is_named(start_proxy, upstream):
    entry = deployment("other", upstream)
    entry["litellm_params"]["api_key"] = "os.environ/NO_SUCH_KEY"
    proxy = start_proxy(deployment("codex-light", upstream), entry)
    answer = proxy.get("/health")
    assert answer.json["unhealthy_count"] == 1
    assert b"NO_SUCH_KEY" in answer.body
    assert "NO_SUCH_KEY" in proxy.stderr


# The built-in model

@pytest.fixture
def demo(start_proxy, upstream):
    return start_proxy(deployment("codex-light", upstream), environment={"POINTSMAN_DEMO": "1"})


def test_echo_exists_only_in_demo_mode(demo, light):
    assert "codex-echo" in [entry["id"] for entry in demo.get("/v1/models").json["data"]]
    assert "codex-echo" not in [entry["id"] for entry in light.get("/v1/models").json["data"]]
    assert light.post("/v1/chat/completions", {**CHAT, "model": "codex-echo"}).status in (400, 404)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_echo(demo, path, streamed):
    body = {"model": "codex-echo", "messages": [{"role": "user", "content": "ping 42"}], "input": "ping 42"}
    del body["input" if path.endswith("completions") else "messages"]
    answer = demo.post(path, {**body, "stream": streamed})
    assert answer.status == 200
    text = answer.body.decode()
    assert "42" in text and "no LLM" in text


# Start

def run(folder, config, arguments=(), **environment):
    path = folder / "bad.yaml"
    path.write_text(config)
    return subprocess.run([BINARY, "--config", path, "--port", str(free_port()), *arguments], capture_output=True,
                          text=True, timeout=20, stdin=subprocess.DEVNULL,
                          env={"HOME": str(folder), "CODEX_HOME": str(folder), **environment})


GOOD = """\
model_list:
- model_name: a
  litellm_params: {model: openai/x, api_key: sk-1, api_base: 'http://127.0.0.1:1'}
"""


def test_no_start_without_a_master_key(folder):
    done = run(folder, GOOD)
    assert done.returncode != 0
    assert "LITELLM_API_KEY" in done.stderr


@pytest.mark.parametrize("config, words", [
    ("model_list: 5\n", ["bad.yaml:1", "model_list"]),
    ("model_list:\n- model_name: [a]\n", ["bad.yaml:2", "model_name"]),
    ("model_list:\n- model_name: a\n  litellm_params: {model: openai/x, order: high}\n", ["bad.yaml:3", "order"]),
    ("a: [\n", ["bad.yaml:"]),
    ("model_list: []\nmodel_list: []\n", ["bad.yaml:2", "model_list"]),
    (GOOD.replace("127.0.0.1:1", "127.0.0.1:95659"), ["bad.yaml:3", "api_base", "port 1 to 65535"]),   # not port 30123
    (GOOD.replace("127.0.0.1:1", "127.0.0.1:0"), ["bad.yaml:3", "api_base", "port 1 to 65535"]),
])
def test_errors_name_file_line_and_key(folder, config, words):
    done = run(folder, config, LITELLM_API_KEY=MASTER_KEY)
    assert done.returncode != 0
    for word in words:
        assert word in done.stderr


def test_an_unknown_key_is_only_a_warning(folder):
    done = run(folder, GOOD + "no_such_section: 1\n", ["--check-config"], LITELLM_API_KEY=MASTER_KEY)
    assert done.returncode == 0
    assert "bad.yaml:4" in done.stderr and "no_such_section" in done.stderr


@pytest.mark.parametrize("arguments, word", [
    (["--strategy", "nonsense"], "simple-shuffle"), (["--allow-host", "name:80"], "name:80"),
    (["--allow-host", "*"], "*"),
    (["--port", "4294971296"], "4294971296"), (["--port", "0"], "65535"), (["--workers", "4294967297"], "4294967297"),
])
def test_options_without_effect_are_refused(folder, arguments, word):
    done = run(folder, GOOD, arguments, LITELLM_API_KEY=MASTER_KEY)
    assert done.returncode == 2 and word in done.stderr


def test_a_missing_configuration_is_named(folder):
    done = subprocess.run([BINARY, "--config", folder / "absent.yaml"], capture_output=True, text=True, timeout=20,
                          env={"HOME": str(folder), "LITELLM_API_KEY": MASTER_KEY})
    assert done.returncode != 0
    assert "absent.yaml" in done.stderr


def test_a_port_in_use_is_named(light, folder):
    path = folder / "good.yaml"
    path.write_text(GOOD)
    done = subprocess.run([BINARY, "--config", path, "--port", str(light.port)], capture_output=True, text=True,
                          timeout=20, env={"HOME": str(folder), "LITELLM_API_KEY": MASTER_KEY})
    assert done.returncode != 0
    assert str(light.port) in done.stderr


@pytest.mark.parametrize("option, word", [("--help", "--config"), ("--version", "pointsman")])
def test_help_and_version(option, word):
    done = subprocess.run([BINARY, option], capture_output=True, text=True, timeout=20, env={})
    assert done.returncode == 0
    assert word in done.stdout


def test_an_unknown_option(folder):
    done = subprocess.run([BINARY, "--no-such-option"], capture_output=True, text=True, timeout=20, env={})
    assert done.returncode != 0
    assert "no-such-option" in done.stderr


@pytest.mark.parametrize("names, expected", [
    ({"LITELLM_API_KEY": "sk-first-0123456789", "LITELLM_MASTER_KEY": "sk-second-0123456789"}, "sk-first-0123456789"),
    ({"LITELLM_API_KEY": "", "LITELLM_MASTER_KEY": "sk-second-0123456789"}, "sk-second-0123456789"),
    ({"LITELLM_API_KEY": ""}, "sk-third-0123456789"),
])
def test_sources_of_the_master_key(start_proxy, upstream, names, expected):
    proxy = start_proxy(deployment("codex-light", upstream), keys=names,
                        general_settings={"master_key": "sk-third-0123456789"})
    for key in ("sk-first-0123456789", "sk-second-0123456789", "sk-third-0123456789"):
        assert (proxy.get("/v1/models", key=key).status == 200) == (key == expected)
