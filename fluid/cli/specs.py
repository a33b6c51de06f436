"""The resolved configuration of `simulate` as one typed experiment."""

from collections.abc import Mapping
from typing import Any

from fluid.cli.build import build
from fluid.errors import ConfigError
from fluid.federation.spec import FederationSpec

SURROUNDINGS = ("name", "open", "paths", "logger", "workers", "sweep", "hparams_search", "launcher", "only", "cost")


def without(config: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the configuration without some top-level keys."""
    return {key: value for key, value in config.items() if key not in names}


def federation_spec(config: Mapping[str, Any]) -> FederationSpec:
    """Build a whole experiment; a `student_model` of null is the teachers' architecture, or the default if they are no networks."""
    if config.get("hparams_search"):
        raise ConfigError("hparams_search is a search, not one run", remedy="Add -m.")
    values = without(config, *SURROUNDINGS)
    if values["student_model"] is None:
        teacher = values["model"]
        values["student_model"] = teacher if teacher.get("kind") == "network" else {}
    values["student_model"] = {"kind": "network", **values["student_model"]}
    return build(FederationSpec, values)
