"""Qualifiers of a measurement: `>10`, `<= 5`, `~7`, or a sign in a column of its own, as in ChEMBL's `standard_relation`."""

import html
import re

from fluid.data.columns_found import UNSEEN

SIGNS = {
    "": "", "=": "=", "==": "=", "＝": "=",
    ">": ">", ">>": ">", "≫": ">", "＞": ">", ">=": ">=", "=>": ">=", "≥": ">=", "⩾": ">=", "≧": ">=",
    "<": "<", "<<": "<", "≪": "<", "＜": "<", "<=": "<=", "=<": "<=", "≤": "<=", "⩽": "<=", "≦": "<=",
    "~": "~", "≈": "~", "≃": "~", "≅": "~", "∼": "~", "˜": "~", "～": "~",
    "ca": "~", "ca.": "~", "circa": "~", "approx": "~", "approx.": "~", "about": "~",
}  # fmt: skip
"""What is written, and the sign that it stands for: `=` measured, a bound, or `~` about."""
QUALIFIED = re.compile(r"((?:[<>＜＞=＝≥⩾≧≤⩽≦≫≪≈≃≅~∼˜～]\s*[<>=]?|(?:ca|approx)\b\.?|circa\b|about\b))\s*(.*)", re.IGNORECASE | re.DOTALL)
INVISIBLE = dict.fromkeys(map(ord, UNSEEN))


def tidy(cell: object) -> str:
    """Return a cell's text without blanks around, nor signs that nobody sees."""
    return str(cell).translate(INVISIBLE).strip()


def split_qualifier(text: str) -> tuple[str | None, str]:
    """Divide `>= 10` into its sign and the rest; `None` for a sign that is unknown, `""` if there is none."""
    match = QUALIFIED.fullmatch(html.unescape(text) if "&" in text else text)
    return (sign_of(match[1]), match[2]) if match else ("", text)


def sign_of(cell: object) -> str | None:
    """Return the sign that a qualifier stands for: `""`, `=`, `<`, `<=`, `>`, `>=` or `~`; `None` if it is unknown.

    Quotes around it are left out; an empty cell is no qualifier.
    """
    if cell is None or cell != cell:
        return ""
    text = html.unescape(tidy(cell)).strip("'\"").lower()
    return SIGNS.get("".join(text.split()))


def joined(own: str, beside: str) -> str | None:
    """Return the qualifier of a measurement that may have one in its cell and one beside; `None` if they disagree."""
    if own and beside and own != beside:
        return None
    return own or beside
