import numpy as np
import pytest

from fluid.annotation.annotation_set import natural_key, stack
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, ShapeError
from tests.annotation.conftest import ENDPOINTS, ROWS, Make


def changed(plane: np.ndarray, row: int, column: int, value: float) -> np.ndarray:
    plane = plane.copy()
    plane[row, column] = value
    return plane


@pytest.mark.parametrize(
    ("name", "column", "value", "message"),
    [
        ("prediction", 0, np.nan, r"teacher T1, row 8.*active prediction is nan.*from 0 to 1"),
        ("prediction", 0, 1.01, r"row 8.*active prediction is 1\.01"),
        ("prediction", 0, -0.01, "row 8.*active prediction"),
        ("prediction", 1, np.inf, r"row 8.*logd prediction is inf.*a finite number"),
        ("epistemic", 0, -0.1, "row 8.*active epistemic uncertainty"),
        ("aleatoric", 1, np.nan, "row 8.*logd aleatoric uncertainty"),
    ],
)
def test_values_that_cannot_be_name_their_row(make: Make, name: str, column: int, value: float, message: str) -> None:
    good = make()
    with pytest.raises(ArtifactError, match=message):
        make(**{name: changed(getattr(good, name), 7, column, value)})


def test_a_value_of_regression_may_be_anything_finite(make: Make) -> None:
    good = make()
    assert make(prediction=changed(good.prediction, 0, 1, -123.0)).prediction[0, 1] == -123


def test_bins_are_coarse(make: Make) -> None:
    with pytest.raises(ShapeError, match="5 bins"):
        make(n_bins=5)
    with pytest.raises(ArtifactError, match="domain bin is 3"):
        make(domain_bin=np.full(ROWS, 3, dtype=np.uint8), n_bins=3)
    with pytest.raises(ShapeError, match="float32"):
        make(domain_bin=np.zeros(ROWS, dtype=np.float32))  # a raw similarity would not fit


def test_shapes(make: Make) -> None:
    with pytest.raises(ShapeError, match="aleatoric has shape"):
        make(aleatoric=np.zeros((ROWS, 1), dtype=np.float32))


def test_bins_have_one_dimension(make: Make) -> None:
    with pytest.raises(ShapeError, match=r"domain_bin has shape \(50, 1\).*expected one dimension"):
        make(domain_bin=np.zeros((ROWS, 1), dtype=np.uint8))


def test_endpoints_come_once_and_at_least_one(make: Make) -> None:
    with pytest.raises(ShapeError, match="endpoints are active, active; expected each endpoint once"):
        make(endpoints=(ENDPOINTS[0], Endpoint.parse("active [x]")))
    with pytest.raises(ShapeError, match="has no endpoint; expected at least one"):
        make(endpoints=())


@pytest.mark.parametrize("name", ["", "  ", "T\n1", "T\x1b[2J"])
def test_a_teacher_has_a_name_that_can_be_printed(make: Make, name: str) -> None:
    with pytest.raises(ArtifactError, match="teacher name .* cannot be used; expected a printable name"):
        make(name)


def test_every_kind_of_company_has_an_order(make: Make) -> None:
    names = ["Bücher", "1²", "T2", "T٣", "2", "Ω-10", "Ω-9"]  # digits that are no numbers, numbers that are no ASCII digits
    ordered = stack([make(name) for name in names]).teachers
    assert sorted(ordered) == sorted(names)
    assert ordered.index("Ω-9") < ordered.index("Ω-10")
    assert ordered.index("T2") < ordered.index("T٣")
    assert stack([make(name) for name in names[::-1]]).teachers == ordered


def test_the_digest_says_whether_anything_changed(make: Make) -> None:
    good = make()
    assert make().digest == good.digest
    others = [make("T2"), make(transfer_digest="b" * 64), make(epistemic=changed(good.epistemic, 3, 1, 0.5)), make(seed=1)]
    assert len({good.digest, *(other.digest for other in others)}) == 5


def test_natural_order() -> None:
    assert sorted(["T10", "T2", "acme", "T1"], key=natural_key) == ["T1", "T2", "T10", "acme"]


def test_stacking_does_not_depend_on_the_order_of_arrival(make: Make) -> None:
    sets = [make(name, seed) for seed, name in enumerate(("T10", "T2", "T1"))]
    one, other = stack(sets), stack(sets[::-1])
    assert one.teachers == other.teachers == ("T1", "T2", "T10")
    np.testing.assert_array_equal(one.prediction, other.prediction)
    np.testing.assert_array_equal(one.prediction[2], sets[0].prediction)
    assert one.domain_bin.shape == (3, ROWS)


def test_a_teacher_without_an_endpoint_is_missing_there(make: Make) -> None:
    one, other = make("T1", endpoints=ENDPOINTS[:1]), make("T2", endpoints=ENDPOINTS[::-1])
    both = stack([one, other])
    assert [endpoint.name for endpoint in both.endpoints] == ["active", "logd"]
    assert np.isnan(both.prediction[0, :, 1]).all()
    np.testing.assert_array_equal(both.prediction[1, :, 0], other.prediction[:, 1])


def test_sets_that_do_not_belong_together(make: Make) -> None:
    with pytest.raises(ArtifactError, match="there are no annotation sets"):
        stack([])
    with pytest.raises(ArtifactError, match="of one teacher"):
        stack([make("T1"), make("T1", 1)])
    with pytest.raises(ArtifactError, match="different transfer sets"):
        stack([make("T1"), make("T2", transfer_digest="b" * 64)])
    with pytest.raises(ArtifactError, match="'active' is defined differently by T1 and T2"):
        stack([make("T1"), make("T2", endpoints=(Endpoint.parse("active [x]"), ENDPOINTS[1]))])
