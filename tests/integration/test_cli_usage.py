"""pointsman usage: sums over request logs written here, compared with jq's and with exact quantiles."""
import csv
import datetime
import fcntl
import io
import json
import math
import os
import pty
import random
import struct
import subprocess
import termios

import pytest

from cli_tools import BINARY, Cli

ALL = ("--since", "2026-01-01")
SUMS = {"input_tokens": ".tokens.input", "cached_tokens": ".tokens.cached", "output_tokens": ".tokens.output",
        "cache_write_tokens": ".tokens.cache_write", "cost_usd": ".cost_usd", "baseline_usd": ".baseline_usd"}


@pytest.fixture
def cli(folder):
    cli = Cli(folder)
    cli.environment["TZ"] = "UTC"
    cli.logs = cli.home / ".codex" / "logs"
    cli.logs.mkdir(parents=True)
    return cli


def line(at="2026-11-01T12:00:00.000Z", **fields):
    return {"timestamp": at, "request_id": "r", "run_id": None, "alias": "codex-default",
            "deployment": "codex-default/openai/1", "provider": "openai",
            "attempts": [{"deployment": "codex-default/openai/1", "outcome": "ok", "status": 200, "ms": 300}],
            "stream": True, "ttft_ms": 500, "total_ms": 1500,
            "tokens": {"input": 1000, "cached": 400, "cache_write": None, "output": 100, "reasoning": None,
                       "estimated": False}, "cost_usd": 0.002, "status": 200, "end": "completed", **fields}


def tokens(**fields):
    return line()["tokens"] | fields


def write(path, lines):
    path.write_text("".join(text if isinstance(text, str) else json.dumps(text) + "\n" for text in lines))


def usage(cli, *arguments):
    done = cli("usage", "--json", *ALL, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def random_lines(count, seed):
    pick = random.Random(seed)
    for i in range(count):
        at = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=i * 500)
        provider = pick.choice(["openai", "gemini", "ollama"])
        end = pick.choice(["completed"] * 8 + ["failed", "cut", "cancelled", "refused"])
        known = provider != "ollama"
        yield line(at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), alias=pick.choice(["codex-default", "codex-light"]),
                   provider=None if end in ("failed", "refused") else provider,
                   deployment=None if end in ("failed", "refused") else f"x/{provider}/1",
                   conversation=f"{pick.randrange(1, 9):016x}", turn=i, end=end,
                   ttft_ms=pick.choice([None, int(pick.lognormvariate(6.5, 1))]),
                   tokens=tokens(input=pick.randrange(10**6), cached=pick.choice([None, 0, 500]),
                                 output=pick.randrange(10**4), estimated=not known),
                   cost_usd=round(pick.random(), 9) if known else None,
                   **({"baseline_usd": round(2 * pick.random(), 9)} if pick.random() < 0.5 else {}))


def by_jq(files, key):
    """The sums of jq, which skips what is not a request; absent: nothing known."""
    program = ("[inputs | fromjson? | objects | select(.end and .attempts and .timestamp)] | group_by(KEY) | map({"
               "key: (.[0] | KEY), requests: length, failed: map(select(.end == (\"failed\", \"cut\", \"refused\"))) | "
               "length, SUMS}) | .[]").replace("KEY", key).replace(
        "SUMS", ", ".join(f"{name}: (map({path} | numbers) | add)" for name, path in SUMS.items()))
    done = subprocess.run(["jq", "-nRc", program, *map(str, files)], capture_output=True, text=True, check=True)
    return [json.loads(row) for row in done.stdout.splitlines()]


@pytest.mark.parametrize("by, key", [("day", ".timestamp[:10]"), ("provider", ".provider"), ("alias", ".alias"),
                                     ("conversation", ".conversation"), ("model", ".deployment")])
