import pytest

from fluid.data.endpoints import Endpoint
from fluid.data.label_remedies import MOST, remedies
from fluid.data.labels import LabelReader

CLASS, VALUE = LabelReader(Endpoint("hit")), LabelReader(Endpoint("logd", "regression", "log"))


@pytest.mark.parametrize(
    ("cells", "remedy"),
    [
        (["Inactive", "Active"], "Declare the class words: 'hit in Active/Inactive'."),
        (["no", "yes", "y"], "Declare the class words: 'hit in yes|y/no'."),
        (["nontoxic", "toxic"], "Declare the class words: 'hit in toxic/nontoxic'."),
        (["substrate", "non-substrate"], "Declare the class words: 'hit in substrate/non-substrate'."),
        (["-", "+"], "Declare the class words: 'hit in +/-'."),
        (["-1"], "If -1 is class 0, declare it: 'hit in 1/-1'."),
        (["6.5", "7"], "For a column of values write the endpoint with a threshold, e.g. 'hit >= 5'."),
        ([">10"], "For a column of values write the endpoint with a threshold, e.g. 'hit >= 5'."),
        (["good", "bad"], "If these are classes, declare their words: 'hit in WORD OF CLASS 1/WORD OF CLASS 0'."),
        (["ND"], "If they mean not measured: 'intake.missing=[ND]'."),
    ],
)
def test_class_columns(cells: list[str], remedy: str) -> None:
    assert list(remedies(CLASS, cells)) == [remedy]


@pytest.mark.parametrize(
    ("cells", "remedy"),
    [
        (["-", "n.t."], 'If they mean not measured: \'intake.missing=["-","n.t."]\'.'),
        (["not determined", "?"], 'If they mean not measured: \'intake.missing=["not determined","?"]\'.'),
        (["6,5", "-0,25"], "If '6,5' has a decimal comma: 'intake.file.decimal=\",\"'."),
        (["1,234", "12,345.6"], "Write thousands without separators ('1,234'), and decimals with a point."),
        (["40%", "41 %"], "Write percentages ('40%') as plain numbers."),
        (["4.0 ± 0.2", "4 +/- 0.2"], "Move errors of measurement ('4.0 ± 0.2') to a column of their own."),
        (["4.5-5.5", "4 to 5", "4–5"], "Write one number for a range ('4.5-5.5'), or one of its ends as a bound."),
        (["5 nM", "5µM", "2.5 mg/kg"], "Move units out of the cells ('5 nM') and into the endpoint: 'logd [unit]'."),
        (["#DIV/0!", "#NAME?"], "Correct the spreadsheet's formulas ('#DIV/0!')."),
        (["<>5"], "Write '<>5' as =, <, <=, >, >= or ~ and a number; intake.censored says what becomes of bounds."),
        (["Active", "Inactive"], "Declare the class words: 'logd in Active/Inactive'."),
        (["Active"], "For a column of classes declare the words, e.g. 'logd in Active/Inactive'."),
        (["high ish"], "Correct the cells, or empty them."),
    ],
)
def test_columns_of_values(cells: list[str], remedy: str) -> None:
    assert list(remedies(VALUE, cells)) == [remedy]


def test_each_kind_is_told_once_and_a_few_of_them_are_enough() -> None:
    cells = ["40%", "41%", "ND", "5 nM", "4-5", "1,234", "ND"]
    told = list(remedies(VALUE, cells))
    assert len(told) == len(set(told)) == MOST
    assert told[0] == "If they mean not measured: 'intake.missing=[ND]'."
    assert list(remedies(CLASS, ["Active", "Inactive", "ND"])) == [
        "Declare the class words: 'hit in Active/Inactive'.",
        "If they mean not measured: 'intake.missing=[ND]'.",
    ]
