"""Completion and manual pages are made from the same rows as the help, and agree with it."""
import re
import shutil
import subprocess

import pytest
from basics import BUILD, ROOT
from cli_tools import BINARY

PAGES = {"pointsman.1": BUILD / "doc" / "man" / "pointsman.1",
         "pointsman-proxy.8": ROOT / "doc" / "man" / "pointsman-proxy.8",
         "pointsman-session.8": ROOT / "doc" / "man" / "pointsman-session.8"}


def commands(cli):
    return re.findall(r"^  ([a-z]+) +[A-Z]", cli("--help").stdout, re.M)


def options(text):
    """The long options at the beginnings of the help's lines."""
    return set(re.findall(r"^ +(?:-\w, +)?--([a-z-]+)", text, re.M))


def complete(cli, *words):
    """What bash completes the last word to."""
    script = """
        source "$0"
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _pointsman
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = f"{BINARY.parent}:{cli.environment['PATH']}"
    file = cli.folder / "completion.bash"
    file.write_text(cli("completion", "bash").stdout)
    done = subprocess.run(["bash", "-c", script, file, *words], env={**cli.environment, "PATH": path}, text=True,
                          capture_output=True, cwd=cli.folder, timeout=20)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes(cli):
    (cli.folder / "own.yaml").touch()
    assert {"start", "status"} <= set(complete(cli, "pointsman", "sta"))
    assert {"--version", "help"} <= set(complete(cli, "pointsman", ""))
    assert complete(cli, "pointsman", "start", "--risk") == ["--risk-router"]
    assert complete(cli, "pointsman", "run", "--provider", "hug") == ["huggingface"]
    assert complete(cli, "pointsman", "run", "--provider", "=", "hug") == ["huggingface"]
    assert complete(cli, "pointsman", "run", "--provider", "=")[:2] == ["auto", "openai"]
    assert complete(cli, "pointsman", "start", "-c", "ow") == ["own.yaml"]
    assert complete(cli, "pointsman", "test", "--model", "codex-li") == ["codex-light"]
    assert complete(cli, "pointsman", "completion", "f") == ["fish"]
    assert complete(cli, "pointsman", "help", "doc") == ["doctor"]
    assert complete(cli, "pointsman", "start", "--keys-fd", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_have_every_command_and_option(cli, shell):
    script = cli("completion", shell).stdout
    if shutil.which(shell):
        assert subprocess.run([shell, "-n"], input=script, text=True, timeout=20).returncode == 0
    assert script.replace("\\'", "").count("'") % 2 == 0
    for command in commands(cli):
        assert re.search(rf"\b{command}\b", script)
        for option in options(cli(command, "--help").stdout) - {"help"}:
            assert f"--{option}" in script or f"-l {option}" in script, f"{command} --{option}"


def test_the_manual_has_every_command_and_option(cli):
    page = PAGES["pointsman.1"].read_text()
    sections = dict(re.findall(r"^\.Ss pointsman ([a-z]+)[^\n]*\n(.*?)(?=^\.S[sh] )", page, re.M | re.S))
    assert list(sections) == commands(cli)
    for command, section in sections.items():
        described = {name.replace("\\-", "-")[1:] for name in re.findall(r"^\.It.* Fl (\\-\S+)", section, re.M)}
        assert described == options(cli(command, "--help").stdout) - {"help"}, command
    help_codes = re.findall(r"^  (\d)  (.*)$", cli("--help").stdout, re.M)
    assert re.findall(r"^\.It (\d)\n(.*)$", page, re.M) == help_codes


@pytest.mark.parametrize("program", ["proxy/pointsman-proxy", "cgi/pointsman-session"])
def test_the_daemons_pages_have_their_options(program):
    text = subprocess.run([BUILD / program, "--help"], capture_output=True, text=True, timeout=20, check=True).stdout
    page = PAGES[program.split("/")[1] + ".8"].read_text()
    described = set(re.findall(r"^\.It.*Fl \\-([a-z-]+)", page, re.M))
    assert described == options(text)


@pytest.mark.parametrize("program, folders, lookup", [
    ("pointsman-proxy", ("proxy", "common"), r'getenv\("([A-Z_]+)"\)'),
    ("pointsman-session", ("cgi",), r'(?:variable|read_number)\("([A-Z_]+)"')])
def test_the_daemons_pages_have_the_variables_that_they_read(program, folders, lookup):
    read = {name for folder in folders for file in (ROOT / folder).rglob("*.c")
            for name in re.findall(lookup, file.read_text())}
    page = PAGES[program + ".8"].read_text()
    described = set(" ".join(re.findall(r"^\.It Ev (.*)$", page, re.M)).replace(",", "").split())
    assert read and read <= described, read - described
    assert re.search(r"^\.Sh EXIT STATUS\n", page, re.M)


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_clean(page):
    if not shutil.which("groff"):
        pytest.skip("groff is not installed")
    done = subprocess.run(["groff", "-ww", "-mdoc", "-Tutf8", PAGES[page]], capture_output=True, timeout=60)
    assert done.returncode == 0 and done.stderr == b"" and len(done.stdout) > 1000


def test_help_and_manual_need_no_home(cli):
    done = subprocess.run([BINARY, "--help"], env={}, capture_output=True, timeout=20)
    assert done.returncode == 0 and b"pointsman start" in done.stdout


def test_what_make_install_installs(cli):
    there = cli.folder / "installed"
    done = subprocess.run(["flock", BUILD, "make", "-C", BUILD, "install", f"DESTDIR={there}"], capture_output=True,
                          text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    names = {str(path.relative_to(there / "usr" / "local")) for path in there.rglob("*") if path.is_file()}
    assert names >= {
        "bin/pointsman", "bin/pointsman-proxy", "libexec/pointsman/pointsman-session",
        "libexec/pointsman/pointsman-usage", "libexec/pointsman/pointsman-web-guard.so", "share/man/man1/pointsman.1",
        "share/man/man8/pointsman-proxy.8", "share/man/man8/pointsman-session.8",
        "share/bash-completion/completions/pointsman", "share/zsh/site-functions/_pointsman",
        "share/fish/vendor_completions.d/pointsman.fish", "share/pointsman/lighttpd.conf.in",
        "share/pointsman/litellm-cost-routing.yaml", "share/pointsman/www/page.html",
        "share/pointsman/www/usage.html", "share/pointsman/www/usage.js"}
