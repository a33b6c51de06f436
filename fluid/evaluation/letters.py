"""Compact letters: methods that share a letter are not told apart."""

from collections.abc import Iterable, Sequence
from string import ascii_lowercase


def compact_letters(order: Sequence[int], different: Iterable[tuple[int, int]]) -> list[str]:
    """Return one text of letters per method; two methods share a letter exactly when they are not different.

    Args:
        order: All methods (0 to G − 1), best first: letters are given in this order.
        different: Pairs of methods that differ.

    References:
        Piepho: An algorithm for a letter-based representation of all-pairwise comparisons, J. Comput. Graph. Stat. 13 (2004),
        doi:10.1198/1061860043515 ("insert and absorb").
    """
    groups = [frozenset(order)]
    for first, second in different:
        split = [part for group in groups for part in ([group - {first}, group - {second}] if {first, second} <= group else [group])]
        groups = [group for group in dict.fromkeys(split) if not any(group < other for other in split)]
    rank = {method: place for place, method in enumerate(order)}
    groups.sort(key=lambda group: sorted(rank[method] for method in group))
    texts = ["".join(_letter(number) for number, group in enumerate(groups) if method in group) for method in range(len(order))]
    return texts


def _letter(number: int) -> str:
    round_, place = divmod(number, len(ascii_lowercase))
    return ascii_lowercase[place] + (str(round_) if round_ else "")
