"""What is compiled before the first alarm."""

import subprocess
import sys
from pathlib import Path


def test_nothing_is_compiled_once_the_room_is_open(town: Path) -> None:
    check = Path(__file__).with_name("warm_check.py")
    done = subprocess.run(
        [sys.executable, str(check), str(town)], capture_output=True, text=True, check=True
    )
    # One machine code of snapping serves vehicles and names alike.
    assert done.stdout.splitlines() == ["kernels 5 1"]
