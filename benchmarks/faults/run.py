"""A run is killed, its files are damaged, the disk is full: is it noticed, what is lost, is the result the same?

Example: `python benchmarks/faults/run.py --json faults.json`. The demo itself takes hours that way (`--experiment demo`); the default is
the experiment `smoke` on smaller parts of the embedded data, with training long enough to be hit. `--quick` tries each fault a few times.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import ROOT, Row, arguments, finish, put_between, write

from fluid.artifacts import MANIFEST, hash_file, hash_json, open_artifact
from fluid.pipeline.store import ArtifactStore
from fluid.training.checkpoint import State, read_state, write_state

SMALLER = [
    "data.pool=embedded:test_in_domain", "data.test_in_domain=", "data.validation=", "data.test_external=",
    "data.transfer=embedded:test_external",
    "training.teacher.epochs=12", "training.student.epochs=8", "trainer.checkpoint_s=1", "companies.min_size=100",
]  # fmt: skip
SETTINGS = {"smoke": SMALLER}
COMPARED = ("metrics.csv", "consensus/consensus.parquet")
LONGEST_S = 1800


@dataclass(frozen=True)
class Ended:
    """How a run ended: exit code (negative: signal), seconds, and what it printed."""

    code: int
    seconds: float
    text: str


def command(options: argparse.Namespace, folder: Path) -> list[str]:
    """Return the command of one run that keeps everything in a folder."""
    places = [f"paths.runs={folder}", f"paths.artifacts={folder / 'store'}", "name=run", "logger=none"]
    return [sys.executable, "-m", "fluid", "simulate", f"experiment={options.experiment}", *SETTINGS.get(options.experiment, []), *places]


def run(options: argparse.Namespace, folder: Path, kill_after: float | None = None, by: int = signal.SIGKILL) -> Ended:
    """Run it, perhaps killing it with all its children after some seconds."""
    began, log = time.perf_counter(), folder.with_suffix(".log")
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONPATH": str(ROOT)}
    with log.open("w") as stream:
        process = subprocess.Popen(
            command(options, folder), cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
        try:
            process.wait(LONGEST_S if kill_after is None else kill_after)
        except subprocess.TimeoutExpired:
            if by == signal.SIGKILL:
                os.killpg(process.pid, by)
            else:
                process.send_signal(by)
            process.wait(60)
    return Ended(process.returncode, time.perf_counter() - began, log.read_text())


def results(folder: Path) -> dict[str, str]:
    """Return the digest of every artifact by stage and key, and the hashes of the run's deterministic files."""
    store = ArtifactStore(folder / "store")
    found = {f"{stage}/{place.name}": open_artifact(place).digest for stage, place in store.results()}
    return found | {name: hash_file(folder / "run" / name) for name in COMPARED if (folder / "run" / name).is_file()}


