"""How texts are written so that Hydra's grammar reads them, and what to say where it cannot read what was typed."""

import re
import shlex
from typing import Any

EXAMPLE = """e.g. 'intake.endpoints=["pic50 >= 5"]'"""
BARE = re.compile(r"(?:\.{0,2}/)?[A-Za-z_][A-Za-z0-9_./:-]*")
WORDS = ("true", "false", "null", "nan", "inf")
QUOTED = re.compile(r"""(["'])(?:(?!\1)[^\\]|\\.)*\1""", re.S)


def quote(value: object) -> str:
    """Return a value that Hydra reads as this text, whatever is in it."""
    from hydra.core.override_parser.types import Quote, QuotedString

    return QuotedString(str(value), Quote.double).with_quotes()


def exact(value: object) -> str:
    """Return a text as it is, or in quotes where Hydra may read something else; what refers to a setting in it still does."""
    text = str(value)
    return text if BARE.fullmatch(text) and text.lower() not in WORDS and not text.endswith(":") else quote(text)


def literal(value: object) -> str:
    """Return a text as it is, or so that Hydra reads just this; nothing in it refers to a setting."""
    return exact(escaped(str(value)))


def reading(value: str) -> Any:
    """Return what Hydra reads a value as; `None` if it cannot, or if it reads null."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        return OverridesParser.create().parse_override(f"key={value}").value()
    except (HydraException, ValueError, RecursionError):  # of a number with too many digits; of too many brackets
        return None


def is_quoted(text: str, begins: bool = False) -> int:
    """Return the number of signs of a text that is quoted from end to end, or if only `begins` so, of its quoted beginning; else 0."""
    match = QUOTED.match(text) if begins else QUOTED.fullmatch(text.strip())
    return len(match[0]) if match else 0


def escaped(text: str, keep_references: bool = False) -> str:
    """Return a text in which `${` stands for itself and refers to nothing.

    Args:
        text: The text.
        keep_references: Whether what can refer to a setting, as `${paths.data}`, still does.
    """
    if keep_references and refers(text):
        return text
    return re.sub(r"(\\*)\$\{", lambda match: match[1] * 2 + "\\${", text)


def refers(text: str) -> bool:
    """Return whether a text has references to other settings, and all that look like one are."""
    from omegaconf.errors import OmegaConfBaseException
    from omegaconf.grammar_parser import parse

    try:
        parse(text)
    except (OmegaConfBaseException, RecursionError):
        return False
    return True


def readable(key: str, value: str) -> str:
    """Return the setting as it is typed in a shell so that the value is one text; empty if no quotes help."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    text = f"{key}={quote(value)}"
    try:
        return shlex.quote(text) if OverridesParser.create().parse_override(text).value() == value else ""
    except HydraException:  # the key cannot be read either
        return ""


def explain_setting(setting: str) -> str:
    """Say in one line that a setting cannot be read, and how to write it."""
    key, equals, value = setting.partition("=")
    if not equals:
        return f"{setting} cannot be read; expected key=value."
    if value.lstrip()[:1] in ("[", "{"):
        return f"{setting} cannot be read. Put each text of the list in quotes, and the whole in others, {EXAMPLE}."
    text = readable(key, value)
    return f"{setting} cannot be read, because of special characters." + (f" Write: {text}" if text else "")
