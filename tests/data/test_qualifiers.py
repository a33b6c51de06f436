import math

import pytest

from fluid.data.qualifiers import joined, sign_of, split_qualifier, tidy


@pytest.mark.parametrize(
    ("text", "sign", "rest"),
    [
        ("5", "", "5"), ("-5", "", "-5"), ("+5", "", "+5"), ("abc", "", "abc"), ("", "", ""),
        (">10", ">", "10"), ("> 10", ">", "10"), (">  -10", ">", "-10"), (">>10", ">", "10"), ("≫10", ">", "10"), ("&gt;10", ">", "10"),
        (">=10", ">=", "10"), ("> = 10", ">=", "10"), ("≥ 10", ">=", "10"), ("⩾10", ">=", "10"), ("=>10", ">=", "10"),
        ("<10", "<", "10"), ("<<10", "<", "10"), ("<=10", "<=", "10"), ("≤10", "<=", "10"), ("=<10", "<=", "10"), ("&lt;=10", "<=", "10"),
        ("=7", "=", "7"), ("== 7", "=", "7"), ("~7", "~", "7"), ("≈7", "~", "7"), ("～7", "~", "7"),
        ("ca. 7", "~", "7"), ("ca 7", "~", "7"), ("Ca.7", "~", "7"), ("approx. 7", "~", "7"), ("about 7", "~", "7"), ("circa 7", "~", "7"),
        ("cat", "", "cat"), ("ca7", "", "ca7"), ("<>7", None, "7"),
    ],
)  # fmt: skip
def test_a_sign_and_the_rest(text: str, sign: str | None, rest: str) -> None:
    assert split_qualifier(text) == (sign, rest)


@pytest.mark.parametrize(
    ("cell", "sign"),
    [
        ("'='", "="), ('">"', ">"), (" >= ", ">="), ("≤", "<="), ("~", "~"), ("approx.", "~"), ("CA", "~"), ("", ""), ("  ", ""),
        (None, ""), (math.nan, ""), ("> =", ">="), ("&gt;", ">"), ("greater", None), (1, None), ("><", None),
    ],
)  # fmt: skip
def test_a_sign_in_a_column_of_its_own(cell: object, sign: str | None) -> None:
    assert sign_of(cell) == sign


def test_two_signs_of_one_measurement_agree_or_are_none() -> None:
    assert [joined(*pair) for pair in [("", ""), (">", ""), ("", "<"), ("=", "="), (">", ">="), ("=", ">")]] == [
        "",
        ">",
        "<",
        "=",
        None,
        None,
    ]


def test_signs_that_nobody_sees_are_left_out() -> None:
    assert tidy("\ufeff 5\u200b\u00a0") == "5"
