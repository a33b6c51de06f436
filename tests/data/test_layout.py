from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    assert [(row.row, row.reason) for row in long.dropped] == [(6, "left out: CHEMBL3 Ki is not asked for")]
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


UNITS = """smiles,target,type,value,unit
CCO,CHEMBL1,Ki,5,nM
CCO,CHEMBL1,Ki,7,uM
CCN,CHEMBL1,Ki,6,
c1ccccc1,CHEMBL1,IC50,8,nM
CCC,CHEMBL1,IC50,9,%
CCCl,CHEMBL1,active,1,%
,CHEMBL1,,3,nM
"""


def test_rows_of_another_unit_are_left_out_with_the_reason(write: Writer) -> None:
    layout = Layout(endpoint_columns=("target", "type"), value_column="value", unit_column="unit")
    asked = [Endpoint.parse(text) for text in ("CHEMBL1 Ki [nM]", "CHEMBL1 IC50 <= 10 [nM]", "CHEMBL1 active")]
    found = intake(write(UNITS), spec(layout, *asked))
    assert found.table.smiles == ("CCO", "c1ccccc1", "CCCl")
    assert found.table.labels[0, 0] == 5.0
    assert [(row.row, row.reason) for row in found.dropped] == [
        (2, "left out: the unit is uM, not nM"),
        (3, "left out: the unit is not given, not nM"),
        (5, "left out: the unit is %, not nM"),
        (7, "left out: CHEMBL1 is not asked for"),
    ]


def test_a_unit_may_be_part_of_the_name(write: Writer) -> None:
    layout = Layout(endpoint_columns=("target", "type", "unit"), value_column="value")
    found = intake(write(UNITS), spec(layout, Endpoint.parse("CHEMBL1 Ki nM [nM]"), Endpoint.parse("CHEMBL1 Ki [pKi]")))
    assert found.table.smiles == ("CCO", "CCN")
    assert found.dropped[0].reason == "left out: CHEMBL1 Ki uM is not asked for"


def test_micro_is_one_sign(write: Writer) -> None:
    layout = Layout(endpoint_columns=("type",), value_column="value", unit_column="unit")
    path = write("smiles,type,value,unit\nC,Ki,5,\u00b5M\nCC,Ki,6,\u03bcM\n")
    assert len(intake(path, spec(layout, Endpoint.parse("Ki [\u00b5M]"))).table) == 2


def test_an_endpoint_that_no_row_names_is_told_with_the_nearest(write: Writer) -> None:
    path = write(LONG)
    with pytest.raises(InputError) as raised:
        intake(path, spec(LAYOUT, ENDPOINTS[0], Endpoint.parse("CHEMBL2 Ki [log]"), Endpoint.parse("chembl9 x [log]")))
    assert str(raised.value) == (
        f"{path}: no row names endpoint 'CHEMBL2 Ki', nor 'chembl9 x'; expected an endpoint that columns 'target', 'measure' name: "
        "'CHEMBL3 Ki', 'CHEMBL1 Ki', 'CHEMBL2 EC50'. Did you mean 'CHEMBL3 Ki'?"
    )
    only = Layout("measure is EC50", LAYOUT.endpoint_columns, LAYOUT.value_column)
    with pytest.raises(InputError, match="'target', 'measure' name: 'CHEMBL2 EC50'. Did you mean"):
        intake(path, spec(only, Endpoint.parse("CHEMBL2 Ki [log]")))
    with pytest.raises(InputError, match="no row names endpoint 'CHEMBL1 Ki'; expected rows that name endpoints"):
        intake(path, spec(Layout("measure is x", LAYOUT.endpoint_columns, LAYOUT.value_column), ENDPOINTS[0]))


MEASURED = ("Ki [nM]", "IC50 <= 10 [nM]", "active", "logD [log]")
MOLECULES = ("CCO", "OCC", "c1ccccc1", "CCN", "C(C)N", "CCC", "nonsense", "")
NUMBERS = st.sampled_from(["1", "2.5", "12", "-3e-1", "0.1", "1000"])
WIDE_ROWS = st.lists(
    st.tuples(
        st.sampled_from(MOLECULES), NUMBERS | st.just(""), NUMBERS | st.just(""), st.sampled_from(["", "0", "1"]), NUMBERS | st.just("")
    ),
    min_size=1,
    max_size=12,
)
NOISE = st.lists(st.tuples(st.integers(0, 60), st.sampled_from([("Ki", "5", "uM"), ("IC50", "5", ""), ("pKd", "1", "nM"), ("", "", "")])))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=WIDE_ROWS, noise=NOISE)
def test_the_long_form_gives_byte_for_byte_what_the_wide_form_gives(
    rows: list[tuple[str, ...]], noise: list[tuple[int, tuple[str, str, str]]], write: Writer, tmp_path: Path
) -> None:
    asked = [Endpoint.parse(text) for text in MEASURED]
    wide = [",".join(row) for row in rows]
    long = [
        f"{row[0]},CHEMBL1,{endpoint.name},{cell},{endpoint.unit}"
        for row in rows
        for endpoint, cell in zip(asked, row[1:], strict=True)
        if cell
    ]
    measured = {endpoint.name for endpoint in asked} == {line.split(",")[2] for line in long}
    for place, (name, value, unit) in noise:
        long.insert(place, f"CCF,CHEMBL1,{name},{value},{unit}")
    layout = Layout("target is CHEMBL1", ("type",), "value", unit_column="unit")
    files = (
        (write("\n".join(["smiles," + ",".join(endpoint.name for endpoint in asked), *wide]) + "\n", "wide.csv"), Layout()),
        (write("\n".join(["smiles,target,type,value,unit", *long, "CCBr,CHEMBL2,Ki,1,nM"]) + "\n", "long.csv"), layout),
    )
    tables = []
    for path, how in files:
        try:
            intake(path, spec(how, *asked)).table.save(tmp_path / "table.parquet")
            tables.append((tmp_path / "table.parquet").read_bytes())
        except InputError as error:
            tables.append(str(error).split(": ", 1)[1].split(" in ")[0])
    if measured:
        assert tables[0] == tables[1]