def leftovers(folder: Path) -> list[str]:
    """Return temporary files, and checkpoints of finished stages, that are still there after collecting garbage."""
    subprocess.run(
        [sys.executable, "-m", "fluid", "gc", f"paths.runs={folder}", f"paths.artifacts={folder / 'store'}"],
        cwd=ROOT, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    scratch = folder / "store" / "scratch"
    return [str(path) for path in folder.rglob("*.part")] + [str(path) for path in (scratch.iterdir() if scratch.is_dir() else ())]


def killed(options: argparse.Namespace, folder: Path, expected: dict[str, str], straight_s: float, by: int, times: int) -> Row:
    """Kill a run at random moments, each time with an empty store, and run it again."""
    rng, name = random.Random(f"{options.seed}-{by}"), signal.Signals(by).name
    lost, same, noticed, left, moments = [], 0, 0, 0, []
    for number in range(times):
        place, moment = folder / f"{name}-{number}", rng.uniform(0.02, 0.98) * straight_s
        first = run(options, place, moment, by)
        again = run(options, place)
        noticed += first.code == (-signal.SIGKILL if by == signal.SIGKILL else 143)
        same += again.code == 0 and results(place) == expected
        left += len(leftovers(place)) if again.code == 0 else 1
        lost.append(first.seconds + again.seconds - straight_s)
        moments.append(round(moment, 1))
        print(f"{name} after {moment:.0f} s: same {again.code == 0 and results(place) == expected}, lost {lost[-1]:.1f} s", flush=True)
        shutil.rmtree(place)
    return {
        "name": f"{name} at a random moment", "fault": f"{name} at a random moment", "tried": times, "noticed": noticed, "same": same,
        "lost": f"{max(lost):.1f} s at most, {sorted(lost)[len(lost) // 2]:.1f} s in the middle, starting again included",
        "lost_s": lost, "moments_s": moments, "left_after_gc": left, "straight_s": straight_s, "holds": same == times and not left,
    }  # fmt: skip


@contextmanager
def flipped(path: Path, rng: random.Random) -> Iterator[int]:
    """Flip one bit at a random place of a file, and put it back."""
    content = path.read_bytes()
    offset = rng.randrange(len(content))
    path.write_bytes(content[:offset] + bytes([content[offset] ^ (1 << rng.randrange(8))]) + content[offset + 1 :])
    yield offset
    path.write_bytes(content)


def bits_of_artifacts(options: argparse.Namespace, folder: Path) -> Row:
    """Flip bits of files in a finished store; each must be noticed with the name of the artifact, and not be used."""
    store, rng, noticed = ArtifactStore(folder / "store"), random.Random(options.seed), 0
    keys = {place: open_artifact(place).key for _, place in store.results()}
    files = [(place, file) for place in keys for file in sorted(place.rglob("*")) if file.is_file() and file.stat().st_size]
    for _ in range(options.flips):
        place, file = rng.choice(files)
        with flipped(file, rng), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            used = store.find(place.parent.name, keys[place])
        noticed += used is None and any(place.name in str(one.message) for one in told)
    kinds = {file.suffix for _, file in files}
    return flips(
        "bit flip in an artifact",
        options.flips,
        noticed,
        {"kinds_of_files": sorted(kinds), "manifests": any(f.name == MANIFEST for _, f in files)},
    )


def bits_of_checkpoints(options: argparse.Namespace, folder: Path) -> Row:
    """Flip bits of a checkpoint; each must be noticed."""
    import torch

    rng, path, noticed = random.Random(options.seed), folder / "checkpoint", 0
    write_state(path, State({"of": "x", "finished": False, "epoch": 3}, {"network/weight": torch.randn(40, 30)}))
    for _ in range(options.flips):
        with flipped(path, rng), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            noticed += read_state(path, "x") is None and bool(told)
    return flips("bit flip in a checkpoint", options.flips, noticed, {})


def flips(fault: str, tried: int, noticed: int, more: dict[str, Any]) -> Row:
    """Return the row of a kind of bit flips."""
    lost = "the artifact, made again" if "artifact" in fault else "the training so far"
    return {"name": fault, "fault": fault, "tried": tried, "noticed": noticed, "lost": lost, "holds": noticed == tried, **more}


def full_disk(options: argparse.Namespace, folder: Path, expected: dict[str, str], sizes_mb: tuple[int, ...]) -> Row:
    """Run on disks that are too small; then make room and run again."""
    noticed = same = valid = 0
    for size in sizes_mb:
        place = folder / f"disk-{size}"
        place.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", place], check=False).returncode:
            return {
                "name": "full disk",
                "fault": "full disk",
                "tried": 0,
                "noticed": 0,
                "lost": "",
                "holds": False,
                "reason": "tmpfs cannot be mounted",
            }
        try:
            first = run(options, place / "it")
            noticed += first.code == 1 and "the disk is full" in first.text
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                valid += all(open_artifact(one) for _, one in ArtifactStore(place / "it" / "store").results())
            subprocess.run(["mount", "-o", "remount,size=4g", place], check=True)
            again = run(options, place / "it")
            same += again.code == 0 and results(place / "it") == expected
        finally:
            subprocess.run(["umount", place], check=False)
        print(f"disk of {size} MB: {' '.join(first.text.splitlines()[-1:])}", flush=True)
    tried = len(sizes_mb)
    return {
        "name": "full disk", "fault": "full disk", "tried": tried, "noticed": noticed, "same": same, "store_valid": valid,
        "lost": "the stage at work", "sizes_mb": sizes_mb, "holds": noticed == same == valid == tried,
    }  # fmt: skip


def table(rows: list[Row]) -> list[str]:
    """Return the rows as a Markdown table."""
    heads = ["fault", "tried", "noticed", "same results afterwards", "lost", "left after gc", "holds"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        cells = [row["fault"], row["tried"], row["noticed"], row.get("same", "–"), row["lost"], row.get("left_after_gc", "–")]
        lines.append("| " + " | ".join(map(str, [*cells, "yes" if row["holds"] else "**no**"])) + " |")
    return lines


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = arguments(__doc__ or "")
    made.add_argument("--experiment", default="smoke", help="what is run: an experiment of conf/experiment")
    made.add_argument("--kills", type=int, default=20, help="how often it is killed")
    made.add_argument("--flips", type=int, default=200, help="how many bits are flipped")
    made.add_argument("--seed", type=int, default=0, help="seed of moments and offsets")
    made.add_argument("--quick", action="store_true", help="each fault a few times: to see that everything works")
    made.add_argument("--work", type=Path, default=None, metavar="DIR", help="where the runs go; default: a temporary folder")
    return made


def main() -> None:
    """Measure everything; what is measured is on disk after every fault."""
    options = parser().parse_args()
    if options.quick:
        options.kills, options.flips = 3, 40
    folder, rows = Path(options.work or tempfile.mkdtemp(prefix="fluid-faults-")), []
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        sys.exit(f"{folder} is not empty: what lies there would be found again, and not made; give another folder as --work")
    straight = run(options, folder / "straight")
    if straight.code:
        sys.exit(f"the undisturbed run failed: {straight.text[-2000:]}")
    expected = results(folder / "straight")
    print(f"undisturbed: {straight.seconds:.0f} s, {len(expected)} results, {hash_json(expected)[:16]}", flush=True)
    faults = (
        lambda: bits_of_artifacts(options, folder / "straight"),
        lambda: bits_of_checkpoints(options, folder),
        lambda: full_disk(options, folder, expected, (4, 12) if options.experiment == "smoke" else (100,)),
        lambda: killed(options, folder, expected, straight.seconds, signal.SIGTERM, max(2, options.kills // 5)),
        lambda: killed(options, folder, expected, straight.seconds, signal.SIGKILL, options.kills),
    )
    for fault in faults:
        rows.append(fault())
        print({key: rows[-1][key] for key in ("fault", "tried", "noticed", "lost", "holds")}, flush=True)
        write(rows, options.json.with_suffix(".partial.json"), experiment=options.experiment)
    if options.docs:
        made = f"An undisturbed run takes {straight.seconds:.0f} s; made by `python {' '.join(sys.argv)}`."
        put_between(ROOT / "docs" / "results" / "faults.md", "faults", [*table(rows), "", made])
    finish(rows, options.json, experiment=options.experiment)


if __name__ == "__main__":
    main()
