"""pointsman keys: virtual keys from the command line."""
import hashlib
import json
import re

import pytest

import chat_wire as chat
from cli_tools import Cli, Terminal
from conftest import deployment
from proxy_process import MASTER_KEY

CHAT = {"model": "codex-light", "messages": [{"role": "user", "content": "hi"}]}
USAGE = {"prompt_tokens": 11, "completion_tokens": 500, "total_tokens": 511}


@pytest.fixture
def proxy(start_proxy, upstream, folder):
    upstream.always(lambda request: chat.whole("fine", usage=USAGE))
    return start_proxy(deployment("codex-light", upstream, input_cost_per_token=0, output_cost_per_token=0.001),
                       general_settings={"key_store": str(folder / "keys.db")})


@pytest.fixture
def cli(folder, proxy):
    cli = Cli(folder)
    cli.environment |= {"LITELLM_BASE_URL": f"http://127.0.0.1:{proxy.port}", "LITELLM_API_KEY": MASTER_KEY}
    return cli


def new(cli, *arguments):
    done = cli("keys", "new", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_keys_life(cli, proxy):
    key = new(cli, "--alias", "agent-7", "--max-budget", "1.2", "--budget-duration", "1d", "--rpm", "60",
              "--models", "codex-light,codex-default", "--tags", "ci,night")
    assert re.fullmatch(r"sk-[\w-]{22}", key)
    assert proxy.post("/v1/chat/completions", CHAT, key=key).status == 200
    row = cli("keys", "list").stdout.rstrip("\n").split("\t")
    assert row[:4] == ["agent-7", "active", "$0.5000", "$1.20"]
    assert row[5:] == ["60", "", "0", "codex-light,codex-default"]
    assert cli("keys", "show", "agent-7").stdout == cli("keys", "list").stdout
    assert cli("keys", "show", key).stdout == cli("keys", "list").stdout
    assert cli("keys", "update", "agent-7", "--max-budget", "0.4", "--rpm", "none").returncode == 0
    refused = proxy.post("/v1/chat/completions", CHAT, key=key)
    assert refused.status == 400 and "$0.4" in refused.error["message"]
    assert cli("keys", "update", "agent-7", "--max-budget", "9").returncode == 0
    assert cli("keys", "block", "agent-7").stdout.split("\t")[1] == "revoked"
    assert proxy.post("/v1/chat/completions", CHAT, key=key).status == 401
    assert cli("keys", "unblock", "agent-7").returncode == 0
    renewed = cli("keys", "rotate", "agent-7", "--grace", "1h").stdout.strip()
    assert renewed != key
    assert [proxy.post("/v1/chat/completions", CHAT, key=each).status for each in (key, renewed)] == [200, 200]
    assert cli("keys", "delete", "agent-7").stderr == "agent-7 is deleted\n"
    assert proxy.post("/v1/chat/completions", CHAT, key=renewed).status == 401
    assert cli("keys", "list").stderr.startswith("there are no virtual keys")


def test_for_scripts(cli):
    made = json.loads(cli("keys", "new", "--alias", "a", "--json").stdout)
    assert made["key_alias"] == "a" and made["key"].startswith("sk-")
    assert json.loads(cli("keys", "list", "--json").stdout)["total_count"] == 1
    manifest = cli("keys", "new", "--alias", "pod-1", "--secret", "pod-1-litellm-key").stdout
    assert "kind: Secret" in manifest and "name: pod-1-litellm-key" in manifest
    assert re.search(r"\n  LITELLM_API_KEY: sk-[\w-]{22}\n", manifest)


def test_a_person_gets_the_lines_to_use_it(cli):
    terminal = Terminal(cli, "keys", "new", "--alias", "me", TERM="xterm")
    terminal.read_until("not shown again")
    terminal.read_until("--profile cost-routing")


def test_many_keys_are_read_page_by_page(cli, proxy):
    for number in range(130):
        assert proxy.post("/key/generate", {"key_alias": f"k{number:03}"}).status == 200
    assert len(cli("keys", "list").stdout.splitlines()) == 130


@pytest.mark.parametrize("arguments, code, words", [
    (["new", "--max-budget", "much"], 2, "--max-budget: expected a number or none, found 'much'"),
    (["new", "--max-budget", "-1"], 1, "max_budget: expected USD"),
    (["block"], 2, "KEY is missing: pointsman keys block KEY"),
    (["list", "x"], 2, "pointsman keys list takes no further word"),
    (["block", "nobody"], 1, "There is no such key."),
    (["show", "nobody"], 3, "there is no such key"),
    (["backup", "copy.db"], 1, "absolute path"),
])
def test_mistakes(cli, arguments, code, words):
    done = cli("keys", *arguments)
    assert done.returncode == code and words in done.stderr, done.stderr


def test_import_from_litellm(cli, proxy, folder):
    """LiteLLM's table has the same hashes: clients keep their keys."""
    secret = "sk-1234567890abcdefXYZ"
    rows = [{"token": hashlib.sha256(secret.encode()).hexdigest(), "key_name": "sk-...fXYZ", "key_alias": "old",
             "spend": 0.75, "max_budget": 1.0, "models": [], "team_id": "t1", "expires": None, "blocked": None,
             "metadata": {}, "soft_budget_cooldown": False, "created_at": "2026-01-01T00:00:00"},
            {"token": "0" * 64, "key_alias": "gone", "expires": "2026-01-01 00:00:00", "models": ["codex-light"]}]
    (folder / "rows.json").write_text(json.dumps(rows))
    assert cli("keys", "import", str(folder / "rows.json")).stderr == "imported: 2 keys; known already: 0\n"
    assert proxy.post("/v1/chat/completions", CHAT, key=secret).status == 400   # $0.25 is left of $1
    assert cli("keys", "update", "old", "--max-budget", "2").returncode == 0
    assert proxy.post("/v1/chat/completions", CHAT, key=secret).status == 200
    assert cli("keys", "show", "old").stdout.split("\t")[2] == "$1.25"
    assert cli("keys", "show", "gone").stdout.split("\t")[1] == "expired"
    assert cli("keys", "import", str(folder / "rows.json")).stderr == "imported: 0 keys; known already: 2\n"
    (folder / "rows.json").write_text("{}")
    assert "JSON array" in cli("keys", "import", str(folder / "rows.json")).stderr


def test_backup_and_check(cli, folder):
    new(cli, "--alias", "a")
    copy = folder / "copy.db"
    assert cli("keys", "backup", str(copy)).returncode == 0 and copy.stat().st_mode & 0o777 == 0o600
    assert cli("keys", "backup", str(copy)).returncode == 1   # it is there already
    assert cli("keys", "check").stderr == "the key store is in order\n"


def test_without_a_key_store(start_proxy, upstream, folder):
    proxy = start_proxy(deployment("codex-light", upstream))
    cli = Cli(folder)
    cli.environment |= {"LITELLM_BASE_URL": f"http://127.0.0.1:{proxy.port}", "LITELLM_API_KEY": MASTER_KEY}
    done = cli("keys", "list")
    assert done.returncode == 1 and "general_settings.key_store" in done.stderr
