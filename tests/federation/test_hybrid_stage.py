from dataclasses import replace

import numpy as np
import pytest

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.federation.consensus_table import read_consensus
from fluid.federation.lesson import confidence_weight
from fluid.federation.model_folder import read_model
from fluid.federation.stages.hybrid import aligned_labels, check_student, hybrid_name, hybrid_stage
from fluid.federation.stages.hybrid_spec import HybridSpec, Released
from fluid.pipeline.stage import Stage
from tests.federation.conftest import Finished


def test_names() -> None:
    assert (hybrid_name("T3"), hybrid_name("Acme"), hybrid_name("T")) == ("H3", "hybrid-Acme", "hybrid-T")


def test_labels_are_put_in_the_students_columns(finished: Finished) -> None:
    part = finished.federation.companies["T1"]
    own, other = part.endpoints[0], Endpoint.parse("logd [log]")
    labels = aligned_labels("T1", part, (other, own))
    assert np.isnan(labels[:, 0]).all()
    np.testing.assert_array_equal(labels[:, 1], part.labels[:, 0])
    with pytest.raises(ConfigError, match="endpoint 'active' of T1 is not one of the student's"):
        aligned_labels("T1", part, (other,))


def test_a_forest_cannot_be_fine_tuned(finished: Finished) -> None:
    forest = read_model(finished.federation.models["forest"])
    with pytest.raises(ConfigError, match="no weights to go on from"):
        check_student(forest, HybridSpec())
    check_student(forest, HybridSpec("concatenate"))


def test_confidence_weights_average_to_one() -> None:
    confidence = np.array([[0.1, 0.0], [0.3, 0.0], [0.8, 0.0]], dtype=np.float32)
    weight = confidence_weight(confidence, 1.0)
    np.testing.assert_allclose(weight[:, 0], confidence[:, 0] / 0.4, rtol=1e-6)
    np.testing.assert_array_equal(weight[:, 1], 1.0)
    np.testing.assert_array_equal(confidence_weight(confidence, 0.0)[:, 0], 1.0)


def hybrid_of(finished: Finished, released: Released) -> Stage:
    return hybrid_stage("T1", finished.federation.companies["T1"], released, finished.spec.hybrid_settings)


@pytest.fixture
def released(finished: Finished) -> Released:
    federation = finished.federation
    return Released(read_model(federation.models["student"]), read_consensus(federation.consensus), federation.data.transfer)


def test_the_key_holds_all_that_was_released(finished: Finished, released: Released) -> None:
    """A student says nothing of soft labels that it did not learn: `concatenate` of hard labels for it, soft ones for the hybrid."""
    key = hybrid_of(finished, released).key()
    assert key == finished.federation.models["H1"].key
    other = replace(released.consensus, artifact=finished.federation.models["student"])
    assert hybrid_of(finished, replace(released, consensus=other)).key() != key
    fewer = released.transfer.take(np.arange(len(released.transfer) - 1))
    assert hybrid_of(finished, replace(released, transfer=fewer)).key() != key


def test_the_code_that_trains_a_student_anew_is_in_the_key(finished: Finished, released: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    forest = replace(released, model=read_model(finished.federation.models["forest"]))
    asked = replace(finished.spec, hybrid=HybridSpec("concatenate")).hybrid_settings
    monkeypatch.setattr("fluid.federation.stages.hybrid.model_modules", lambda model: (f"trainer_of_{model.kind}",))
    part = finished.federation.companies["T1"]
    assert "trainer_of_forest" in hybrid_stage("T1", part, forest, asked).modules
    assert not any("trainer_of" in module for module in hybrid_of(finished, released).modules)
