"""pointsman run, exec, history, stats and explain with the real proxy, with the real Codex and with one that the
test scripts."""
import json
import pathlib
import stat

import pytest

import chat_wire as chat
import codex_cli
import responses_wire as responses
from cli_tools import Cli
from conftest import chat_only
from mock_upstream import error, reply
from proxy_process import MASTER_KEY
from run_prompts import LOG, PROMPTS

ANSWER = "The answer of the mock."


class RunCli(Cli):
    """The command with its own policy and proxy configuration, and a scripted Codex."""

    def __init__(self, folder):
        super().__init__(folder)
        self.settings = self.home / ".config" / "pointsman"
        self.settings.mkdir(parents=True)
        self.logs = self.home / ".codex" / "logs"
        self.policy("")

    def policy(self, text):
        (self.settings / "codex-routing-policy.yaml").write_text(text or "default_provider: auto\n")

    def codex(self, script):
        """A program in place of Codex; it writes its arguments and its standard input to the folder."""
        path = self.folder / "codex"
        path.write_text(f"""#!/bin/sh
for argument; do printf '%s\\n' "$argument"; done >>'{self.folder}/arguments'
printf '%s\\n' "$POINTSMAN_RUN_ID" >>'{self.folder}/run-ids'
cat >'{self.folder}/prompt'
{script}
""")
        path.chmod(0o755)
        self.environment["CODEX_CLI_PATH"] = str(path)

    def plan(self, *arguments, **more):
        done = self("run", "--dry-run", "--json", *arguments, **more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def records(self):
        return [json.loads(line) for line in (self.logs / "cost_router.jsonl").read_text().splitlines()]

    def through(self, start_proxy, *model_list, **more):
        """Starts a proxy that the runs use; its request log is beside the run log."""
        home = self.environment["CODEX_HOME"]
        proxy = start_proxy(*model_list, environment={"CODEX_HOME": home}, **more)
        proxy.codex_home = pathlib.Path(home)
        self.environment |= {"LITELLM_BASE_URL": proxy.base, "LITELLM_API_KEY": MASTER_KEY}
        (self.settings / "litellm-cost-routing.yaml").write_text(proxy.config.read_text())
        return proxy


@pytest.fixture
def cli(folder):
    return RunCli(folder)


@pytest.fixture
def ollama(make_upstream):
    return make_upstream()


def labels(text):
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())
            if value}


def priced(entry, **info):
    return entry | {"model_info": {"input_cost_per_token": 1e-6, "cache_read_input_token_cost": 1e-7,
                                    "output_cost_per_token": 1e-5, **info}}


# Plans

def test_every_prompt_gets_its_class_and_alias(cli):
    assert len(PROMPTS) >= 60
    wrong = []
    for prompt, task, alias in PROMPTS:
        plan = cli.plan(stdin=prompt)
        if (plan["task"], plan["model"]) != (task, alias):
            wrong.append((prompt[:60], plan["task"], plan["model"], plan["routing_reason"]))
    assert not wrong


def test_a_dry_run_prints_the_plan_and_runs_nothing(cli):
    cli.codex("exit 9")
    cli.policy("max_input_tokens: 900\n")
    done = cli("run", "--dry-run", "--provider", "openai", "Fix the typo", CODEX_ROUTER_CODEX_PROVIDER="standard")
    assert done.returncode == 0 and done.stderr == ""
    plan = labels(done.stdout)
    assert plan["Model"] == "codex-light" and plan["Provider"] == "openai (--provider)"
    assert plan["Codex profile"] == "standard" and plan["Fallback order"] == "standard, litellm"
    assert plan["Input tokens"] == "3 -> 3" and plan["Compression ratio"] == "1.00" and plan["Output budget"] == "2000"
    assert plan["Proxy active"] == "no" and plan["Qwen local"] == "no" and "Estimated cost" in plan
    for row in ("default_provider        openai", "--provider", "CODEX_ROUTER_CODEX_PROVIDER", "policy, line 1",
                "default"):
        assert row in done.stdout
    plan = labels(cli("run", "--dry-run", "--codex-provider", "proxy", "x",
                      CODEX_ROUTER_CODEX_PROVIDER="standard").stdout)
    assert plan["Codex profile"] == "cost-routing" and plan["Fallback order"] == "litellm, standard"
    assert not (cli.folder / "arguments").exists() and not cli.logs.exists()


