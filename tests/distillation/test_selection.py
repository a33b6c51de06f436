import pytest
import torch
from torch import Tensor

from fluid.distillation import MODES, acquisition_scores, score_name, select
from fluid.errors import ConfigError, ShapeError

M = 200


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def soft_label() -> Tensor:
    label = torch.rand(M, 2, generator=stream(1)) ** 2  # more low than high
    label[3] = torch.nan
    label[4, 1] = torch.nan
    return label


@pytest.fixture
def confidence() -> Tensor:
    return torch.rand(M, 2, generator=stream(2))


def acquisition(n: int = M) -> dict[str, Tensor]:
    return {
        "coverage": torch.randint(1, 5, (n,), generator=stream(6)) / 4,
        "uncertainty": torch.rand(n, 2, generator=stream(7)),
        "disagreement": torch.rand(n, 2, generator=stream(8)),
        "cluster": torch.randint(0, 9, (n,), generator=stream(9)),
    }


@pytest.mark.parametrize("mode", MODES)
def test_rows_are_distinct_known_and_at_most_n(mode: str, soft_label: Tensor, confidence: Tensor) -> None:
    rows = select(mode, soft_label, confidence, 50, stream(), acquisition())
    assert len(rows) == 50
    assert len(set(rows.tolist())) == 50
    assert 3 not in rows
    assert torch.equal(rows, select(mode, soft_label, confidence, 50, stream(), acquisition()))


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "balanced"])
def test_enough_is_everything_that_has_a_label(mode: str, soft_label: Tensor, confidence: Tensor) -> None:
    rows = select(mode, soft_label, confidence, 10 * M, stream(), acquisition())
    assert sorted(rows.tolist()) == [row for row in range(M) if row != 3]


def test_best_and_worst_are_the_extremes_of_confidence(soft_label: Tensor, confidence: Tensor) -> None:
    order = [row for row in torch.argsort(confidence.mean(1)).tolist() if row != 3]
    assert set(select("worst", soft_label, confidence, 20, stream()).tolist()) == set(order[:20])
    assert set(select("best", soft_label, confidence, 20, stream()).tolist()) == set(order[-20:])


def test_balanced_takes_equally_many_of_both_sides(soft_label: Tensor, confidence: Tensor) -> None:
    positive = soft_label[select("balanced", soft_label, confidence, 40, stream()), 0] >= 0.5
    assert positive.sum() == 20
    everything = soft_label[select("balanced", soft_label, confidence, 10 * M, stream()), 0] >= 0.5
    assert everything.sum() == (~everything).sum() == (soft_label[:, 0] >= 0.5).sum()


