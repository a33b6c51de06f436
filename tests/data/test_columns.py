from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fluid.data import columns
from fluid.data.columns import check_source
from fluid.data.intake_spec import IntakeSpec
from fluid.data.layout import Layout
from fluid.data.readers import read_rows
from fluid.data.rows import RawRow
from fluid.errors import InputError
from tests.data.conftest import Writer


def spec(*carry: str, **changes: object) -> IntakeSpec:
    return IntakeSpec(**{"endpoints": (), "workers": 0, "carry": carry, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        (spec(smiles_column="structure"), "structure"),
        (spec(endpoints=("logd [u]",)), "logd"),
        (spec("batch"), "batch"),
        (spec(layout=Layout("source is mlsmr")), "source"),
    ],
)
def test_a_missing_column_of_a_table(asked: IntakeSpec, missing: str, write: Writer) -> None:
    with pytest.raises(InputError, match=f"column '{missing}' is missing"):
        check_source(write("smiles,id\nC,1\n"), asked)


def sdf_file(write: Writer, sdf_record: Callable[..., str], name: str = "in.sdf") -> Path:
    return write(sdf_record("CCO") + 20 * sdf_record("CCN", Name="x") + sdf_record("CCC", ID="3", Größe="1"), name)


@pytest.mark.parametrize("name", ["in.sdf", "in.sdf.gz"])
def test_a_field_of_sdf_is_looked_for_in_all_records_without_reading_molecules(
    write: Writer, sdf_record: Callable[..., str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(*given: Any) -> Iterator[RawRow]:
        for row in read_rows(*given):
            read.append(row.row)
            yield row

    monkeypatch.setattr(columns, "read_rows", counted)
    check_source(sdf_file(write, sdf_record, name), spec("ID", "Name", "Größe"))
    assert read == [1]


def test_a_field_that_is_in_no_record_is_told(write: Writer, sdf_record: Callable[..., str]) -> None:
    path = sdf_file(write, sdf_record)
    with pytest.raises(
        InputError, match="column 'Id' is missing; expected one of the columns present: 'Name', 'ID', .*. Did you mean 'ID'"
    ):
        check_source(path, spec("Id"))
