"""The writer of little maps stands with the tests of places."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "places"))
