"""Check results against golden numbers; writes nothing.

Example: `python benchmarks/public_validation/check.py RESULTS.csv benchmarks/public_validation/expected/SUITE-smoke.json`

Fails, with one line for each fault, on a mean outside its interval, NaN, a missing or extra row, a wrong number of seeds, another
experiment or other settings. Exit code 0: all well; 1: faults; 2: a file cannot be read.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fluid.evaluation.golden import GoldenError, faults, read_expected, read_results


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and tell; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, metavar="RESULTS", help="table of fluid collect or fluid benchmark (CSV)")
    parser.add_argument("expected", type=Path, metavar="EXPECTED", help="JSON file of record.py")
    options = parser.parse_args(arguments)
    try:
        expected = read_expected(options.expected)
        lines = faults(read_results(options.results), expected)
    except GoldenError as error:
        print(f"check: {error}", file=sys.stderr)
        return 2
    for line in lines:
        print(f"FAULT {line}")
    print(f"{len(expected['rows'])} expected rows, tier {expected['tier']}: {f'{len(lines)} faults' if lines else 'all well'}")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
