"""Prices of known models: from the table that comes with pointsman, from a newer file, and what they apply to."""
import json
import os
import pathlib
import stat
import threading

import pytest

import chat_wire as chat
from conftest import UPSTREAM_KEY, deployment
from faults import Memory
from torture import SANITIZED
from tunnel_proxy import TunnelProxy

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100,
         "prompt_tokens_details": {"cached_tokens": 400}}

# By hand, from LiteLLM 1.110.2: USD per million tokens of input, output, cache reads and writes; the window; the lowest
# tier.
FACTS = {
    "openai/gpt-5.2": (1.75, 14, 0.175, None, 272000, None),
    "openai/gpt-5.5": (5, 30, 0.5, None, 1050000, (272000, 10, 45)),
    "openai/gpt-4o": (2.5, 10, 1.25, None, 128000, None),
    "openai/text-embedding-3-small": (0.02, 0, None, None, 8191, None),
    "gemini/gemini-2.5-pro": (1.25, 10, 0.125, None, 1048576, (200000, 2.5, 15)),
    "anthropic/claude-sonnet-4-5": (3, 15, 0.3, 3.75, 200000, None),
    "xai/grok-4.5": (2, 6, 0.3, None, 500000, (200000, 4, 12)),
    "deepseek/deepseek-chat": (0.28, 0.42, 0.028, None, 131072, None),
    "groq/openai/gpt-oss-120b": (0.15, 0.6, 0.075, None, 131072, None),
    "moonshot/kimi-k3": (3, 15, 0.3, 3, 1048576, None),
    "dashscope/qwen-flash": (0.05, 0.4, None, None, 997952, (256000, 0.25, 2)),
}


def litellm_list(**models):
    """LiteLLM's file with these models of OpenAI: USD per token of input and output."""
    return json.dumps({"sample_spec": {"litellm_provider": "one of", "max_input_tokens": "a text"}, **{
        name: {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": prices[0],
               "output_cost_per_token": prices[1]} for name, prices in models.items()}})


def known(cli, *models):
    return json.loads(cli("prices", "--json", *models).stdout)["models"]


@pytest.fixture
def own(cli):
    """The user's table."""
    return pathlib.Path(cli.environment["CODEX_HOME"]) / "logs" / "model-prices.tsv"


@pytest.fixture
def configured(cli):
    """configured(entry, …, section={…}): the user's configuration."""
    def write(*entries, **sections):
        folder = cli.home / ".config" / "pointsman"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "litellm-cost-routing.yaml").write_text(json.dumps({"model_list": entries, **sections}))
    return write


def entry(alias, model, info=None, **params):
    return {"model_name": alias, "litellm_params": {"model": model, "api_key": "os.environ/NO_KEY", **params},
            "model_info": info or {}}


def at_home(start_proxy, make_tls_upstream, request, *entries, **sections):
    """A proxy that reaches the mock where it expects api.openai.com."""
    upstream = make_tls_upstream()
    tunnel = TunnelProxy(to=("127.0.0.1", upstream.port))
    request.addfinalizer(tunnel.close)
    upstream.always(lambda _: chat.whole(usage=USAGE))
    proxy = start_proxy(*entries, litellm_settings={**upstream.trust, **sections.pop("litellm_settings", {})},
                        general_settings={"outgoing_proxy": tunnel.url, "connect_ahead": False,
                                          **sections.pop("general_settings", {})},
                        keys={"OPENAI_API_KEY": UPSTREAM_KEY}, **sections)
    return proxy, tunnel


def openai(model, info=None):
    return {"model_name": "codex-light", "litellm_params": {"model": model}, "model_info": info or {}}


def test_the_shipped_table_has_the_facts(cli, configured):
    configured(entry("a", "openai/unheard-of"))
    for model, (given, output, read, write, window, tier) in FACTS.items():
        row, = known(cli, model)
        assert row["row"] == model and row["max_input_tokens"] == window
        for key, value in (("input_cost_per_token", given), ("output_cost_per_token", output),
                           ("cache_read_input_token_cost", read), ("cache_creation_input_token_cost", write)):
            assert row.get(key) == (None if value is None else pytest.approx(value * 1e-6, rel=1e-12)), (model, key)
        found = row["tiers"] and (row["tiers"][0]["above_tokens"], *(
            round(1e6 * row["tiers"][0][key], 9) for key in ("input_cost_per_token", "output_cost_per_token")))
        assert (tuple(found) if found else None) == tier, model


