"""What all benchmarks share: arguments, one JSON file of rows, and tables on the pages between markers."""

import argparse
import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
Row = dict[str, Any]


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with the arguments of every benchmark; `paths.data=FOLDER` may follow as in `fluid` itself."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="where the rows go")
    parser.add_argument("--docs", action="store_true", help="also put the tables into the pages that show them")
    parser.add_argument("overrides", nargs="*", metavar="paths.data=FOLDER", help="folder with larger data")
    return parser


def data_folder(overrides: Sequence[str]) -> Path | None:
    """Return the folder of `paths.data=...`, or `None` without it."""
    found = [text.removeprefix("paths.data=") for text in overrides if text.startswith("paths.data=")]
    return Path(found[-1]) if found else None


def skip(why: str) -> None:
    """End loudly without a result."""
    print(f"SKIPPED: {why}", file=sys.stderr)
    sys.exit(3)


def installed(name: str) -> str:
    """Return the version of a package; a checkout on the path that was not installed has none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def provenance() -> dict[str, str]:
    """Return the command, commit, machine and versions of a result."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    versions = {name: installed(name) for name in ("fluid", "torch", "torch-geometric", "rdkit", "lightning")}
    return {"command": " ".join(sys.argv), "commit": commit or "unknown", "machine": platform.platform(), **versions}


def write(rows: list[Row], path: Path, **more: Any) -> None:
    """Write the rows with their provenance, and more of it if given; numbers of NumPy become plain ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    result = {"rows": rows, "provenance": {**provenance(), **more}}
    path.write_text(json.dumps(result, indent=2, default=lambda value: value.item()) + "\n")


def finish(rows: list[Row], path: Path, **more: Any) -> None:
    """Write the rows; exit with an error if there are none or one does not hold."""
    write(rows, path, **more)
    failed = [row["name"] for row in rows if not row.get("holds", False)]
    print(f"results: {path}")
    if failed or not rows:
        sys.exit("does not hold: " + (", ".join(failed) or "no rows"))


def made_by() -> str:
    """Return the line that says which command made a table."""
    return f"Made on {date.today()} by `{shlex.join(['python', *sys.argv])}`, commit {provenance()['commit']}."


def put_between(page: Path, marker: str, lines: list[str]) -> None:
    """Replace what stands between `<!-- marker -->` and `<!-- /marker -->` on a page."""
    text = page.read_text()
    begin, end = f"<!-- {marker} -->", f"<!-- /{marker} -->"
    head, rest = text.split(begin)
    page.write_text(head + begin + "\n" + "\n".join(lines) + "\n" + end + rest.split(end)[1])


def put_into(page: str, marker: str, lines: list[str]) -> None:
    """Replace what stands between `<!-- marker -->` and `<!-- /marker -->` on a page of this checkout."""
    put_between(ROOT / page, marker, lines)
