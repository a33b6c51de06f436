"""What a column could be, from what its cells are and what it is called."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fluid.data.endpoints import Endpoint
from fluid.data.labels import NO_CALL
from fluid.data.qualifiers import sign_of
from fluid.errors import ConfigError
from fluid.inspection.cells import AROUND, BOUND, NUMBERS, TEXT, is_unit
from fluid.inspection.names import (
    COMPUTED_NAME,
    ENDPOINT_NAME,
    FURTHER_MISSING,
    NATIVE_CLASSES,
    NEGATIVE,
    POSITIVE,
    SMILES_NAME,
    SPLIT_NAME,
    SPREAD_NAME,
    folded,
    is_identifier_name,
    plain_word,
    sides_of,
    unit_in,
)
from fluid.inspection.profile import ColumnProfile
from fluid.molecules.likeness import Likeness, smiles_likeness

SMILES, INCHI, INCHIKEY, CLASS, VALUES = "SMILES", "InChI", "InChIKey", "class", "values"
IDENTIFIER, QUALIFIER, UNIT, NAMES, CATEGORY = "identifier", "qualifier", "unit", "endpoint names", "category"
CONSTANT, EMPTY, TEXTS, SURROUNDED = "constant", "empty", "text", "number + text"
INCHIKEY_FORM = re.compile(r"(?:InChIKey=)?[A-Z]{14}-[A-Z]{10}-[A-Z]")
NO_UNIT = "as in file"
"""What stands for the unit of a column of values that does not tell one; without a unit it would be a class."""
FEW, MOST_NAMES, LIKE, LIKE_BY_NAME, STRAYS = 12, 400, 0.5, 0.05, 0.06
NO_LIKENESS = Likeness(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Role:
    """What a column could be.

    Attributes:
        name: One of this module's names.
        endpoint: How it is written as an endpoint, if it is one.
        learnable: Whether the endpoint is one that somebody would want to learn.
        positive: Words of class 1.
        negative: Words of class 0.
        missing: Further words that mean that nothing was measured.
        unit: Unit of values, or the units that a column names.
        likeness: Of texts, how much they look like SMILES.
        remarks: What to know before it is used.
    """

    name: str
    endpoint: str = ""
    learnable: bool = False
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unit: str = ""
    likeness: Likeness = NO_LIKENESS
    remarks: tuple[str, ...] = ()


def role_of(profile: ColumnProfile) -> Role:
    """Return what a column could be."""
    if not profile.filled:
        return Role(EMPTY)
    return _role_of_texts(profile) or _role_of_classes(profile) or _role_of_numbers(profile) or _role_of_words(profile)


def written_endpoint(name: str, unit: str = "", rest: str = "") -> str:
    """Return the text form of an endpoint; empty if a column of this name can be none.

    Args:
        name: The column.
        unit: Unit of its values, if they are to be learnt.
        rest: What follows the name: class words or a threshold.
    """
    try:
        text = Endpoint(name, "regression" if unit else "classification", unit).text + rest
        return text if Endpoint.parse(text).name == name else ""
    except ConfigError:
        return ""


def _share(profile: ColumnProfile, *kinds: str) -> float:
    return profile.count(*kinds) / profile.filled


def _role_of_texts(profile: ColumnProfile) -> Role | None:
    """Return the role of a column of structures, signs or units."""
    words = [word for word, _ in profile.words]
    if words and not profile.more_words and not profile.count(*NUMBERS):
        if all(map(sign_of, words)):
            return Role(QUALIFIER)
        if all(map(is_unit, words)):
            return Role(UNIT, unit=", ".join(words))
    if _share(profile, TEXT, AROUND) < LIKE or not profile.sample:
        return None
    for role, form in ((INCHI, re.compile("InChI=.*", re.DOTALL)), (INCHIKEY, INCHIKEY_FORM)):
        if sum(form.fullmatch(text.strip()) is not None for text in profile.sample) >= LIKE * len(profile.sample):
            return Role(role)
    likeness = smiles_likeness(profile.sample)
    named = SMILES_NAME.search(profile.name) is not None
    alike = likeness.share >= LIKE and likeness.atoms >= 3 and not is_identifier_name(profile.name)
    return Role(SMILES, likeness=likeness) if alike or (named and likeness.share >= LIKE_BY_NAME) else None


def _words_of(profile: ColumnProfile) -> dict[str, int]:
    """Return all that a column of few different cells says, with counts, without regard to case; nothing if there are many."""
    if profile.more_words or profile.more_numbers or profile.count(BOUND):
        return {}
    numbers = [(f"{value:g}", count) for value, count in profile.numbers]
    return folded([*profile.words, *numbers])


def _role_of_classes(profile: ColumnProfile) -> Role | None:
    words = _words_of(profile)
    said = {word: count for word, count in words.items() if word.lower() not in NO_CALL}
    without = {word: count for word, count in said.items() if word.lower() not in FURTHER_MISSING}
    for kept in (without, said, _without_strays(without)):
        sides = sides_of(kept) if len(kept) >= 2 else None
        if sides:
            missing = tuple(word for word in said if word not in kept and word.lower() in FURTHER_MISSING)
            strays = sum(count for word, count in without.items() if word not in kept)
            return _classes(profile, *sides, missing, (_calls_remark(words), _strays_remark(profile, strays, missing)))
    if len(said) == 2 and not profile.words and profile.whole and profile.filled >= 4 and not is_identifier_name(profile.name):
        high = f"{profile.high:g}"
        text = written_endpoint(profile.name, rest=f" >= {high}")
        return Role(CLASS, text, bool(text) and _is_learnable(profile.name), positive=(high,), negative=(f"{profile.low:g}",))
    return None


def _without_strays(words: Mapping[str, int]) -> dict[str, int]:
    """Return the words without those that mean no class, if these are few."""
    known = {word: count for word, count in words.items() if plain_word(word) in POSITIVE | NEGATIVE}
    return known if sum(known.values()) >= (1 - STRAYS) * sum(words.values()) else {}


def _classes(
    profile: ColumnProfile, positive: tuple[str, ...], negative: tuple[str, ...], missing: tuple[str, ...], remarks: tuple[str, ...]
) -> Role:
    native = {word.lower() for word in (*positive, *negative)} <= NATIVE_CLASSES and not missing
    sides = [positive, negative, missing] if missing else [positive, negative]
    text = written_endpoint(profile.name, rest="" if native else " in " + "/".join("|".join(side) for side in sides))
    remarks = tuple(filter(None, ("" if text else _unusable(profile.name), *remarks)))
    return Role(CLASS, text, bool(text) and _is_learnable(profile.name), positive, negative, missing, remarks=remarks)


def _calls_remark(words: Mapping[str, int]) -> str:
    calls = sum(count for word, count in words.items() if word.lower() in NO_CALL)
    return f"equivocal or inconclusive, not used: {calls:,}" if calls else ""


def _strays_remark(profile: ColumnProfile, strays: int, missing: tuple[str, ...]) -> str:
    return f"no class: {_counted(profile, strays, missing)}" if strays else ""


def _counted(profile: ColumnProfile, count: int, missing: tuple[str, ...]) -> str:
    """Return a count of cells that are texts, with the first of them."""
    row, text = next(((row, text) for row, text in profile.first[TEXT] if text.strip() not in missing), profile.first[TEXT][0])
    return f"{count:,} (first: row {row}, {text.strip()[:20]!r})"


def _unusable(name: str) -> str:
    return f"cannot be an endpoint: rename the column, or write its words otherwise ({name!r})"


def _is_learnable(name: str) -> bool:
    return not (COMPUTED_NAME.search(name) or SPREAD_NAME.search(name) or SPLIT_NAME.search(name))


def _role_of_numbers(profile: ColumnProfile) -> Role | None:
    missing = tuple(word for word, _ in profile.words if word.lower() in FURTHER_MISSING)
    filled = profile.filled - sum(count for word, count in profile.words if word in missing)
    numeric = profile.count(*NUMBERS)
    if not filled or numeric + profile.count(AROUND) < LIKE * filled:
        return None
    if profile.count(AROUND) > numeric:
        return Role(SURROUNDED, missing=missing, remarks=_number_remarks(profile, missing))
    if len(profile.numbers) == 1 and not profile.more_numbers and not profile.count(TEXT, AROUND):
        return Role(CONSTANT, missing=missing)
    if _counts_rows(profile) or (is_identifier_name(profile.name) and profile.whole and profile.distinct >= 0.9 * profile.filled):
        return Role(IDENTIFIER)
    unit = unit_in(profile.name)
    text = written_endpoint(profile.name, unit or NO_UNIT)
    role = Role(VALUES, text, bool(text) and _is_learnable(profile.name), missing=missing, unit=unit)
    remarks = (*(() if text else (_unusable(profile.name),)), *_number_remarks(profile, missing))
    return replace(role, remarks=remarks)


def _counts_rows(profile: ColumnProfile) -> bool:
    """Return whether a column counts the rows."""
    return (
        profile.whole
        and profile.filled == profile.rows >= 3
        and profile.low in (0, 1)
        and profile.high - profile.low + 1 == profile.rows
        and profile.distinct > 0.9 * profile.rows
    )


def _number_remarks(profile: ColumnProfile, missing: tuple[str, ...]) -> tuple[str, ...]:
    remarks = []
    if profile.commas:
        remarks.append(f"with a comma: {profile.commas:,}")
    if bounds := profile.count(BOUND):
        remarks.append(f"bounds: {bounds:,} ({_shown_sides(profile.sides)})")
    if around := profile.count(AROUND):
        row, text = profile.first[AROUND][0]
        remarks.append(f"more than a number: {around:,} (first: row {row}, {text.strip()[:20]!r}); split them, or leave them out")
    other = profile.count(TEXT) - sum(count for word, count in profile.words if word in missing)
    return (*remarks, f"no number: {_counted(profile, other, missing)}") if other > 0 else tuple(remarks)


def _shown_sides(sides: Mapping[int, int]) -> str:
    words = ((-1, "true value below"), (1, "above"), (0, "about"))
    return ", ".join(f"{sides[side]:,} {word}" for side, word in words if sides.get(side))


def _role_of_words(profile: ColumnProfile) -> Role:
    if len(profile.words) == 1 and not profile.more_words and profile.filled > 1:
        return Role(CONSTANT)
    if is_identifier_name(profile.name) and (profile.distinct > FEW or profile.distinct >= 0.9 * profile.filled):
        return Role(IDENTIFIER)
    few = not profile.more_words and len(profile.words) <= MOST_NAMES and profile.filled >= 3 * len(profile.words)
    if few and ENDPOINT_NAME.search(profile.name) and not SPLIT_NAME.search(profile.name):
        return Role(NAMES)
    if few:
        return Role(CATEGORY)
    return Role(IDENTIFIER if profile.distinct >= 0.9 * profile.filled else TEXTS)
