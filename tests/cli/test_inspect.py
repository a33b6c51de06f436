"""`fluid inspect` as a user calls it; and every command that it prints is carried out."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest

from fluid.artifacts import seal
from fluid.data.intake_spec import IntakeSpec
from tests.cli.conftest import Call
from tests.conftest import Files, Library

TINY = ["model=forest", "model.n_trees=5", "intake.workers=0", "trainer.threads=1", "logger=none", "annotation.mc_samples=0"]
LOOK = ["intake.workers=0", "intake.quorum=5"]


def rows(library: Library, *columns: object) -> list[list[object]]:
    """Return 40 rows of molecules with what each column function says of them."""
    return [[library.smiles[i], *(column(i) for column in columns)] for i in range(40)]  # type: ignore[operator]


def write(path: Path, header: list[str], cells: list[list[object]], delimiter: str = ",") -> Path:
    path.write_text("\n".join(delimiter.join(map(str, row)) for row in [header, *cells]) + "\n", encoding="utf-8")
    return path


def command_in(out: str) -> str:
    return out.partition("To learn from it:\n")[2].partition("\npage:")[0].strip()


def words_of(command: str) -> list[str]:
    """Return the words that a shell makes of a command."""
    script = f"fluid() {{ printf '%s\\0' \"$@\"; }}\n{command}\n"
    return subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.decode().split("\0")[:-1]


KNOWN = {field.name for field in fields(IntakeSpec)}
needs = {name: pytest.mark.skipif(name not in KNOWN, reason=f"there is no intake.{name}") for name in ("missing", "carry")}
KINDS = {
    "several endpoints.csv": (["smiles", "hit", "pIC50", "IC50 [nM]"], [lambda i: i % 2, lambda i: 4 + i / 10, lambda i: 10 + i], ","),
    "assay (1).csv": (["SMILES", "hit"], [lambda i: i % 2], ","),
    "${hit}.csv": (["smiles", "hit"], [lambda i: i % 2], ","),
    "~hit.csv": (["smiles", "hit"], [lambda i: i % 2], ","),
    "it's, a=b.csv": (["smiles", "hit"], [lambda i: i % 2], ","),
    "Präparat µM.tsv": (["smiles", "hit"], [lambda i: ("true", "false")[i % 2]], "\t"),
    "long.csv": (["smiles", "target", "p_activity"], [lambda i: ("hERG", "CYP 3A4")[i % 2], lambda i: 5 + i / 10], ","),
    "words.csv": (["smiles", "outcome"], [lambda i: ("Active", "Inactive", "ND")[i % 3]], ","),
    "decimal.csv": (["smiles", "pIC50"], [lambda i: f"4,{i}"], ";"),
    "missing.csv": (["smiles", "pIC50"], [lambda i: "ND" if i % 5 == 0 else 4 + i / 10], ","),
    "minus.csv": (["smiles", "hit"], [lambda i: (-1, 1)[i % 2]], ","),
}
AHEAD = {"long.csv": "carry", "words.csv": "missing", "decimal.csv": "missing", "missing.csv": "missing"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[needs[AHEAD[name]]] if name in AHEAD else []) for name in KINDS])
def test_the_command_that_is_printed_trains(fluid: Call, library: Library, tmp_path: Path, name: str) -> None:
    header, columns, delimiter = KINDS[name]
    write(tmp_path / name, header, rows(library, *columns), delimiter)
    code, out, error = fluid("inspect", name, *LOOK)
    assert (code, error) == (0, "")
    verb, *settings = words_of(command_in(out))
    code, out, error = fluid(verb, *settings, *TINY, *([] if any("quorum" in word for word in settings) else ["intake.quorum=5"]))
    assert (code, error) == (0, "")
    assert (tmp_path / "teacher" / "card.json").is_file()


def test_a_screen_a_page_and_json_say_the_same(fluid: Call, files: Files, tmp_path: Path) -> None:
    code, out, error = fluid("inspect", str(files.pool), f"against={files.transfer}", "out=look.html", "json=facts.json", *LOOK)
    assert (code, error) == (0, "")
    assert out.endswith("page: look.html\nfacts: facts.json\n")
    facts = json.loads((tmp_path / "facts.json").read_text())
    molecules = facts["molecules"]
    assert f"Molecules: {molecules['usable']} of 240 rows usable, {molecules['molecules']} different" in out
    assert f"{facts['overlaps'][0]['same']} of {molecules['molecules']} molecules are there too" in out
    page = (tmp_path / "look.html").read_text()
    assert f"{molecules['usable']} of 240 rows have a usable molecule" in page
    assert facts["command"] in out
    assert max(map(len, out.splitlines())) <= 100 + len(str(files.pool))


def test_several_files_to_compare_with(fluid: Call, files: Files) -> None:
    code, out, _ = fluid("inspect", f"input={files.test}", f"against=[{files.pool},{files.transfer}]", *LOOK)
    assert code == 0
    assert out.count("Against ") == 2


def test_nothing_is_replaced_unless_asked_and_never_the_input(fluid: Call, files: Files, tmp_path: Path) -> None:
    small = write(tmp_path / "small.csv", ["smiles", "hit"], [["CCO", 0], ["CCN", 1]])
    Path("look.html").write_text("mine")
    Path("dangling.html").symlink_to("nowhere")
    Path("sealed").mkdir()
    seal(Path("sealed"), "toy", "key")
    for settings, said in (
        (["out=look.html"], "exists already. Choose another out=, or add overwrite=true."),
        (["out=look.txt"], "expected a file name that ends in .html"),
        (["json=look.html"], "expected a file name that ends in .json"),
        (["json=small.csv/look.json"], "small.csv is a file, not a folder"),
        (["out=sealed/look.html"], "lies in a result of fluid"),
        (["out=dangling.html", "overwrite=true"], "a link that leads nowhere"),
    ):
        code, _, error = fluid("inspect", str(small), *settings, *LOOK)
        assert code == 2
        assert said in error
    os.link(small, "same.html")
    before = small.read_bytes()
    code, _, error = fluid("inspect", str(small), "out=same.html", "overwrite=true", *LOOK)
    assert (code, small.read_bytes()) == (2, before)
    assert "out is what is read" in error
    assert fluid("inspect", str(small), "out=look.html", "overwrite=true", *LOOK)[0] == 0
    assert Path("look.html").read_text().startswith("<!doctype html>")
    assert not list(tmp_path.glob(".*part*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no.csv"], "the molecule file is not found"),
        (["a.csv", "b.csv"], "two files are given"),
        ([], "input is missing"),
        (["small.csv", "against=no.csv"], "the molecule file is not found"),
        (["small.csv", "rows=-1"], "rows is -1"),
        (["small.csv", "intake.smiles_column=smile"], "Did you mean 'smiles'?"),
        (["small.csv", "row=3"], "Did you mean 'rows'?"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(fluid: Call, tmp_path: Path, arguments: list[str], said: str) -> None:
    write(tmp_path / "small.csv", ["smiles", "hit"], [["CCO", 0], ["CCN", 1]])
    code, out, error = fluid("inspect", *arguments, *([*LOOK] if arguments else []))
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert said in error


def test_a_file_without_molecules_is_no_error(fluid: Call, tmp_path: Path) -> None:
    write(tmp_path / "x.csv", ["name", "hit"], [["aspirin", 0], ["ibuprofen", 1]])
    code, out, error = fluid("inspect", "x.csv", *LOOK)
    assert (code, error) == (0, "")
    assert "! No column looks like SMILES" in out


def test_a_screen_without_these_letters_is_written_too(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", ["smiles", "µ"], [["C" * (i + 2) + "O", i * 1.5] for i in range(9)])
    command = [sys.executable, "-m", "fluid", "inspect", str(path), *LOOK]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Molecules: 9 of 9 rows usable" in done.stdout


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_behind(library: Library, tmp_path: Path) -> None:
    write(tmp_path / "big.csv", ["smiles", "hit"], [[library.smiles[i % 400], i % 2] for i in range(100_000)])
    command = [sys.executable, "-m", "fluid", "inspect", "big.csv", "out=look.html"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(15)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.csv"]
