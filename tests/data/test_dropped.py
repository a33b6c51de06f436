import csv
import os
from collections import Counter

import pytest

from fluid.data.dropped import DroppedRow, read_reasons, told_reasons, write_dropped

ROWS = (
    DroppedRow(2, "C,C", 'said "no"'),
    DroppedRow(10, "", "blank line"),
    DroppedRow(11, "µ\nx", "does not parse"),
    DroppedRow(12, "CC", "censored", "pic50", ">4"),
)


def test_the_list_reads_back(tmp_path):
    write_dropped(tmp_path / "dropped.csv", ROWS)
    with (tmp_path / "dropped.csv").open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["row", "smiles", "endpoint", "value", "reason"]
    assert [DroppedRow(int(row), smiles, reason, *label) for row, smiles, *label, reason in rows] == list(ROWS)


def test_nothing_dropped_is_a_header(tmp_path):
    write_dropped(tmp_path / "new" / "dropped.csv", [])
    assert (tmp_path / "new" / "dropped.csv").read_text().splitlines() == ["row,smiles,endpoint,value,reason"]


def test_a_failure_leaves_the_old_list(tmp_path):
    write_dropped(tmp_path / "dropped.csv", ROWS)
    before = (tmp_path / "dropped.csv").read_bytes()
    with pytest.raises(AttributeError):
        write_dropped(tmp_path / "dropped.csv", [ROWS[0], None])
    assert (tmp_path / "dropped.csv").read_bytes() == before
    assert os.listdir(tmp_path) == ["dropped.csv"]


def test_reasons_are_counted_and_the_most_frequent_told(tmp_path):
    reasons = ["no label"] * 3 + ["blank line"] * 2 + ["no carbon", "empty SMILES", "too large"]
    write_dropped(tmp_path / "dropped.csv", [*(DroppedRow(i, "C", reason) for i, reason in enumerate(reasons)), ROWS[-1]])
    rows, labels = read_reasons(tmp_path / "dropped.csv")
    assert (rows.total(), labels) == (8, {"censored": 1})
    assert told_reasons(rows) == " (3 no label, 2 blank line, 1 empty SMILES, 2 more)"
    assert (told_reasons(labels), told_reasons(Counter())) == (" (1 censored)", "")
