"""Figures of experiments: what is drawn is what the runs gave."""

import numpy as np
import pandas as pd
import pytest

from fluid.errors import ConfigError
from fluid.reporting.experiments import FIGURES, Evidence, check_figure, count_taking_part, experiment_figures, seed_differences, seed_means
from fluid.reporting.figures.cross_domain import matrix, off_diagonal
from fluid.reporting.published import DOI, published_figures, published_points


def scores(values: dict[object, list[float]], setting: str = "all runs", metric: str = "mcc") -> pd.DataFrame:
    """Return scores of the student by `x` and seed; the mean teacher is 0.2 and the pooled model 0.6 in all runs."""
    rows = [
        (f"run-{x}-{seed}", seed, setting, x, role, role, "external", "blocker", metric, found)
        for x, own in values.items()
        for seed, value in enumerate(own)
        for role, found in (("student", value), ("teacher_mean", 0.2), ("pooled", 0.6))
    ]
    return pd.DataFrame(rows, columns=["run", "seed", "setting", "x", "model", "role", "test", "endpoint", "metric", "value"])


def test_a_curve_has_the_means_over_seeds_and_the_papers_points() -> None:
    means = seed_means(scores({100: [0.3, 0.5], 1000: [0.5, 0.5]}), ["student"])
    assert means[["x", "mean", "runs"]].to_numpy().tolist() == [[100, 0.4, 2], [1000, 0.5, 2]]
    assert means["half"].tolist() == pytest.approx([12.706204736432095 * 0.1, 0.0])  # t of one degree of freedom, standard error 0.1
    (figure,) = experiment_figures([Evidence("student_size", scores({100: [0.3, 0.5], 1000: [0.5, 0.5]}))])
    title, svg, caption = figure
    assert title == "Student size: MCC, blocker"
    assert "paper's student" in svg
    assert "teacher mean" in svg
    assert "1,000" in svg
    assert "doi:10.1038/s42256-025-00991-2" in caption
    (other,) = experiment_figures([Evidence("student_size", scores({100: [0.7], 1000: [0.8]}, metric="auroc"))])
    assert "paper" not in other.svg + other.caption
    assert experiment_figures([Evidence("student_size", scores({100: [0.3, 0.5], 1000: [0.5, 0.5]}))]) == [figure]


def test_two_settings_are_two_curves_that_are_named() -> None:
    both = pd.concat([scores({1: [0.3], 2: [0.4]}, "protocol=paper"), scores({1: [0.4], 2: [0.5]}, "protocol=fluid")], ignore_index=True)
    (figure,) = experiment_figures([Evidence("teacher_count", both)])
    assert "student (protocol=paper)" in figure.svg
    assert "student (protocol=fluid)" in figure.svg


def test_what_is_lost_without_a_company_is_paired_by_seed() -> None:
    table = scores({"none": [0.5, 0.6], "T1": [0.4, 0.4], "T2": [0.55, 0.65]})
    found = seed_differences(table, ["student"], "none").set_index("x")
    assert found["mean"].to_dict() == pytest.approx({"T1": -0.15, "T2": 0.05})
    assert found.loc["T2", "half"] == pytest.approx(0, abs=1e-12)
    assert found.loc["T1", "half"] == pytest.approx(12.706204736432095 * 0.05)
    (figure,) = experiment_figures([Evidence("leave_one_out", table)])
    assert "-0.150" in figure.svg
    assert "other companies than ours" in figure.caption
    assert experiment_figures([Evidence("leave_one_out", scores({"T1": [0.4]}))]) == []  # nothing to compare with


def matrix_rows() -> pd.DataFrame:
    values = {"T1": (0.9, 0.1, np.nan), "T2": (0.3, 0.8, np.nan), "T3": (0.2, 0.4, np.nan), "student": (0.5, 0.7, np.nan)}
    rows = [
        ("run", 0, "all runs", model, "student" if model == "student" else "teacher", "" if model == "student" else model, f"T{i + 1}",
         "blocker", "mcc", value, 0 if np.isnan(value) else 40)
        for model, own in values.items()
        for i, value in enumerate(own)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["run", "seed", "setting", "model", "role", "company", "domain", "endpoint", "metric", "value", "n"])


