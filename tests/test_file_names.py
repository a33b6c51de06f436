"""The one rule for words that become names of files."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.errors import ConfigError
from fluid.file_names import LONGEST, check_file_name, fault_of


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


@given(st.text(max_size=60))
def test_a_name_without_fault_is_a_file_of_one_folder(name: str) -> None:
    if not fault_of(name):
        place = Path("/somewhere") / name
        assert place.parent == Path("/somewhere")
        assert place.name == name
        assert len(os.fsencode(name)) <= LONGEST