def test_a_call_to_the_providers_own_address_has_a_cost(start_proxy, make_tls_upstream, request):
    """Nothing is declared. The spending limit holds: a call costs $0.0025."""
    proxy, tunnel = at_home(start_proxy, make_tls_upstream, request, openai("openai/gpt-5.2"),
                            general_settings={"max_cost_usd": 0.012})
    assert "no prices" not in proxy.stderr
    while (answer := proxy.post("/v1/chat/completions", CHAT)).status == 200:
        assert len(proxy.journal()) < 10
    assert answer.status == 400 and answer.error["type"] == "budget_exceeded"
    assert 0.005 < sum(entry["cost_usd"] or 0 for entry in proxy.journal()) < 0.012
    assert set(tunnel.requested) == {"api.openai.com:443"}
    assert proxy.journal()[0]["cost_usd"] == pytest.approx(600 * 1.75e-6 + 400 * 1.75e-7 + 100 * 1.4e-5)


def test_discounts_apply_to_the_cost(start_proxy, make_tls_upstream, request):
    proxy, _ = at_home(start_proxy, make_tls_upstream, request, openai("openai/gpt-5.2"),
                       litellm_settings={"cost_discount_config": {"openai": 0.5, "openai/gpt-5*": 0.25}})
    assert proxy.post("/v1/chat/completions", CHAT).status == 200
    cost = 600 * 1.75e-6 + 400 * 1.75e-7 + 100 * 1.4e-5
    assert proxy.journal()[0]["cost_usd"] == pytest.approx(0.75 * cost)
    assert proxy.get("/dispatch/metrics").json["spending"]["total"]["spent_usd"] == pytest.approx(0.75 * cost)


def test_another_server_has_the_prices_of_its_base_model_only(start_proxy, upstream):
    based = deployment("codex-deep", upstream, "openai/gpt-5.2")
    based["model_info"] = {"base_model": "gemini/gemini-2.5-pro"}
    proxy = start_proxy(deployment("codex-light", upstream, "openai/gpt-5.2"), based)
    upstream.always(lambda _: chat.whole(usage=USAGE))
    for alias in ("codex-light", "codex-deep"):
        assert proxy.post("/v1/chat/completions", {**CHAT, "model": alias}).status == 200
    light, deep = proxy.journal(2)
    assert light["cost_usd"] is None
    assert deep["cost_usd"] == pytest.approx(600 * 1.25e-6 + 400 * 1.25e-7 + 100 * 1e-5)


def test_a_reload_uses_newer_prices(cli, start_proxy, make_tls_upstream, request, folder):
    """In the sandbox, with a table that did not exist when the proxy started; --reset goes back."""
    proxy, _ = at_home(start_proxy, make_tls_upstream, request, openai("openai/gpt-5.2"))
    newer = folder / "newer.json"
    newer.write_text(litellm_list(**{"gpt-5.2": (1e-3, 0)}))

    def cost():
        before = len(proxy.journal(0)) if (proxy.codex_home / "logs" / "requests.jsonl").exists() else 0
        assert proxy.post("/v1/chat/completions", CHAT).status == 200
        return proxy.journal(before + 1)[-1]["cost_usd"]

    shipped = cost()
    assert cli("prices", "--update", newer, CODEX_HOME=str(proxy.codex_home)).returncode == 0
    assert cost() == shipped
    assert proxy.reload()["STATUS"] == "serving, reloaded"
    assert cost() == pytest.approx(1.0)
    assert cli("prices", "--reset", CODEX_HOME=str(proxy.codex_home)).returncode == 0
    proxy.reload()
    assert cost() == shipped
    assert "no prices of known models" not in proxy.stderr


def test_a_damaged_table_leaves_the_proxy_running(start_proxy, make_tls_upstream, request):
    proxy, _ = at_home(start_proxy, make_tls_upstream, request, openai("openai/gpt-5.2"))
    (proxy.codex_home / "logs" / "model-prices.tsv").write_text("# pointsman pri")
    proxy.reload()
    assert proxy.post("/v1/chat/completions", CHAT).status == 200
    assert proxy.journal()[0]["cost_usd"] is None
    assert "not a table of prices" in proxy.stderr and "pointsman prices --reset" in proxy.stderr


