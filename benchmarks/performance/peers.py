"""The peers' environment: made once, reused while it has the right versions."""

import json
import subprocess
import sys
import venv
from pathlib import Path

from bench import Missing

ROOT = Path(__file__).parents[2]
PACKAGES = {"chemprop": "2.3.1", "torch": "2.13.0", "torch-geometric": "2.8.1"}
OWN_PINS = ("rdkit",)  # chemprop asks for other versions of these than our constraints do
SHOWN = (*PACKAGES, "rdkit", "numpy", "lightning")
PROBE = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"


def versions(python: Path) -> dict[str, str]:
    """Return the versions of packages in an environment; empty if it is not there or lacks one."""
    try:
        probe = subprocess.run([python, "-c", PROBE, *SHOWN], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return {}
    found: dict[str, str] = json.loads(probe.stdout)
    return found


def fits(found: dict[str, str]) -> bool:
    """Return whether an environment has the right versions of all peers, whatever the build (`2.13.0+cpu` is 2.13.0)."""
    return all(found.get(name, "").split("+")[0] == wanted for name, wanted in PACKAGES.items())


def constraints(folder: Path) -> Path:
    """Write our constraints without those that a peer contradicts."""
    kept = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.split("==")[0] not in OWN_PINS]
    path = folder / "constraints.txt"
    path.write_text("\n".join(kept) + "\n")
    return path


def install(folder: Path) -> None:
    """Make the environment and install all peers: torch first and pinned, so that the wheel of this machine is taken.

    Raises:
        Missing: The installer failed.
    """
    print(f"installing peers into {folder} (some minutes, once)", file=sys.stderr)
    venv.create(folder, with_pip=True, clear=folder.exists())
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    bounds = ["--constraint", constraints(folder)]
    try:
        subprocess.run([*pip, *bounds, f"torch=={PACKAGES['torch']}"], check=True)
        subprocess.run([*pip, *bounds, *(f"{name}=={wanted}" for name, wanted in PACKAGES.items())], check=True)
    except subprocess.CalledProcessError as error:
        raise Missing(f"the peers' environment could not be installed ({error})") from None


def peer_python(peers: Path) -> Path:
    """Return the interpreter of the peers' environment, installed if need be.

    Raises:
        Missing: It cannot be installed, or has other versions than asked for.
    """
    python = peers / "chemprop" / "bin" / "python"
    if not fits(versions(python)):
        install(peers / "chemprop")
    found = versions(python)
    if not fits(found):
        raise Missing(f"the peers' environment {peers / 'chemprop'} has {found}, not {PACKAGES}")
    return python
