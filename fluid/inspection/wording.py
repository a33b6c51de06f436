"""Counts, numbers and texts of a file in words that can be shown in a line."""

import unicodedata


def plural(count: int, what: str) -> str:
    """Return a count of things."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")


ENDS = "\t\r\n\u2028\u2029"
"""Tabs, and what ends a line or a paragraph."""


def number_text(value: float) -> str:
    """Return a number in few digits."""
    return f"{value:,.0f}" if value == int(value) and 1e4 <= abs(value) < 1e9 else f"{value:.4g}"


def shown(text: str) -> str:
    """Return a text of the file as it can be shown in a line: what would move the cursor or colour the screen becomes a question mark."""
    return "".join(" " if sign in ENDS else sign if unicodedata.category(sign)[0] != "C" else "?" for sign in text).strip()