def test_an_invalid_policy_is_refused_with_its_place(cli):
    cli.policy("default_provider: auto\nfallback_ordr: [standard]\nmax_cost_usd: much\n")
    done = cli("run", "--dry-run", "x")
    assert done.returncode == 2 and done.stdout == ""
    path = cli.settings / "codex-routing-policy.yaml"
    assert f"{path}:2: fallback_ordr: unknown key; valid keys: default_provider," in done.stderr
    assert f"{path}:3: max_cost_usd: expected a number from 0 to 1000000, found the text \"much\"" in done.stderr
    assert cli("run", "--dry-run", "--policy", cli.folder / "none.yaml", "x").returncode == 2


@pytest.mark.parametrize("arguments", [["run"], ["run", " \n"], ["run", "--provider", "gemini", "x"],
                                       ["run", "--max-input-tokens", "many", "x"],
                                       ["run", "--force-model", "none", "x"],
                                       ["run", "--provider", "no-openai", "--codex-provider", "standard", "x"]])
def test_an_invalid_command_line_is_refused(cli, arguments):
    done = cli(*arguments)
    assert done.returncode == 2 and done.stderr.startswith("pointsman: ")


def test_the_prompt_is_shown_as_it_is_sent(cli):
    done = cli("run", "--dry-run", "--show-prompt",
               stdin="What is wrong?\n" + LOG + "2026-03-14 09:10:00 ERROR disk full\n")
    shown = done.stdout.partition("\nOptimized prompt:\n")[2]
    assert shown.startswith("What is wrong?\n2026-03-14 09:00:00 INFO worker 0") and "ERROR disk full" in shown
    assert "[pointsman: 398 repeated lines cut]" in shown and len(shown) < 1000
    whole = cli("run", "--dry-run", "--show-prompt", "--no-clean", stdin="What is wrong?\n" + LOG)
    assert LOG in whole.stdout


# Runs

def test_codex_gets_the_prompt_on_its_standard_input(cli):
    cli.codex("echo done")
    prompt = "Fix the typo in `$(touch hacked)`; \"quotes\" & 'more' \\ $HOME\n#include <stdio.h>"
    done = cli("run", "--codex-provider", "standard", "--codex-arg", "--sandbox", "--codex-arg", "read-only", prompt)
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert (cli.folder / "prompt").read_text() == prompt
    assert (cli.folder / "arguments").read_text().splitlines() == ["exec", "--sandbox", "read-only", "-"]
    assert not (cli.folder / "hacked").exists() and labels(done.stderr)["Model"] == "codex-light"


def test_exec_sends_the_prompt_unchanged(cli):
    cli.codex("exit 0")
    prompt = "What is wrong?   \n\n\n\n\n" + LOG
    assert cli("exec", stdin=prompt).returncode == 0
    assert (cli.folder / "prompt").read_text() == prompt
    assert cli("run", stdin=prompt).returncode == 0
    assert len((cli.folder / "prompt").read_text()) < 1000
    assert [record["command"] for record in cli.records()] == ["exec", "run"]
    assert cli("exec", "--max-input-tokens", "100", stdin=prompt).returncode == 2


def test_a_step_that_is_not_ready_is_skipped(cli):
    cli.codex("echo from-standard")
    done = cli("run", "Make it blue")
    assert (done.returncode, done.stdout) == (0, "from-standard\n")
    assert "litellm: the proxy is not running: run pointsman start" in done.stderr
    record, = cli.records()
    assert [(a["provider"], a["outcome"]) for a in record["attempts"]] == [("litellm", "not_ready"), ("standard", "ok")]
    assert record["codex_provider"] == "standard" and record["success"] and record["execution_mode"] == "codex-exec"


