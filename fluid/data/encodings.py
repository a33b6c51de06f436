"""Which encoding a text file has, and what its bytes say if they are of another."""

import codecs
import re

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WRONG = re.compile("[\udc80-\udcff\0]")
"""What stands in a text for bytes that are not UTF-8 (`surrogateescape`), and the zero byte, which no cell has."""
OLD = "cp1252"


def marked_encoding(head: bytes) -> str:
    """Return the encoding that a byte-order mark tells; empty if there is none."""
    return next((encoding for mark, encoding in MARKS if head.startswith(mark)), "")


def told_encoding(head: bytes) -> str:
    """Return the encoding that the first bytes of a file tell: by their mark, or UTF-16 without one, else UTF-8."""
    return marked_encoding(head) or _unmarked_utf16(head[:512]) or "utf-8"


def _unmarked_utf16(head: bytes) -> str:
    """Tell UTF-16 by every other byte being zero, as is so in Latin letters."""
    size = len(head) // 2
    even, odd = head[: 2 * size : 2].count(0), head[1 : 2 * size : 2].count(0)
    if size >= 4 and max(even, odd) > 0.7 * size and min(even, odd) < 0.1 * size:
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def is_clean(text: str) -> bool:
    """Return whether every character of a text is one that was read for sure."""
    return (text.isascii() and "\0" not in text) or WRONG.search(text) is None


def legible(text: str) -> str:
    """Return a text in which every byte that is not UTF-8 is the replacement character, so that it can be written."""
    return text if is_clean(text) else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "\ufffd")


def as_old_text(text: str) -> str:
    """Return a text with bytes that are not UTF-8 as older programs of the West write them (`µM`); other texts as they are."""
    if text.isascii() or WRONG.search(text) is None:
        return text
    raw = text.encode("utf-8", "surrogateescape")
    try:
        return raw.decode(OLD)
    except UnicodeDecodeError:
        return raw.decode("latin-1")
