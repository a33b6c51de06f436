import time

import pytest
import torch

from fluid.threads import spread_over, threads


def test_answers_come_in_order_whichever_thread_is_first() -> None:
    def late(number: int) -> tuple[int, int]:
        time.sleep(0.02 * (number % 2 == 0))
        return number, torch.get_num_threads()

    with threads(2), spread_over(2) as spread:
        assert list(spread(late, range(6))) == [(number, 1) for number in range(6)]


def test_threads_of_tensors_are_restored_also_after_an_error() -> None:
    before = torch.get_num_threads()

    def fail(_: int) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), spread_over(1) as spread:
        list(spread(fail, [1]))
    assert torch.get_num_threads() == before


def test_more_threads_than_cores_are_reduced_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="threads were asked for"), spread_over(10_000) as spread:
        assert list(spread(abs, [-1])) == [1]
