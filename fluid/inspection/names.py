"""What names and words of columns tell: the words that chemists' files use, and what is meant by them."""

import re
from collections.abc import Collection, Sequence

from fluid.data.label_remedies import NEGATIVE as REMEDIED_NEGATIVE
from fluid.data.label_remedies import POSITIVE as REMEDIED_POSITIVE
from fluid.data.labels import CLASSES
from fluid.inspection.cells import is_unit


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def pattern(*parts: str) -> re.Pattern[str]:
    """Return an expression that finds any of some parts, without regard to case."""
    return re.compile("|".join(parts), re.IGNORECASE)


EDGE_BEFORE, EDGE_AFTER = r"(?:^|[_\s.-])", r"(?:$|[_\s.-])"
SMILES_NAME = pattern("smiles", "smi$", "^smi", "structure", "^mol(?:ecule)?$", "^drug$", "^compound$")
ID_NAME = pattern(
    f"{EDGE_BEFORE}(?:ids?|cid|sid|nr|no|index|idx|number|code|name|cas|key|tag|barcode|batch){EDGE_AFTER}", r"^unnamed", r"^$", r"^__index"
)
CAMEL_ID = re.compile(r"(?:[a-z](?:Id|ID)|_Name)$")
ENDPOINT_NAME = pattern(
    "target", "endpoint", "assay", "measure", "readout", "test", "property", "parameter", r"activity[ _]?type", r"standard[ _]?type",
    r"result[ _]?type", "^type$", "^task",
)  # fmt: skip
SPLIT_NAME = pattern(
    "split",
    "fold$",
    "subset",
    "partition",
    "cluster",
    "^set$",
    f"{EDGE_BEFORE}(?:source|origin|project|batch|plate|reference|doi|year|date)",
)
VALUE_NAME = pattern("value", "result", "activity", "measurement", "response", "outcome", "label", "^y$")
COMPUTED_NAME = pattern(
    r"^mol(?:ecular)?[ _]?w(?:eigh)?t$", "^mw$",
    r"^exact[ _]?mass$", r"^mono[ _]?iso\w*$", "^[acx]?logp$", "^xlogp3?$", "^t?psa$", "^n?hb[ad]$",
    r"^rot\w*bonds?$", "^rtb$", r"^qed\w*$", r"^heavy[ _]?atoms?$", r"^num[ _]\w+$", r"^n[ _]?(?:atoms|rings|violations)$", "^#?ro5.*$",
    r"^aromatic[ _]?rings$", "^fsp3$", "^charge$",
)  # fmt: skip
SPREAD_NAME = pattern(f"{EDGE_BEFORE}(?:sd|std|stdev|sem|stderr|error|err|n|count|replicates?|cv)$")
P_NAME = pattern(r"^(?:standard[ _])?(?:p(?:ic|ec|ac|xc|gi|c)_?50|pk[id]|pchembl.*|p_?activity)")
LOG_NAME = pattern(r"^-?log(?:10)?[ _(]")
IN_BRACKETS = re.compile(r".*?[\[(]([^\[\]()]+)[\])]\s*")
AFTER_UNDERSCORE = re.compile(r".+[_ ]([A-Za-zµμ%/]{1,9})")
OF_A_UNIT = re.compile(r"[-\d.]+|kg|g|mg|min|L|mL|h|cells?|protein")
SHORT_UNITS = words("nm um µm μm mm pm percent pct")
POSITIVE = REMEDIED_POSITIVE | words("act p positive true agonist antagonist mutagenic permeable substrate soluble stable 1 on bbb+")
NEGATIVE = REMEDIED_NEGATIVE | words(
    """inact negative false nontoxic safe nonblocker noninhibitor nonhit miss nonbinder nonmutagenic impermeable nonsubstrate insoluble
    unstable 0 off bbb-"""
)
NATIVE_CLASSES = frozenset((*CLASSES, "0", "1"))
"""Words of classes that every column of classes may have without more ado."""
FURTHER_MISSING = words(
    """- -- --- – — . .. ? * / x nd n.d. n.d nt n.t. n.t nr n.r. ns n.s. n/d n/t tbd na. n.a. missing unknown unspecified untested blank
    pending empty #value! #ref! #div/0! #num! #name? #null! failed invalid"""
) | {"not tested", "not determined", "not measured", "not available", "no data", "not applicable"}
"""Words that mean nothing measured to people, but not by themselves to the readers of labels."""


def unit_in(name: str) -> str:
    """Return the unit that a column's name tells: `IC50 [nM]`, `CL (mL/min/kg)`, `IC50_nM`, and those of logarithms; empty without one."""
    bracket = IN_BRACKETS.fullmatch(name)
    if bracket and ("[" in name or _looks_like_unit(bracket[1])):
        return bracket[1].strip()
    tail = AFTER_UNDERSCORE.fullmatch(name)
    if tail and tail[1].lower() in SHORT_UNITS:
        return tail[1]
    if P_NAME.search(name):
        return "log mol/L"
    return "log" if LOG_NAME.search(name) else ""


def _looks_like_unit(text: str) -> bool:
    parts = [part for part in re.split(r"[/·*\s^]+", text) if part]
    return is_unit(text) or (len(parts) > 1 and all(is_unit(part) or OF_A_UNIT.fullmatch(part) for part in parts))


def is_identifier_name(name: str) -> bool:
    """Return whether a column's name says that it identifies rows."""
    return bool(ID_NAME.search(name) or CAMEL_ID.search(name))


def plain_word(word: str) -> str:
    """Return a word without case, and `non-` as one with what follows."""
    return re.sub(r"^(?:non|not)[-_ ]+", "non", word.strip().lower())


def sides_of(words: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the words of class 1 and those of class 0, if two sides are sure to be known; else `None`."""
    positive = tuple(word for word in words if plain_word(word) in POSITIVE)
    negative = tuple(word for word in words if plain_word(word) in NEGATIVE)
    if positive and negative and len(positive) + len(negative) == len(words):
        return positive, negative
    return _opposites(sorted(words, key=len))


def _opposites(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the two sides of a pair such as `carcinogen` and `non-carcinogen`."""
    if len(words) == 2 and plain_word(words[1]) in {prefix + plain_word(words[0]) for prefix in ("non", "in", "un", "im")}:
        return (words[0],), (words[1],)
    return None


def folded(words: Sequence[tuple[str, int]]) -> dict[str, int]:
    """Return counts of words without regard to case, each spelled as it is most often."""
    found: dict[str, tuple[str, int]] = {}
    for word, count in words:  # the most frequent first
        spelling, before = found.get(word.lower(), (word, 0))
        found[word.lower()] = spelling, before + count
    return dict(found.values())
