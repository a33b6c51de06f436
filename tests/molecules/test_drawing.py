import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluid.molecules.drawing import draw, find_fault


@pytest.mark.parametrize(
    ("smiles", "why", "position", "atoms"),
    [
        ("CCO", "", -1, ()), ("CC)C", "extra close parentheses", 2, ()), ("CCX", "syntax error", 2, ()), ("C1CC", "unclosed ring", -1, ()),
        ("CC(C)(C)(C)C", "Explicit valence for atom # 1 C, 5, is greater than permitted", -1, (1,)),
        ("c1cccc1", "Can't kekulize mol. Unkekulized atoms: 0 1 2 3 4", -1, (0, 1, 2, 3, 4)),
    ],
)  # fmt: skip
def test_where_a_smiles_is_wrong(smiles: str, why: str, position: int, atoms: tuple[int, ...]) -> None:
    assert find_fault(smiles) == (why, position, atoms)


@pytest.mark.parametrize(
    "smiles", ["CCO", "c1ccccc1[N+](=O)[O-]", "CC(C)(C)(C)C", "[Na+].[Cl-]", "N[Pt](N)(Cl)Cl", "*CC", "C[C@H](N)O", "[H][H]"]
)
def test_a_picture_is_one_svg_element_without_scripts_or_links(smiles: str) -> None:
    svg = draw(smiles, 120, 80)
    root = ET.fromstring(svg)
    assert (root.tag, root.get("width")) == ("{http://www.w3.org/2000/svg}svg", "120px")
    assert svg.startswith("<svg")
    assert not re.search(r"<script|href|<image|@import|url\(", svg)
    assert len(root) > 0


@pytest.mark.parametrize("smiles", ["", "CC)C", "x", "C" * 3000, "C" * 500])
def test_what_cannot_be_drawn_has_no_picture(smiles: str) -> None:
    assert draw(smiles) == ""


def test_equal_molecules_give_equal_pictures_and_maps_are_not_drawn() -> None:
    assert draw("CCO") == draw("CCO")
    assert draw("[CH3:1][OH:2]") == draw("CO")


@given(st.text("CNOc1()=[]+-#*<>&\"'@ \x00é", max_size=12))
@settings(max_examples=200)
def test_any_text_is_drawn_or_not_but_never_comes_into_the_picture(text: str) -> None:
    svg = draw(text)
    assert not svg or ET.fromstring(svg).tag.endswith("svg")
    find_fault(text)
