"""The error tree: every failure a user can cause or meet is a `FluidError` with a one-line message.

A message says what is wrong, where (file and row), what was expected and what to do.
"""


class FluidError(Exception):
    """Base of all errors that are reported to the user as one line."""


class InputError(FluidError):
    """A file, row or value that came from the user cannot be used.

    Args:
        what: What is wrong, in a few words, with the offending value.
        where: File, and row or column if known (`"a.csv, row 12"`); rows count from 1 after the header.
        expected: What would have been accepted.
        remedy: What the user can do about it.

    Example:
        >>> str(InputError("label 'high' is not a number", where="a.csv, row 3", expected="a finite number"))
        "a.csv, row 3: label 'high' is not a number; expected a finite number."
    """

    def __init__(self, what: str, *, where: str = "", expected: str = "", remedy: str = "") -> None:
        message = f"{where}: {what}" if where else what
        message += f"; expected {expected}." if expected else "."
        super().__init__(f"{message} {remedy}".rstrip())


class ConfigError(InputError):
    """A configuration key or value is unknown or contradictory."""


class QuorumError(InputError):
    """Too few labels, or only one class, to train or evaluate a model."""


class ArtifactError(InputError):
    """A stored file is missing, torn, altered, or belongs to something else."""


class BoundError(InputError):
    """An audited release tells more than a bound of the policy allows."""


class BlindError(InputError):
    """An audit cannot vouch for a release: it would not have found a leak, or what it compares is too different."""


class BudgetError(InputError):
    """A release would tell more, together with those before it, than a company's privacy budget allows."""


class ShapeError(InputError, ValueError):
    """Two arrays that must agree in shape do not; names the argument, what came and what was expected."""
