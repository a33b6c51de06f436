from pathlib import Path

import pytest

from fluid.data.incoming import IncomingRow
from fluid.data.intake import Intake, IntakeSpec, collect
from fluid.errors import InputError
from fluid.molecules.standardize import Standardized

TABLE = "smiles,hit,logd\nCCO,Active,1.5\nC1CC,oops,oops\nCCN,Inactive,5 nM\nCCC,1,2.5\nCC,0,6%\n"


def test_all_bad_cells_are_counted_before_a_run_stops(take_in) -> None:
    with pytest.raises(InputError) as caught:
        take_in(TABLE, "hit", "logd [log]")
    assert str(caught.value).partition("in.csv: ")[2] == (
        "4 labels in 3 rows of columns 'hit', 'logd' cannot be used: not a class or not a finite number "
        "(row 1: 'Active', row 3: 'Inactive', row 3: '5 nM', row 5: '6%'); "
        "expected 0, 1, true, false, positive, negative or an empty cell or a number or an empty cell. "
        "Declare the class words: 'hit in Active/Inactive'. Move units out of the cells ('5 nM') and into the endpoint: 'logd [unit]'. "
        "Write percentages ('6%') as plain numbers. Or list and leave them out: intake.bad_labels=drop."
    )


def test_or_they_are_listed(take_in) -> None:
    done = take_in(TABLE, "hit", "logd [log]", bad_labels="drop")
    assert [(one.row, one.endpoint, one.value, one.reason) for one in done.dropped] == [
        (1, "hit", "Active", "not a class"),
        (2, "", "", "does not parse as SMILES"),
        (3, "", "", "not a class; not a finite number"),
        (5, "logd", "6%", "not a finite number"),
    ]
    assert done.counts["labels"] == {
        "hit": {"measured": 5, "kept": 2, "dropped": 3, "merged": 0, "censored": 0},
        "logd": {"measured": 5, "kept": 2, "dropped": 3, "merged": 0, "censored": 0},
    }


def test_the_message_is_one_short_line_whatever_the_cells(take_in) -> None:
    rows = "".join(f'C{"C" * n},"a\nb{"x" * 500}{n}"\n' for n in range(30))
    with pytest.raises(InputError) as caught:
        take_in("smiles,logd\n" + rows, "logd [log]")
    assert "30 labels in 30 rows" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 800


def taken(path: Path, n: int, odd: int, **settings: str) -> Intake:
    path.write_text("smiles,logd\n")
    rows = (IncomingRow(i, "C", (str(i % 7) if i < odd else "n.t.",), Standardized("C", str(i))) for i in range(1, n + 1))
    return collect(path, IntakeSpec(endpoints=("logd [log]",), workers=0, **settings), rows)  # type: ignore[arg-type]


def test_a_column_that_changes_its_type_late(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"3 labels in 3 rows of column 'logd'.*row 100000: 'n\.t\.'.*intake\.missing=\[\"n\.t\.\"\]"):
        taken(tmp_path / "in.csv", 100_002, 100_000)
    done = taken(tmp_path / "in.csv", 100_002, 100_000, bad_labels="drop")
    assert (len(done.table), len(done.dropped), done.labels[0].kept) == (99_999, 3, 99_999)
