"""The one rule for words that become names of files."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.errors import ConfigError
from fluid.file_names import LONGEST, at_home, check_file_name, fault_of, real


@pytest.mark.parametrize(
    "name", ["Acme", "T1", "Söhne & Co (UK)", "日本", "a.b", ".hidden", "-x", "~", "a b", "x" * LONGEST, "${x}", "it's"]
)
def test_a_name_is_accepted(name: str) -> None:
    check_file_name(name, "company")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        (".", "is a place"),
        ("..", "is a place"),
        (" .. ", "is a place"),
        ("../../x", "holds / or"),
        ("/x", "holds / or"),
        ("a\\b", "holds / or"),
        ("a\nb", "cannot be shown"),
        ("a\x00", "cannot be shown"),
        ("caf\udce9", "cannot be shown"),
        ("a\u2028b", "cannot be shown"),
        ("x" * (LONGEST + 1), "is too long"),
        ("ä" * (LONGEST // 2 + 1), "is too long"),
    ],
)
def test_what_is_no_name_is_refused_in_one_line(name: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault) as caught:
        check_file_name(name, "company")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("company is ")
    assert str(caught.value).isprintable()


def test_a_leading_tilde_is_the_home_folder_if_somebody_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "link").symlink_to("there")
    assert at_home("~/link") == tmp_path / "link"
    assert real("~/link") == (tmp_path / "there").resolve()
    for name in ("~x.csv", "~nobody-is-called-so/x.csv", "a~", ""):
        assert at_home(name) == Path(name)


@given(st.text(max_size=60))
def test_a_name_without_fault_is_a_file_of_one_folder(name: str) -> None:
    if not fault_of(name):
        place = Path("/somewhere") / name
        assert place.parent == Path("/somewhere")
        assert place.name == name
        assert len(os.fsencode(name)) <= LONGEST
