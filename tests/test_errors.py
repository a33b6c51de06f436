import pytest

from fluid.errors import ArtifactError, ConfigError, FluidError, InputError, QuorumError, ShapeError


def test_message_names_place_fault_expectation_and_remedy() -> None:
    error = InputError("label 'high' is not a number", where="a.csv, row 3", expected="a finite number", remedy="Mend the row.")
    assert str(error) == "a.csv, row 3: label 'high' is not a number; expected a finite number. Mend the row."


def test_message_without_details_is_one_sentence() -> None:
    assert str(InputError("nothing to do")) == "nothing to do."


@pytest.mark.parametrize("kind", [InputError, ConfigError, QuorumError, ArtifactError, ShapeError])
def test_every_error_is_a_fluid_error(kind: type[FluidError]) -> None:
    with pytest.raises(FluidError, match="wrong"):
        raise kind("wrong")


def test_shape_error_is_a_value_error_too() -> None:
    assert issubclass(ShapeError, ValueError)