def test_columns_that_are_not_there(write: Writer) -> None:
    with pytest.raises(InputError, match="sauce"):
        intake(write(LONG), spec(Layout("sauce is mlsmr")))
    with pytest.raises(InputError, match="assay"):
        intake(write(LONG), spec(Layout(endpoint_columns=("assay",), value_column="value"), *ENDPOINTS))


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({"where": "source=mlsmr"}, "the selection of rows is 'source=mlsmr'; expected 'column is value' or 'column is not value'"),
        ({"unit_column": "unit"}, "unit_column is 'unit'; expected it for a file with one measurement per row only"),
        ({"endpoint_columns": ("target",)}, "value_column ''; expected both"),
        ({"value_column": "value"}, r"endpoint_columns is \[\] and value_column 'value'; expected both"),
    ],
)
def test_layouts_that_cannot_be(layout: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Layout(**layout)  # type: ignore[arg-type]


QUALIFIED = """smiles,standard_type,standard_value,standard_relation
CCO,IC50,10,'>'
OCC,IC50,12,'='
CCN,IC50,3,<
CCC,IC50,4,
C,IC50,7,~
CC,IC50,8,roughly
CCCC,EC50,8,>
CCCCC,IC50,,>
"""


def test_a_column_of_qualifiers_as_chembl_writes_it(write: Writer) -> None:
    layout = Layout(endpoint_columns=("standard_type",), value_column="standard_value", qualifier_column="standard_relation")
    asked = IntakeSpec(endpoints=("IC50 <= 5 [nM]", "EC50 <= 5 [nM]"), workers=0, layout=layout, bad_labels="drop")
    done = intake(write(QUALIFIED), asked)
    assert done.table.smiles == ("CCO", "CCN", "CCC", "CCCC")
    assert done.table.labels[:, 0].tolist()[:3] == [0, 1, 1]
    assert done.table.labels[3, 1] == 0
    assert [(one.row, one.reason) for one in done.dropped] == [(5, "approximate value"), (6, "unknown qualifier"), (8, "no label")]


def test_a_column_of_qualifiers_per_endpoint(write: Writer) -> None:
    path = write("smiles,a,a_relation,b,b_relation\nCCO,1,>,2,\nCCN,>3,>,4,<\nCCC,>5,<,6,=\n")
    asked = IntakeSpec(
        endpoints=("a [u]", "b [u]"), workers=0, layout=Layout(qualifier_column="{}_relation"), bad_labels="drop", censored="likelihood"
    )
    done = intake(path, asked)
    assert done.table.censored is not None
    assert done.table.censored.tolist() == [[1, 0], [1, -1], [0, 0]]
    assert done.table.labels.tolist()[:2] == [[1, 2], [3, 4]]
    assert [(one.row, one.endpoint, one.value, one.reason) for one in done.dropped] == [(3, "a", "< >5", "two qualifiers that disagree")]


def test_one_column_of_qualifiers_cannot_tell_two_columns_of_values(write: Writer) -> None:
    with pytest.raises(ConfigError, match=r"intake\.layout\.qualifier_column is 'relation' for 2 endpoints; expected a name with {}"):
        IntakeSpec(endpoints=("a [u]", "b [u]"), layout=Layout(qualifier_column="relation"))
    with pytest.raises(InputError, match="column 'no_such' is missing"):
        intake(write(WIDE), spec(Layout(qualifier_column="no_such"), ENDPOINTS[0]))


def test_a_stored_table_keeps_its_bounds(write: Writer, tmp_path: Path) -> None:
    asked = IntakeSpec(endpoints=("a [u]", "b"), workers=0, censored="likelihood")
    once = intake(write("smiles,a,b\nCCO,>1,1\nCCN,<=3,0\nCCC,5,\n"), asked)
    once.table.save(tmp_path / "table.parquet")
    for censored in ("drop", "likelihood"):
        again = intake(tmp_path / "table.parquet", replace(asked, censored=censored))
        assert again.table.digest == once.table.digest
    classes = intake(tmp_path / "table.parquet", replace(asked, endpoints=("a >= 1", "b")))
    assert classes.table.labels[:, 0].tolist()[::2] == [1, 1]
    assert classes.labels[0].censored == 1
