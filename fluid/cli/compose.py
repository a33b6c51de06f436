"""The configuration of a verb, composed by Hydra."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluid.errors import ConfigError
from fluid.file_names import at_home
from fluid.registry import conf_folders

if TYPE_CHECKING:  # `fluid --help` needs none of it
    from omegaconf import DictConfig

Config = dict[str, Any]
Job = Callable[["DictConfig", Sequence[str]], Any]
UNTYPED_PLACES = {"": ("out", "run", "folder"), "paths": ("runs", "artifacts")}
"""Settings by group that are places and that verbs use as they are; those in the typed settings are expanded where they are read."""


def conf_folder() -> Path:
    """Return the folder of the configuration: inside the package when installed, beside it in a checkout."""
    inside = Path(__file__).parents[1] / "conf"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "conf"


def conf_file(group: str, name: str) -> Path:
    """Return the file of a choice: ours, or one that an installed package adds."""
    files = [folder / group / f"{name}.yaml" for folder in (conf_folder(), *conf_folders())]
    return next((file for file in files if file.is_file()), files[0])


@cache
def add_search_path() -> None:
    """Let Hydra find the files of the configuration that installed packages add."""
    from hydra.core.config_search_path import ConfigSearchPath
    from hydra.core.plugins import Plugins
    from hydra.plugins.search_path_plugin import SearchPathPlugin

    class Extensions(SearchPathPlugin):
        """Folders of other packages, after ours: nobody replaces a file of ours."""

        def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
            for folder in conf_folders():
                search_path.append("fluid.conf", str(folder))

    Plugins.instance().register(Extensions)


def compose(verb: str, overrides: Sequence[str] = (), with_own: bool = False) -> "DictConfig":
    """Return the configuration of a verb without running anything; `with_own` keeps Hydra's own part of it."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    add_search_path()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        return compose(verb, overrides=list(overrides), return_hydra_config=with_own)


def run_with_hydra(verb: str, arguments: Sequence[str], job: Job) -> None:
    """Let Hydra read the arguments and call `job` with each configuration and the settings by which it was composed.

    All jobs are tried; then the first failure is raised.

    With `-m` the job may be called in other processes: it must then be a function of an importable module, or made of such.
    """
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    add_search_path()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come to the caller instead of being printed by Hydra
    sys.argv = [f"fluid {verb.replace('_', '-')}", *arguments]

    failures: list[Exception] = []

    def task(config: "DictConfig") -> None:
        typed = OmegaConf.to_container(HydraConfig.get().overrides.task, resolve=False)  # a setting that refers to others, as it is
        try:
            job(config, [str(text) for text in typed or ()])
        except Exception as error:  # Hydra would speak of it in its own words
            failures.append(error)

    hydra.main(version_base="1.3", config_path=str(conf_folder()), config_name=verb)(task)()
    if failures:
        raise failures[0]


def place(value: Any, key: str) -> str | None:
    """Return a place as it is used; a leading `~` is the home folder. Only `out` may be null, which a verb refuses that needs it.

    Raises:
        ConfigError: The value is no text, or an empty one.
    """
    if value is None and key == "out":
        return None
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{key} is {value!r}", expected="the name of a file or folder")
    return str(at_home(value))


def plain_values(config: "DictConfig", complete: bool = True) -> Config:
    """Return a configuration as plain values; in places, a leading `~` is the home folder.

    Args:
        config: The composed configuration.
        complete: Whether every setting must have a value; if not, those that have none are `???`.

    Raises:
        ConfigError: A place is no text.
    """
    from omegaconf import OmegaConf

    values: Config = OmegaConf.to_container(config, resolve=True, throw_on_missing=complete)  # type: ignore[assignment]
    for group, names in UNTYPED_PLACES.items():
        settings = values.get(group, {}) if group else values
        for name in settings.keys() & names:
            settings[name] = place(settings[name], f"{group}.{name}".lstrip("."))
    return values