def test_the_sums_are_those_of_jq(cli, by, key):
    files = [cli.logs / f"requests.jsonl{number}" for number in (".2", "")]
    write(files[0], [*random_lines(900, 1), '{"timestamp":"2026-11-01T12:00:00.000Z","requ\n'])
    write(files[1], ["\n", *random_lines(700, 2), {"event": "foreign"}, "17\n", '{"timestamp":"2026-11-0'])
    result = usage(cli, "--by", by)
    assert result["lines"] == {"read": 1604, "torn": 2, "foreign": 2}
    expected = {row["key"]: row for row in by_jq(files, key)}
    assert {row[by] for row in result["rows"]} == set(expected) and result["total"]["requests"] == 1600
    for row in result["rows"]:
        theirs = expected[row[by]]
        assert (row["requests"], row["failed"]) == (theirs["requests"], theirs["failed"])
        for name in SUMS:
            assert row[name] == (pytest.approx(theirs[name], rel=1e-8) if theirs[name] is not None else None), name


def test_percentiles_are_within_the_stated_error(cli):
    lines = list(random_lines(5000, 3))
    write(cli.logs / "requests.jsonl", lines)
    result = usage(cli)
    exact = sorted(entry["ttft_ms"] for entry in lines if entry["ttft_ms"] is not None)
    for name, share in (("ttft_p50_ms", 0.5), ("ttft_p90_ms", 0.9)):
        value = exact[math.ceil(share * len(exact)) - 1]
        assert abs(result["total"][name] - value) <= result["ttft_error"] * value


def test_unknown_is_a_dash_and_never_0(cli):
    unknown = tokens(input=None, cached=None, output=None)
    write(cli.logs / "requests.jsonl", [line(cost_usd=None, ttft_ms=None, tokens=unknown)])
    total = usage(cli)["total"]
    assert [total[name] for name in ("cost_usd", "input_tokens", "cached_tokens", "output_tokens", "cache_rate",
                                     "savings_usd", "ttft_p90_ms", "tokens_per_second")] == [None] * 8
    assert total["cost_unknown"] == total["input_unknown"] == total["cached_unknown"] == 1
    text = cli("usage", *ALL)
    assert text.stdout.splitlines()[-1].split("\t") == ["total", "1", "-", "-", "-", "-", "-", "-", "0", "0", "-", "-"]
    write(cli.logs / "requests.jsonl", [line(cost_usd=None), line(tokens=tokens(estimated=True))])
    text = cli("usage", *ALL)
    assert text.stdout.splitlines()[-1].split("\t") == ["total", "2", "~2000", "~800 40%", "-", "~200", "$0.0020+", "-",
                                                        "0", "0", "0.5/0.5", "100"]
    assert "1 requests of unknown cost" in text.stderr and "tokens of 1 requests are estimates" in text.stderr


def test_savings_need_a_baseline(cli):
    write(cli.logs / "requests.jsonl", [line(baseline_usd=0.01), line(), line(baseline_usd=0.02, cost_usd=None),
                                        line(cache={"tier": "memory", "status": "hit", "saved_usd": 0.5}, cost_usd=0)])
    total = usage(cli)["total"]
    assert total["baseline_usd"] == pytest.approx(0.03) and total["savings_usd"] == pytest.approx(0.008)
    assert (total["cache_hits"], total["cache_saved_usd"]) == (1, 0.5)


def test_the_reply_cache_by_tier(cli):
    write(cli.logs / "requests.jsonl", [line(cache={"status": status, "tier": tier, "age_s": age, "saved_usd": saved})
                                        for status, tier, age, saved in (
        ("hit", "memory", 10, 0.5), ("hit", "memory", 20, 0.25), ("hit", "redis", 60, None),
        ("hit", "semantic", 5, 1), ("collapsed", "memory", None, 0.125), ("miss", "memory", None, None),
        ("stored", "redis", None, None), ("bypass", "memory", None, None))] + [line()])
    total = usage(cli)["total"]
    assert {name: total[f"cache_{name}"] for name in (
        "memory", "memory_saved_usd", "memory_age_s", "redis", "redis_saved_usd", "redis_age_s", "semantic",
        "semantic_saved_usd", "semantic_age_s", "collapsed", "collapsed_saved_usd", "missed", "bypassed")} == {
            "memory": 2, "memory_saved_usd": 0.75, "memory_age_s": 15, "redis": 1, "redis_saved_usd": 0,
            "redis_age_s": 60, "semantic": 1, "semantic_saved_usd": 1, "semantic_age_s": 5, "collapsed": 1,
            "collapsed_saved_usd": 0.125, "missed": 2, "bypassed": 1}
    assert ("reply cache: 2 from memory (saved $0.7500, mean age 15 s), 1 from Redis (saved $0.0000, mean age 60 s), "
            "1 from a similar question (saved $1.00, mean age 5 s), 1 from an equal request in flight (saved $0.1250), "
            "2 missed, 1 bypassed\n") in cli("usage", *ALL).stderr
    write(cli.logs / "requests.jsonl", [line()])
    assert "reply cache" not in cli("usage", *ALL).stderr


