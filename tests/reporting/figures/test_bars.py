import re

from fluid.reporting.figures.bars import bar_chart, metrics_of, rows_in_order, title_of
from tests.reporting.conftest import scores


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
