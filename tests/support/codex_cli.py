"""Runs the real Codex CLI against a proxy, in the test's own folders."""
import os
import pathlib
import subprocess

from basics import BUILD

TIMEOUT_S = 90

CONFIG = """\
model = "{model}"
model_provider = "litellm"
[model_providers.litellm]
name = "litellm"
base_url = "{base}"
wire_api = "responses"
env_key = "LITELLM_API_KEY"
stream_idle_timeout_ms = 30000
[analytics]
enabled = false
[features]
plugins = false
apps = false
"""


def place():
    """The folder into which npm installed it."""
    return pathlib.Path(os.environ.get("POINTSMAN_CODEX", BUILD / "check" / "node"))


def binary():
    """The native binary in the npm package, which needs no Node. None if it is not installed."""
    return next(place().glob("node_modules/@openai/codex-linux-*/vendor/*/bin/codex"), None)


class Run:
    def __init__(self, done, work):
        self.code, self.out, self.err, self.work = done.returncode, done.stdout, done.stderr, work

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.err[-3000:]}"


def command(folder, base, key, *arguments, model="codex-light"):
    """Runs `codex` with these arguments."""
    home, work = folder / "codex-home", folder / "work"
    home.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)
    (home / "config.toml").write_text(CONFIG.format(model=model, base=base))
    done = subprocess.run(
        [binary(), *arguments],
        cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "CODEX_HOME": str(home), "TERM": "dumb",
             "LITELLM_API_KEY": key})
    return Run(done, work)


def run(folder, base, key, prompt, model="codex-light", arguments=()):
    """Runs `codex exec` with one prompt."""
    return command(folder, base, key, "exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox",
                   *arguments, prompt, model=model)
