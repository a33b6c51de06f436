import json
from pathlib import Path

import numpy as np
import pytest


def test_ratio_of_medians_with_its_range_over_rounds() -> None:
    from timing import compared

    row = compared("x", ours=[30.0, 10.0, 20.0], peer=[10.0, 5.0, 2.0], unit="1/s", at_least=4)
    assert (row["ours"], row["peer"], row["ratio"]) == (20.0, 5.0, 4.0)
    assert row["ratio_range"] == [2.0, 10.0]
    assert row["holds"]
    assert row["repeats"] == {"ours": 3, "peer": 3}


def test_unpaired_repeats_give_the_widest_range() -> None:
    from timing import ratio_range

    assert ratio_range([4.0, 8.0], [2.0, 1.0, 4.0]) == (1.0, 8.0)


@pytest.mark.parametrize(("at_least", "ok", "holds"), [(2.0, True, True), (2.01, True, False), (1.0, False, False)])
def test_a_row_holds_only_if_fast_and_right(at_least: float, ok: bool, holds: bool) -> None:
    from timing import compared

    assert compared("x", [2.0], [1.0], "1/s", at_least, ok=ok)["holds"] is holds


@pytest.mark.parametrize(("ours", "peer"), [([], [1.0]), ([1.0], []), ([0.0], [1.0])])
def test_values_that_cannot_be_compared_are_refused(ours: list[float], peer: list[float]) -> None:
    from timing import compared

    with pytest.raises(ValueError, match="above 0"):
        compared("x", ours, peer, "1/s", 1.0)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_exponent_of_a_power_law(power: float) -> None:
    from timing import exponent

    sizes = [10, 100, 1000, 5000]
    assert exponent(sizes, [3 * size**power for size in sizes]) == pytest.approx(power)


def test_exponent_is_the_least_squares_slope() -> None:
    from timing import exponent

    generator = np.random.default_rng(0)
    sizes, seconds = generator.uniform(1, 1e5, 9), generator.uniform(0.1, 10, 9)
    assert exponent(sizes, seconds) == pytest.approx(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def test_one_size_has_no_exponent() -> None:
    from timing import exponent

    with pytest.raises(ValueError, match="two different sizes"):
        exponent([10, 10], [1.0, 2.0])


def test_table_says_what_does_not_hold_and_what_was_not_measured() -> None:
    from table import table
    from timing import compared, unmeasured

    rows = [
        compared("fast", [200_000.0], [1000.0], "1/s", 6),
        compared("slow", [1.0], [1.0], "1/s", 6),
        unmeasured("absent", "skipped: no file"),
    ]
    lines = table(rows)
    assert lines[2] == "| fast | 200,000 | 1,000 | 1/s | 200 (200–200) | >= 6x | yes |"
    assert lines[3].endswith("| **no** |")
    assert "not measured: skipped: no file" in lines[4]
    assert len({line.count("|") for line in lines}) == 1
    json.dumps(rows)


def test_no_rows_and_failing_rows_end_with_an_error(tmp_path: Path) -> None:
    from common import finish
    from timing import unmeasured

    for rows in ([], [unmeasured("absent", "why")]):
        with pytest.raises(SystemExit, match="does not hold"):
            finish(rows, tmp_path / "rows.json")
