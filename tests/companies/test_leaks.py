import pytest

from fluid.companies.leaks import check_disjoint
from fluid.errors import InputError


def test_disjoint_parts_pass_and_repeats_within_a_part_are_no_leak():
    check_disjoint({})
    check_disjoint({"private T1": ["A", "A"], "transfer": ["B"], "external": [], "validation": ("C", "D")})


@pytest.mark.parametrize("names", [("private T1", "external"), ("external", "private T1")])
def test_a_leak_names_both_parts_how_many_and_an_example(names):
    first, second = names
    with pytest.raises(InputError) as caught:
        check_disjoint({first: ["C", "B", "A"], "transfer": ["X"], second: ["D", "C", "B", "B"]})
    message = f"'{first}' and '{second}' share 2 molecules, for example B; expected no molecule (InChIKey first block) in two parts."
    assert message in str(caught.value)


def test_one_shared_molecule_is_singular():
    with pytest.raises(InputError, match="share 1 molecule, for example A;"):
        check_disjoint({"a": ["A"], "b": ["A"]})


def test_stereo_isomers_count_as_one_molecule():
    left, right = "QNAYBMKLOCPYGJ-REOHCLBHSA", "QNAYBMKLOCPYGJ-UWTATZPHSA"
    check_disjoint({"pool": [left, right]})
    with pytest.raises(InputError, match=r"'pool' and 'test' share 1 molecule, for example QNAYBMKLOCPYGJ;"):
        check_disjoint({"pool": [left], "test": [right]})
    with pytest.raises(InputError, match="share 1 molecule"):
        check_disjoint({"pool": [left], "test": ["QNAYBMKLOCPYGJ"]})
