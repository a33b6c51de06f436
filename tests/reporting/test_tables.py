import math

from fluid.reporting.tables import amount, baseline_table, headline_table, interval_text, percent, score_table
from tests.reporting.conftest import BASELINES, scores


def test_intervals_and_percentages() -> None:
    assert interval_text(0.8123, 0.79, 0.834) == "0.812 (0.790–0.834)"
    assert interval_text(0.8, math.nan, math.nan) == "0.800"
    assert interval_text(math.nan, 0, 1) == "–"
    assert (percent(0.567), percent(-0.2), percent(math.nan)) == ("57 %", "-20 %", "–")


def test_score_table_has_a_row_per_model_in_the_order_of_the_story() -> None:
    table = score_table(scores(), "external", "blocker").set_index("model")
    assert list(table.index) == ["pooled", "forest", "T1", "T2", "teacher mean", "consensus", "student", "H1", "H2", "hybrid mean"]
    assert table.loc["student", "auroc"] == "0.730 (0.710–0.750)"
    assert table.loc["student", "gap closed, auroc"] == "53 %"
    assert table.loc["pooled", "gap closed, auroc"] == ""


def test_headline_table() -> None:
    table = headline_table(scores()).set_index("model")
    assert list(table.index) == ["pooled", "forest", "teacher mean", "consensus", "student", "hybrid mean"]
    assert table.loc["teacher mean", "in-domain auroc"] == "0.750"
    assert table.loc["student", "in-domain gap"] == "53 %"


def test_bytes_are_told_in_a_readable_unit() -> None:
    assert [amount(size) for size in (0, 640, 16_000, 100_000, 2_840_000, math.nan)] == ["0", "0.6 kB", "16.0 kB", "0.1 MB", "2.8 MB", "–"]


def test_baselines_say_accuracy_and_cost() -> None:
    table = baseline_table(scores(), BASELINES, "blocker").set_index("model")
    columns = ["in-domain auroc", "in-domain mcc", "external auroc", "external mcc", "rounds", "up per company", "down per company"]
    assert list(table.columns) == [*columns, "what leaves a company"]
    assert list(table.loc["student"]) == ["0.830", "0.830", "0.730", "0.730", "1", "1.2 MB", "0.6 MB", "predictions, once"]
    assert list(table.loc["teacher mean"])[4:] == ["0", "0", "0", "nothing"]
    assert list(table.loc["pooled"])[4:] == ["–", "–", "–", "molecules and labels"]
    assert baseline_table(scores(), BASELINES[:0], "blocker").empty
