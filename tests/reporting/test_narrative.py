import pandas as pd
import pytest

from fluid.reporting.narrative import sentences
from tests.reporting.conftest import scores


def test_findings_are_those_of_the_numbers() -> None:
    told = sentences(scores())
    assert "blocker, in-domain: the student reaches AUROC 0.830, the teachers 0.750 on average." in told
    assert "blocker, in-domain: against the best teacher (T2, 0.800) the student is better (0.030), within the intervals." in told
    assert "blocker, in-domain: against the pooled teacher (0.900) the student is worse (0.070)." in told
    assert "blocker, in-domain: 1 of 2 companies gain from their hybrid over their own teacher." in told
    assert "blocker, external: of the gap between mean and pooled teacher, the student closes 53 % and the mean hybrid closes 37 %." in told


def test_losses_are_told_too() -> None:
    table = scores()
    table.loc[(table["model"] == "student") & (table["metric"] == "auroc"), ["value", "low", "high"]] = [0.6, 0.59, 0.61]
    table.loc[(table["model"] == "student") & (table["metric"] == "gap_closed:auroc"), "value"] = -1.0
    told = " ".join(sentences(table))
    assert "the student is worse (0.200)." in told
    assert "the student falls 100 % behind the mean teacher" in told


def test_lower_is_better_for_rmse() -> None:
    table = scores().replace({"metric": {"auroc": "rmse", "gap_closed:auroc": "gap_closed:rmse"}})
    told = sentences(table[table["metric"] != "mcc"])
    assert "blocker, in-domain: against the best teacher (T1, 0.700) the student is worse (0.130)." in told


@pytest.mark.parametrize("table", [scores().iloc[:0], scores().assign(value=float("nan"))])
def test_nothing_to_tell(table: pd.DataFrame) -> None:
    assert len(sentences(table)) == 1
