import numpy as np
import pytest

from fluid.data.endpoints import Endpoint
from fluid.data.source import Source, source_of
from fluid.data.table import MoleculeTable
from fluid.errors import InputError

ACTIVE = Endpoint("pic50", unit="log", threshold=5.0)
VALUE = Endpoint("pic50", "regression", "log")


@pytest.fixture
def stored(tmp_path):
    def save(endpoint):
        MoleculeTable(("C",), ("A" * 14,), np.ones((1, 1), dtype=np.float32), (endpoint,)).save(tmp_path / "t.parquet")
        return tmp_path / "t.parquet"

    return save


def test_other_files_have_columns_of_the_asked_names(write):
    assert source_of(write("x"), "SMILES", (ACTIVE,)) == Source("SMILES", ("pic50",), (ACTIVE,))


@pytest.mark.parametrize(
    ("held", "asked", "measured"),
    [
        (ACTIVE, ACTIVE, Endpoint("pic50", unit="log")),
        (ACTIVE, Endpoint("pic50"), Endpoint("pic50", unit="log")),
        (Endpoint("pic50"), Endpoint("pic50"), Endpoint("pic50")),
        (VALUE, VALUE, VALUE),
        (VALUE, ACTIVE, ACTIVE),
        (VALUE, Endpoint("pic50", threshold=6.0), Endpoint("pic50", threshold=6.0)),
    ],
)
def test_a_stored_threshold_is_not_applied_again(stored, held, asked, measured):
    assert source_of(stored(held), "SMILES", (asked,)) == Source("smiles", ("label/pic50",), (measured,), True)


@pytest.mark.parametrize(
    ("held", "asked"),
    [
        (ACTIVE, Endpoint("pic50", unit="log", threshold=6.0)),
        (ACTIVE, VALUE),
        (Endpoint("pic50"), ACTIVE),
        (VALUE, Endpoint("pic50")),
        (VALUE, Endpoint("pic50", "regression", "nM")),
        (VALUE, Endpoint("pic50", unit="nM", threshold=1000.0)),
    ],
)
def test_another_form_than_the_stored_one_is_refused(stored, held, asked):
    with pytest.raises(
        InputError, match=r"t\.parquet: endpoint 'pic50' is stored as '.*'; expected '.*'\. Take the original file in instead"
    ):
        source_of(stored(held), "smiles", (asked,))
