"""The resolved configuration of `simulate` as one typed experiment."""

from collections.abc import Mapping
from typing import Any

from fluid.cli.build import build
from fluid.errors import ConfigError
from fluid.federation.spec import FederationSpec
from fluid.file_names import at_home

SURROUNDINGS = ("name", "open", "paths", "logger", "workers", "sweep", "hparams_search", "launcher", "target", "cost", "figure")


def leave_out(config: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the configuration without some top-level keys."""
    return {key: value for key, value in config.items() if key not in names}


TAKING_PART = ("taking_part", "left_out")
NO_FOLDER = "<paths.data>"
FILES = ("pool", "transfer", "validation", "test_in_domain", "test_external", "transfer_labels")


def missing_files(config: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of the data folder that are not there, each with the setting of `data` that names it."""
    folder = str(config["paths"]["data"])
    missing: dict[str, str] = {}
    for name in FILES:
        path = str(config["data"].get(name, ""))
        if path.startswith(f"{folder}/") and not at_home(path).is_file():
            missing.setdefault(path.removeprefix(f"{folder}/"), name)
    return missing


def check_data_folder(config: Mapping[str, Any]) -> None:
    """Find a missing file of the data folder, before any work is done.

    Raises:
        ConfigError: No folder is given and the data need one, or a file is not in it.
    """
    folder = str(config["paths"]["data"])
    for file, name in missing_files(config).items():
        why = "no folder of data files is given" if folder == NO_FOLDER else f"it is not in {folder}"
        raise ConfigError(
            f"data.{name} is the file {file}, and {why}",
            expected="paths.data=FOLDER, a folder that holds it",
            remedy=f"Or name the file: data.{name}=FILE.",
        )


def participants(companies: Mapping[str, Any]) -> dict[str, Any]:
    """Return who takes part, as the settings of `TakingPart`: `companies.taking_part` is a number, a list, a name, or null.

    Raises:
        ConfigError: The value of `companies.taking_part` is neither a number, a list, a name nor null.
    """
    value, left_out = (companies.get(key) for key in TAKING_PART)
    if isinstance(value, bool) or not isinstance(value, int | str | list | type(None)):
        raise ConfigError(f"companies.taking_part is {value!r}", expected="a number of companies, a list as [T1,T3], or null")
    names = [value] if isinstance(value, str) else value if isinstance(value, list) else None
    return {"n": value if isinstance(value, int) else None, "names": names, "left_out": left_out or ""}


def federation_spec(config: Mapping[str, Any]) -> FederationSpec:
    """Build a whole experiment; a `student_model` of null is the teachers' architecture with a plain head, or the default network."""
    if config.get("hparams_search"):
        raise ConfigError("hparams_search is a search, not one run", remedy="Add -m.")
    values = leave_out(config, *SURROUNDINGS)
    if values["student_model"] is None:
        teacher = values["model"]
        values["student_model"] = {**teacher, "head": "plain"} if teacher.get("kind") == "network" else {}
    values["student_model"] = {"kind": "network", **values["student_model"]}
    values["companies"], values["taking_part"] = leave_out(values["companies"], *TAKING_PART), participants(values["companies"])
    return build(FederationSpec, values)
