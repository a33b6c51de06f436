import pytest

from fluid.data.endpoints import Endpoint
from fluid.data.intake import IntakeSpec, intake
from fluid.data.layout import Layout
from fluid.errors import ConfigError, InputError
from tests.data.conftest import Writer

WIDE = """smiles,CHEMBL1 Ki,CHEMBL2 EC50
CCO,5.5,
c1ccccc1,6,7.25
CCN,,4
"""
LONG = """smiles,target,measure,value
CCO,CHEMBL1,Ki,5
c1ccccc1,CHEMBL2,EC50,7.25
OCC,CHEMBL1,Ki,6
CCN,CHEMBL2,EC50,4
c1ccccc1,CHEMBL1,Ki,6
CCCC,CHEMBL3,Ki,9
"""
ENDPOINTS = (Endpoint.parse("CHEMBL1 Ki [log]"), Endpoint.parse("CHEMBL2 EC50 [log]"))
LAYOUT = Layout(endpoint_columns=("target", "measure"), value_column="value")


def spec(layout: Layout, *endpoints: Endpoint) -> IntakeSpec:
    return IntakeSpec(endpoints=tuple(endpoint.text for endpoint in endpoints), workers=0, layout=layout)


def test_one_measurement_per_row_is_the_same_as_one_column_per_endpoint(write: Writer) -> None:
    wide = intake(write(WIDE, "wide.csv"), spec(Layout(), *ENDPOINTS))
    long = intake(write(LONG, "long.csv"), spec(LAYOUT, *ENDPOINTS))
    assert long.table.digest == wide.table.digest
    assert [(row.row, row.reason) for row in long.dropped] == [(6, "no label")]
    assert long.merged == 2


def test_only_rows_that_are_asked_for(write: Writer) -> None:
    path = write("smiles,source,y\nCCO,mlsmr,1\nCCN,zinc,0\nCCC,mlsmr,0\nnonsense,zinc,0\n")
    chosen = intake(path, spec(Layout("source is mlsmr"), Endpoint.parse("y")))
    assert chosen.table.smiles == ("CCO", "CCC")
    assert [(row.row, row.smiles, row.reason) for row in chosen.dropped] == [
        (2, "CCN", "left out: source is not mlsmr"),
        (4, "nonsense", "left out: source is not mlsmr"),
    ]
    unlabelled = intake(path, spec(Layout("source is zinc")))
    assert unlabelled.table.smiles == ("CCN",)


def test_a_selection_goes_with_one_measurement_per_row(write: Writer) -> None:
    layout = Layout("target is CHEMBL1", LAYOUT.endpoint_columns, LAYOUT.value_column)
    assert intake(write(LONG), spec(layout, ENDPOINTS[0])).table.smiles == ("CCO", "c1ccccc1")


def test_columns_that_are_not_there(write: Writer) -> None:
    with pytest.raises(InputError, match="sauce"):
        intake(write(LONG), spec(Layout("sauce is mlsmr")))
    with pytest.raises(InputError, match="assay"):
        intake(write(LONG), spec(Layout(endpoint_columns=("assay",), value_column="value"), *ENDPOINTS))


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({"where": "source=mlsmr"}, "the selection of rows is 'source=mlsmr'; expected 'column is value'"),
        ({"endpoint_columns": ("target",)}, "value_column ''; expected both"),
        ({"value_column": "value"}, r"endpoint_columns is \[\] and value_column 'value'; expected both"),
    ],
)
def test_layouts_that_cannot_be(layout: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Layout(**layout)  # type: ignore[arg-type]
