"""What docstrings say of errors is understood alone: `ConfigError: The edges do not rise.`, never `ConfigError: They are not.`."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import fluid

PACKAGE = Path(fluid.__file__).parent
ROOMS = sorted(file.parent.name for file in PACKAGE.glob("*/__init__.py"))

ENTRY = re.compile(r"^    (\w+): (.*(?:\n        .*)*)", re.MULTILINE)
NO_SUBJECT = re.compile(
    r"(it|they|one|some|somebody|nobody|that|this|these|those|such|either|neither|both) .*"
    r"|there (is|are) (none|not|such|more or fewer)\b.*|there (is|are) (one|some)(;.*)?|.* (is|are) neither|another process is,.*"
    r"|(its|their|not all|two are) .*|as \S+|\S+",
    re.IGNORECASE | re.DOTALL,
)


def raises(docstring: str) -> Iterator[tuple[str, str]]:
    """Yield the errors of a docstring's section `Raises`, with what is said of them."""
    _, _, section = docstring.partition("Raises:\n")
    yield from ENTRY.findall(section.partition("\n\n")[0])


def is_understood_alone(text: str) -> bool:
    """Return whether a sentence has a subject of its own, and says more of it than that it is, or does."""
    return NO_SUBJECT.fullmatch(text.rstrip(".")) is None


def faults(room: Path) -> list[str]:
    found = []
    for file in sorted(room.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and (text := ast.get_docstring(node)):
                wrong = [f"{error}: {said}" for error, said in raises(text) if not is_understood_alone(said)]
                found += [f"{file.name}:{node.lineno} {one}" for one in wrong]
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_wrong_is_said_in_full(room: str) -> None:
    assert faults(PACKAGE / room) == []


@pytest.mark.parametrize(
    "said",
    ["It is.", "It does, and there are none.", "One is.", "They are not.", "There is such a value.", "The suffix is neither.", "Missing.",
     "Somebody is.", "It is empty or too long.", "There is none.", "Another process is, and does not end soon.", "There are some.",
     "There is one; it is named.", "Its kind is unknown.", "Not all are done.", "Two are of one teacher.", "As `check`."],
)  # fmt: skip
def test_half_a_sentence_is_refused(tmp_path: Path, said: str) -> None:
    (tmp_path / "a.py").write_text(
        f'def check(name: str) -> None:\n    """Refuse a name.\n\n    Raises:\n        ValueError: A name is\n            too long.\n'
        f'        ConfigError: {said}\n\n    Example:\n        KeyError: It is.\n    """\n'
    )
    assert faults(tmp_path) == [f"a.py:1 ConfigError: {said}"]
