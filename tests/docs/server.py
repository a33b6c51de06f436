"""Run `fluid` commands and Python blocks of the pages in forks of one process that has imported everything once.

A process that starts by itself spends four to eight seconds on imports; a page has up to a dozen commands. `python server.py SOCKET`
serves until its standard input ends. A client sends its three standard streams and one JSON object: `cwd`, `env`, and either `argv`
(a command line of `fluid`) or `code` (a Python block); the answer is the exit code.
"""

import importlib
import json
import os
import pkgutil
import runpy
import select
import socket
import sys
import traceback
from typing import Any

SETTINGS = {
    "simulate": [
        "training=tiny", "companies.n=3", "companies.min_size=10", "companies.min_per_class=5", "intake.quorum=5",
        "workers=1", "intake.workers=0",
        "evaluation.n_bootstrap=5", "evaluation.forest=false", "trainer.progress=false", "annotation.mc_samples=2", "open=false",
        "data=files", "data.pool=${oc.env:DOCS_FILES}/pool.csv", "data.transfer=${oc.env:DOCS_FILES}/public.csv",
        "data.test_external=${oc.env:DOCS_FILES}/test.csv", 'intake.endpoints=["pic50 >= 5"]',
    ],
    "train-teacher": ["training=tiny", "trainer.progress=false", "intake.quorum=5", "intake.workers=0"],
    "distill": ["training=tiny", "trainer.progress=false", "intake.workers=0"],
    "hybrid": ["training=tiny", "trainer.progress=false", "intake.quorum=5", "intake.workers=0"],
    "evaluate": ["evaluation.n_bootstrap=5", "intake.workers=0"],
    "annotate": ["annotation.mc_samples=2", "intake.workers=0"],
    "predict": ["intake.workers=0"],
    "audit": ["intake.workers=0"],
    "inspect": ["intake.workers=0"],
}  # fmt: skip
NETWORK = ["model.hidden=16", "model.layers=2"]


def tiny(argv: list[str]) -> list[str]:
    """Return a command line with the settings that make it quick; what the page itself sets stays, data that it names included."""
    verb, *given = argv or [""]
    if any(word.startswith("-") and word not in ("-m", "--multirun") for word in given):
        return argv
    own = {word.split("=", 1)[0] for word in given}
    more = [text for text in SETTINGS.get(verb, []) if text.split("=", 1)[0] not in own]
    if "data" in own:
        more = [text for text in more if not text.startswith(("data.", "intake.endpoints"))]
    if "experiment" in own or "protocol" in own:
        more = [text for text in more if not text.startswith("training=")] + ["training=tiny"]
    if verb in ("simulate", "train-teacher", "distill") and not own & {
        "model",
        "protocol",
        "privacy",
        "experiment",
        "student_model",
        "hparams_search",
    }:
        more += NETWORK
    return [verb, *given, *more]


def run(order: dict[str, Any]) -> int:
    """Do what was asked for, in a fork; return the exit code."""
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    try:
        if "code" in order:
            return run_code(order["code"])
        from fluid.cli.main import main

        return int(main(tiny(order["argv"])) or 0)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 70


def run_code(path: str) -> int:
    """Run a file as a script, with whole federations made tiny."""
    import fluid

    if hasattr(fluid, "simulate"):
        plain = fluid.simulate
        fluid.simulate = lambda settings=(), **more: plain(tiny(["simulate", *settings])[1:], **more)
    runpy.run_path(path, run_name="__main__")
    return 0


def import_everything() -> None:
    """Import whatever a command may import, read the configuration once, and leave the figures of reports empty: no page shows one."""
    import lightning
    import sklearn.ensemble
    import torch_geometric

    import fluid
    from fluid.cli.compose import compose
    from fluid.reporting import comparison
    from fluid.reporting.figures import bars, panels

    _ = lightning, sklearn, torch_geometric
    for found in pkgutil.walk_packages(fluid.__path__, "fluid."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    compose("simulate")
    for module in (bars, comparison, panels):
        module.as_svg = lambda draw, width, height: "<svg></svg>"  # type: ignore[assignment]


def serve(path: str) -> None:
    """Answer clients one after the other until the standard input ends."""
    import_everything()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            with listener.accept()[0] as client:
                answer(client)


def answer(client: socket.socket) -> None:
    """Fork for one client, wait, and tell it the exit code."""
    text, descriptors, _, _ = socket.recv_fds(client, 1 << 20, 3)
    child = os.fork()
    if child == 0:
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        code = run(json.loads(text))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    for descriptor in descriptors:
        os.close(descriptor)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    client.sendall(str(code).encode())


def ask(path: str, order: dict[str, Any]) -> int:
    """Send an order with this process's standard streams; return the exit code."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        socket.send_fds(client, [json.dumps({"cwd": os.getcwd(), "env": dict(os.environ), **order}).encode()], [0, 1, 2])
        return int(client.recv(16))


if __name__ == "__main__":
    if sys.argv[1] == "--ask":
        sys.exit(ask(sys.argv[2], {"code": sys.argv[3]}))
    serve(sys.argv[1])
