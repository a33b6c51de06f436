"""White space that counts in cells of files: also that which nobody sees (zero-width blanks, soft hyphens, byte-order marks)."""

import re
import sys

INVISIBLE = "\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\ufeff"
BLANK = rf"[\s{INVISIBLE}]"
"""Pattern of one blank."""
BLANKS = re.compile(f"{BLANK}+")
_ALL = "".join(filter(str.isspace, map(chr, range(sys.maxunicode + 1)))) + INVISIBLE


def strip_blanks(text: str) -> str:
    """Return a text without white space, seen or unseen, around it."""
    return text.strip(_ALL)
