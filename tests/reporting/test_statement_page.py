from pathlib import Path

from fluid.privacy.statement import Statement
from fluid.reporting.statement_page import render_page, write_page

SAID = Statement(
    "Ledger of <Acme>", ("Budget: ε 9.",), ("nobody can tell",), ("release",), (("7",),), ("one molecule",), ("chemotypes",), {}
)


def test_all_of_a_statement_is_on_the_page_and_its_words_are_no_markup(tmp_path: Path) -> None:
    write_page(SAID, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text == render_page(SAID)
    assert "<h1>Ledger of &lt;Acme&gt;</h1>" in text
    for said in ("Budget: ε 9.", "nobody can tell", "<td>7</td>", "<li>one molecule</li>", "<li>chemotypes</li>"):
        assert said in text
    assert "http" not in text.replace("http-equiv", "")


def test_lists_and_tables_that_are_empty_are_left_out() -> None:
    text = render_page(Statement("Release of Bolt", ("Nothing.",), (), (), (), (), (), {}))
    assert "<table" not in text
    assert "does not cover" not in text
