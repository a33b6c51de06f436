"""Settings that Hydra's grammar cannot read, and how to write them so that it can."""

import re
import shlex

EXAMPLE = """e.g. 'intake.endpoints=["pic50 >= 5"]'"""


def quote(value: object) -> str:
    """Return a value that Hydra reads as this text, whatever is in it; a backslash stands for itself unless a quote follows."""
    inside = re.sub(r"(\\*)('|$)", lambda found: found[1] * 2 + found[2].replace("'", "\\'"), str(value))
    return f"'{inside}'"


def readable(key: str, value: str) -> str:
    """Return the setting as it is typed in a shell so that the value is one text; empty if no quotes help."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    for text in (f'{key}="{value}"', f"{key}={quote(value)}"):
        try:
            if OverridesParser.create().parse_override(text).value() == value:
                return shlex.quote(text)
        except HydraException:
            continue
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
