"""pointsman enable and disable with the real Codex: the profiles work, and disable restores every file."""
import json
import random
import shutil
import subprocess
import tomllib

import pytest

import chat_wire as chat
import codex_cli
import responses_wire as responses
from conftest import UPSTREAM_KEY, chat_only
from profile_tools import EXEC, QUIET, Home, former_binary, proxy_config

ANSWER = "Final answer."
BINARIES = {"files": codex_cli.binary(), "tables": former_binary()}

pytestmark = pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")


@pytest.fixture(params=["files", "tables"])
def style(request):
    if not BINARIES[request.param]:
        pytest.skip("no former Codex CLI: ./check installs it")
    return request.param


@pytest.fixture
def home(cli, style):
    return Home(cli, binary=BINARIES[style])


def run_codex(home, *arguments, **variables):
    return subprocess.run([home.binary, *arguments], cwd=home.work, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=90, env=home.cli.with_variables(variables))


def start(cli, upstream, window=32768):
    proxy_config(cli, {**chat_only("codex-default", upstream), "model_info": {"max_input_tokens": window}},
                 chat_only("codex-light", upstream))
    assert cli.start(MOCK_API_KEY=UPSTREAM_KEY).returncode == 0


def key_of(cli, style):
    """Before 0.134, Codex takes the key from the environment; later versions run a command for it."""
    return {"LITELLM_API_KEY": cli("key").stdout.strip()} if style == "tables" else {}


def test_the_profile_leads_to_the_proxy_and_disable_removes_it(home, style, upstream):
    start(home.cli, upstream)
    enabled = home.cli("enable")
    assert enabled.returncode == 0, enabled.stderr
    assert f"http://127.0.0.1:{home.cli.proxy_port}/v1" in enabled.stdout
    upstream.script(chat.text_stream(ANSWER))
    done = run_codex(home, *EXEC, "--profile", "cost-routing", "Do it.", POINTSMAN_RUN_ID="run-1",
                     **key_of(home.cli, style))
    assert done.returncode == 0 and ANSWER in done.stdout, done.stderr
    assert "metadata" not in done.stderr and "failed to" not in done.stderr, done.stderr
    assert "model: codex-default" in done.stderr
    assert home.cli("disable").returncode == 0
    assert home.as_before()


OTHERS = ('model = "gpt-5.5"\nreview_model = "gpt-5.6"\n'
          'model_context_window = 1000000\nmodel_auto_compact_token_limit = 900000\n')


def changed_repository(home):
    for arguments in (["init", "-q"],
                      ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *arguments], cwd=home.work, check=True)
    (home.work / "new.txt").write_text("new\n")


@pytest.mark.parametrize("default", [False, True], ids=["profile", "default"])
def test_a_review_uses_the_profiles_model(home, style, upstream, default):
    if style == "tables" and not default:
        pytest.skip("this Codex reads review_model only outside of profiles")
    home.config.write_text(OTHERS + QUIET + home.trust())
    before = home.config.read_text()
    start(home.cli, upstream)
    assert home.cli("enable", *["--default"] * default).returncode == 0
    changed_repository(home)
    upstream.always(chat.text_stream(ANSWER))
    done = run_codex(home, *["--profile", "cost-routing"] * (not default), "review", "--uncommitted",
                     LITELLM_API_KEY=home.cli("key").stdout.strip())
    assert done.returncode == 0 and ANSWER in done.stdout, done.stderr
    assert home.cli("disable").returncode == 0
    assert home.config.read_text() == before


@pytest.mark.parametrize("setting",
                         ["model_context_window = 1000000\n", "model_auto_compact_token_limit = 900000\n", OTHERS],
                         ids=["window", "limit", "both"])
def test_as_default_codex_compacts_at_the_aliass_context_window(home, upstream, setting):
    home.config.write_text(setting + QUIET + home.trust())
    start(home.cli, upstream)
    assert home.cli("enable", "--default").returncode == 0
    # Four fifths of the context window.
    used = {"prompt_tokens": 26000, "completion_tokens": 10, "total_tokens": 26010}
    upstream.script(chat.calls_stream(*chat.call_deltas("c1", "exec_command", {"cmd": "true"}), usage=used))
    upstream.always(chat.text_stream(ANSWER))
    done = run_codex(home, *EXEC, "Do it.", LITELLM_API_KEY=home.cli("key").stdout.strip())
    assert done.returncode == 0 and ANSWER in done.stdout, done.stderr
    # The tool call, the summary, the answer.
    assert len([request for request in upstream.requests if request.method == "POST"]) == 3


