"""A text file as lines, a block at a time, in bounded memory, whatever its encoding, line ends and the length of its lines."""

import codecs
import gzip
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader, StringIO
from pathlib import Path

from fluid.data.encodings import marked_encoding, told_encoding
from fluid.data.file_form import FileForm
from fluid.errors import InputError

BLOCK_BYTES = 1 << 18
MAX_LINE = 4_000_000
HEAD_BYTES = 4096


@contextmanager
def open_bytes(path: Path) -> Iterator[BufferedReader | gzip.GzipFile]:
    """Open a file, unpacked if its name ends in `.gz`."""
    with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as stream:
        yield stream


@contextmanager
def open_lines(path: Path, form: FileForm) -> Iterator["Lines"]:
    """Open a text file.

    Raises:
        InputError: Another encoding is declared than the file's first bytes tell.
    """
    with open_bytes(path) as stream:
        head = stream.peek(HEAD_BYTES)[:HEAD_BYTES]
        yield Lines(text_blocks(stream, codecs.getincrementaldecoder(_encoding(head, form, path))(_errors(form, head))))


def _encoding(head: bytes, form: FileForm, path: Path) -> str:
    marked, declared = marked_encoding(head), form.encoding and codecs.lookup(form.encoding).name
    if marked and declared and marked[:5] != declared[:5]:
        what = f"the file is {marked.removesuffix('-sig').upper()} by its first bytes, but declared as {form.encoding}"
        raise InputError(what, where=str(path), remedy="Leave intake.file.encoding out.")
    return marked or declared or told_encoding(head)


def _errors(form: FileForm, head: bytes) -> str:
    """Return what becomes of wrong bytes: those of a text that is UTF-8 as far as known are kept, and cost only their cells."""
    return "surrogateescape" if not form.encoding and told_encoding(head).startswith("utf-8") else "strict"


def text_blocks(stream: BufferedReader | gzip.GzipFile, decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    r"""Yield a text in pieces that end with a line.

    Line ends are `\n`, `\r\n`, `\r`, and `\r\r\n`, which a program wrote that translated `\r\n` again. Of a line that is longer than
    `MAX_LINE` only so much is kept that it is still seen to be so.
    """
    rest = ""
    while data := stream.read(BLOCK_BYTES):
        text = rest + decoder.decode(data)
        cut = _last_line_end(text)
        rest = text[cut:]
        if cut:
            yield _mended(text[:cut])
        if len(rest) > MAX_LINE:
            rest = rest[: MAX_LINE + 1]
    if rest := rest + decoder.decode(b"", True):
        yield _mended(rest)


def _last_line_end(text: str) -> int:
    r"""Return the place after the last line end; of `\r` that ends the text it is not yet known whether `\n` follows."""
    known = len(text.rstrip("\r")) if text.endswith("\r") else len(text)
    return max(text.rfind("\n"), text.rfind("\r", 0, known)) + 1


def _mended(text: str) -> str:
    return text.replace("\r\r\n", "\r\n") if "\r\r\n" in text else text


def split_lines(text: str) -> list[str]:
    """Return the lines of a text with their line ends."""
    return StringIO(text, newline="").readlines()


class Lines:
    """The lines of a text, one by one or in blocks; lines can be put back."""

    def __init__(self, blocks: Iterable[str]) -> None:
        self._blocks = iter(blocks)
        self._held: deque[str] = deque()

    def __bool__(self) -> bool:
        """Return whether lines are at hand without reading on."""
        return bool(self._held)

    def take(self) -> str:
        """Return the next line, with its end; empty after the last."""
        if not self._held:
            self._held.extend(split_lines(next(self._blocks, "")))
        return self._held.popleft() if self._held else ""

    def put_back(self, lines: Iterable[str]) -> None:
        """Make these lines the next ones, in their order."""
        self._held.extendleft(reversed(list(lines)))

    def block(self) -> str:
        """Return the next lines as one text: those at hand, if any; empty after the last."""
        if not self._held:
            return next(self._blocks, "")
        return "".join(self.take_held())

    def take_held(self) -> list[str]:
        """Return the lines at hand."""
        held = list(self._held)
        self._held.clear()
        return held

    def ahead(self, count: int) -> list[str]:
        """Return the next lines without taking them, at most so many as one block has."""
        line = self.take()
        self.put_back([line] if line else [])
        return [line for line, _ in zip(self._held, range(count), strict=False)]