def test_a_matrix_is_summed_up_off_its_diagonal_and_shows_an_empty_domain() -> None:
    rows = matrix_rows()
    np.testing.assert_array_equal(matrix(rows, ["T2", "T1"], ["T1", "T3", "T2"]), [[0.3, np.nan, 0.8], [0.9, np.nan, 0.1]])
    found = off_diagonal(rows)
    assert found["teacher"] == pytest.approx((np.mean([0.1, 0.3, 0.2, 0.4]), np.std([0.1, 0.3, 0.2, 0.4])))
    assert found["student"] == pytest.approx((0.6, 0.1))
    (figure,) = experiment_figures([Evidence("cross_domain", scores({"": [0.5]}), {"cross_domain": rows})])
    assert figure.svg.count("–</text>") == 4
    assert "teacher 0.250 ± 0.112, student 0.600 ± 0.100" in figure.caption
    assert "The paper: teacher 0.142 ± 0.143, student 0.192 ± 0.095, hybrid 0.199 ± 0.100" in figure.caption


def test_a_matrix_without_any_value_is_drawn_as_undefined() -> None:
    rows = matrix_rows().assign(value=np.nan, n=0)
    (figure,) = experiment_figures([Evidence("cross_domain", scores({"": [0.5]}), {"cross_domain": rows})])
    assert "undefined." in figure.caption
    assert figure.svg.count("–</text>") == 12


def test_the_gain_of_domain_is_told_from_least_to_most() -> None:
    rows = [
        ("run", 0, "all runs", company, role, "external", rule, inside, gained, 200)
        for rule in ("features", "nearest")
        for company, gained in (("T1", 30), ("T2", 50))
        for role, inside, gained in (("teacher", 20, 0), ("student", 40, 10), ("hybrid", 20 + gained, gained))
    ]
    columns = ["run", "seed", "setting", "company", "role", "test", "rule", "in_domain", "gained", "n"]
    found = experiment_figures([Evidence("domain_gain", scores({"": [0.5]}), {"domain_gain": pd.DataFrame(rows, columns=columns)})])
    assert [figure.title for figure in found] == ["Domain gain: features", "Domain gain: nearest"]
    assert "external 30 to 50 of 200. The paper, by features: 1,406 to 1,777 of 4,383" in found[0].caption
    assert "0.350" in found[0].svg  # 70 of 200


def test_contributions_name_how_they_were_found() -> None:
    columns = ["run", "seed", "setting", "company", "test", "endpoint", "metric", "shapley", "leave_one_out", "alone", "together", "by"]
    rows = [("run", 0, "all runs", f"T{i}", "external", "blocker", "mcc", 0.1 * i, 0.01, 0.2, 0.3, "all subsets") for i in (1, 2)]
    (figure,) = experiment_figures([Evidence("contribution", scores({"": [0.5]}), {"contribution": pd.DataFrame(rows, columns=columns)})])
    assert "Shapley value over all subsets" in figure.caption
    assert "external 0.300" in figure.caption
    assert "0.200" in figure.svg


def test_chemical_space_has_a_figure_of_each_division() -> None:
    companies = pd.DataFrame(
        [(f"run{s}", 0, s, f"T{i}", 100 * i, 0.5, 0.1, 0.2) for s in ("kmeans", "size") for i in (1, 2)],
        columns=["run", "seed", "setting", "company", "n", "positives", "divergence", "separation"],
    )
    space = pd.DataFrame(
        [(f"run{s}", 0, s, 0.1 * i, 0.2, f"T{i}") for s in ("kmeans", "size") for i in (1, 2)],
        columns=["run", "seed", "setting", "x", "y", "set"],
    )
    found = experiment_figures([Evidence("chemical_space", scores({"": [0.5]}), {"companies": companies, "chemical_space": space})])
    assert [figure.title for figure in found] == [
        f"{name} ({setting})" for setting in ("kmeans", "size") for name in ("Companies", "Heterogeneity", "Chemical space")
    ]


def test_the_number_of_companies_is_read_from_settings() -> None:
    settings = {"companies.n": 8}
    assert count_taking_part(settings) == 8
    assert count_taking_part({**settings, "companies.left_out": "T2"}) == 7
    assert count_taking_part({**settings, "companies.taking_part": 3}) == 3
    assert count_taking_part({**settings, "companies.taking_part": "['T1', 'T4']"}) == 2


def test_published_values_are_whole() -> None:
    assert len(published_points("student_size", "external", "mcc")) == len(published_points("teacher_count", "external", "mcc")) == 8
    assert len(published_points("leave_one_out", "external", "mcc")) == 9
    assert published_points("student_size", "external", "auroc") == published_points("student_size", "elsewhere", "mcc") == {}
    assert published_figures()["doi"] == DOI


def test_an_unknown_figure_or_one_without_classes_is_refused() -> None:
    for name in (None, *FIGURES):
        check_figure(name, ["classification"])
    check_figure("student_size", ["regression"])
    with pytest.raises(ConfigError, match="figure is 'pie'"):
        check_figure("pie", ["classification"])
    with pytest.raises(ConfigError, match="experiment=hard_soft compares what is done with classes"):
        check_figure("hard_soft", ["regression"])
