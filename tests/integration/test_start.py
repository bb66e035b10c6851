"""The two commands as a user types them: ./start --demo, a key through the page, Codex at work, ./start --stop."""
import http.client
import json
import os
import pathlib
import re
import subprocess
import urllib.parse

import pytest

import chat_wire as chat
import codex_cli
from conftest import UPSTREAM_KEY
from proxy_process import BUILD, free_port, parse_events, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCH = "*** Begin Patch\n*** Add File: hello.txt\n+hello world\n*** End Patch\n"
TIMEOUT_S = 120

CONFIG = """\
model_list:
- model_name: gpt-5.5
  litellm_params: {model: openai/mock-model, api_base: '%s', api_key: os.environ/OPENAI_API_KEY,
                   use_chat_completions_api: true}
"""


class Installed:
    """pointsman as one user has it, all folders below the test's."""

    def __init__(self, folder):
        self.folder = folder
        self.web, self.proxy = free_port(), free_port()
        for name in ("run", "config/pointsman", "home"):
            (folder / name).mkdir(parents=True, mode=0o700)
        self.runtime = folder / "run" / "pointsman"
        self.key_file = self.runtime / "codex-litellm-proxy.key"
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder / "home"), "CODEX_HOME": str(folder / "home" / "codex"),
            "XDG_RUNTIME_DIR": str(folder / "run"), "XDG_CONFIG_HOME": str(folder / "config"),
            "POINTSMAN_BUILD": str(BUILD)}

    def start(self, *arguments):
        return self._run("--no-browser", "--web-port", str(self.web), "--proxy-port", str(self.proxy), *arguments)

    def stop(self):
        return self._run("--stop")

    def _run(self, *arguments):
        return subprocess.run([ROOT / "start", *arguments], env=self.environment, capture_output=True, text=True,
                              timeout=TIMEOUT_S)

    def ask(self, method, path, body=None, headers=None, port=None):
        """(status, headers, body) of a request to the page."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.web, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def status(self):
        return json.loads(self.ask("GET", "/api/status")[2])

    def pids(self):
        """lighttpd, the session and the proxy: whatever works in the test's folder, or names it in its command line."""
        found = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
                place = os.readlink(entry / "cwd")
            except OSError:
                continue
            if str(self.folder) in words or place.startswith(str(self.folder)):
                found[int(entry.name)] = words
        return found


@pytest.fixture
def installed(folder, upstream):
    made = Installed(folder)
    (folder / "config" / "pointsman" / "litellm-cost-routing.yaml").write_text(CONFIG % upstream.base)
    yield made
    made.stop()
    wait_until(lambda: not made.pids(), f"the end of {made.pids()}")


def nothing_is_left(installed):
    wait_until(lambda: not installed.pids(), f"the end of {installed.pids()}")
    assert not installed.key_file.exists()
    assert not installed.runtime.exists() or not list(installed.runtime.iterdir())


def test_the_demo_shows_the_whole_way(installed):
    done = installed.start("--demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"http://127.0.0.1:{installed.web}/" in done.stdout
    assert "no model" in done.stdout
    assert installed.ask("GET", "/health")[0] == 200
    assert installed.status()["state"] == "running"

    again = installed.start("--demo")
    assert again.returncode == 0, again.stdout + again.stderr

    key = installed.key_file.read_text().strip()
    body = json.dumps({"model": "codex-echo", "input": "ping 42", "stream": True})
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    code, _, answer = installed.ask("POST", "/v1/responses", body, headers, port=installed.proxy)
    assert code == 200
    events = [data for _, data in parse_events(answer.decode()) if data != "[DONE]"]
    assert events[-1]["type"] == "response.completed"

    assert installed.stop().returncode == 0
    nothing_is_left(installed)


@pytest.mark.skipif(not codex_cli.binary(), reason="no Codex CLI: ./check installs it")
def test_a_key_through_the_page_and_a_file_edited_by_codex(installed, upstream, folder):
    assert installed.start().returncode == 0
    _, _, page = installed.ask("GET", "/")
    token = re.search(rb'name="token" value="([0-9a-f]{64})"', page)[1].decode()
    form = urllib.parse.urlencode({"token": token, "OPENAI_API_KEY": UPSTREAM_KEY})
    code, headers, _ = installed.ask("POST", "/start", form, {
        "Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{installed.web}",
        "Sec-Fetch-Site": "same-origin"})
    assert code == 303, headers
    wait_until(lambda: installed.status()["state"] == "running", "the proxy")
    status = installed.status()
    assert [alias["ready"] for alias in status["aliases"] if alias["name"] == "gpt-5.5"] == [True]

    upstream.script(chat.calls_stream(*chat.call_deltas("c1", "apply_patch", {"input": PATCH})),
                    chat.text_stream("Done."))
    key = pathlib.Path(status["key_file"]).read_text().strip()
    done = codex_cli.run(folder, status["base_url"], key, "Add hello.txt.", model="gpt-5.5")
    assert done.code == 0 and "Done." in done.out, done
    assert (done.work / "hello.txt").read_text() == "hello world\n"
    assert upstream.requests[0].headers["authorization"] == f"Bearer {UPSTREAM_KEY}"

    words = "\0".join(installed.pids().values())
    assert UPSTREAM_KEY not in words and key not in words
    assert UPSTREAM_KEY.encode() not in installed.ask("GET", "/")[2]
    assert installed.stop().returncode == 0
    nothing_is_left(installed)
    held = [path for path in folder.rglob("*") if path.is_file() and UPSTREAM_KEY.encode() in path.read_bytes()]
    assert held == []


def test_stopping_what_does_not_run_is_harmless(installed):
    done = installed.stop()
    assert done.returncode == 0 and "not running" in done.stdout
