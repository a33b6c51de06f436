import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.encodings import as_old_text, is_clean, legible, told_encoding

HEADER = "smiles,pic50\nCCO,5.0\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (HEADER.encode(), "utf-8"),
        (HEADER.encode("utf-8-sig"), "utf-8-sig"),
        (HEADER.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + HEADER.encode("utf-16-be"), "utf-16"),
        (HEADER.encode("utf-32"), "utf-32"),
        (HEADER.encode("utf-16-le"), "utf-16-le"),
        (HEADER.encode("utf-16-be"), "utf-16-be"),
        (b"", "utf-8"),
        (b"smiles\0,x\n", "utf-8"),
        (bytes(100), "utf-8"),
    ],
)
def test_the_first_bytes_tell_the_encoding(data, encoding):
    assert told_encoding(data) == encoding


@given(st.binary())
def test_any_bytes_can_be_written_once_they_are_legible(data):
    text = data.decode("utf-8", "surrogateescape")
    shown = legible(text)
    assert shown.encode() is not None
    assert is_clean(shown)
    assert (shown == text) == is_clean(text)


@given(st.text(st.characters(codec="latin-1")))
def test_bytes_of_older_programs_are_their_letters(text):
    read = text.encode("latin-1").decode("utf-8", "surrogateescape")
    if any("\x80" <= letter <= "\x9f" for letter in text) or is_clean(read):
        return
    assert as_old_text(read) == text


def test_the_letters_that_only_windows_has():
    assert as_old_text(b"IC50 \x96 5 \x80".decode("utf-8", "surrogateescape")) == "IC50 – 5 €"
