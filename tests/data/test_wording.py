import pytest

from fluid.data.wording import counted, listed


@pytest.mark.parametrize(("count", "text"), [(0, "0 rows"), (1, "1 row"), (1200, "1,200 rows")])
def test_a_count_has_its_plural(count: int, text: str) -> None:
    assert counted(count, "row") == text


@pytest.mark.parametrize(("texts", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c", "d"], "a, b and 2 more")])
def test_of_many_texts_some_are_shown(texts: list[str], text: str) -> None:
    assert listed(texts, 2) == text