def test_what_saved_it(cli):
    """Each cause has its own sum; a prompt cache may cost more to write than it saves."""
    write(cli.logs / "requests.jsonl", [
        line(cost_usd=0.25, uncached_usd=1.0), line(cost_usd=0.5, uncached_usd=0.25),
        line(cost_usd=None, uncached_usd=1),
        line(cost_usd=0.25, baseline_usd=2.25), line(cost_usd=0, cache={"status": "hit", "saved_usd": 0.125})])
    total = usage(cli)["total"]
    assert (total["savings_usd"], total["prompt_cache_saved_usd"], total["cache_saved_usd"]) == (2, 0.5, 0.125)
    assert ("saved: $2.00 by other deployments than the baseline, $0.5000 by the providers' prompt caches, "
            "$0.1250 by the reply cache\n") in cli("usage", "--since", "2026-01-01").stderr
    write(cli.logs / "requests.jsonl", [line()])
    assert usage(cli)["total"]["prompt_cache_saved_usd"] is None
    assert "saved:" not in cli("usage", "--since", "2026-01-01").stderr


def test_a_filter_of_single_requests_needs_their_lines(cli):
    """Sums that outlast the log can be filtered by alias and provider only."""
    sums = {"day": 20261101, "model": "m", "provider": "openai", "client": "", "requests": 5, "cost": [1.5, 5, 0]}
    write(cli.logs / "usage-sums.jsonl", ['{"inode":1,"size":1,"time_ns":"1"}\n', {**sums, "alias": "codex-light"},
                                          {**sums, "alias": "codex-deep", "requests": 7}])
    write(cli.logs / "requests.jsonl", [line(alias="codex-light"), line(alias="codex-light", end="failed")])
    count = lambda *options: json.loads(cli("usage", *ALL, "--json", *options).stdout)["total"]["requests"]
    assert [count(), count("--alias", "codex-light"), count("--provider", "openai")] == [14, 7, 14]
    assert count("--alias", "codex-light", "--outcome", "failed") == 1
    note = "not searched, because only their sums are left: 5 old requests\n"
    assert note in cli("usage", *ALL, "--alias", "codex-light", "--outcome", "failed").stderr
    assert "not searched" not in cli("usage", *ALL, "--alias", "codex-light").stderr
    for options in (("--outcome", "good"), ("--min-cost", "much"), ("--alias", "x" * 129)):
        wrong = cli("usage", *options)
        assert wrong.returncode == 2 and options[0] in wrong.stderr


@pytest.mark.parametrize("zone, days", [
    ("UTC", {"2026-10-24": 1, "2026-10-25": 3}),
    ("CET-1CEST,M3.5.0,M10.5.0/3", {"2026-10-24": 1, "2026-10-25": 2, "2026-10-26": 1}),   # the 25th has 25 hours
    ("EST5", {"2026-10-24": 2, "2026-10-25": 2}),
])
def test_days_are_local(cli, zone, days):
    at = "2026-10-24T21:59:59Z", "2026-10-25T04:30:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"
    cli.environment["TZ"] = zone
    write(cli.logs / "requests.jsonl", [line(time) for time in at])
    assert {row["day"]: row["requests"] for row in usage(cli)["rows"]} == days


