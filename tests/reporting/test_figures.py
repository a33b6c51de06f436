import re

import pandas as pd
import pytest

from fluid.reporting.figures.bars import bar_chart, metrics_of, rows_in_order, title_of
from fluid.reporting.figures.panels import companies_chart, contribution_chart, learning_chart, soft_label_chart, space_chart
from tests.reporting.conftest import make, scores


def test_every_model_has_a_labelled_bar() -> None:
    svg = bar_chart(scores(), ["in-domain", "external"], "blocker", "auroc")
    texts = re.findall(r">([^<>]+)</text>", svg)
    for name in ("pooled", "T1", "T2", "teacher mean", "consensus", "student", "H1", "hybrid mean"):
        assert texts.count(name) == 2
    assert "in-domain (n = 500)" in texts


def test_metrics_and_titles() -> None:
    assert metrics_of(scores()) == ["auroc", "mcc"]
    assert title_of("rmse") == "RMSE (lower is better)"
    assert list(rows_in_order(scores(), "external", "blocker", "mcc")["role"])[:2] == ["pooled", "forest"]


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
