"""The ranges of numbers in settings: one wording for all."""

import math

from fluid.errors import ConfigError


def require_positive(settings: object, group: str, *names: str) -> None:
    """Refuse numbers that are not finite and above 0.

    Args:
        settings: What has the numbers as attributes.
        group: What the configuration calls it, for the message.
        names: Attributes.

    Raises:
        ConfigError: A number is 0, negative, infinite or NaN.
    """
    for name in names:
        if not 0 < getattr(settings, name) < math.inf:
            raise ConfigError(f"{group}.{name} is {getattr(settings, name)}", expected="a finite number above 0")


def require_not_negative(settings: object, group: str, *names: str) -> None:
    """Refuse numbers that are negative or not finite; arguments as of `require_positive`.

    Raises:
        ConfigError: A number is negative, infinite or NaN.
    """
    for name in names:
        if not 0 <= getattr(settings, name) < math.inf:
            raise ConfigError(f"{group}.{name} is {getattr(settings, name)}", expected="a finite number of 0 or more")


def require_shares(settings: object, group: str, *names: str) -> None:
    """Refuse numbers that are no shares; arguments as of `require_positive`.

    Raises:
        ConfigError: A number is outside [0, 1], or NaN.
    """
    for name in names:
        if not 0 <= getattr(settings, name) <= 1:
            raise ConfigError(f"{group}.{name} is {getattr(settings, name)}", expected="a share in [0, 1]")