def test_codex_lists_the_aliases(home, upstream):
    start(home.cli, upstream)
    assert home.cli("enable", "--default").returncode == 0
    listed = json.loads(run_codex(home, "debug", "models",
                                  LITELLM_API_KEY=home.cli("key").stdout.strip()).stdout)["models"]
    assert [(model["slug"], model["context_window"]) for model in listed][:1] == [("codex-default", 32768)]
    assert [model["slug"] for model in listed] == ["codex-default", "codex-light"]


def test_a_missing_key_and_a_stopped_proxy_are_reported(cli):
    home = Home(cli)
    assert home.cli("enable").returncode == 0
    with subprocess.Popen([home.binary, *EXEC, "--profile", "cost-routing", "Do it."], cwd=home.work,
                          env=home.cli.environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True) as codex:
        said = next(line for line in codex.stderr if "pointsman" in line and "exited" in line)
        codex.kill()   # it would wait for the proxy
    assert "pointsman is not running: run pointsman start" in said


def test_the_other_profile_leads_to_hugging_face(home, upstream):
    assert home.cli("enable").returncode == 0
    upstream.script(responses.text_stream(ANSWER))
    done = run_codex(home, *EXEC, "--profile", "cost-routing-hf", "-c",
                     f'model_providers.cost-routing-hf.base_url="{upstream.base}"', "Do it.", HF_TOKEN="hf_canary_1")
    assert done.returncode == 0 and ANSWER in done.stdout, done.stderr
    assert "metadata" not in done.stderr, done.stderr
    assert upstream.requests[0].headers["authorization"] == "Bearer hf_canary_1"
    assert upstream.requests[0].json["model"] == "openai/gpt-oss-120b:fastest"
    assert "x-pointsman-run-id" not in upstream.requests[0].headers
    assert home.cli("disable").returncode == 0 and home.as_before()


def test_as_default_for_agents_without_a_terminal(home, upstream):
    """A boot script writes the configuration; the key may come later, and the proxy is on another machine."""
    before = 'model = "gpt-5.5"\nmodel_catalog_json = "none.json"\n' + QUIET + home.trust()
    home.config.write_text(before)
    enabled = home.cli("enable", "--default", LITELLM_BASE_URL=upstream.base.removesuffix("/v1"))
    assert enabled.returncode == 0 and "LITELLM_API_KEY is not set" in enabled.stderr, enabled.stderr
    upstream.always(responses.text_stream(ANSWER))
    done = run_codex(home, *EXEC, "Do it.", LITELLM_API_KEY="sk-virtual-1", POINTSMAN_RUN_ID="run-2")
    assert done.returncode == 0 and ANSWER in done.stdout, done.stderr
    asked = [request for request in upstream.requests if request.method == "POST"][0]
    assert asked.path == "/v1/responses" and asked.json["model"] == "codex-default"
    assert asked.headers["authorization"] == "Bearer sk-virtual-1" and asked.headers["x-pointsman-run-id"] == "run-2"
    assert home.cli("enable", LITELLM_BASE_URL=upstream.base).returncode == 0   # no longer the default
    assert home.config.read_text().startswith('model = "gpt-5.5"\n')
    assert home.cli("disable").returncode == 0
    assert home.config.read_text() == before


def test_what_codex_writes_meanwhile_stays(home):
    home.config.write_text('# mine\nmodel = "gpt-5.5"  # best\n' + QUIET)
    before = home.config.read_text()
    assert home.cli("enable", "--default").returncode == 0
    added = run_codex(home, "mcp", "add", "mini", "--", "true", LITELLM_API_KEY="x")
    assert added.returncode == 0 and "[mcp_servers.mini]" in home.config.read_text(), added.stderr
    assert home.cli("disable").returncode == 0
    after = home.config.read_text()
    assert "pointsman" not in after and "cost-routing" not in after
    assert tomllib.loads(after) == {**tomllib.loads(before), "mcp_servers": {"mini": {"command": "true"}}}
    assert after.startswith('# mine\nmodel = "gpt-5.5"  # best\n')
    assert run_codex(home, "mcp", "remove", "mini").returncode == 0


def test_profiles_are_written_without_codex(cli):
    home = Home(cli)
    enabled = cli("enable", "--default", CODEX_CLI_PATH="/nonexistent/codex")
    assert enabled.returncode == 0 and "Codex not found" in enabled.stderr
    assert (home.path / "cost-routing.config.toml").exists() and "cost-routing-default" in home.config.read_text()
    assert cli("disable").returncode == 0 and home.as_before()
    assert cli("disable").returncode == 0


