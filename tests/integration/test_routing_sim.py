"""The routing simulator: the same seeds give the same output, its reference figures match the published ones, and
the proxy's expected-cost beats the static order. Time is virtual: nothing here waits."""
import hashlib
import json
import os
import subprocess

import pytest

from basics import BUILD, ROOT

BENCH = ROOT / "bench"
WORKLOAD = BENCH / "routing-workload.yaml"

# J in USD per 1,000 requests over the reporting seeds: (static, state_oracle), as published with the workload.
PUBLISHED = {
    "steady": (104.0892556, 102.7011692), "brownout": (174.6650396, 108.1305597),
    "sinkhole": (114.3524847, 112.2260942),
    "flapping": (130.4829713, 105.9516432), "quota": (116.0547007, 111.8771214),
    "expensive": (104.1569562, 102.9447125),
    "saturation": (313.9323977, 99.9806645), "recovery": (149.2687271, 109.6138661),
    "null_control": (102.7599108, 102.7599108),
}
TUNING_SEEDS = ("--seed-base", "1000", "--seeds", "3")


def run(*options):
    return subprocess.run([BENCH / "routing-sim", *options], capture_output=True, text=True, timeout=300, check=False,
                          env={**os.environ, "POINTSMAN_BUILD": str(BUILD)})


def simulate(*options):
    done = run("--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_static_and_oracle_match_the_published_figures():
    scenarios = simulate("--strategy", "static,state_oracle")["scenarios"]
    assert scenarios.keys() == PUBLISHED.keys()
    for name, (static, oracle) in PUBLISHED.items():
        assert scenarios[name]["static"]["J"] == pytest.approx(static, rel=0.03), name
        assert scenarios[name]["state_oracle"]["J"] == pytest.approx(oracle, rel=0.03), name


def test_the_same_seeds_give_the_same_output():
    one, two, other = (run("--scenario", "flapping,quota", "--seeds", "2", "--seed-base", base)
                       for base in ("7", "7", "8"))
    assert one.returncode == 0 and one.stdout == two.stdout
    assert one.stdout != other.stdout


def test_expected_cost_beats_the_static_order():
    result = simulate(*TUNING_SEEDS)
    assert result["workload_sha256"] == hashlib.sha256(WORKLOAD.read_bytes()).hexdigest()
    for name, strategies in result["scenarios"].items():
        assert strategies["default"]["J"] < 1.01 * strategies["static"]["J"], name
    for name in ("brownout", "flapping", "saturation", "recovery"):
        strategies = result["scenarios"][name]
        assert strategies["default"]["J"] < 0.95 * strategies["static"]["J"], name
        assert strategies["clairvoyant"]["J"] < strategies["state_oracle"]["J"] < strategies["default"]["J"], name
    assert result["oracle_gap_closed_pct"] > 88 and result["error_gain_pct"] > 60
    assert min(result["vs_static_once"][f"{what}_gain_pct"] for what in ("latency", "ttft", "cost", "error")) > 0


def test_an_invalid_workload_is_refused_with_its_line(tmp_path):
    workload = tmp_path / "workload.yaml"
    workload.write_text(WORKLOAD.read_text().replace("slots: 32 ", "slots: many "))
    done = run("--workload", str(workload))
    assert done.returncode == 1 and f"{workload}:13: not a number: slots" in done.stderr
    assert run("--strategy", "luck").returncode == 2
    assert "--seed-base" in run("--help").stdout


def tune(*options):
    return subprocess.run([BENCH / "routing-tune", "--seeds", "1", "--jobs", "1", *options], capture_output=True,
                          text=True, timeout=300, check=False, env={**os.environ, "POINTSMAN_BUILD": str(BUILD)})


def test_other_constants_can_be_tried():
    """Without a spread of slowness the forecast is worse. The source tree stays unchanged."""
    worth = tune("SLOW_SPREAD")
    assert worth.returncode == 0, worth.stderr
    name, value, less, more = worth.stdout.splitlines()[1].split()
    assert (name, value) == ("SLOW_SPREAD", "0.6") and float(less) > 0.5 > float(more)
    assert tune("NO_SUCH_CONSTANT").returncode == 1
