"""The page's figures: the same as those of `pointsman usage` and as the sums of the request log, while it grows."""
import csv
import datetime
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse

import pytest

from basics import BUILD, ROOT
from session_tools import Session, fastcgi

CONVERSATION = "5d2f0c8a91e4b376"


def line(number=0, days_ago=0, **fields):
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days_ago)
    return {"timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "request_id": f"r{number}", "alias": "codex-default",
            **({"key": f"agent-{number % 2}"} if number % 3 else {}),
            "deployment": "codex-default/openai/1", "provider": "openai", "model": f"model-{number % 3}",
            "conversation": CONVERSATION, "turn": number + 1, "segments": {"instructions": 50, "tools": 20},
            "attempts": [{"deployment": "codex-default/openai/1", "outcome": "ok", "status": 200, "ms": 300}],
            "stream": True, "ttft_ms": 500 + number, "total_ms": 1500,
            "tokens": {"input": 1000 + number, "cached": 400, "output": 100}, "cost_usd": 0.002, "status": 200,
            "end": "completed", **fields}


@pytest.fixture
def session():
    with tempfile.TemporaryDirectory(prefix="pm-", dir="/tmp") as folder:
        session = Session(pathlib.Path(folder), environment={"TZ": "UTC"})
        session.logs = session.folder / "codex" / "logs"
        yield session
        session.close()


def write(session, *lines, name="requests.jsonl"):
    session.logs.mkdir(parents=True, exist_ok=True)
    with open(session.logs / name, "a") as log:
        log.writelines(item if isinstance(item, str) else json.dumps(item) + "\n" for item in lines)


def figures(session, query=""):
    answer = session.request("GET", f"/api/usage{query}")
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


def by_command(session, *arguments):
    done = subprocess.run([BUILD / "cli" / "pointsman", "usage", "--json", *arguments], env=session.environment,
                          capture_output=True, text=True, timeout=30, check=True)
    return json.loads(done.stdout)


def test_the_page_and_the_command_agree(session):
    assert figures(session)["total"]["requests"] == 0   # there is no log yet
    write(session, *(line(number, number % 5) for number in range(40)), "{\"torn\n", "[1]\n",
          line(41, 20, cost_usd=1))
    for by in ("model", "provider", "alias", "client", "key", "day"):
        page, command = figures(session, f"?range=7d&by={by}"), by_command(session, "--by", by)
        assert (page["total"], page["rows"]) == (command["total"], command["rows"]), by
    assert page["total"]["requests"] == 40 and page["total"]["cost_usd"] == pytest.approx(0.08)
    assert page["lines"] == {"read": 43, "torn": 1, "foreign": 1}
    everything = figures(session, "?range=all")
    assert everything["total"]["requests"] == 41 and everything["total"]["cost_usd"] == pytest.approx(1.08)
    day = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)).strftime("%Y-%m-%d")
    assert figures(session, f"?since={day}&until={day}&by=hour")["total"]["requests"] == 8


def test_it_follows_the_log_through_rotations_and_two_writers(session):
    write(session, line(0), line(1))
    assert figures(session)["total"]["requests"] == 2
    half = json.dumps(line(2)) + "\n"
    write(session, half[:40])
    assert figures(session)["total"]["requests"] == 2   # it is still being written
    write(session, half[40:], line(3))
    log = session.logs / "requests.jsonl"
    log.rename(session.logs / "requests.jsonl.1")
    write(session, line(4))
    write(session, line(5), name="requests.jsonl.1")    # a writer that has not noticed the rotation
    assert figures(session)["total"]["requests"] == 6
    (session.logs / "requests.jsonl.1").rename(session.logs / "requests.jsonl.2")
    log.rename(session.logs / "requests.jsonl.1")
    write(session, line(6))
    seen = figures(session)
    assert (seen["total"]["requests"], seen["lines"]["torn"]) == (7, 0)
    assert seen["total"] == by_command(session)["total"]


def test_a_large_log_is_read_in_parts(session):
    """So that the first view comes soon. Scripts get complete figures."""
    write(session, line(0))
    (session.logs / "requests.jsonl").rename(session.logs / "requests.jsonl.1")
    with open(session.logs / "requests.jsonl", "wb") as log:
        log.truncate(300 << 20)   # a hole, which reads as one long line
    write(session, "\n", line(1))
    first, second = (session.request("GET", "/usage").text for _ in range(2))
    assert "data-behind" in first and '<li data-name="Requests"><span>Requests</span><strong data-value="1">' in first
    assert "data-behind" not in second and 'Requests</span><strong data-value="2">' in second


