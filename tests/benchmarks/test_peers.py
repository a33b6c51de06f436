from pathlib import Path

import pytest


def test_only_the_right_versions_fit_whatever_the_build() -> None:
    from peers import PACKAGES, fits

    assert fits({**PACKAGES, "torch": PACKAGES["torch"] + "+cpu", "rdkit": "1"})
    assert not fits({**PACKAGES, "chemprop": "2.2.0"})
    assert not fits({})


def test_an_environment_that_is_not_there_has_no_versions(tmp_path: Path) -> None:
    from peers import versions

    assert versions(tmp_path / "bin" / "python") == {}


def test_constraints_leave_out_what_a_peer_contradicts(tmp_path: Path) -> None:
    from peers import constraints

    lines = constraints(tmp_path).read_text().splitlines()
    assert "torch==2.13.0" in lines
    assert not [line for line in lines if line.startswith("rdkit")]


def test_larger_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    from bench import Missing
    from molecules import large, many

    for data in (None, tmp_path):
        with pytest.raises(Missing, match=r"needs paths.data=FOLDER with herg_central.parquet"):
            large(data, 10)
    assert len(many(50_000, None)) == 50_000
    with pytest.raises(Missing, match=r"herg_central"):
        many(100_000, None)


def test_epochs_until_the_peer_first_reached_its_end() -> None:
    from chemprop import epochs_to_reach

    assert epochs_to_reach([0.6, 0.8, 0.7, 0.8], 0.8) == 2
    assert epochs_to_reach([0.6, 0.7], 0.8) == 2
