"""What every call of the Python interface has in common: errors of one line, and an end that says how to go on."""

from collections.abc import Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from fluid.api.shell import lack_of_means
from fluid.errors import FluidError
from fluid.fresh import check_main_guard

Given = ParamSpec("Given")
Result = TypeVar("Result")
GO_ON = "interrupted; nothing is half-written. Make the same call again to go on from the last checkpoint."


class Interrupted(KeyboardInterrupt):
    """The call was interrupted, by Ctrl-C or by the notebook; the same call goes on from the last checkpoint."""


def show_in_one_line(error: BaseException) -> BaseException:
    """Let a notebook show an error as its one line, without the calls that led to it; Python elsewhere is not affected."""
    error._render_traceback_ = partial(list, [f"{type(error).__name__}: {error}"])  # type: ignore[attr-defined]
    return error


def door(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Make a function one that a researcher calls: what goes wrong is said in one line."""

    @wraps(function)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        try:
            check_main_guard()
            return function(*args, **kwargs)
        except Interrupted:
            raise
        except KeyboardInterrupt:
            raise show_in_one_line(Interrupted(GO_ON)) from None
        except FluidError as error:
            raise show_in_one_line(error) from None
        except Exception as error:
            if not (said := lack_of_means(error)):
                raise
            raise show_in_one_line(FluidError(said)) from error

    return call