def test_scripts_get_all_of_a_large_log(session):
    session.logs.mkdir(parents=True)
    with open(session.logs / "requests.jsonl", "wb") as log:
        log.truncate(300 << 20)
    write(session, "\n", line(1))
    assert figures(session)["total"]["requests"] == 1


def test_the_measurement():
    """bench/usage checks that the command and the page count the same, also after new lines and with a filter."""
    done = subprocess.run([sys.executable, ROOT / "bench" / "usage", "--lines", "1000", "--json", "--build", BUILD],
                          capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert {"pointsman usage", "the page: first view"} < set(json.loads(done.stdout)["results"])


def test_csv(session):
    write(session, line(0, model='a,"b"'), line(1, cost_usd=None))
    answer = session.request("GET", "/usage.csv?by=model")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = {row["model"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert rows['a,"b"']["cost_usd"] == "0.002" and rows["model-1"]["cost_usd"] == ""


def test_without_javascript_the_view_is_tables(session):
    write(session, line(0, model="<b>&"), line(1, cost_usd=None),
          line(2, attempts=[{"deployment": "d", "outcome": "rate_limit", "provider": "gemini", "status": 429, "ms": 9},
                            {"deployment": "codex-default/openai/1", "outcome": "ok", "status": 200, "ms": 300}]))
    page = session.request("GET", "/usage").text
    assert "&lt;b&gt;&amp;" in page and "<b>&" not in page
    assert '<th scope="col">gemini</th>' in page and "1 of 1" in page and "0 of 3" in page
    assert "$0.0040+" in page and "Requests of unknown cost: 1." in page
    assert f"usage/conversation?id={CONVERSATION}" in page
    turns = session.request("GET", f"/usage/conversation?id={CONVERSATION}").text
    assert turns.count('<tr><th scope="row">') == 3 and "first turn" in turns
    assert len(json.loads(session.request("GET", f"/api/usage/conversation?id={CONVERSATION}").text)["turns"]) == 3


def test_the_reply_cache_by_tier(session):
    write(session, line(0))
    assert 'class="replies"' not in session.request("GET", "/usage").text
    for number, cache in enumerate(({"status": "hit", "tier": "memory", "age_s": 30, "saved_usd": 0.5},
                                    {"status": "hit", "tier": "semantic", "age_s": 10, "saved_usd": 0.25},
                                    {"status": "stored", "tier": "memory", "age_s": None, "saved_usd": None})):
        write(session, line(number + 1, cache=cache))
    page = session.request("GET", "/usage").text
    table = page[page.index('<table class="replies">'):].partition("</table>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th><td data-value="1">', table)
    assert rows == ["memory", "a similar question", "missed"]
    assert "$0.50" in table and "$0.25" in table and '<td data-value="30">' in table


ANSWERED = [{"deployment": "d/openai/1", "outcome": "ok", "status": 200, "ms": 300}]
MOVED = [{"deployment": "d/gemini/1", "outcome": "rate_limit", "provider": "gemini", "status": 429, "ms": 9}, *ANSWERED]


def many(count):
    """Requests of several aliases, providers, outcomes and costs."""
    ends = "completed", "failed", "cancelled", "completed", "cut", "incomplete", "refused"
    for number in range(count):
        end = ends[number % 7]
        none = end in ("failed", "refused")
        yield line(number, number % 3, alias=("codex-deep", "codex-light", "a&b %")[number % 3], end=end,
                   provider=None if none else ("openai", "gemini")[number % 2],
                   attempts=MOVED[:1] if none else MOVED if number % 5 == 0 else ANSWERED,
                   cost_usd=None if number % 11 == 0 else number % 13 / 8,
                   cache={"status": "hit" if number % 4 == 0 else "miss"})


def passes(request, alias=None, provider=None, outcome=None, min_cost=0):
    failed = request["end"] in ("failed", "cut", "refused")
    attempts = request["attempts"]
    outcomes = {"ok": not failed and request["end"] != "cancelled", "failed": failed, "cached":
                request["cache"]["status"] == "hit", "cancelled": request["end"] == "cancelled",
                "fallback": len(attempts) > 1, None: True}
    served = request["provider"] or next((a["provider"] for a in attempts if a["outcome"] != "ok"), None)
    return (alias in (None, request["alias"]) and provider in (None, served) and outcomes[outcome]
            and (not min_cost or (request["cost_usd"] or 0) >= min_cost))


@pytest.mark.parametrize("filters", [
    {"alias": "codex-deep"}, {"alias": "a&b %"}, {"provider": "gemini"}, {"outcome": "ok"}, {"outcome": "failed"},
    {"outcome": "cancelled"}, {"outcome": "fallback"}, {"outcome": "cached"}, {"min_cost": 0.5}, {"alias": "nobody"},
    {"alias": "codex-light", "provider": "openai", "outcome": "ok", "min_cost": 0.25},
    {"provider": "gemini", "outcome": "failed"},
])
def test_filters(session, filters):
    """The page, the command and a sum over the lines agree, also for lines that are written later."""
    lines = list(many(300))
    write(session, *lines[:200])
    query = "?range=7d&by=alias&" + urllib.parse.urlencode(filters)
    figures(session, query)
    write(session, *lines[200:])
    options = [text for name, value in filters.items() for text in (f"--{name.replace('_', '-')}", str(value))]
    page, command = figures(session, query), by_command(session, "--by", "alias", *options)
    assert (page["total"], page["rows"]) == (command["total"], command["rows"])
    counted = [request for request in lines if passes(request, **filters)]
    assert page["total"]["requests"] == len(counted) and (counted or filters == {"alias": "nobody"})
    assert (page["total"]["cost_usd"] or 0) == pytest.approx(sum(request["cost_usd"] or 0 for request in counted))
    assert figures(session, "?range=7d")["total"]["requests"] == 300


def test_the_form_of_the_filter(session):
    write(session, *many(60))
    plain = session.request("GET", "/usage").text
    assert '<details id="filter">' in plain and 'id="filtered"' not in plain
    assert '<option value="a&amp;b %">a&amp;b %</option>' in plain
    page = session.request("GET", "/usage?alias=a%26b+%25&outcome=ok&min_cost=0.125&provider=&range=30d").text
    assert '<details id="filter" open>' in page and 'name="min_cost" min="0" step="any"' in page
    assert '<option value="a&amp;b %" selected>' in page and '<option value="ok" selected>' in page
    assert "Only requests with alias a&amp;b %, outcome ok, cost at least $0.125." in page
    kept = "&amp;alias=a%26b%20%25&amp;outcome=ok&amp;min_cost=0.125"
    assert f'href="usage?range=7d&amp;by=model{kept}"' in page and f"usage.csv?range=30d{kept}&amp;by=model" in page
    assert re.search(r'href="usage\?since=[0-9-]+&amp;until=[0-9-]+' + re.escape(kept) + "#failures-title", page)
    nothing = session.request("GET", "/usage?alias=%3Cb%3E").text
    assert "No request in this range passes the filter." in nothing and "<b>" not in nothing
    for query in ("outcome=good", "min_cost=-1", "min_cost=1x", "alias=" + "x" * 129):
        answer = session.request("GET", f"/api/usage?{query}")
        assert answer.status == 400 and query.split("=")[0] in answer.text, query


def failed(outcome, provider="gemini"):
    return {"deployment": "d", "outcome": outcome, "provider": provider, "status": 429, "ms": 9}


def test_the_outcomes_of_failed_attempts(session):
    """By provider, in the range of the view only."""
    answered = line()["attempts"]
    write(session, line(0, attempts=[failed("rate_limit"), failed("timeout", "openai"), *answered]),
          line(1, attempts=[failed("rate_limit"), *answered]), line(2, 20, attempts=[failed("auth"), *answered]))
    page = session.request("GET", "/usage?range=7d").text
    table = page[page.index('<table class="outcomes">'):].partition("</table>")[0]
    assert table.count("<tr>") == 3 and "auth" not in table
    assert 'gemini</th><td>rate_limit</td><td data-value="2">' in table
    assert 'openai</th><td>timeout</td><td data-value="1">' in table
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    assert f'<a href="usage?since={day}&amp;until={day}#failures-title">' in page
    assert "1 of 3, 2 fallbacks" in page   # openai: two requests and a failed attempt


def test_a_conversation_has_a_bar_for_each_of_its_latest_requests(session):
    """And its own view lists the most expensive ones, with the reason."""
    write(session, *(line(number, cost_usd=None if number == 28 else number / 1000) for number in range(30)),
          line(40, conversation=None), line(41, conversation="00000000000000aa", prefix_changed="tools", cost_usd=2))
    page = session.request("GET", "/usage").text
    bars = page.split('data-bars="')
    assert len(bars) == 3
    assert bars[1].startswith('2 " data-value="2">$2.00<') and f">{CONVERSATION}<" in bars[1]
    assert bars[2].startswith("0.006 0.007 ") and '0.027 - 0.029 " data-value="0.029' in bars[2]
    turns = session.request("GET", f"/usage/conversation?id={CONVERSATION}").text
    dearest = turns[turns.index('<ul id="dearest"'):].partition("</ul>")[0].split("<li>")[1:]
    assert [item.partition(":")[0] for item in dearest] == ["Turn 30", "Turn 28", "Turn 27", "Turn 26", "Turn 25"]
    other = session.request("GET", "/usage/conversation?id=00000000000000aa").text
    assert "Turn 42: <strong>$2.00</strong>, tools changed" in other


@pytest.mark.parametrize("path, status, code", [
    ("/usage?range=yesterday", 400, "invalid_range"), ("/usage?by=color", 400, "invalid_range"),
    ("/usage?since=2026-13-01", 400, "invalid_range"),
    ("/usage?since=2026-11-02&until=2026-11-01", 400, "invalid_range"),
    ("/usage?since=+2026-11-01", 400, "invalid_range"), ("/usage/conversation", 400, "invalid_conversation"),
    ("/usage/conversation?id=zz", 400, "invalid_conversation"),
    ("/usage/conversation?id=00000000000000ff", 404, "not_found"), ("/usage/nowhere", 404, "not_found")])
def test_errors(session, path, status, code):
    answer = session.request("GET", path)
    assert (answer.status, answer.error["code"]) == (status, code), answer.text
    assert session.request("POST", "/api/usage", "{}", {"Content-Type": "application/json"}).status == 405


def test_guards_at_the_program_itself(session):
    asked = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/api/usage", "HTTP_HOST": f"127.0.0.1:{session.port}"}
    for change, status in (({}, 200), ({"HTTP_HOST": "evil.test"}, 403), ({"REMOTE_PORT": "0"}, 403)):
        assert fastcgi(session.runtime / "usage.sock-0", {**asked, **change})[0] == status, change


def test_it_reads_the_log_folder_only(session):
    write(session, line(0))
    assert figures(session)["total"]["requests"] == 1
    pid = subprocess.run(["pgrep", "-f", "pointsman-usage", "-P", str(session.server.pid)], capture_output=True,
                         text=True, check=True).stdout.strip()
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status or b"__asan_init" in (BUILD / "cgi" / "pointsman-usage").read_bytes()


def test_a_made_up_week(session):
    """Under paths of its own, labelled, and never among the user's figures."""
    write(session, line(0))
    assert 'href="/sample/usage"' in session.request("GET", "/usage").text
    page = session.request("GET", "/sample/usage?range=7d").text
    assert 'id="sample"' in page and 'href="/sample/usage"' not in page
    made_up = json.loads(session.request("GET", "/sample/api/usage?range=7d&by=day").text)
    assert len(made_up["rows"]) >= 7 and made_up["total"]["requests"] > 100 and made_up["total"]["fallbacks"]
    assert made_up["lines"]["torn"] == made_up["lines"]["foreign"] == 0
    assert figures(session)["total"]["requests"] == 1
    # Its links stay in it.
    conversation = re.search(r'href="(usage/conversation\?id=[0-9a-f]{16})"', page).group(1)
    assert "Conversation 5a3b1e" in session.request("GET", f"/sample/{conversation}").text
    assert session.request("GET", f"/{conversation}").status == 404
    rows = list(csv.reader(io.StringIO(session.request("GET", "/sample/usage.csv?by=model").text)))
    assert len(rows) > 4
    write(session, *(line(number) for number in range(20)))
    assert 'href="/sample/usage"' not in session.request("GET", "/usage").text
