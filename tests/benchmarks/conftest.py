"""The performance benchmarks are scripts: their folder goes on the path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "performance"))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
