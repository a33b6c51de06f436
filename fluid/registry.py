"""Things by name: our own, and those that other installed packages add through entry points.

Our own entries are written as text, `"fluid.models.forest:KIND"`, and imported when they are asked for: whoever asks for a forest does not
wait for networks. An entry point of the registry's group adds a name; a package that is broken is told of when its name is asked for, and
disturbs nobody who does not.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from fluid.errors import ConfigError

Item = TypeVar("Item")
CONF = "fluid.conf"
"""Group of entry points that name folders with files of the configuration."""


def close_word(word: str, known: Sequence[str]) -> str:
    """Return a remedy that names the closest known word; empty if none is close."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else ""


def nearest_word(word: str, known: Sequence[str]) -> str:
    """Return a remedy that names the closest known word, or all of them."""
    return close_word(word, known) or "Known: " + ", ".join(sorted(known)) + "."


def load(place: str) -> Any:
    """Return what a text such as `"fluid.models.forest:KIND"` names."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


ADDED: dict[str, dict[str, tuple[EntryPoint, ...]]] = {}
"""Entry points of `fluid.*` by group and name, once they were read: installed packages are looked through once in a process."""


def added(group: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    """Return the entry points of a group that installed packages have, by name, in the order of their names."""
    if group not in ADDED:
        points = sorted(points_of_fluid(), key=lambda point: (point.name, point.value))
        for name in {group, *(point.group for point in points)}:
            own = [point for point in points if point.group == name]
            ADDED[name] = {point.name: tuple(one for one in own if one.name == point.name) for point in own}
    return ADDED[group]


def points_of_fluid() -> Iterator[EntryPoint]:
    """Yield all entry points `fluid.*` of installed packages; of several copies of one package, those of the one that is imported."""
    found = entry_points()  # looks at the first copy only, also where another spells the package's name otherwise
    for group in found.groups:
        if group.startswith("fluid."):
            yield from found.select(group=group)


def installed(group: str) -> tuple[EntryPoint, ...]:
    """Return the entry points of a group that installed packages have, in the order of their names."""
    return tuple(point for points in added(group).values() for point in points)


def forget_installed() -> None:
    """Look through the installed packages again when something is next asked for."""
    ADDED.clear()


def package_of(point: EntryPoint) -> str:
    """Return the name of the distribution that has an entry point."""
    return point.dist.name if point.dist else point.module


@dataclass(frozen=True, eq=False)
class Registry(Mapping[str, Item], Generic[Item]):
    """Things of one kind by name, in order: our own first.

    Attributes:
        group: Group of the entry points that add to it (`fluid.models`).
        what: What one of them is called in messages (`model`).
        own: Ours, as they are or as a text that says where to import them from.
        type: What something that a package adds must be an instance of.
        setting: The setting that chooses one (`model.kind`), for messages.
    """

    group: str
    what: str
    own: Mapping[str, Item | str]
    type: type
    setting: str

    def __iter__(self) -> Iterator[str]:
        """Yield all names."""
        yield from dict.fromkeys([*self.own, *self._added])

    def __len__(self) -> int:
        return len(set(self.own) | set(self._added))

    def __contains__(self, name: object) -> bool:
        return name in self.own or name in self._added

    @property
    def _added(self) -> Mapping[str, tuple[EntryPoint, ...]]:
        return added(self.group)

    def __getitem__(self, name: str) -> Item:
        """Return the thing of a name.

        Raises:
            ConfigError: The name is unknown or registered twice, or the package that adds it cannot be imported or registers something
                else.
        """
        if name not in self:
            raise self.unknown(name)
        points = self._added.get(name, ())
        if len(points) + (name in self.own) > 1:
            raise self._taken(name, points)
        return self._imported(points[0]) if points else self._ours(name)

    def check(self, name: str) -> None:
        """Refuse a name that is unknown, registered twice, or of a package that is broken; what is ours is not imported for this.

        Raises:
            ConfigError: The name is unknown or registered twice, or the package that adds it cannot be imported or registers something
                else.
        """
        if name not in self.own or name in self._added:
            self[name]

    def unknown(self, name: object, setting: str = "") -> ConfigError:
        """Return the error that says that a name is unknown, by the `setting` that has it if that is another one than usual."""
        what = f"{setting or self.setting} is {name!r}"
        return ConfigError(what, expected="one of " + ", ".join(self), remedy=close_word(str(name), list(self)))

    def _ours(self, name: str) -> Item:
        place = self.own[name]
        return cast(Item, load(place) if isinstance(place, str) else place)

    def _taken(self, name: str, points: Sequence[EntryPoint]) -> ConfigError:
        first = "fluid itself" if name in self.own else package_of(points[0])
        return ConfigError(
            f"the package {package_of(points[-1])!r} registers the {self.what} {name!r}, a name that {first} has already",
            where=points[-1].value,
            remedy=f"Give it another name in the package's entry points {self.group!r}, or uninstall the package.",
        )

    def _imported(self, point: EntryPoint) -> Item:
        try:
            found = point.load()
        except Exception as error:  # whatever a package does when it is imported
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            what = f"the {self.what} {point.name!r} of the package {package_of(point)!r} cannot be imported ({reason})"
            raise ConfigError(what, where=point.value, remedy="Repair or uninstall the package.") from None
        if not isinstance(found, self.type):
            what = f"the package {package_of(point)!r} registers as {self.what} {point.name!r} a value of type {type(found).__name__}"
            raise ConfigError(what, where=point.value, expected=f"what entry points of {self.group!r} are (see CONTRIBUTING.md)")
        return cast(Item, found)

    def modules(self, *names: str) -> tuple[str, ...]:
        """Return the modules of other packages that some names come from; ours are known to the code that imports them."""
        return tuple(dict.fromkeys(point.module for name in names for point in self._added.get(name, ())))

    def broken(self) -> dict[str, str]:
        """Return what is wrong with each name that a package adds, where something is."""
        wrong = {}
        for name in self._added:
            try:
                self[name]
            except ConfigError as error:
                wrong[name] = str(error)
        return wrong


def conf_folders() -> tuple[Path, ...]:
    """Return the folders with files of the configuration that installed packages add; nothing of theirs is imported."""
    found = []
    for point in installed(CONF):
        top, *rest = point.value.split(".")
        spec = find_spec(top)
        found += [folder for place in (spec.submodule_search_locations or () if spec else ()) if (folder := Path(place, *rest)).is_dir()]
    return tuple(found)
