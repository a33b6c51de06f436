from fluid.privacy.statement import Statement
from fluid.privacy.statement_text import render, table_lines

SAID = Statement(
    "Ledger of Acme", ("Budget: ε 9.",), ("no second place knows it",), ("release", "ε"), (("1", "1.60"), ("10", "0.5")), ("one molecule",),
    ("chemotypes " * 20,), {},
)  # fmt: skip


def test_all_of_a_statement_is_shown() -> None:
    text = render(SAID)
    parts = text.split("\n\n")
    assert parts[:3] == ["Ledger of Acme", "! no second place knows it", "Budget: ε 9."]
    assert parts[3] == "release  ε\n1        1.60\n10       0.5"
    assert parts[4] == "What that is about:\n- one molecule"
    assert parts[5].startswith("What it does not cover:\n- chemotypes chemotypes")
    assert max(map(len, text.splitlines())) <= 100
    assert text.endswith("\n")


def test_what_is_not_there_has_no_title() -> None:
    assert render(Statement("Release of Bolt", ("Nothing.",), (), (), (), (), (), {})) == "Release of Bolt\n\nNothing.\n"
    assert table_lines(("a",), ()) == []


def test_signs_that_a_screen_would_obey_are_shown_as_signs() -> None:
    assert "\x1b" not in render(Statement("Release of \x1b[31mBolt", ("\x1b",), (), ("a",), (("\x1b[0m",),), (), (), {}))
