"""Fresh processes that never import the caller's main module: what they do is in this package, so a script needs no main guard.

Python's own fresh processes import the script again before they begin. Without `if __name__ == "__main__":` that script would
run a second time, and from standard input there is no file to import.
"""

import copy
import multiprocessing
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from threading import Lock
from typing import Any

from fluid.errors import FluidError

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
PLAIN: Any = multiprocessing.get_context(METHOD)
HIDING = Lock()


@contextmanager
def main_module_hidden() -> Iterator[None]:
    """Let the main module look, for the moment in which a process is started, as if it had neither a file nor a name."""
    main: dict[str, Any] = sys.modules["__main__"].__dict__
    with HIDING:
        hidden: dict[str, Any] = {name: main.pop(name) for name in ("__spec__", "__file__") if name in main}
        main["__spec__"] = None
        try:
            yield
        finally:
            del main["__spec__"]
            main.update(hidden)


class FreshProcess(PLAIN.Process):  # type: ignore[misc]  # its kind is known at run time only
    """A process that does not import the main module."""

    @staticmethod
    def _Popen(process: BaseProcess) -> Any:  # noqa: N802
        with main_module_hidden():
            return PLAIN.Process._Popen(process)


def fresh_context() -> BaseContext:
    """Return what starts such processes.

    Raises:
        FluidError: A process that another program started is still importing its main module, which has no guard.
    """
    check_main_guard()
    context = copy.copy(PLAIN)
    context.Process = FreshProcess
    made: BaseContext = context
    return made


def check_main_guard() -> None:
    """Refuse to work while this process, started by `multiprocessing`, only imports the main module.

    Raises:
        FluidError: The process only imports the main module; the message names the guard that the script lacks.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise FluidError(
            "a process that your script started runs the whole script again. Put what the script does below "
            "`if __name__ == '__main__':`, so that its processes can import it."
        )
