"""The real Codex CLI gets the aliases' metadata from GET /v1/models: no warning, Codex's own prompt, the right
context window."""
import json

import pytest

import chat_wire as chat
import codex_cli
from conftest import chat_only
from proxy_process import MASTER_KEY

ANSWER = "Final answer."
WINDOW = 32768

pytestmark = pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")


@pytest.fixture
def catalog(folder):
    """The model catalog that ./start has Codex write."""
    done = codex_cli.command(folder, "http://127.0.0.1:9", "x", "debug", "models")
    assert done.code == 0, done
    path = folder / "codex-models.json"
    path.write_text(done.out)
    return path


def local(upstream, window=WINDOW):
    return {**chat_only("codex-light", upstream), "model_info": {"max_input_tokens": window}}


def codex(proxy, folder, **options):
    return codex_cli.run(folder, proxy.base, MASTER_KEY, "Do what the test says.", arguments=[
        "-c", f'model_providers.litellm.model_catalog_url="{proxy.base}/models"'], **options)


def test_codex_knows_the_alias(start_proxy, folder, upstream, catalog):
    proxy = start_proxy(local(upstream), arguments=["--codex-catalog", str(catalog)])
    upstream.script(chat.text_stream(ANSWER))
    done = codex(proxy, folder)
    assert done.code == 0 and ANSWER in done.out, done
    assert "metadata" not in done.err and "failed to refresh" not in done.err, done
    body = upstream.requests[0].json
    assert chat.chat_fault(body) is None
    base = next(model for model in json.loads(catalog.read_text())["models"] if model["slug"] == "gpt-5.5")
    assert base["base_instructions"][:200] in body["messages"][0]["content"]
    assert "reasoning_effort" not in body   # a model without reasoning would refuse this field


@pytest.mark.parametrize("tokens, compacts", [(WINDOW * 3 // 4 - 2000, False), (WINDOW * 3 // 4 + 100, True)])
def test_codex_compacts_before_a_small_window_is_full(start_proxy, folder, upstream, catalog, tokens, compacts):
    proxy = start_proxy(local(upstream), arguments=["--codex-catalog", str(catalog)])
    used = {"prompt_tokens": tokens, "completion_tokens": 10, "total_tokens": tokens + 10}
    upstream.script(chat.calls_stream(*chat.call_deltas("c1", "exec_command", {"cmd": "true"}), usage=used))
    upstream.always(chat.text_stream(ANSWER))
    done = codex(proxy, folder)
    assert done.code == 0 and ANSWER in done.out, done
    assert len(upstream.requests) == (3 if compacts else 2)


def test_a_long_output_fits_a_small_window(start_proxy, folder, upstream, catalog):
    proxy = start_proxy(local(upstream), arguments=["--codex-catalog", str(catalog)])
    upstream.script(chat.calls_stream(*chat.call_deltas("c1", "exec_command", {"cmd": "seq 1 20000"})),
                    chat.text_stream(ANSWER))
    assert codex(proxy, folder).code == 0
    output, = [message["content"] for message in upstream.requests[1].json["messages"] if message["role"] == "tool"]
    assert len(output) < WINDOW // 8 * 5   # bytes; Codex estimates four per token


def test_without_a_catalog_codex_warns(start_proxy, folder, upstream):
    proxy = start_proxy(local(upstream))
    upstream.script(chat.text_stream(ANSWER))
    done = codex(proxy, folder)
    assert done.code == 0 and ANSWER in done.out, done
    assert "failed to refresh" not in done.err, done


def test_doctor_finds_the_proxy(start_proxy, folder, upstream):
    proxy = start_proxy(local(upstream))
    report = json.loads(codex_cli.command(folder, proxy.base, MASTER_KEY, "doctor", "--json").out)
    assert report["checks"]["network.provider_reachability"]["status"] == "ok", report