@pytest.mark.parametrize("policy, arguments, code", [
    ("fallback_order: [litellm]\n", [], 4),
    ("avoid_openai: true\n", [], 4),
    ("fallback_order: [huggingface]\n", [], 5),
    ("default_provider: huggingface\n", [], 5),
    ("", ["--provider", "qwen"], 7),
    ("max_cost_usd: 0.000001\n", [], 6),
])
def test_exit_code_if_no_step_may_run(cli, policy, arguments, code):
    cli.codex("exit 0")
    cli.policy(policy)
    done = cli("run", *arguments, "Make it blue")
    assert done.returncode == code, done.stderr
    assert not (cli.folder / "arguments").exists()


def test_a_missing_codex_is_reported(cli):
    done = cli("run", "x", PATH="/nonexistent")
    assert done.returncode == 3 and "Codex not found" in done.stderr


def test_the_exit_code_is_codexs_own(cli):
    cli.codex("exit 42")
    assert cli("run", "--codex-provider", "standard", "x").returncode == 42
    assert cli.records()[0]["exit_code"] == 42 and not cli.records()[0]["success"]


def test_an_interrupt_ends_the_run_without_a_fallback(cli):
    cli.codex("kill -INT $PPID; sleep 0.2; exit 130")
    cli.policy("fallback_order: [standard, huggingface]\n")
    done = cli("run", "x", HF_TOKEN="hf_canary")
    assert done.returncode == 130
    record, = cli.records()
    assert [(a["provider"], a["outcome"]) for a in record["attempts"]] == [("standard", "cancelled")]


def test_the_run_log_is_private_and_has_no_prompt_and_no_key(cli):
    cli.codex("exit 0")
    cli("run", "A very private sentence", HF_TOKEN="hf_canary0123456789", OPENAI_API_KEY="sk-canary-0123456789")
    path = cli.logs / "cost_router.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert text.count("\n") == 1 and "private sentence" not in text and "canary" not in text
    assert {"timestamp", "model", "provider", "provider_reason", "codex_provider", "requested_codex_provider",
            "codex_provider_reason", "codex_profile", "codex_model", "fallback_order", "adaptive_router",
            "original_input_tokens", "estimated_input_tokens", "estimated_output_tokens", "compression_ratio",
            "routing_reason", "execution_mode", "estimated_cost_usd", "policy_max_cost_usd",
            "estimated_savings_usd", "run_id"} <= json.loads(text).keys()
    assert json.loads(text)["run_id"] == (cli.folder / "run-ids").read_text().strip()


def test_json_holds_the_answer(cli):
    cli.codex("echo '\"quoted\" answer'")
    done = cli("run", "--json", "--codex-provider", "standard", "x")
    result = json.loads(done.stdout)
    assert result["answer"] == "\"quoted\" answer\n" and result["exit_code"] == 0


# Local Qwen, through Ollama's API

def qwen_config(cli, ollama):
    entry = {"model_name": "codex-qwen-local",
             "litellm_params": {"model": "ollama/qwen2.5-coder:3b", "api_base": ollama.base}}
    (cli.settings / "litellm-cost-routing.yaml").write_text(json.dumps(
        {"model_list": [entry], "general_settings": {"master_key": "os.environ/LITELLM_API_KEY"}}))


MODELS = reply(body={"object": "list", "data": [{"id": "qwen2.5-coder:3b"}]})


def test_qwen_is_called_without_codex(cli, ollama):
    qwen_config(cli, ollama)
    ollama.script(MODELS, MODELS, chat.text_stream("OK ", "qwen local"))
    done = cli("run", "--provider", "qwen", "--max-output-tokens", "20", "Reponds exactement: OK qwen local")
    assert (done.returncode, done.stdout) == (0, "OK qwen local\n"), done.stderr
    body = ollama.requests[-1].json
    assert body["model"] == "qwen2.5-coder:3b" and body["max_tokens"] == 20
    assert body["messages"] == [{"role": "user", "content": "Reponds exactement: OK qwen local"}]
    record, = cli.records()
    assert record["execution_mode"] == "ollama" and record["actual_cost_usd"] == 0 and record["ttft_ms"] is not None


