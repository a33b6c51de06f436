"""What a run was made by: code, versions, hardware."""

import os
import platform
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import joblib

from fluid.pipeline.stage import library_versions
from fluid.version import __version__

CHECKOUT = Path(__file__).parents[2]
TIMEOUT_S = 5.0


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(CHECKOUT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True).stdout.strip()


def git_commit() -> str:
    """Return the commit of the checkout that fluid runs from, with `-dirty` if files differ from it; empty outside of a checkout."""
    if not (CHECKOUT / ".git").exists():
        return ""
    try:
        return _git("rev-parse", "HEAD") + ("-dirty" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def processor() -> str:
    """Return the processor's model, or its architecture where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def hardware() -> dict[str, Any]:
    """Return processor, usable cores, memory in GB, and the names of the GPUs."""
    import torch

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return {"processor": processor(), "cores": joblib.cpu_count(), "memory_gb": round(memory, 1), "gpus": gpus}


@cache
def provenance() -> dict[str, Any]:
    """Return `git_commit`, `versions` and `hardware` of this process."""
    versions = {"fluid": __version__, "python": platform.python_version(), "system": platform.platform(), **library_versions()}
    return {"git_commit": git_commit(), "versions": versions, "hardware": hardware()}
