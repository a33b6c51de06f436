from dataclasses import replace

import numpy as np
import pytest

from fluid.companies.leaks import check_disjoint, remove_overlap
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


def test_overlap_is_removed_and_the_rest_keeps_its_order(make_table):
    table = make_table(6)
    rest, removed = remove_overlap(table, [table.keys[1], table.keys[4], "NOT THERE"])
    assert removed == 2
    assert rest.keys == tuple(np.array(table.keys)[[0, 2, 3, 5]])
    assert np.array_equal(rest.labels, table.labels[[0, 2, 3, 5]])
    check_disjoint({"rest": rest.keys, "others": [table.keys[1], table.keys[4]]})


def test_removing_nothing_and_everything(make_table):
    table = make_table(3)
    assert remove_overlap(table, []) == (table, 0)
    rest, removed = remove_overlap(table, iter(table.keys))
    assert (len(rest), removed) == (0, 3)


def test_stereo_isomers_count_as_one_molecule(make_table):
    left, right = "QNAYBMKLOCPYGJ-REOHCLBHSA", "QNAYBMKLOCPYGJ-UWTATZPHSA"
    check_disjoint({"pool": [left, right]})
    with pytest.raises(InputError, match=r"'pool' and 'test' share 1 molecule, for example QNAYBMKLOCPYGJ;"):
        check_disjoint({"pool": [left], "test": [right]})
    with pytest.raises(InputError, match="share 1 molecule"):
        check_disjoint({"pool": [left], "test": ["QNAYBMKLOCPYGJ"]})
    table = replace(make_table(2), keys=(left, "A" * 14))
    rest, removed = remove_overlap(table, [right])
    assert (rest.keys, removed) == (("A" * 14,), 1)
