"""The models on the page: those that are ready, and what the others need."""
import re

import pytest
from session_tools import Session


def deployment(model, reason="", serves=False, calls=0, failed=0, ttft_ms=-1):
    return {"model": model, "ready": not reason, "serves": serves, "reason": reason, "calls": calls, "failed": failed,
            "ttft_ms": ttft_ms}


def alias(name, *deployments):
    reasons = [d["reason"] for d in deployments]
    ready = not all(reasons)
    return {"name": name, "ready": ready, "reason": "" if ready else "; ".join(dict.fromkeys(reasons)),
            "deployments": list(deployments)}


NO_KEY, NO_TOKEN, NOT_CHOSEN = "A_KEY is not set", "HF_TOKEN is not set", "disabled: USE_IT is not set"
SILENT = "Ollama does not answer at http://127.0.0.1:1; start it: ollama serve"
ALIASES = [
    alias("off", deployment("ollama/q", NOT_CHOSEN)),
    alias("first", deployment("a/1", NO_KEY), deployment("b/<2>", calls=3, failed=1, ttft_ms=80, serves=True)),
    alias("both", deployment("a/1", NO_KEY), deployment("hf/1", NO_TOKEN), deployment("a/2", NO_KEY)),
    alias("key", deployment("a/1", NO_KEY), {**deployment("b/fallback"), "ready": True}),
    alias("silent", deployment("ollama/p", SILENT)),
    alias("last<", deployment("x/1", 'the server does not list the model "<y>"')),
]
ALIASES[3].update(ready=False, reason=NO_KEY)   # a fallback's deployment does not make it ready itself


@pytest.fixture
def show(folder):
    """Returns the page's table of ready models, and its part about the others, as texts; cells end in '|'."""
    session = Session(folder)

    def show(aliases):
        session.behave({"status": {"version": "1", "aliases": aliases, "hardening": {}}})
        session.start()
        page = session.request("GET", "/").text
        session.stop()
        parts = page.split('<tbody id="aliases">')[1].split("</tbody>")[0], \
            page.split('<div id="missing" data-live>')[1].split("</div>")[0]
        return parts
    yield show
    session.close()


def text(part):
    return re.sub(r" *\| *", "|", " ".join(re.sub(r"<[^>]*>", "", re.sub(r"</(th|td|summary)>", "|", part)).split()))


def test_what_works_comes_first(show):
    ready, missing = show(ALIASES)
    assert text(ready) == "first|b/&lt;2&gt; 3 calls, 1 failed, first token after 80 ms" \
        "a/1 A_KEY is not set|Test|"
    assert missing.startswith("<details><summary>5 models are not ready: ")


def test_what_the_others_need(show):
    rows = text(show(ALIASES)[1]).split("|")
    assert rows[0] == "5 models are not ready: A_KEY is not set, HF_TOKEN is not set, " \
        "Ollama does not answer at http://127.0.0.1:1 and 2 more"
    assert rows[3:-1] == [
        "A_KEY is not set", "both, key", "HF_TOKEN is not set", "both",
        "Ollama does not answer at http://127.0.0.1:1; start it: ollama serve", "silent",
        "the server does not list the model &quot;&lt;y&gt;&quot;", "last&lt;",
        "USE_IT is not set", "off"]


def test_a_report_without_deployments(show):
    ready, missing = show([{key: a[key] for key in ("name", "ready", "reason")} for a in ALIASES])
    assert text(ready) == "first||Test|"
    assert "A_KEY is not set; HF_TOKEN is not set|both|A_KEY is not set|key|" in text(missing)


def test_nothing_is_ready_or_everything(show):
    ready, missing = show([ALIASES[0]])
    assert not ready.strip() and missing.startswith("<details open><summary>1 model is not ready: USE_IT is not set<")
    ready, missing = show([ALIASES[1], {**ALIASES[1], "name": "any/*"}])
    assert missing == "" and ready.count("<tr>") == 2 and ready.count("<button") == 1
    ready, missing = show([])
    assert not ready.strip() and missing == ""
