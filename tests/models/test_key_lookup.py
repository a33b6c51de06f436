import pytest

from fluid.models.key_lookup import find_rows

FLAT, LEFT, RIGHT, OTHER = "A" * 14 + "-UHFFFAOYSA", "A" * 14 + "-LEFTLEFTSA", "A" * 14 + "-RIGHTRIGSA", "B" * 14 + "-UHFFFAOYSA"
SKELETON = "A" * 14


@pytest.mark.parametrize(
    ("known", "asked", "rows"),
    [
        ([OTHER, LEFT, RIGHT, FLAT], LEFT, (1,)),
        ([OTHER, LEFT, RIGHT, FLAT], FLAT, (3,)),
        ([OTHER, LEFT, RIGHT], FLAT, (1, 2)),  # it does not say which
        ([OTHER, LEFT, RIGHT], SKELETON, (1, 2)),
        ([OTHER, RIGHT, FLAT], LEFT, ()),  # another molecule
        ([OTHER, RIGHT, SKELETON], LEFT, (2,)),  # all stereo-isomers
        ([OTHER, RIGHT, SKELETON], RIGHT, (1,)),
        ([OTHER, RIGHT, SKELETON], SKELETON, (2,)),
        ([OTHER], FLAT, ()),
        ([], FLAT, ()),
    ],
)
def test_rows_that_speak_of_a_molecule(known: list[str], asked: str, rows: tuple[int, ...]) -> None:
    assert find_rows(known, [asked, *known]) == [rows, *[(place,) for place in range(len(known))]]
    assert find_rows(known, []) == []
