"""bench/cache: what a session of Codex costs, with providers that bill their prompt caches."""
import json
import subprocess
import sys

from basics import BUILD, ROOT


def test_a_session_costs_at_most_two_percent_more_than_the_least_possible():
    run = subprocess.run([sys.executable, ROOT / "bench" / "cache", "--json", "--build", BUILD],
                         stdout=subprocess.PIPE, timeout=120, check=False, text=True)
    rows = {row["provider"]: row for row in map(json.loads, run.stdout.splitlines())}
    assert list(rows) == ["openai", "anthropic-openrouter", "deepseek", "xai"]
    assert [name for name, row in rows.items() if row["billed_usd"] > 1.02 * row["least_usd"]] == []
    assert [name for name, row in rows.items() if abs(row["logged_usd"] - row["billed_usd"]) > 1e-6] == []
    assert run.returncode == 0
