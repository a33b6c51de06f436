import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fluid.evaluation.holm import holm
from fluid.reporting.comparison import render_comparison
from fluid.reporting.significance import labels, model_differences, pairs_table, setting_differences, short_names, tidy_runs
from fluid.seeding import numpy_stream

SETTINGS = ("consensus.method", "seed")


def sweep(effects: dict[str, float], seeds: int = 5, endpoints: tuple[str, ...] = ("blocker",), metric: str = "mcc") -> pd.DataFrame:
    """Return a collected table: the pooled model is the same in all settings, the student differs by `effects`."""
    rng = numpy_stream(0, "test", "significance")
    rows = []
    for seed in range(seeds):
        common = rng.normal(0, 0.03)
        for endpoint in endpoints:
            for method, effect in effects.items():
                values = {"pooled": 0.6 + common, "student": 0.4 + common + effect + rng.normal(0, 0.005)}
                rows += [
                    (f"run-{method}-{seed}", method, seed, role, role, "in-domain", endpoint, metric, value)
                    for role, value in values.items()
                ]
    return pd.DataFrame(rows, columns=["run", "consensus.method", "seed", "model", "role", "test", "endpoint", "metric", "value"])


def test_what_differs_is_found_paired_by_seed() -> None:
    found = setting_differences(sweep({"mean": 0.0, "similarity": 0.05, "uncertainty": 0.001}), SETTINGS)
    assert found.notes == ()
    student = {pair.place[3]: pair.comparison for pair in found.compared}["student"]
    assert student.letters == {"consensus=mean": "b", "consensus=similarity": "a", "consensus=uncertainty": "b"}
    row = found.pairs[(found.pairs["role"] == "student") & (found.pairs["second"] == "consensus=similarity")].iloc[0]
    assert row["verdict"] == "practically worse"
    assert row["p"] < 0.001
    assert row["seeds"] == 5
    assert row["low"] < row["difference"] < row["high"] < -0.02


def test_two_settings_are_the_paired_t_test_of_the_raw_values() -> None:
    table = sweep({"mean": 0.0, "similarity": 0.01})
    row = setting_differences(table, SETTINGS).pairs.set_index("role").loc["student"]
    own = table[table["role"] == "student"].pivot(index="seed", columns="consensus.method", values="value")
    expected = stats.ttest_rel(own["mean"], own["similarity"])
    assert (row["p"], row["p_t"]) == pytest.approx((expected.pvalue, expected.pvalue))
    assert (row["low"], row["high"]) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_a_model_that_the_setting_does_not_touch_is_identical() -> None:
    found = setting_differences(sweep({"mean": 0.0, "similarity": 0.05}), SETTINGS)
    pooled = {one.place[3]: one.comparison for one in found.compared}["pooled"]
    assert pooled.identical
    assert found.pairs.set_index("role").loc["pooled", ["difference", "p", "verdict"]].tolist() == [0, 1, "equivalent"]


def test_several_endpoints_are_corrected_by_holm() -> None:
    found = setting_differences(sweep({"mean": 0.0, "similarity": 0.006}, endpoints=("a", "b", "c")), SETTINGS)
    own = found.pairs[found.pairs["role"] == "student"]
    assert own["endpoint"].tolist() == ["a", "b", "c"]
    assert own["p_holm"].to_numpy() == pytest.approx(holm(own["p"].to_numpy()))
    assert (own["p_holm"] > own["p"]).any()


def test_where_lower_is_better_the_verdict_turns() -> None:
    found = setting_differences(sweep({"mean": 0.0, "similarity": 0.05}, metric="rmse"), SETTINGS)
    assert found.pairs.set_index("role").loc["student", "verdict"] == "better"
    assert {one.place[3]: one.comparison for one in found.compared}["student"].letters["consensus=mean"] == "a"


def test_a_seed_that_a_setting_lacks_is_left_out_and_named() -> None:
    table = sweep({"mean": 0.0, "similarity": 0.05})
    found = setting_differences(table[table["run"] != "run-mean-3"], SETTINGS)
    assert found.notes == ("Seed 3 is left out of 2 comparisons: a setting has no run or no value there.",)
    assert set(found.pairs["seeds"]) == {4}
    undefined = table.assign(value=[np.nan if run == "run-mean-3" and role == "student" else v
                                    for run, role, v in zip(table["run"], table["role"], table["value"], strict=True)])  # fmt: skip
    assert setting_differences(undefined, SETTINGS).pairs.set_index("role")["seeds"].to_dict() == {"pooled": 5, "student": 4}


def test_seeds_of_the_student_are_no_independent_replicates() -> None:
    table = sweep({"mean": 0.0, "similarity": 0.01})
    twice = pd.concat([table.assign(student_seed=0), table.assign(student_seed=1, value=table["value"] + 0.001)], ignore_index=True)
    once, doubled = (setting_differences(one, (*SETTINGS, "student_seed")).pairs for one in (table, twice))
    assert doubled[["difference", "low", "high", "p", "seeds"]].to_numpy() == pytest.approx(
        once[["difference", "low", "high", "p", "seeds"]].to_numpy()
    )


