"""Every shell and Python block of the README and the site runs, in order, in a folder of its page, with files to work on.

So that a page takes seconds: `fluid` on the PATH is a client of `server.py`, which adds settings that the page does not give (tiny
training, small networks, three companies; the embedded set gives way to 300 of its molecules). A block that cannot be run here says why
in a comment (see `blocks.py`). Whether run or not, every `fluid` command must be one that the configuration knows.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from blocks import BLOCKS, PAGES, ROOT, Block, name_of

HERE = Path(__file__).parent
CLIENT = f"""#!{sys.executable} -S
import sys
sys.path.insert(0, {str(HERE)!r})
from server import ask
import os
sys.exit(ask(os.environ["DOCS_SOCKET"], {{"argv": sys.argv[1:]}}))
"""


def pages_with(slow: bool) -> list[object]:
    """Return the pages that have blocks to run; with `slow`, those with slow ones, else those without."""
    runs = {page: [block for block in BLOCKS if block.page == page and block.reason is None] for page in PAGES}
    chosen = [page for page, blocks in runs.items() if blocks and any("slow" in block.marks for block in blocks) == slow]
    return [pytest.param(page, id=name_of(page)) for page in chosen]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of the files that the pages work on: molecules of the embedded set, with made-up pIC50 values."""
    folder = tmp_path_factory.mktemp("files")
    embedded = ROOT / "fluid" / "data" / "embedded"
    draw = np.random.default_rng(0)
    pool = pq.read_table(embedded / "pool.parquet").to_pylist()
    rows = [pool[i] for i in draw.permutation(len(pool))[:700]]
    values = [round(float(draw.normal(5.8 if row["blocker"] else 4.4, 0.3)), 2) for row in rows]
    lines = [f"{row['smiles']},{value},{row['blocker']}" for row, value in zip(rows, values, strict=True)]
    for name, part in {
        "assay": slice(0, 100),
        "bolt": slice(100, 200),
        "core": slice(200, 300),
        "pool": slice(0, 300),
        "test": slice(300, 400),
    }.items():
        (folder / f"{name}.csv").write_text("\n".join(["smiles,pic50,blocker", *lines[part]]) + "\n")
    smiles = [row["smiles"] for row in pq.read_table(embedded / "transfer.parquet").slice(0, 200).to_pylist()]
    for name in ("transfer", "public"):
        (folder / f"{name}.csv").write_text("\n".join(["smiles", *smiles]) + "\n")
    (folder / "my.csv").write_text("\n".join(["smiles", *smiles[:20], "not a molecule"]) + "\n")
    (folder / "mine.csv").write_text("\n".join(["smiles,pic50", *(f"{text},0.5" for text in smiles)]) + "\n")
    return folder


@pytest.fixture(scope="module")
def environment(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Serve `fluid` from one process; return the environment in which shells find it."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "fluid").write_text(CLIENT)
    (folder / "fluid").chmod(0o755)
    more = {"DOCS_SOCKET": str(folder / "socket"), "DOCS_FILES": str(files), "FLUID_STORE": str(folder / "store"), "PYTHONPATH": str(ROOT)}
    values = {**os.environ, **more, "PATH": f"{folder}:{os.environ['PATH']}", "WANDB_MODE": "offline", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen([sys.executable, HERE / "server.py", values["DOCS_SOCKET"]], stdin=subprocess.PIPE, env=values) as server:
        yield values
        server.communicate()


def run_block(block: Block, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a block in the folder of its page."""
    command = ["bash", "-euo", "pipefail", "-c", block.code]
    if block.language == "python":
        script = folder / f"block_{block.line}.py"
        script.write_text(block.code)
        command = [sys.executable, "-S", HERE / "server.py", "--ask", environment["DOCS_SOCKET"], script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=250, check=False)


def check_page(page: Path, tmp_path: Path, files: Path, environment: dict[str, str]) -> None:
    """Run the blocks of a page in order, and compare what they print and how they end with what the page promises."""
    for file in files.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    for block in (block for block in BLOCKS if block.page == page and block.reason is None):
        done = run_block(block, tmp_path, environment)
        said = f"{name_of(page)}:{block.line}\n{block.code}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        assert done.returncode == int(block.mark("exit") or 0), said
        assert (block.mark("prints") or "") in done.stdout + done.stderr, said


@pytest.fixture(scope="module", autouse=True)
def served(environment: dict[str, str]) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        if Path(environment["DOCS_SOCKET"]).exists():
            return
        time.sleep(0.1)
    raise TimeoutError("the server of fluid commands did not start")


@pytest.mark.parametrize("page", pages_with(slow=False))
def test_the_blocks_of_a_page_run(page, tmp_path, files, environment) -> None:
    check_page(page, tmp_path, files, environment)


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with(slow=True))
def test_the_blocks_of_a_slow_page_run(page, tmp_path, files, environment) -> None:
    check_page(page, tmp_path, files, environment)
