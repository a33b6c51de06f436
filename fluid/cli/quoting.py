"""Settings that Hydra's grammar cannot read, and how to write them so that it can."""

import shlex

EXAMPLE = """e.g. 'intake.endpoints=["pic50 >= 5"]'"""


def quote(value: object) -> str:
    """Return a value that Hydra reads as this text, whatever is in it."""
    from hydra.core.override_parser.types import Quote, QuotedString

    return QuotedString(str(value), Quote.double).with_quotes()


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
