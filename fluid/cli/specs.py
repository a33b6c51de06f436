"""The resolved configuration of `simulate` as one typed experiment."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluid.cli.build import build
from fluid.errors import ConfigError
from fluid.federation.spec import FederationSpec

SURROUNDINGS = ("name", "open", "paths", "logger", "workers", "sweep", "hparams_search", "launcher", "only", "cost")


def without(config: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the configuration without some top-level keys."""
    return {key: value for key, value in config.items() if key not in names}


NO_FOLDER = "<paths.data>"
FILES = ("pool", "transfer", "validation", "test_in_domain", "test_external", "transfer_labels")


def check_data_folder(config: Mapping[str, Any]) -> None:
    """Find a missing file of the data folder, before any work is done.

    Raises:
        ConfigError: No folder is given and the data need one, or a file is not in it.
    """
    folder = str(config["paths"]["data"])
    for name in FILES:
        path = str(config["data"].get(name, ""))
        if path.startswith(f"{folder}/") and not Path(path).expanduser().is_file():
            why = "no folder of data files is given" if folder == NO_FOLDER else f"it is not in {folder}"
            raise ConfigError(
                f"data.{name} is the file {path.removeprefix(folder + '/')}, and {why}",
                expected="paths.data=FOLDER, a folder that holds it",
                remedy=f"Or name the file: data.{name}=FILE.",
            )


def federation_spec(config: Mapping[str, Any]) -> FederationSpec:
    """Build a whole experiment; a `student_model` of null is the teachers' architecture with a plain head, or the default network."""
    if config.get("hparams_search"):
        raise ConfigError("hparams_search is a search, not one run", remedy="Add -m.")
    values = without(config, *SURROUNDINGS)
    if values["student_model"] is None:
        teacher = values["model"]
        values["student_model"] = {**teacher, "head": "plain"} if teacher.get("kind") == "network" else {}
    values["student_model"] = {"kind": "network", **values["student_model"]}
    return build(FederationSpec, values)
