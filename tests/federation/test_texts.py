from pathlib import Path

import pytest

from fluid.errors import ArtifactError
from fluid.federation import texts
from fluid.federation.texts import digest_of, is_text_only, molecules_in, read_texts, text_files, words_of
from fluid.molecules.prepare import prepare_chunk
from fluid.molecules.standardize import StandardizeSpec


def key_of(smiles: str) -> str:
    return prepare_chunk(StandardizeSpec(), True, [smiles]).molecules.skeletons[0]


def test_molecules_are_found_in_any_form() -> None:
    text = 'INFO OC(=O)c1ccccc1 failed; {"smiles": "NC1CCCCC1"} <td>C[C@H](N)C(=O)O</td>, BSYNRYMUTXBXSQ-UHFFFAOYSA-N'
    expected = {key_of(one) for one in ("O=C(O)c1ccccc1", "C1CCCCC1N", "CC(N)C(=O)O")} | {"BSYNRYMUTXBXSQ"}
    assert molecules_in(text) >= expected


def test_words_and_numbers_are_no_molecules() -> None:
    assert words_of("The company has 1,600 molecules; AUROC 0.817 (0.80 to 0.83), seed 0, T1 to T8, 2026-11-29") == []
    assert molecules_in("") == frozenset()


def test_escapes_of_a_page_are_undone(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("<td>F/C=C/CCN&#x27;</td> CC#CC&amp;")
    assert "F/C=C/CCN'" in read_texts([page])


def test_files_of_text_are_taken_and_others_left(tmp_path: Path) -> None:
    for name in ("a.csv", "logs/b.LOG", "model.safetensors", "c.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert [file.name for file in text_files(tmp_path)] == ["a.csv", "c.json", "b.LOG"]
    assert text_files(tmp_path / "a.csv") == [tmp_path / "a.csv"]
    assert text_files(tmp_path / "model.safetensors") == []


def test_a_folder_with_an_artefact_is_not_told_by_its_texts(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    assert is_text_only(tmp_path)
    assert is_text_only(tmp_path / "a.csv")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "manifest.json").write_text("{}")
    assert not is_text_only(tmp_path)
    (tmp_path / "set" / "manifest.json").rename(tmp_path / "set" / "annotations.parquet")
    assert not is_text_only(tmp_path)


def test_the_identity_is_that_of_the_contents(tmp_path: Path) -> None:
    one, other = tmp_path / "a.txt", tmp_path / "b.txt"
    one.write_text("x")
    other.write_text("y")
    before = digest_of([one, other])
    assert digest_of([other, one]) == before
    other.write_text("z")
    assert digest_of([one, other]) != before


def test_too_much_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_BYTES", 3)
    (tmp_path / "a.txt").write_text("1234")
    with pytest.raises(ArtifactError, match="files of text have 4 bytes.*expected 3 at most"):
        read_texts([tmp_path / "a.txt"])
