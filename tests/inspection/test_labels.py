import math

import pytest

from fluid.data.endpoints import Endpoint
from fluid.inspection.labels import ABOUT, BOUND_ON_BOTH_SIDES, CENSORED, NO_CLASS, NO_NUMBER, LabelReader
from fluid.inspection.plan import Target


def reader(text: str, missing: tuple[str, ...] = (), **words: tuple[str, ...]) -> LabelReader:
    endpoint = Endpoint.parse(text)
    return LabelReader(Target(endpoint, text, endpoint.column, **words), missing)


@pytest.mark.parametrize(
    ("text", "cell", "qualifier", "value", "why"),
    [
        ("x", "1", "", 1, ""),
        ("x", "0.0", "", 0, ""),
        ("x", "TRUE", "", 1, ""),
        ("x", "negative", "", 0, ""),
        ("x", "", "", None, ""),
        ("x", "2", "", None, NO_CLASS),
        ("x", "see note", "", None, NO_CLASS),
        ("x", "Inconclusive", "", None, "inconclusive call"),
        ("x [u]", "4,5", "", 4.5, ""),
        ("x [u]", "4.5", "'='", 4.5, ""),
        ("x [u]", "ND", "", None, ""),
        ("x [u]", "4 nM", "", None, NO_NUMBER),
        ("x [u]", ">4", "", None, CENSORED),
        ("x [u]", "4", "<", None, CENSORED),
        ("x [u]", "~4", "", None, ABOUT),
        ("x [u]", "4", "~", None, ABOUT),
        ("x >= 5", "5", "", 1, ""),
        ("x >= 5", "4", "", 0, ""),
        ("x >= 5", ">10", "", 1, ""),
        ("x >= 5", ">5", "", 1, ""),
        ("x >= 5", "<5", "", 0, ""),
        ("x >= 5", "<10", "", None, BOUND_ON_BOTH_SIDES),
        ("x >= 5", ">1", "", None, BOUND_ON_BOTH_SIDES),
        ("x <= 5", "<1", "", 1, ""),
        ("x <= 5", "9", ">", 0, ""),
        ("x <= 5", "<9", "", None, BOUND_ON_BOTH_SIDES),
    ],
)
def test_what_a_cell_says_of_an_endpoint(text: str, cell: str, qualifier: str, value: float | None, why: str) -> None:
    label = reader(text, ("nd",)).read(cell, qualifier)
    assert (None if math.isnan(label.value) else label.value, label.why) == (value, why)
    assert label.bad == (why in (NO_CLASS, NO_NUMBER))


def test_class_words_are_read_without_regard_to_case() -> None:
    read = reader("x", positive=("active", "1"), negative=("-",), missing=("nd",)).read
    assert [read(cell).value for cell in ("Active", "1.0", "-")] == [1, 1, 0]
    assert [(math.isnan(read(cell).value), read(cell).why) for cell in ("ND", "")] == [(True, ""), (True, "")]
    assert read("true").bad
