"""Counts and lists in messages."""

from collections.abc import Sequence


def counted(count: int, what: str) -> str:
    """Return a count with its word, in the plural where it needs one."""
    return f"{count:,} {what}" + "s" * (count != 1)


def listed(texts: Sequence[str], most: int) -> str:
    """Return texts as one, at most so many in full."""
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more" if len(texts) > most else "")
