"""The nearest known key or choice to a mistyped one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fluid.cli.build import nearest


def dotted_keys(values: Any, prefix: str = "") -> Iterator[str]:
    """Yield every key of nested mappings as a dotted path."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield f"{prefix}{key}"
            yield from dotted_keys(value, f"{prefix}{key}.")


def known_keys(conf: Path, verb: str) -> list[str]:
    """Return all keys and groups that a verb's configuration knows."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from omegaconf import OmegaConf

    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf), version_base="1.3"):
        config = OmegaConf.to_container(compose(verb), resolve=False, throw_on_missing=False)
    return sorted(set(dotted_keys(config)) | {folder.name for folder in conf.iterdir() if folder.is_dir() and folder.name != "hydra"})


def suggestion(message: str, conf: Path, verb: str) -> str:
    """Return a remedy for a message of Hydra about an unknown key or choice; empty if it is about something else."""
    override = re.search(r"Could not override '([^']+)'", message)
    if override and (conf / override.group(1)).is_dir():
        prefix = f"{override.group(1)}."
        return "Its keys: " + ", ".join(key.removeprefix(prefix) for key in known_keys(conf, verb) if key.startswith(prefix)) + "."
    if override:
        return nearest(override.group(1), known_keys(conf, verb))
    choice = re.search(r"Could not find '([^'/]+)/([^']+)'", message)
    if choice:
        return nearest(choice.group(2), [file.stem for file in (conf / choice.group(1)).glob("*.yaml")])
    return ""
