"""pointsman doctor: each finding with its fix, and no key."""
import json
import os
import signal
import socket

import pytest
from basics import is_alive, session_apps, wait_until
from cli_tools import Terminal
from session_tools import KEYS

KEY = KEYS["OPENAI_API_KEY"]


@pytest.fixture
def codex(cli):
    """A Codex that is only asked for its version."""
    program = cli.folder / "bin" / "codex"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho codex-cli 0.169.0\n")
    program.chmod(0o700)
    cli.environment["PATH"] = f"{program.parent}:{os.environ['PATH']}"
    return program


def findings(cli, **variables):
    done = cli("doctor", "--json", **variables)
    result = json.loads(done.stdout)
    assert done.returncode == (0 if result["ok"] else 1)
    assert result["ok"] == all(finding["ok"] for finding in result["findings"])
    assert all(finding["ok"] or finding["remedy"] for finding in result["findings"])
    assert KEY not in done.stdout + done.stderr
    return {finding["name"]: finding for finding in result["findings"]}


def test_everything_is_well(cli, codex):
    rows = [line.split("\t") for line in cli("doctor", OPENAI_API_KEY=KEY).stdout.splitlines()]
    # Ports that other programs hold on this machine do not matter here.
    assert all(row[0] == "OK" for row in rows if not row[1].startswith("port")), rows
    assert {"codex", "lighttpd", "configuration", "policy", "profile", "proxy", "keys", "ollama", "leftovers"} <= {
        row[1] for row in rows}
    found = findings(cli, OPENAI_API_KEY=KEY)
    assert "codex-cli 0.169.0" in found["codex"]["detail"] and found["profile"]["detail"] == "standard"
    assert found["keys"]["detail"].startswith("set: OPENAI_API_KEY; not set: GEMINI_API_KEY")


def test_what_is_missing(cli):
    found = findings(cli, PATH="/nonexistent", USE_LOCAL_QWEN="1")
    assert "npm install" in found["codex"]["remedy"]
    assert found["ollama"]["ok"] or found["ollama"]["remedy"] == "pointsman qwen --setup"
    found = findings(cli)
    assert not found["keys"]["ok"] and "pointsman start" in found["keys"]["remedy"]


def test_a_codex_that_fails(cli, codex):
    codex.write_text("#!/bin/sh\necho broken; exit 1\n")
    found = findings(cli)
    assert not found["codex"]["ok"] and "broken" in found["codex"]["detail"]


WARNING = "WARNING: proceeding, even though we could not update PATH"


@pytest.mark.parametrize("commands", [f"echo '{WARNING}: x' >&2; echo codex-cli 0.169.0", "echo codex-cli 0.169.0"])
def test_a_warning_of_codex_is_not_its_version(cli, codex, commands):
    codex.write_text(f"#!/bin/sh\n{commands}\n")
    found = findings(cli)["codex"]
    said = f"; standard error: {WARNING}: x" if "WARNING" in commands else ""
    assert found["ok"] and found["detail"] == f"codex-cli 0.169.0, {codex}{said}"


def test_a_codex_without_a_version(cli, codex):
    codex.write_text(f"#!/bin/sh\necho '{WARNING}' >&2\n")
    found = findings(cli)["codex"]
    assert not found["ok"] and WARNING in found["detail"]


def test_files_with_errors(cli, codex):
    folder = cli.home / ".config" / "pointsman"
    folder.mkdir(parents=True)
    (folder / "litellm-cost-routing.yaml").write_text(
        "model_list:\n- model_name: a\n  litellm_params: {model: groq/m, order: high}\n")
    (folder / "codex-routing-policy.yaml").write_text("default_provider: nonsense\n")
    found = findings(cli, OPENAI_API_KEY=KEY)
    assert "litellm-cost-routing.yaml:3" in found["configuration"]["detail"]
    assert "codex-routing-policy.yaml:1" in found["policy"]["detail"] and not found["policy"]["ok"]


def test_an_outbound_proxy_is_shown_without_its_login(cli, codex):
    folder = cli.home / ".config" / "pointsman"
    folder.mkdir(parents=True)
    (folder / "litellm-cost-routing.yaml").write_text(
        "model_list:\n- model_name: a\n  litellm_params: {model: openai/m}\n"
        "general_settings:\n  outgoing_proxy: os.environ/OUT\n")
    found = findings(cli, OPENAI_API_KEY=KEY, OUT=f"http://clerk:{KEY}@proxy.example:3128")
    assert found["outgoing proxy"]["ok"]
    assert found["outgoing proxy"]["detail"] == "http://proxy.example:3128, with a login"


def test_while_it_runs(cli, codex):
    assert cli.start(OPENAI_API_KEY=KEY).returncode == 0
    found = findings(cli)
    assert f":{cli.proxy_port}/v1" in found["proxy"]["detail"] and "aliases ready" in found["proxy"]["detail"]
    assert found["keys"]["ok"], "a running proxy has its keys"
    os.kill(cli.status()["pid"], signal.SIGKILL)
    wait_until(lambda: cli.status()["state"] == "died", "the session to notice")
    found = findings(cli)
    assert not found["proxy"]["ok"] and "signal 9" in found["proxy"]["detail"]


def test_leftovers_of_a_killed_session(cli, codex):
    assert cli.start(OPENAI_API_KEY=KEY).returncode == 0
    proxy, server = cli.status()["pid"], int((cli.runtime / "lighttpd.pid").read_text())
    for pid in (server, session_apps(server)[0]):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(proxy), "the proxy to end after its parents")
    found = findings(cli, OPENAI_API_KEY=KEY)
    assert not found["leftovers"]["ok"] and found["leftovers"]["remedy"] == "pointsman stop"
    assert cli("stop").returncode == 0
    assert findings(cli, OPENAI_API_KEY=KEY)["leftovers"]["ok"]


def test_the_holder_of_a_port_is_named(cli, codex):
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", 4000))
        except OSError:
            pytest.skip("port 4000 is in use on this machine")
        holder.listen()
        found = findings(cli, OPENAI_API_KEY=KEY)["port 4000"]
    assert f"pid {os.getpid()}" in found["detail"] and "--proxy-port" in found["remedy"]


def test_colors_are_for_terminals(cli, codex):
    terminal = Terminal(cli, "doctor", TERM="xterm", OPENAI_API_KEY=KEY)
    terminal.wait()
    assert "\033[32mOK\033[0m" in terminal.text
    for variables in ({"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}, {}):
        terminal = Terminal(cli, "doctor", OPENAI_API_KEY=KEY, **variables)
        terminal.wait()
        assert "\033[" not in terminal.text and "OK" in terminal.text