@pytest.mark.parametrize(
    ("table", "note"),
    [
        (sweep({"mean": 0.0, "similarity": 0.1}, seeds=2), "No significance: 2 seeds, at least 3 are needed."),
        (sweep({"mean": 0.0, "similarity": 0.1}, seeds=1), "No significance: 1 seed, at least 3 are needed."),
        (sweep({"mean": 0.0}), "All runs have the same settings: there is nothing to compare."),
        (sweep({f"m{i}": 0.0 for i in range(21)}, seeds=3), "No significance: 21 settings, at most 20 are compared pair by pair."),
    ],
)
def test_where_nothing_can_be_said_the_page_says_why(table: pd.DataFrame, note: str) -> None:
    found = setting_differences(table, SETTINGS)
    assert (found.compared, found.notes, len(found.pairs)) == ((), (note,), 0)
    assert note in render_comparison(table, SETTINGS, [], "sweep")
    assert "<sup>" not in render_comparison(table, SETTINGS, [], "sweep")


def test_no_comparison_is_an_empty_table_with_all_columns() -> None:
    assert {"p_holm", "verdict", "g_low"} <= set(pairs_table(()).columns)


def test_short_names_stay_apart() -> None:
    names = ("consensus.method", "training.student.epochs", "training.teacher.epochs", "selection.n")
    assert list(short_names(names).values()) == ["consensus", "student.epochs", "teacher.epochs", "n"]


def test_settings_that_a_run_lacks_are_left_out_of_its_label_unless_it_would_be_another_ones() -> None:
    names = ["consensus.method", "consensus.options.power"]
    table = pd.DataFrame({names[0]: ["mean", "similarity"], names[1]: [np.nan, 4.0]})
    assert labels(table, names) == ["consensus=mean", "consensus=similarity, power=4.0"]
    alone = pd.DataFrame({"student_model.kind": [None, "gine"]}, dtype=object)
    assert labels(alone, ["student_model.kind"]) == ["kind=None", "kind=gine"]
    assert labels(alone, []) == ["all runs", "all runs"]


def test_the_page_marks_significance() -> None:
    table = sweep({"mean": 0.0, "similarity": 0.05, "<b>": 0.001})
    page = render_comparison(table, SETTINGS, [], "sweep")
    assert "<h2>Which settings differ</h2>" in page
    assert "consensus=mean; consensus=&lt;b&gt;" in page  # what similarity is better than
    assert "<b>" not in page
    assert "practically worse" in page
    assert "&lt; 0.001 *" in page
    assert "<sup>a</sup>" in page
    assert "<sup>b</sup>" in page
    assert "The same in all settings: pooled." in page
    assert "p (Holm)</th>" not in page
    assert page == render_comparison(table, SETTINGS, [], "sweep")
    assert "p (Holm)</th>" in render_comparison(sweep({"mean": 0.0, "similarity": 0.006}, endpoints=("a", "b")), SETTINGS, [], "sweep")


def models(effects: dict[str, float], seeds: int = 5) -> pd.DataFrame:
    """Return a collected table of one setting: models differ by `effects`, seeds by something that they share."""
    rng = numpy_stream(0, "test", "models")
    rows = []
    for seed in range(seeds):
        common = rng.normal(0, 0.03)
        rows += [(f"run-{seed}", seed, role, role, "in-domain", "blocker", "mcc", 0.4 + common + effect + rng.normal(0, 0.005))
                 for role, effect in effects.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["run", "seed", "model", "role", "test", "endpoint", "metric", "value"])


def test_baselines_are_compared_with_the_student_over_seeds() -> None:
    table = models({"student": 0.1, "fedavg": 0.0, "fedmd_mean": 0.1})
    found = model_differences(tidy_runs(table, ("seed",)))
    (one,) = found.compared
    assert one.place == ("in-domain", "blocker", "mcc", "")
    assert {role: letters for role, letters in one.comparison.letters.items() if role != "fedavg"} == {"student": "a", "fedmd_mean": "a"}
    assert one.comparison.letters["fedavg"] == "b"
    own = table.pivot(index="seed", columns="role", values="value")
    row = found.pairs.set_index(["first", "second"]).loc[("student", "fedavg")]
    assert row["difference"] == pytest.approx((own["student"] - own["fedavg"]).mean())
    assert row["p_t"] == pytest.approx(stats.ttest_rel(own["student"], own["fedavg"]).pvalue)
    assert model_differences(tidy_runs(models({"student": 0.1, "fedavg": 0.0}, 2), ("seed",))).notes == (
        "No significance: 2 seeds, at least 3 are needed.",
    )


def test_a_sweep_compares_baselines_under_its_settings_too() -> None:
    table = sweep({"mean": 0.0, "similarity": 0.05})
    table["role"] = table["role"].replace("student", "fedavg")
    found = setting_differences(table, SETTINGS)
    assert {one.place[3] for one in found.compared} == {"pooled", "fedavg"}
    assert "fedavg</th>" in render_comparison(table, SETTINGS, [], "sweep")
