from pathlib import Path

import pytest

from fluid.pipeline.shards import Shards


def add(shards: Shards, text: str) -> None:
    with shards.piece() as folder:
        (folder / "text").write_text(text)


def texts(shards: Shards) -> list[str]:
    return [(place / "text").read_text() for place in shards]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shards = Shards(tmp_path / "shards", "key")
    for text in "abc":
        add(shards, text)
    return tmp_path / "shards"


def test_a_second_run_finds_the_finished_pieces_in_order(folder: Path) -> None:
    again = Shards(folder, "key")
    assert len(again) == 3
    assert texts(again) == ["a", "b", "c"]
    add(again, "d")
    assert texts(Shards(folder, "key")) == ["a", "b", "c", "d"]


def test_nothing_is_made_before_the_first_piece(tmp_path: Path) -> None:
    assert len(Shards(tmp_path / "none", "key")) == 0
    assert not (tmp_path / "none").exists()


def test_an_interrupted_piece_leaves_nothing(folder: Path) -> None:
    shards = Shards(folder, "key")

    def interrupted() -> None:
        with shards.piece() as piece:
            (piece / "text").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(shards) == 3
    assert len(list(folder.iterdir())) == 3


def test_what_a_killed_run_left_behind_is_removed(folder: Path) -> None:
    (folder / ".000003.abc.part").mkdir()
    assert len(Shards(folder, "key")) == 3
    assert not (folder / ".000003.abc.part").exists()


def test_pieces_of_other_work_are_not_used(folder: Path) -> None:
    assert len(Shards(folder, "other key")) == 0
    assert not list(folder.iterdir())


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_piece_and_all_after_it_are_made_again(folder: Path, damage: str) -> None:
    file = folder / "000001" / "text"
    if damage == "remove":
        file.unlink()
    else:
        file.write_text("x" if damage == "flip" else "")
    shards = Shards(folder, "key")
    assert texts(shards) == ["a"]
    add(shards, "B")
    assert texts(Shards(folder, "key")) == ["a", "B"]


def test_removed_when_done(folder: Path) -> None:
    shards = Shards(folder, "key")
    shards.remove()
    assert len(shards) == 0
    assert not folder.exists()
