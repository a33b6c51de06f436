from collections.abc import Callable

import pytest

from fluid.data import sdf
from fluid.data.columns import check_source
from fluid.data.intake_spec import IntakeSpec
from fluid.data.layout import Layout
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


def test_a_field_of_sdf_is_looked_for_in_all_records_without_parsing_them(
    write: Writer, sdf_record: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(sdf_record("CCO") + 20 * sdf_record("CCN", Name="x") + sdf_record("CCC", ID="3"), "in.sdf")
    parsed: list[bytes] = []
    parse = sdf.parse_record
    monkeypatch.setattr(sdf, "parse_record", lambda record: parsed.append(record) or parse(record))  # type: ignore[func-returns-value]
    check_source(path, spec("ID", "_Name", "Name"))
    with pytest.raises(InputError, match="column 'Id' is missing; expected one of the columns present: 'Name', 'ID'. Did you mean 'ID'"):
        check_source(path, spec("Id"))
    assert len(parsed) <= 2  # the first record, each time
