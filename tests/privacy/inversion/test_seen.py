import numpy as np
import pytest

from fluid.data.endpoints import Endpoint
from fluid.errors import ShapeError
from fluid.privacy.inversion.seen import Released, Said, Seen


def test_folder_and_answers_are_of_equal_numbers_of_molecules() -> None:
    released = Released((Endpoint("b"),), "mean", 2, np.zeros((5, 1)))
    Seen(released, Said(np.zeros((5, 1)), np.zeros(5, dtype=int), 4))
    with pytest.raises(ShapeError, match=r"folder and answers are of \[4, 5\] molecules; expected equal numbers"):
        Seen(released, Said(np.zeros((4, 1)), np.zeros(4, dtype=int), 4))
