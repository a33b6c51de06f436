import pandas as pd
import pytest

from fluid.reporting.figures.panels import companies_chart, contribution_chart, learning_chart, soft_label_chart, space_chart
from tests.reporting.conftest import make


@pytest.mark.parametrize(
    "draw", [lambda d: companies_chart(d.companies), lambda d: contribution_chart(d.contribution), lambda d: space_chart(d.chemical_space)]
)
def test_companies_are_named(draw) -> None:  # type: ignore[no-untyped-def]
    svg = draw(make())
    assert ">T1</text>" in svg
    assert ">T2</text>" in svg


def test_companies_without_classes_show_their_size() -> None:
    companies = make().companies.assign(positives=float("nan"))
    assert ">300</text>" in companies_chart(companies)


def test_one_bin_or_one_epoch_is_drawn() -> None:
    assert soft_label_chart(pd.DataFrame({"in_bin": [0.5], "count": [3]})).startswith("<svg")
    assert learning_chart(pd.DataFrame([("T1", 0, "train", 0.5)], columns=["model", "epoch", "split", "loss"])).startswith("<svg")
