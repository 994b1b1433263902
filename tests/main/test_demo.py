"""`callout demo --check`, as the README tells a new user to run it."""

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_check_passes_on_the_made_town() -> None:
    """Nothing lost, doubled or wrong. Its bound on time (p99 250 ms) is the check's own."""
    command = [sys.executable, "-m", "callout.main.cli", "demo", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["alarms"] == figures["acknowledged"] == 200
    assert figures["lost"] == figures["duplicated"] == figures["nearest_mismatches"] == 0
    assert figures["no_fix_kept"] == 20
    assert figures["compared"] >= 180
    assert figures["journal_ok"] is True
    assert figures["positions_accepted"] > 10_000
    late = figures["alarm_to_screen_ms_p99"] > 250
    assert done.returncode == (1 if late else 0), done.stderr


def test_a_city_that_is_none_ends_the_demo_in_one_line() -> None:
    command = [
        sys.executable,
        "-m",
        "callout.main.cli",
        "demo",
        "--port",
        "0",
        "--city",
        "none.pbf",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "callout: " in done.stderr.splitlines()[-1]
    assert "none.pbf" in done.stderr
    assert "Traceback" not in done.stderr
