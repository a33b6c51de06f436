import codecs
from pathlib import Path

import pytest

from fluid.data.rows import Cursor, explain_faults
from fluid.errors import InputError

PATH = Path("a.csv")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError("first line\nsecond line"), r"^a\.csv, after row 3: the file is broken \(first line\)\. Copy or export it again\.$"),
        (EOFError(), r"^a\.csv, after row 3: the file is broken \(EOFError\)"),
        (
            PermissionError(13, "no"),
            r"^a\.csv, after row 3: the file may not be read \(permission denied\)\. Ask its owner for the right to read it\.$",
        ),
    ],
)
def test_what_breaks_names_the_place_on_one_line(error, message):
    with pytest.raises(InputError, match=message), explain_faults(PATH, Cursor(3)):
        raise error


def test_another_encoding_is_named():
    with (
        pytest.raises(
            InputError,
            match=r"^a\.csv, after row 3: the text cannot be read as ASCII\. Save the file as UTF-8, or set intake\.file\.encoding",
        ),
        explain_faults(PATH, Cursor(3)),
    ):
        codecs.decode(b"\xb5", "ascii")


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), explain_faults(PATH, Cursor()):
        raise ZeroDivisionError
