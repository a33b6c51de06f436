"""How things look in a notebook: small tables."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from html import escape


def html_card(title: str, facts: Mapping[str, object]) -> str:
    """Return a small table of facts under a title."""
    cells = {escape(name): escape(str(value)) for name, value in facts.items()}
    rows = "".join(f"<tr><th style='text-align:left'>{name}</th><td>{value}</td></tr>" for name, value in cells.items())
    return f"<table><caption style='text-align:left'><b>{escape(title)}</b></caption>{rows}</table>"


def text_card(title: str, facts: Mapping[str, object]) -> str:
    """Return the same in one line."""
    return f"<{title}: " + ", ".join(f"{name} {value}" for name, value in facts.items()) + ">"


class Shown(ABC):
    """Something with facts to show."""

    __slots__ = ()

    @abstractmethod
    def facts(self) -> dict[str, object]:
        """Return what to show, by name."""

    def __repr__(self) -> str:
        return text_card(type(self).__name__, self.facts())

    def _repr_html_(self) -> str:
        return html_card(type(self).__name__, self.facts())