def test_the_configuration_is_listed(cli, configured):
    configured(entry("a", "openai/gpt-5.2"), entry("a", "openai/gpt-5.2", {"input_cost_per_token": 9e-6}),
               entry("b", "openai/gpt-5.2", {"input_cost_per_token": 1e-6, "output_cost_per_token": 0}),
               entry("c", "openai/gpt-5.2", api_base="https://llm.example/v1"), entry("d", "ollama/qwen"),
               entry("e", "openai/unheard-of"), entry("f", "openai/*"),
               entry("h", "openrouter/anthropic/claude-sonnet-4.5"),
               entry("g", "gemini/gemini-2.5-pro", {"cost_discount": 0.1}))
    lines = [line.split("\t") for line in cli("prices").stdout.splitlines()]
    assert [line[-1] for line in lines] == [
        "table", "configuration, table", "configuration",
        "unknown: another server: set model_info.base_model, or its prices", "unknown: a server of your own",
        "unknown: not in the table: set its prices in model_info", "unknown: a wildcard",
        "table (anthropic/claude-sonnet-4-5)", "table, 10 % off", ""]
    assert lines[0] == ["a/openai/1", "openai/gpt-5.2", "1.75", "14", "0.175", "", "272000", "table"]
    assert lines[-2][2:6] == ["1.125", "9", "0.1125", ""] and lines[-1][:3] == ["  above 200000 tokens", "", "2.25"]
    done = json.loads(cli("prices", "--json", "b", "openai/gpt-5.5-2029-01-31").stdout)
    assert done["table"]["source"].startswith("litellm ") and done["table"]["models"] > 1000
    mine, other = done["models"]
    assert mine["from"] == {"input_cost_per_token": "configuration", "output_cost_per_token": "configuration",
                            "max_input_tokens": "table"}
    assert mine["deployment"] == "b/openai/1" and mine["row"] == "openai/gpt-5.2" and "tools" in mine["abilities"]
    assert other["row"] == "openai/gpt-5.5" and other["deployment"] is None


@pytest.mark.skipif(SANITIZED, reason="the sanitizers have their own allocators")
def test_without_memory_no_cell_is_lost(cli, configured, folder):
    """Each of the last allocations fails once: the whole listing, or an error."""
    configured(*(entry(f"alias-{n}", "openai/gpt-5.2") for n in range(12)))
    memory = Memory(folder, "pointsman")
    whole = cli("prices", **memory.environment)
    count = memory.count
    assert whole.returncode == 0 and count > 100
    refused = 0
    for first in range(count - 60, count + 1):
        with memory.fails(first):
            done = cli("prices", **memory.environment)
            assert memory.failed
        assert done.stdout == whole.stdout or (done.stdout == "" and done.returncode == 1), (first, memory.where)
        refused += done.returncode == 1
    assert refused >= 5


def test_an_unknown_model(cli):
    done = cli("prices", "openai/gpt-4o", "nonsense")
    assert done.returncode == 1 and "nonsense: unknown" in done.stderr and "openai/gpt-4o" in done.stdout


def test_an_update_is_used_until_a_reset(cli, folder, own):
    newer = folder / "newer.json"
    newer.write_text(litellm_list(**{"gpt-9": (3e-6, 4e-6)}))
    os.utime(newer, (1800000000, 1800000000))
    done = cli("prices", "--update", newer, "--source", "a test")
    assert done.returncode == 0 and f"{own}: 1 models, a test, 2027-01-15" in done.stderr
    assert known(cli, "gpt-9")[0]["input_cost_per_token"] == 3e-6
    assert cli("prices", "gpt-5.2").returncode == 1
    assert stat.S_IMODE(own.stat().st_mode) & 0o111 == 0 and list(own.parent.glob("*.new")) == []
    again = folder / "table"
    again.write_bytes(own.read_bytes())
    assert cli("prices", "--reset").returncode == 0 and not own.exists() and cli("prices", "gpt-9").returncode == 1
    assert cli("prices", "--update", again).returncode == 0 and own.read_bytes() == again.read_bytes()
    assert cli("prices", "--reset").returncode == 0 == cli("prices", "--reset").returncode