def test_a_day_of_23_hours(cli):
    """Its requests are summed as those of any other day, and --since and --until cut at its local midnights."""
    cli.environment["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    at = ["2026-03-28T22:59:59Z", "2026-03-28T23:00:00Z", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z",
          "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"]
    write(cli.logs / "requests.jsonl", [line(time, cost_usd=2 ** i) for i, time in enumerate(at)])
    assert {row["day"]: row["cost_usd"] for row in usage(cli)["rows"]} == {
        "2026-03-28": 1, "2026-03-29": 2 + 4 + 8 + 16, "2026-03-30": 32}
    day = json.loads(cli("usage", "--json", "--since", "2026-03-29", "--until", "2026-03-29", "--by", "hour").stdout)
    assert day["total"]["cost_usd"] == 30 and sum(row["requests"] for row in day["rows"]) == 4


def test_a_range(cli):
    now = datetime.datetime.now(datetime.UTC)
    ages = [0.01, 1.5, 23.5, 24.5, 24 * 6.9 + 24, 24 * 30]
    write(cli.logs / "requests.jsonl",
          [line((now - datetime.timedelta(hours=age)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z") for age in ages])

    def count(*arguments):
        return json.loads(cli("usage", "--json", *arguments).stdout)["total"]["requests"]
    assert count("--since", "24h") == 3 and count("--since", "90m") == 1 and count() == count("--since", "7d") == 4
    assert count("--since", "31d") == 6 and count("--since", "2h", "--until", "1h") == 1
    today = now.strftime("%Y-%m-%d")
    assert count("--since", "2020-01-01", "--until", today) == 6
    for bad in ("7", "7w", "2026-02-30T", "soon", ""):
        done = cli("usage", "--since", bad)
        assert done.returncode == 2 and "expected 7d, 24h, 2026-11-01 or RFC 3339" in done.stderr
    assert cli("usage", "--since", "1h", "--until", "2h").returncode == 2
    assert cli("usage", "--by", "colour").returncode == 2 and cli("usage", "--json", "--csv").returncode == 2


def test_failures_and_fallbacks(cli):
    def attempts(*outcomes):
        return [{"deployment": name, "outcome": outcome} for name, outcome in outcomes]
    write(cli.logs / "requests.jsonl", [
        line(attempts=attempts(("a", "rate_limit"), ("b", "ok"))),
        line(attempts=[{"deployment": "a", "outcome": "lost", "cost_usd": 0.25}, *attempts(("b", "ok"))]),
        line(attempts=attempts(("a", "server"), ("b", "timeout")), end="failed", deployment=None, cost_usd=None),
        line(end="cancelled", cost_usd=None)])
    total = usage(cli)["total"]
    assert {name: total[name] for name in ("requests", "failed", "cancelled", "fallbacks", "failed_attempts",
                                           "hedge_cost_usd", "cost_unknown")} == {
        "requests": 4, "failed": 1, "cancelled": 1, "fallbacks": 1, "failed_attempts": 3, "hedge_cost_usd": 0.25,
        "cost_unknown": 1}


def test_csv(cli):
    write(cli.logs / "requests.jsonl", [line(alias='a,"b"'), line(alias="c", cost_usd=None)])
    rows = list(csv.DictReader(io.StringIO(cli("usage", "--csv", "--by", "alias", *ALL).stdout)))
    assert [(row["alias"], row["requests"], row["cost_usd"]) for row in rows] == [
        ('a,"b"', "1", "0.002"), ("c", "1", "")]
    assert set(rows[0]) - {"alias"} == set(usage(cli)["total"])


def test_a_conversation_shows_what_each_request_cost_and_why(cli):
    segments = {"instructions": 10, "tools": 20, "environment": 30, "history": 40, "tool_output": 50}
    mine = {"conversation": "5d2f0c8a91e4b376", "segments": segments}
    write(cli.logs / "requests.jsonl.1", [line(**mine, turn=1), line(conversation="0000000000000001", turn=1)])
    write(cli.logs / "requests.jsonl", [
        line(**mine, turn=2), line(**mine, turn=3, prefix_changed="tools"), line(**mine, turn=4, deployment="x"),
        line(**mine, turn=5, deployment="x", tokens=tokens(cached=0)), line(**mine, turn=6, end="cut", deployment=None),
        line(**mine, turn=7, cost_usd=0, cache={"tier": "memory", "status": "hit"}, deployment=None)])
    done = cli("usage", "conversation", "5d2f0c8a91e4b376", "--json")
    told = json.loads(done.stdout)
    assert told["total"]["requests"] == 7
    assert [turn["turn"] for turn in told["turns"]] == [1, 2, 3, 4, 5, 6, 7]
    assert [turn["why"] for turn in told["turns"]] == ["first turn", None, "tools changed", "other deployment",
                                                       "nothing cached", "truncated", "reply from the cache"]
    assert told["turns"][0]["segments"] == segments and told["turns"][0]["cost_usd"] == 0.002
    text = cli("usage", "conversation", "5d2f0c8a91e4b376")
    assert text.stdout.splitlines()[2].split("\t") == [
        "11-01 12:00:00", "3", "1000", "400 40%", "100", "$0.0020", "0.5", "tools changed", "10/20/30/40/50",
        "codex-default/openai/1"]
    assert cli("usage", "conversation", "5d2f0c8a91e4b377").returncode == 1
    assert cli("usage", "conversation", "tools").returncode == cli("usage", "conversation").returncode == 2


@pytest.mark.parametrize("width", [80, 120, 200])
def test_tables_fit_the_terminal(cli, width):
    """Also with names that are longer, and foreign bytes in them."""
    lines = [entry | {"alias": entry["alias"] + "\x1b[31m" + "x" * 90, "conversation": "00000000000000aa"}
             for entry in random_lines(300, 4)]
    write(cli.logs / "requests.jsonl", lines)
    for arguments in (("--by", "alias"), ("--by", "day"), ("conversation", "00000000000000aa")):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        with subprocess.Popen([BINARY, "usage", *ALL, *arguments], env=cli.environment, stdout=theirs,
                              stderr=subprocess.DEVNULL) as child:
            os.close(theirs)
            text = b""
            try:
                while piece := os.read(ours, 65536):
                    text += piece
            except OSError:   # EIO: the other end is closed
                pass
            os.close(ours)
            assert child.wait() == 0
        rows = text.decode().split("\r\n")
        assert max(map(len, rows)) <= width and "\x1b" not in text.decode() and "cost" in rows[0]
        if arguments[0] == "--by" and width > 80:
            assert "fallbacks" in rows[0] and ("##" in text.decode()) == (width > 120 or arguments[1] == "day")


def test_nothing_yet_and_not_a_file(cli):
    done = cli("usage")
    assert done.returncode == 0 and done.stdout == "" and "no request in this range" in done.stderr
    assert usage(cli)["rows"] == []
    os.mkfifo(cli.logs / "requests.jsonl")
    done = cli("usage")
    assert done.returncode == 1 and "can't read the request log" in done.stderr


def test_a_million_lines(cli):
    """With less than 12 MB of data, so with less than 16 MB in all, although every line is another conversation; and in
    seconds of CPU time, here without a tight limit, because the machine may be slow."""
    if "ASAN_OPTIONS" in os.environ:
        pytest.skip("the sanitizer's memory is measured, not the command's")
    text = json.dumps(line(conversation="CONVERSATION")) + "\n"
    with open(cli.logs / "requests.jsonl", "w") as out:
        for start in range(0, 1000000, 10000):
            out.write("".join(text.replace("CONVERSATION", f"{i:016x}") for i in range(start + 1, start + 10001)))
    with open(cli.folder / "out", "w+") as out:
        child = subprocess.Popen(["prlimit", f"--data={12 << 20}", BINARY, "usage", "--csv", "--by", "conversation",
                                  *ALL], env=cli.environment, stdout=out)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert child.returncode == 0
        out.seek(0)
        counts = {row["conversation"]: int(row["requests"]) for row in csv.DictReader(out)}
    assert sum(counts.values()) == 1000000 and len(counts) == 4096 and counts["(other)"] == 1000000 - 4095
    assert used.ru_utime + used.ru_stime < 10
