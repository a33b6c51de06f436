"""`fluid audit` as a user calls it: exit codes, what is printed, and the same from Python."""

from pathlib import Path

import pytest

import fluid as door
from tests.cli.conftest import Call
from tests.conftest import Files, Library

TINY = ["intake.endpoints=[active]", "intake.quorum=5", "intake.workers=0"]
FOREST = ["model=forest", "model.n_trees=20", "annotation.mc_samples=0", "logger=none"]
OPEN = ["policy.auc=1", "policy.tpr=1", "policy.auc_unaided=1", "policy.tpr_unaided=1"]


@pytest.fixture
def release(fluid: Call, files: Files, tmp_path: Path) -> list[str]:
    """Train a forest, annotate, and return the arguments of an audit that may ask the teacher."""
    assert fluid("train-teacher", f"input={files.pool}", "company=Acme", "out=teacher", *FOREST, *TINY)[0] == 0
    assert fluid("annotate", "teacher=teacher", f"transfer={files.transfer}", "out=set", "intake.workers=0")[0] == 0
    return ["audit", "release=set", f"input={files.pool}", f"transfer={files.transfer}", "teacher=teacher", *TINY]


def test_a_bound_that_fell_has_an_exit_code_of_its_own(fluid: Call, release: list[str], files: Files, tmp_path: Path) -> None:
    held_out = f"non_members={files.test}"
    code, out, err = fluid(*release, held_out, "out=told")
    assert code == 3
    assert "bound fell: " in out
    assert "240 members, 60 non-members" in out
    assert "planted leaks found: " in out
    assert out.splitlines()[-1] == "page: told/audit.html"
    assert err.splitlines()[-1].startswith("fluid: error: ")
    assert {file.name for file in Path("told").iterdir()} == {"artifact.json", "audit.html", "audit.json", "at_risk.csv"}
    assert fluid(*release, held_out, "out=open", *OPEN)[0] == 0
    found = door.audit(
        "set", str(files.pool), non_members=str(files.test), transfer=str(files.transfer), teacher="teacher", endpoints=["active"],
        settings=TINY[1:], out=tmp_path / "python",
    )  # fmt: skip
    assert not found.holds
    assert (tmp_path / "python" / "audit.json").read_bytes() == Path("told/audit.json").read_bytes()
    assert found.attacks["auc"].iloc[0] == found.attacks["auc"][~found.attacks["baseline"]].max()
    assert found.page.name == "audit.html"
    assert len(found.at_risk) == 240
    assert "bounds that fell" in repr(found)
    assert set(found.planted.columns) == {"name", "says", "found_by", "auc"}
    assert found.advice
    assert found.fell


@pytest.mark.slow
def test_an_audit_that_cannot_vouch_has_another_one(fluid: Call, release: list[str], tmp_path: Path) -> None:
    chains = [f"{'C' * n}{end},{n % 2}" for n in range(3, 33) for end in ("Br", "I")]
    (tmp_path / "chains.csv").write_text("\n".join(["smiles,active", *chains]) + "\n")
    code, out, err = fluid(*release, "non_members=chains.csv", "out=told", *OPEN)
    assert code == 4
    assert "differ without any release" in err
    assert "(baseline)" in out


def test_what_is_wrong_is_one_line_and_nothing_is_written(fluid: Call, release: list[str], library: Library, tmp_path: Path) -> None:
    few = library.write(tmp_path / "few.csv", range(400, 405))
    code, _, err = fluid(*release, f"non_members={few}", "out=told")
    assert code == 2
    assert err.splitlines()[-1].startswith("fluid: error: there are 240 members and 5 non-members")
    assert not Path("told").exists()
    assert fluid("audit", "release=nowhere", "input=x.csv", "out=told")[0] == 2