PRICED = '{"gpt-5": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": %s}}'
BAD = {
    "empty": ("", "not JSON"),
    "not JSON": ("prices: 5", "not JSON"),
    "truncated": (litellm_list(**{"gpt-5": (1e-6, 1e-6)})[:-3], "not JSON"),
    "a list": ("[]", "expected one JSON object"),
    "other JSON": ('{"a": 1}', "no model with a price"),
    "a binary": (b"\x7fELF\x00\x01", "not JSON"),
    "negative": (PRICED % "-1e-6", "gpt-5: input_cost_per_token: not a price"),
    "NaN": (PRICED % "NaN", "not JSON"),
    "Infinity": (PRICED % "1e999", "gpt-5: input_cost_per_token: not a "),
    "tiny": (PRICED % "1e-400", "gpt-5: input_cost_per_token: not a price"),
    "a text": (PRICED % '"1e-6"', "gpt-5: input_cost_per_token: not a number"),
    "dear": (PRICED % "2", "gpt-5: input_cost_per_token: not a price"),
    "deep": ("[" * 100000, "not JSON"),
    "huge": (b" " * ((16 << 20) + 1), "larger than 16 MB"),
    "many aliases": ('{"x": 0' + "".join(f', "a{i}": {{"alias_of": "x"}}' for i in range(5000)) + "}",
                     "too many aliases"),
    "escapes": ('{"a\\tb": {"litellm_provider": "openai", "input_cost_per_token": 1e-6}}', "control characters"),
    "a torn table": ("# pointsman prices 1\t2026-11-30\tx\t2\na/b\t1\t1\t\t\t\t\t\t\t\n", "truncated or changed"),
    "a table of another version": ("# pointsman prices 7\t2026-11-30\tx\t1\n", "made by a newer pointsman"),
    "a table with a wrong row": ("# pointsman prices 1\t2026-11-30\tx\t1\na/b\t-1\t1\t\t\t\t\t\t\t\n", "line 2"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_changes_nothing(cli, folder, own, name):
    content, why = BAD[name]
    newer, good = folder / "newer.json", folder / "good.json"
    good.write_text(litellm_list(**{"gpt-9": (3e-6, 4e-6)}))
    assert cli("prices", "--update", good).returncode == 0
    before = own.read_bytes()
    newer.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = cli("prices", "--update", newer)
    assert done.returncode == 1 and why in done.stderr and f"{newer}: " in done.stderr
    assert "nothing has changed" in done.stderr and done.stdout == ""
    assert own.read_bytes() == before and [path.name for path in own.parent.iterdir()] == [own.name]


@pytest.mark.parametrize("kind", ["missing", "a folder", "a pipe"])
def test_what_is_no_file(cli, folder, own, kind):
    path = folder / "newer.json"
    if kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    done = cli("prices", "--update", path)
    assert done.returncode == 1 and "can't read it" in done.stderr and not own.exists()


def test_options_that_exclude_each_other(cli, folder):
    for arguments in (("--source", "x"), ("--output", "x"), ("--update", "x", "--reset"), ("--reset", "gpt-5"),
                      ("--update", "x", "gpt-5")):
        assert cli("prices", *arguments).returncode == 2, arguments
    good = folder / "good.json"
    good.write_text(litellm_list(**{"gpt-9": (3e-6, 4e-6)}))
    assert cli("prices", "--update", good, "--source", "a\tb").returncode == 1


def test_updates_at_the_same_time(cli, folder, own):
    """Eight at once: the table is one of theirs, whole."""
    files = []
    for i in range(8):
        files.append(folder / f"{i}.json")
        files[-1].write_text(litellm_list(**{f"gpt-{k}": ((i + 1) * 1e-6, 0) for k in range(500)}))
    done = []
    threads = [threading.Thread(target=lambda file=file: done.append(cli("prices", "--update", file)))
               for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.returncode for result in done] == [0] * 8
    assert len({row.split("\t")[1] for row in own.read_text().splitlines()[1:]}) == 1
    assert len(own.read_text().splitlines()) == 501 and [path.name for path in own.parent.iterdir()] == [own.name]


def test_a_folder_that_cannot_be_written(cli, folder):
    good = folder / "good.json"
    good.write_text(litellm_list(**{"gpt-9": (3e-6, 4e-6)}))
    (folder / "file").write_text("")
    done = cli("prices", "--update", good, CODEX_HOME=str(folder / "file"))
    assert done.returncode == 1 and "can't create the folder" in done.stderr
    done = cli("prices", "--update", good, "--output", folder / "missing" / "table")
    assert done.returncode == 1 and "can't write it" in done.stderr