@pytest.mark.parametrize("text", [
    b"", b"\n\n", b'model = "x"', b'a = 1\r\n\r\n[b] # c\r\nd = """\r\nx"""\r\n', b"\xef\xbb\xbfmodel = 'x'\n# end",
    b'[a]\nb = [\n 1, # x\n]',
])
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o444, 0o400])
def test_unusual_files(cli, text, mode):
    home = Home(cli, text=None)
    home.config.write_bytes(text)
    home.config.chmod(mode)
    home.before = {"config.toml": (text, mode, *[(home.config.stat().st_uid), home.config.stat().st_gid, None])}
    assert cli("enable", "--default", CODEX_CLI_PATH="/nonexistent").returncode == 0
    assert b"cost-routing-default" in home.config.read_bytes()
    tomllib.loads(home.config.read_text(encoding="utf-8-sig"))
    assert cli("disable").returncode == 0 and home.as_before()


def test_symbolic_link_and_owner_are_kept(cli):
    home = Home(cli, text=None)
    target = cli.folder / "dotfiles.toml"
    target.write_text("a = 1")
    shutil.chown(target, 12345, 12346) if shutil.os.geteuid() == 0 else None
    home.config.symlink_to("../../dotfiles.toml")
    owner = (target.stat().st_uid, target.stat().st_gid)
    inode = home.config.lstat().st_ino
    assert cli("enable", "--default", CODEX_CLI_PATH="/nonexistent").returncode == 0
    assert "cost-routing-default" in target.read_text() and (target.stat().st_uid, target.stat().st_gid) == owner
    assert cli("disable").returncode == 0
    assert home.config.lstat().st_ino == inode and target.read_text() == "a = 1"
    assert (target.stat().st_uid, target.stat().st_gid) == owner


def test_what_cannot_be_changed_is_reported(cli):
    home = Home(cli, text="model_providers = {}\n")
    refused = cli("enable", "--default", CODEX_CLI_PATH="/nonexistent")
    assert refused.returncode == 1 and "config.toml:1" in refused.stderr and home.as_before()
    assert cli("enable", LITELLM_BASE_URL="ftp://x").returncode == 2 and home.as_before()


# Hundreds of documents

KEYS = ["model", "model_provider", "profile", "a", "b-c", '"q u"', "'l.i'", "x.y", '"model_catalog_json"',
        "review_model", "model_context_window"]
VALUES = ['"s # \\" ]"', "'l''", '"""m\n[x]\n"" """', "'''n\n# pointsman\n'''", "[1, [2, '#'], # c\n \"]\"]",
          "{a = 1, b = '}'}", "1979-05-27T07:32:00Z", "0x1f", "true", '""', "[\n]"]


def document(rng):
    """A random valid document: one that tomllib refuses is drawn again."""
    while True:
        lines, end = [], rng.choice(["\n", "\r\n"])
        for part in range(rng.randrange(5)):
            if part:
                lines.append(f"{' ' * rng.randrange(2)}[t{part}.{rng.choice(KEYS)}]{rng.choice(['', ' # c'])}")
            for key in rng.sample(KEYS, rng.randrange(len(KEYS))):
                lines.append(f"{' ' * rng.randrange(3)}{key} = {rng.choice(VALUES)}{rng.choice(['', '  # c', ' '])}")
                lines += [""] * rng.randrange(2) + ["# comment"] * rng.randrange(2)
        text = "\n".join(lines).replace("\n", end) + rng.choice(["", end, end + end])
        try:
            tomllib.loads(text)
            return text.encode()
        except tomllib.TOMLDecodeError:
            continue


@pytest.mark.parametrize("seed", range(4))
def test_hundreds_of_documents(cli, seed):
    """enable adds exactly our keys and keeps the meaning of all others; disable restores every byte."""
    rng = random.Random(seed)
    home = Home(cli, text=None)
    for _ in range(50):
        before = document(rng)
        home.config.write_bytes(before)
        assert cli("enable", "--default", "--model", "codex-deep", CODEX_CLI_PATH="/nonexistent").returncode == 0, \
            before
        own, now = tomllib.loads(before.decode()), tomllib.loads(home.config.read_bytes().decode())
        provider = now.pop("model_providers").pop("cost-routing-default")
        assert provider["env_key"] == "LITELLM_API_KEY" and provider["wire_api"] == "responses"
        assert (now.pop("model"), now.pop("model_provider")) == ("codex-deep", "cost-routing-default")
        assert now.pop("review_model") == "codex-deep"
        for name in ("model", "model_provider", "model_catalog_json", "profile", "review_model",
                     "model_context_window"):
            own.pop(name, None)
        assert now == own, before
        assert cli("disable").returncode == 0
        assert home.config.read_bytes() == before