def test_a_small_local_task_falls_back_to_codex(cli, ollama):
    qwen_config(cli, ollama)
    cli.codex("echo from-codex")
    ollama.script(MODELS, MODELS, error(500, "out of memory"))
    done = cli("run", "Nettoie ce code: def f(x): return x+1")
    assert (done.returncode, done.stdout) == (0, "from-codex\n")
    assert "ollama: Ollama: status 500: out of memory" in done.stderr
    assert [a["provider"] for a in cli.records()[0]["attempts"]] == ["ollama", "litellm", "standard"]


# The real Codex

REAL = pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")
FLAGS = [part for flag in ("--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")
         for part in ("--codex-arg", flag)]


def real_codex(cli, own_base):
    """The real Codex, whose own configuration names another provider."""
    home = pathlib.Path(cli.environment["CODEX_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.toml").write_text(codex_cli.CONFIG.format(model="gpt-own",
                                                              base=own_base).replace("LITELLM_API_KEY", "OWN"))
    cli.environment |= {"CODEX_CLI_PATH": str(codex_cli.binary()), "OWN": "sk-own", "TERM": "dumb"}


@REAL
def test_the_real_codex_runs_through_the_proxy(cli, start_proxy, make_upstream):
    models, own = make_upstream(), make_upstream()
    proxy = cli.through(start_proxy, priced(chat_only("codex-light", models)))
    real_codex(cli, own.base)
    models.script(chat.strict(chat.text_stream(ANSWER)))
    done = cli("run", *FLAGS, "Fix the typo in the readme")
    assert (done.returncode, done.stdout) == (0, ANSWER + "\n"), done.stderr
    assert labels(done.stderr)["Proxy active"] == "yes"
    assert "Fix the typo in the readme" in models.requests[0].body.decode()
    record, = cli.records()
    assert record["codex_provider"] == "litellm" and record["codex_profile"] == "cost-routing"
    assert record["codex_model"] == "codex-light"
    assert proxy.journal()[0]["alias"] == "codex-light" and own.requests == []


@REAL
def test_a_failing_provider_gives_way_to_the_next(cli, start_proxy, make_upstream):
    models, own = make_upstream(), make_upstream()
    cli.through(start_proxy, priced(chat_only("codex-light", models)), router_settings={"num_retries": 0})
    real_codex(cli, own.base)
    models.always(error(400, "no such thing", code="model_not_found"))
    own.script(responses.text_stream(ANSWER))
    done = cli("run", *FLAGS, "Fix the typo in the readme")
    assert (done.returncode, done.stdout) == (0, ANSWER + "\n"), done.stderr
    record, = cli.records()
    assert [(a["provider"], a["outcome"]) for a in record["attempts"]] == [("litellm", "failed"), ("standard", "ok")]
    assert record["attempts"][0]["exit_code"] == 1 and record["exit_code"] == 0
    assert own.requests[0].json["model"] == "gpt-own"


@REAL
def test_codex_gets_the_sessions_key_by_a_command(cli, make_upstream):
    models, own = make_upstream(), make_upstream()
    (cli.settings / "litellm-cost-routing.yaml").write_text(json.dumps({
        "model_list": [priced(chat_only("codex-light", models))],
        "general_settings": {"master_key": "os.environ/LITELLM_API_KEY"}}))
    assert cli.start(MOCK_API_KEY="sk-canary-of-the-mock").returncode == 0
    try:
        real_codex(cli, own.base)
        models.script(chat.strict(chat.calls_stream(*chat.call_deltas("c1", "exec_command", {"cmd": "env"}))),
                      chat.strict(chat.text_stream(ANSWER)))
        done = cli("run", *FLAGS, "Fix the typo in the readme")
        key = cli("key").stdout.strip()
        assert (done.returncode, done.stdout) == (0, ANSWER + "\n"), done.stderr
        seen = models.requests[-1].body.decode()
        assert key and key not in seen and "canary" not in seen \
            and f"POINTSMAN_RUN_ID={cli.records()[0]['run_id']}" in seen
        assert cli.records()[0]["calls"] == 2 and key not in done.stderr
    finally:
        cli.close()
