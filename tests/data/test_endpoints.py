import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("blocker", Endpoint("blocker")),
        ("  hERG block ", Endpoint("hERG block")),
        ("pic50 >= 5", Endpoint("pic50", threshold=5.0)),
        ("pic50>=5", Endpoint("pic50", threshold=5.0)),
        ("pic50 ≥ 5", Endpoint("pic50", threshold=5.0)),
        ("pic50 < 6.3", Endpoint("pic50", threshold=6.3, direction="<")),
        ("dG <= -7.5e0", Endpoint("dG", threshold=-7.5, direction="<=")),
        ("x > 1e-6", Endpoint("x", threshold=1e-6, direction=">")),
        ("pic50 [log mol/L]", Endpoint("pic50", "regression", "log mol/L")),
        ("x >= 10 [uM]", Endpoint("x", unit="uM", threshold=10.0)),
        ('"IC50 [nM]" <= 1000', Endpoint("IC50 [nM]", threshold=1000.0, direction="<=")),
        ('"IC50 [nM]" [nM]', Endpoint("IC50 [nM]", "regression", "nM")),
    ],
)
def test_parse_reads_each_form(text, expected):
    assert Endpoint.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "  ", "pic50 >=", ">= 5", "pic50 => 5", "pic50 = 5", "pic50 >= five", "pic50 >= 5 6", "x []", "x [u", 5, None]
)
def test_other_text_is_a_config_error_with_an_example(text):
    with pytest.raises(ConfigError, match=r"endpoint .* is not understood; expected e\.g\. blocker, 'pic50 >= 5'"):
        Endpoint.parse(text)


def test_a_threshold_that_overflows_is_refused():
    with pytest.raises(ConfigError, match="endpoint 'x' has threshold inf; expected a finite number, for classification only"):
        Endpoint.parse("x >= 1e999")


@pytest.mark.parametrize("name", ["", " x", "x\u00a0", "a\nb", "a\tb", "a\u2028b", "a\x00b", "a\ud800"])
def test_a_name_that_cannot_be_a_column_of_ours_is_refused(name):
    with pytest.raises(ConfigError, match=r"endpoint name .* cannot be used.*Rename the column"):
        Endpoint(name)


@pytest.mark.parametrize("values", [{"kind": "ranking"}, {"direction": "=="}])
def test_unknown_kind_and_direction_are_refused(values):
    with pytest.raises(ConfigError, match=r"is not possible; expected e.g. blocker"):
        Endpoint("x", **values)


def test_a_regression_has_no_threshold():
    with pytest.raises(ConfigError, match="threshold 5"):
        Endpoint("x", "regression", threshold=5.0)


@pytest.mark.parametrize(("direction", "expected"), [(">=", [0, 1, 1]), (">", [0, 0, 1]), ("<=", [1, 1, 0]), ("<", [1, 0, 0])])
def test_a_threshold_makes_classes_and_missing_stays_missing(direction, expected):
    labels = Endpoint("x", threshold=5.0, direction=direction).label(np.array([4.9, 5.0, 5.1, np.nan]))
    assert labels[:3].tolist() == expected
    assert np.isnan(labels[3])


@pytest.mark.parametrize("endpoint", [Endpoint("x"), Endpoint("x", "regression", "m")])
def test_without_threshold_values_are_labels(endpoint):
    values = np.array([[0.0, 1.0], [np.nan, 0.5]], dtype=np.float32)
    np.testing.assert_array_equal(endpoint.label(values), values)


def test_the_column_is_the_name_and_only_a_plain_class_is_binary():
    assert Endpoint.parse("pic50 >= 5").column == "pic50"
    assert [Endpoint.parse(text).binary for text in ("x", "x > 1", "x [m]")] == [True, False, False]


names = st.text("abcXYZ019_ -()[]<>=≥./|\"'in\u00a0µ", min_size=1, max_size=12).map(str.strip).filter(bool)
names |= st.sampled_from(["CL (mL/min/kg)", "uptake in mg/kg", "x in a/a", "solubility in water", 'x "y"', '"', "a in b/c/d", "in a/b"])
units = st.sampled_from(["", "uM", "log mol/L", "10^-6 cm/s", "mol L^-1", "1/h", "%", "mL/min/kg"])
classes = st.builds(
    Endpoint, names, st.just("classification"), units, st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["<", ">="])
)
values = st.builds(Endpoint, names, st.just("regression"), units.filter(bool))


@given(st.one_of(classes, values, st.builds(Endpoint, names)))
def test_text_and_json_forms_read_back(endpoint):
    assert Endpoint.parse(endpoint.text) == endpoint
    assert Endpoint.from_dict(json.loads(json.dumps(endpoint.to_dict()))) == endpoint


@pytest.mark.parametrize("stored", [None, [], {"nam": "x"}, {"name": 5}, {"name": "x", "kind": []}, {"name": "x", "threshold": "5"}])
def test_what_describes_no_endpoint_is_an_artifact_error(stored):
    with pytest.raises(ArtifactError, match="describes no endpoint"):
        Endpoint.from_dict(stored)
