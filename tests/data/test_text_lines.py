import codecs
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data import text_lines
from fluid.data.file_form import FileForm
from fluid.data.text_lines import MAX_LINE, Lines, open_lines, split_lines, text_blocks
from fluid.errors import InputError

PIECES = st.lists(
    st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), st.sampled_from(["\n", "\r\n", "\r", "\r\r\n"]))
)


def lines_of(path, form=None):
    with open_lines(path, form or FileForm()) as lines:
        return list(iter(lines.take, ""))


@given(PIECES, st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), st.integers(1, 9))
def test_every_line_is_there_wherever_the_blocks_end(pieces, last, size):
    old, text_lines.BLOCK_BYTES = text_lines.BLOCK_BYTES, size
    try:
        text = "".join(line + end for line, end in pieces) + last
        blocks = list(text_blocks(io.BytesIO(text.encode()), codecs.getincrementaldecoder("utf-8")()))
    finally:
        text_lines.BLOCK_BYTES = old
    found = [line for block in blocks for line in split_lines(block)]
    expected = split_lines(text.replace("\r\r\n", "\r\n"))
    assert found == expected
    assert all(block.endswith(("\r", "\n")) for block in blocks[:-1])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings_are_told(tmp_path, encoding, packed):
    data = "smiles,µM\nCCO,5\n".encode(encoding)
    path = tmp_path / ("a.csv.gz" if packed else "a.csv")
    path.write_bytes(gzip.compress(data) if packed else data)
    assert lines_of(path) == ["smiles,µM\n", "CCO,5\n"]


def test_an_encoding_is_declared(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("Präparat\n".encode("mac-roman"))
    assert lines_of(path, FileForm(encoding="mac-roman")) == ["Präparat\n"]


@pytest.mark.parametrize(
    ("encoding", "declared"), [("utf-8-sig", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16-le"), ("utf-16", "UTF-16")]
)
def test_a_mark_that_agrees_is_no_part_of_the_text(tmp_path, encoding, declared):
    path = tmp_path / "a.csv"
    path.write_bytes("smiles\n".encode(encoding))
    assert lines_of(path, FileForm(encoding=declared)) == ["smiles\n"]


def test_a_mark_that_says_otherwise_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("smiles\n".encode("utf-16"))
    with pytest.raises(
        InputError, match=r"a\.csv: the file is UTF-16 by its first bytes, but declared as latin-1\. Leave intake\.file\.encoding out\."
    ):
        lines_of(path, FileForm(encoding="latin-1"))


def test_a_line_without_end_does_not_fill_the_memory():
    blocks = list(text_blocks(io.BytesIO(b"a\n" + b"x" * (2 * MAX_LINE) + b"\nb\n"), codecs.getincrementaldecoder("utf-8")()))
    first, long, last = (line for block in blocks for line in split_lines(block))
    assert (first, last) == ("a\n", "b\n")
    assert MAX_LINE < len(long) < 1.1 * MAX_LINE


def test_lines_are_put_back():
    lines = Lines(["a\nb\n", "c\n"])
    assert not lines
    taken = [lines.take(), lines.take(), lines.take()]
    lines.put_back(taken[1:])
    assert lines
    assert lines.ahead(9) == ["b\n", "c\n"]
    assert lines.block() == "b\nc\n"
    assert (lines.block(), lines.take(), lines.ahead(1)) == ("", "", [])
