import numpy as np
import pytest

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.federation.lesson import confidence_weight
from fluid.federation.model_folder import read_model
from fluid.federation.stages.hybrid import aligned_labels, check_student, hybrid_name
from fluid.federation.stages.hybrid_spec import HybridSpec
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