@pytest.mark.parametrize(("n", "expected"), [(40, (20, 20)), (120, (50, 70)), (400, (50, 150))])
def test_a_filled_sample_has_the_size_that_was_asked(n: int, expected: tuple[int, int]) -> None:
    label = torch.cat([torch.full((50, 1), 0.9), torch.full((150, 1), 0.1)])
    rows = select("balanced", label, torch.ones(M, 1), n, stream(), fill=True)
    assert (int((rows < 50).sum()), int((rows >= 50).sum())) == expected
    assert len(set(rows.tolist())) == len(rows)
    plain = select("balanced", label, torch.ones(M, 1), n, stream())
    assert len(plain) == 2 * min(n // 2, 50)
    assert set(plain.tolist()) <= set(rows.tolist())


def test_balanced_values_are_divided_at_their_median(confidence: Tensor) -> None:
    values = torch.randn(M, 1, generator=stream(3)) * 10 + 50
    chosen = values[select("balanced", values, confidence[:, :1], 100, stream()), 0]
    assert (chosen >= values.median()).sum() == 50


def test_middle_probabilities_are_of_the_upper_side_and_odd_numbers_are_rounded_down() -> None:
    label = torch.tensor([0.5, 0.49, 0.51, 0.1, 0.9, 0.2])[:, None]
    rows = select("balanced", label, torch.ones(6, 1), 5, stream())
    assert len(rows) == 4
    assert sorted(select("balanced", label, torch.ones(6, 1), 6, stream()).tolist()) == [0, 1, 2, 3, 4, 5]
    assert len(select("balanced", label, torch.ones(6, 1), 1, stream())) == 0


def test_balanced_takes_no_row_without_the_first_endpoint(confidence: Tensor) -> None:
    label = torch.rand(M, 2, generator=stream(4))
    label[::2, 0] = torch.nan
    rows = select("balanced", label, confidence, M, stream())
    assert len(rows) > 50
    assert torch.all(rows % 2 == 1)


@pytest.mark.parametrize("mode", ["best", "worst"])
def test_the_order_of_molecules_does_not_matter_to_confidence(mode: str, soft_label: Tensor, confidence: Tensor) -> None:
    order = torch.randperm(M, generator=stream(5))
    rows, shuffled = (select(mode, *planes, 30, stream()) for planes in ((soft_label, confidence), (soft_label[order], confidence[order])))
    assert set(order[shuffled].tolist()) == set(rows.tolist())
    assert set(rows[:10].tolist()) == set(select(mode, soft_label, confidence, 10, stream()).tolist())


def test_equal_confidence_is_drawn_by_the_stream() -> None:
    label, same = torch.full((M, 1), 0.7), torch.ones(M, 1)
    draws = [set(select("best", label, same, 20, stream(seed)).tolist()) for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize("mode", MODES)
def test_the_global_stream_is_neither_used_nor_moved(mode: str, soft_label: Tensor, confidence: Tensor) -> None:
    before = torch.get_rng_state()
    rows = select(mode, soft_label, confidence, 20, stream(), acquisition())
    assert torch.equal(torch.get_rng_state(), before)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(99)
        assert torch.equal(select(mode, soft_label, confidence, 20, stream(), acquisition()), rows)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_annotated_is_nothing_selected(mode: str) -> None:
    assert len(select(mode, torch.full((5, 2), torch.nan), torch.zeros(5, 2), 3, stream(), acquisition(5))) == 0
    assert len(select(mode, torch.zeros(0, 2), torch.zeros(0, 2), 3, stream(), acquisition(0))) == 0


def test_another_stream_draws_others(soft_label: Tensor, confidence: Tensor) -> None:
    one, other = (select("random", soft_label, confidence, 50, stream(seed)) for seed in (0, 1))
    assert set(one.tolist()) != set(other.tolist())


def test_one_side_only_is_nothing_to_balance() -> None:
    assert len(select("balanced", torch.full((9, 1), 0.9), torch.ones(9, 1), 4, stream())) == 0


def test_wrong_arguments(soft_label: Tensor, confidence: Tensor) -> None:
    with pytest.raises(ConfigError, match="'magic' with n = 5.*all, balanced"):
        select("magic", soft_label, confidence, 5, stream())
    with pytest.raises(ConfigError, match="n = 0"):
        select("all", soft_label, confidence, 0, stream())
    with pytest.raises(ShapeError, match=r"soft_label has shape \(200,\); expected \(molecules, endpoints\)"):
        select("all", soft_label[:, 0], confidence, 5, stream())
    with pytest.raises(ShapeError, match=r"confidence has shape \(5, 2\); expected \(200, 2\)"):
        select("all", soft_label, confidence[:5], 5, stream())


@pytest.mark.parametrize(
    ("mode", "score", "highest"),
    [
        ("certain", "uncertainty", False),
        ("uncertain", "uncertainty", True),
        ("agreed", "disagreement", False),
        ("disputed", "disagreement", True),
    ],
)
def test_a_hint_decides(mode: str, score: str, highest: bool, soft_label: Tensor, confidence: Tensor) -> None:
    known = acquisition()
    known[score][7, 0] = torch.nan  # one endpoint is enough
    order = [row for row in torch.argsort(known[score].nanmean(1)).tolist() if row != 3]
    expected = order[-20:] if highest else order[:20]
    assert set(select(mode, soft_label, confidence, 20, stream(), known).tolist()) == set(expected)


@pytest.mark.parametrize("mode", ["covered", "certain", "uncertain", "agreed", "disputed"])
def test_molecules_of_which_nothing_is_known_come_last(mode: str, soft_label: Tensor, confidence: Tensor) -> None:
    known = {name: plane.float() for name, plane in acquisition().items()}
    for plane in known.values():
        plane[50:] = torch.nan
    assert select(mode, soft_label, confidence, 49, stream(), known).max() < 50


def test_covered_takes_whole_bins_and_draws_within_the_last(soft_label: Tensor, confidence: Tensor) -> None:
    bins = acquisition()["coverage"]
    bins[3] = 0.25  # it has no soft label
    best = int((bins == 1).sum())
    draws = [select("covered", soft_label, confidence, best + 10, stream(seed), {"coverage": bins}) for seed in (0, 1)]
    for rows in draws:
        assert sorted(bins[rows].tolist(), reverse=True) == [1.0] * best + [0.75] * 10
    assert set(draws[0].tolist()) != set(draws[1].tolist())


def test_diverse_takes_from_all_clusters_in_turn(soft_label: Tensor, confidence: Tensor) -> None:
    cluster = torch.cat([torch.zeros(150), torch.ones(40), torch.full((10,), 7)]).long()
    rows = select("diverse", soft_label, confidence, 40, stream(), {"cluster": cluster})
    assert torch.bincount(cluster[rows]).tolist() == [15, 15, 0, 0, 0, 0, 0, 10]
    few = select("diverse", soft_label, confidence, 3, stream(), {"cluster": cluster})
    assert sorted(cluster[few].tolist()) == [0, 1, 7]


def test_hints_that_are_missing_or_of_another_set(soft_label: Tensor, confidence: Tensor) -> None:
    assert [score_name(mode) for mode in ("all", "covered", "diverse")] == [None, "coverage", "cluster"]
    with pytest.raises(ConfigError, match="selection mode 'covered' has no acquisition score 'coverage'. Make the consensus again"):
        select("covered", soft_label, confidence, 5, stream())
    with pytest.raises(ShapeError, match=r"score 'disagreement' has shape \(5, 2\); expected \(200, 2\)"):
        select("disputed", soft_label, confidence, 5, stream(), acquisition(5))


class TestReleasedHints:
    def planes(self) -> list[Tensor]:
        draw = stream(10)
        planes = [torch.rand(3, 20, 2, generator=draw, dtype=torch.float64) for _ in range(3)]
        return [*planes, torch.randint(0, 4, (3, 20), generator=draw)]

    def test_by_hand(self) -> None:
        predictions, epistemic, aleatoric, bins = self.planes()
        found = acquisition_scores(predictions, epistemic, aleatoric, bins, 4)
        assert found["coverage"].tolist() == [(max(column) + 1) / 4 for column in bins.T.tolist()]
        total = (epistemic + aleatoric).mean(0)
        torch.testing.assert_close(found["uncertainty"], total / total.mean(0))
        variance = predictions.var(dim=0, correction=0)
        torch.testing.assert_close(found["disagreement"], variance / variance.mean(0))

    def test_the_order_of_teachers_and_units_do_not_matter(self) -> None:
        predictions, epistemic, aleatoric, bins = self.planes()
        found = acquisition_scores(predictions, epistemic, aleatoric, bins, 4)
        turned = acquisition_scores(*(plane.flip(0) for plane in (predictions, epistemic, aleatoric, bins)), n_bins=4)  # type: ignore[misc]
        scaled = acquisition_scores(100 * predictions, 7 * epistemic, 7 * aleatoric, bins, 4)
        for name, plane in found.items():
            torch.testing.assert_close(turned[name], plane)
            torch.testing.assert_close(scaled[name], plane)

    def test_missing_answers(self) -> None:
        predictions, epistemic, aleatoric, bins = self.planes()
        predictions[:, 0], predictions[1:, 1] = torch.nan, torch.nan
        found = acquisition_scores(predictions, epistemic, aleatoric, bins, 4)
        assert found["uncertainty"][0].isnan().all()
        assert found["disagreement"][:2].isnan().all()
        assert torch.isfinite(found["uncertainty"][1:]).all()
        assert torch.isfinite(found["disagreement"][2:]).all()

    def test_equal_teachers_disagree_about_nothing(self) -> None:
        predictions, epistemic, aleatoric, bins = self.planes()
        found = acquisition_scores(predictions[:1].expand(3, 20, 2), epistemic, aleatoric, bins, 4)
        assert torch.all(found["disagreement"] == 0)

    def test_wrong_arguments(self) -> None:
        predictions, epistemic, aleatoric, bins = self.planes()
        with pytest.raises(ShapeError, match="aleatoric has shape"):
            acquisition_scores(predictions, epistemic, aleatoric[1:], bins, 4)
        with pytest.raises(ValueError, match="epistemic has values outside"):
            acquisition_scores(predictions, -epistemic, aleatoric, bins, 4)
        with pytest.raises(ValueError, match=r"domain_bin has values outside \[0, 2\]"):
            acquisition_scores(predictions, epistemic, aleatoric, bins, 3)
        with pytest.raises(ShapeError, match="domain_bin has shape"):
            acquisition_scores(predictions, epistemic, aleatoric, bins[:, :3], 4)
