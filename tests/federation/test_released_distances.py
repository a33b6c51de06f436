"""The paper's raw distances, where they are asked for: released, scaled once for all teachers, and nowhere else."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluid.annotation.annotation_set import stack
from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set, write_annotation_set
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.errors import ArtifactError, ConfigError
from fluid.federation.model_folder import read_model
from fluid.federation.stages.consensus import combine_annotations, similarity_of
from fluid.models.predictor import ForestSpec
from tests.federation.conftest import Finished

RELEASED = AnnotationSpec(chunk=64, domain="distances", distance_k=2, distance_share=0.5)


@pytest.fixture
def run(rerun: Callable[..., Finished]) -> Finished:
    return rerun(model=ForestSpec(n_trees=5), annotation=RELEASED)


def test_distances_weigh_the_teachers_on_one_scale(run: Finished, finished: Finished) -> None:
    sets = [read_annotation_set(artifact / "annotation_set") for artifact in run.federation.annotations.values()]
    annotations = stack(sets)
    assert annotations.distance is not None
    d = annotations.distance.astype(float)
    weight = (1 - (d - d.min()) / (d.max() - d.min())) ** 2
    expected = (weight / weight.sum(0) * annotations.prediction[:, :, 0]).sum(0)
    np.testing.assert_allclose(similarity_of(annotations, ()) ** 2, weight, atol=1e-6)
    consensus = combine_annotations(annotations, ConsensusSpec("similarity", {"power": 2.0}), (0.3,))
    np.testing.assert_allclose(consensus.soft_label[:, 0].numpy(), expected, atol=1e-5)
    plain = [read_annotation_set(artifact / "annotation_set") for artifact in finished.federation.annotations.values()]
    assert all(item.distance is None for item in plain)
    assert read_model(finished.federation.models["T1"]).distance is None
    assert read_model(run.federation.models["student"]).distance is None


def test_distances_survive_their_file_and_are_checked(run: Finished, finished: Finished, tmp_path: Path) -> None:
    sets = [read_annotation_set(artifact / "annotation_set") for artifact in run.federation.annotations.values()]
    write_annotation_set(tmp_path / "again", sets[0])
    assert read_annotation_set(tmp_path / "again").digest == sets[0].digest
    assert replace(sets[0], distance=None).digest != sets[0].digest
    with pytest.raises(ArtifactError, match="only one of T2 and T1 released distances"):
        stack([sets[0], replace(sets[1], distance=None)])
    wrong = sets[0].distance.copy()  # type: ignore[union-attr]
    wrong[5] = -1
    with pytest.raises(ArtifactError, match="row 6: distance is -1"):
        replace(sets[0], distance=wrong)


def test_what_is_released_is_one_of_three_things() -> None:
    with pytest.raises(ConfigError, match=r"annotation\.domain is 'all'; expected one of bins, distances, evidence"):
        AnnotationSpec(domain="all")
    with pytest.raises(ConfigError, match="distance_share 0"):
        AnnotationSpec(distance_share=0.0)
