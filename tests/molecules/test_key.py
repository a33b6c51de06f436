import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.molecules.key import INCHIKEY, key_of, leaves_open, number_skeletons, skeleton

ALANINE = "QNAYBMKLOCPYGJ-REOHCLBHSA-N"


def test_the_parts_of_a_key() -> None:
    assert key_of(ALANINE, stereo=True) == "QNAYBMKLOCPYGJ-REOHCLBHSA"
    assert key_of(ALANINE, stereo=False) == skeleton(key_of(ALANINE, stereo=True)) == "QNAYBMKLOCPYGJ"
    assert skeleton("QNAYBMKLOCPYGJ") == "QNAYBMKLOCPYGJ"


@pytest.mark.parametrize(("key", "is_open"), [("QNAYBMKLOCPYGJ", True), ("QNAYBMKLOCPYGJ-UHFFFAOYSA", True), (ALANINE[:25], False)])
def test_which_keys_leave_the_stereo_isomer_open(key: str, is_open: bool) -> None:
    assert leaves_open(key) == is_open


@pytest.mark.parametrize(
    ("text", "is_key"),
    [(ALANINE, True), (ALANINE[:25], True), (ALANINE[:14], True), (ALANINE[:20], False), (ALANINE.lower(), False), (ALANINE + "N", False)],
)
def test_what_is_an_inchikey(text: str, is_key: bool) -> None:
    assert bool(INCHIKEY.fullmatch(text)) == is_key


@given(st.lists(st.sampled_from("ABCDE")))
def test_skeletons_are_numbered_as_they_come(skeletons: list[str]) -> None:
    seen = list(dict.fromkeys(skeletons))
    assert np.array_equal(number_skeletons(skeletons), [seen.index(one) for one in skeletons])
