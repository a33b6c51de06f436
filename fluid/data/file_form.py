"""How the text of a file is written, where that is not left to be told from the file itself."""

from dataclasses import dataclass

from fluid.errors import ConfigError

NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
DECIMALS = ("", ".", ",")


@dataclass(frozen=True, slots=True)
class FileForm:
    """How a file is written; what is empty is told from the file.

    Attributes:
        encoding: Encoding of a text file, e.g. `cp1252`.
        delimiter: The character between the cells of a line, or its name: `tab`, `comma`, `semicolon`, `pipe` or `space` (any white space).
        decimal: Sign between the whole and the broken part of a number: `.` or `,`.
        sheet: Sheet of an Excel workbook.

    Raises:
        ConfigError: The encoding is unknown, the delimiter is not one character, or the decimal sign is another.
    """

    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    sheet: str = ""

    def __post_init__(self) -> None:
        """Check the values, and put the character in place of its name."""
        object.__setattr__(self, "delimiter", NAMED.get(self.delimiter, self.delimiter))
        if self.encoding and not is_encoding(self.encoding):
            raise ConfigError(f"intake.file.encoding is {self.encoding!r}", expected="an encoding such as utf-8, cp1252 or utf-16")
        if self.delimiter and not is_delimiter(self.delimiter):
            names = ", ".join(name for name in NAMED if name.isalpha())
            raise ConfigError(f"intake.file.delimiter is {self.delimiter!r}", expected=f"one character, or its name: {names}")
        if self.decimal not in DECIMALS:
            raise ConfigError(f"intake.file.decimal is {self.decimal!r}", expected="'.' or ','")


def is_encoding(name: str) -> bool:
    """Return whether Python knows a text encoding of this name."""
    try:
        return "a".encode(name).decode(name) == "a"
    except (LookupError, ValueError):
        return False


def is_delimiter(text: str) -> bool:
    """Return whether cells can be separated by a text: one character that is no quote, line end, letter or digit."""
    return len(text) == 1 and text not in '"\r\n\0' and not text.isalnum()
