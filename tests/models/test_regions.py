"""Students of regions: they answer as experts do, and no region is a company's."""

from pathlib import Path

import numpy as np
import pytest

from fluid.artifacts import read_json, write_json
from fluid.errors import ArtifactError
from fluid.models.checkpoint import CARD, load_predictor, save_predictor
from fluid.models.experts import ARRAYS
from fluid.models.own_expert import OwnExpert
from fluid.models.prediction import PLANES
from fluid.models.regions import RegionsPredictor, region_names
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.test_experts import experts
from tests.models.test_own_expert import NOWHERE, teacher_like


def regions() -> RegionsPredictor:
    """Return two regions: the experts of others that answer everything."""
    whole = experts()
    planes = {name: getattr(whole, name) for name in ARRAYS}
    planes |= {name: planes[name][[0, 2]] for name in ("weights", "bias", "counts", "noise")}
    return RegionsPredictor(region_names(2), whole.endpoints, np.ones((2, 2), bool), whole.dictionary, spec=whole.spec, **planes)


def test_regions_answer_as_experts_do(molecules: MoleculeSet) -> None:
    student, whole = regions(), experts()
    features = whole.features(molecules)
    for mine, theirs in zip(student.heads(features), whole.heads(features), strict=True):
        np.testing.assert_allclose(mine, theirs[[0, 2]])
    said = student.combine(features, student.heads(features))
    assert np.array_equal(student.predict(molecules).mean, said.mean)


def test_no_region_gives_way_to_a_company_of_its_name(molecules: MoleculeSet) -> None:
    student = regions()
    own = teacher_like(experts(), 0, (0, 1))
    hybrids = [OwnExpert(student, own, name, student.counts[0], NOWHERE) for name in ("region 1", "T1")]
    assert student.place_of("region 1") == 2
    first, second = (hybrid.predict(molecules).mean for hybrid in hybrids)
    assert np.array_equal(first, second)


def test_it_comes_back_from_its_folder(molecules: MoleculeSet, tmp_path: Path) -> None:
    save_predictor(tmp_path / "m", regions())
    again = load_predictor(tmp_path / "m")
    assert isinstance(again, RegionsPredictor)
    assert again.teachers == ("region 1", "region 2")
    for plane in PLANES:
        assert np.array_equal(getattr(again.predict(molecules), plane), getattr(regions().predict(molecules), plane))
    card = read_json(tmp_path / "m" / CARD)
    assert (card["kind"], card["regions"]) == ("regions", 2)
    write_json(tmp_path / "m" / CARD, card | {"mark": "0" * 64})
    with pytest.raises(ArtifactError, match="another dictionary"):
        load_predictor(tmp_path / "m")
