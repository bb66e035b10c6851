"""Codex's home before and after, and the command with a real Codex and a proxy that it uses."""
import json
import os
import pathlib
import stat

import codex_cli

QUIET = """[analytics]
enabled = false
[features]
plugins = false
apps = false
"""
OURS = ("config.toml", "cost-routing", "pointsman")


def former_binary():
    """A Codex from before profiles were files; None if it is not installed."""
    return next(codex_cli.place().with_name("node-former").glob(
        "node_modules/@openai/codex-linux-*/vendor/*/bin/codex"), None)


def snapshot(home):
    """The state of the files that pointsman may change: contents, mode, owner, links."""
    found = {}
    for path in sorted(home.iterdir()):
        if path.name.startswith(OURS):
            info = path.lstat()
            target = os.readlink(path) if path.is_symlink() else None
            found[path.name] = (path.read_bytes(), stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, target)
    return found


class Home:
    """The Codex home of a `cli`, and a folder to work in."""

    def __init__(self, cli, text=QUIET, binary=None):
        self.cli = cli
        self.work = cli.folder
        self.path = pathlib.Path(cli.environment["CODEX_HOME"])
        self.path.mkdir(exist_ok=True)
        self.config = self.path / "config.toml"
        if text is not None:
            self.config.write_text(text + self.trust())
        self.binary = binary or codex_cli.binary()
        cli.environment["CODEX_CLI_PATH"] = str(self.binary)
        cli.environment["TERM"] = "dumb"
        self.before = snapshot(self.path)

    def trust(self):
        """Earlier versions of Codex add to config.toml that a folder is trusted, unless it is in there."""
        return f'[projects."{self.work}"]\ntrust_level = "trusted"\n'

    def as_before(self):
        return snapshot(self.path) == self.before


EXEC = ("exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox")


def proxy_config(cli, *entries):
    """The configuration that `pointsman start` uses (JSON is YAML)."""
    place = cli.home / ".config" / "pointsman"
    place.mkdir(parents=True)
    (place / "litellm-cost-routing.yaml").write_text(json.dumps({"model_list": list(entries)}))
