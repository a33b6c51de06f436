import pytest

from fluid.data import embedded
from fluid.errors import InputError


def test_every_part_has_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "FOLDER", tmp_path)
    for part in ("pool", "validation", "test_in_domain", "test_external", "transfer"):
        (tmp_path / f"{part}.parquet").touch()
        assert embedded.embedded_path(part) == tmp_path / f"{part}.parquet"


@pytest.mark.parametrize("part", ["", "train", "../pool", "pool.parquet"])
def test_an_unknown_part_lists_the_known_ones(part):
    with pytest.raises(InputError, match=r"have no part '.*'; expected one of pool, validation, test_in_domain, test_external, transfer"):
        embedded.embedded_path(part)


def test_a_setting_names_a_part_or_a_file(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert embedded.file_of("embedded:pool") == embedded.embedded_path("pool")
    assert [str(embedded.file_of(text)) for text in ("~/a.csv", "~a.csv", "pool")] == ["/home/me/a.csv", "~a.csv", "pool"]


def test_a_missing_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "FOLDER", tmp_path)
    with pytest.raises(InputError, match=r"pool\.parquet: the embedded data file is not installed\. Install fluid again"):
        embedded.embedded_path("pool")
