"""What to do about cells that hold no label, by what stands in them."""

import re
from collections.abc import Iterator, Sequence

from fluid.data.labels import LabelReader
from fluid.data.qualifiers import split_qualifier, tidy

MOST = 3
NUMBER = r"[-+−]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][-+]?\d+)?"
VALUES = (
    (r"[-+−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", "Write thousands without separators ({cell}), and decimals with a point."),
    (r"[-+−]?\d*,\d+(?:[eE][-+]?\d+)?", "If {cell} has a decimal comma: 'intake.file.decimal=\",\"'."),
    (rf"{NUMBER}\s*%", "Write percentages ({cell}) as plain numbers."),
    (rf"{NUMBER}\s*(?:±|\+/-|\+-).*", "Move errors of measurement ({cell}) to a column of their own."),
    (rf"{NUMBER}\s*(?:-|–|—|to|\.\.\.?|…)\s*{NUMBER}", "Write one number for a range ({cell}), or one of its ends as a bound."),
    (rf"{NUMBER}\s*[^\W\d_].*", "Move units out of the cells ({cell}) and into the endpoint: '{name} [unit]'."),
    (r"#.*[!?]", "Correct the spreadsheet's formulas ({cell})."),
)
"""Of cells that are nearly numbers: their form, and what to do."""
NOT_MEASURED = re.compile(
    r"n\.?\s?/?[acdmqrst]\.?|not .*|no data|[-–—_]+|[?.*]+|tbd|pending|missing|unknown|untested|failed|blank|empty|void|x", re.IGNORECASE
)
POSITIVE = frozenset(("active", "yes", "y", "pos", "+", "t", "hit", "toxic", "blocker", "inhibitor", "binder", "high", "pass", "a"))
NEGATIVE = frozenset(["inactive", "no", "n", "neg", "-", "f", "low", "fail", "i", "decoy"])


def remedies(reader: LabelReader, cells: Sequence[str]) -> Iterator[str]:
    """Yield what can be done about the different bad cells of one endpoint, at most three sentences."""
    texts, name = list(dict.fromkeys(map(tidy, cells))), reader.endpoint.column
    declared = _declared(texts, name)
    if declared:
        yield declared[0]
        texts = [text for text in texts if text not in declared[1]]
    absent = [text for text in texts if NOT_MEASURED.fullmatch(text)]
    of_cell = _of_class if reader.endpoint.binary else _of_value
    found: dict[str, str] = {}
    for text in texts:
        if text not in absent:
            found.setdefault(of_cell(text), text)
    sentences = [sentence.format(cell=repr(text), name=name) for sentence, text in found.items()]
    if absent:
        sentences.insert(0, f"If they mean not measured: '{_as_setting(absent)}'.")
    yield from sentences[: MOST - bool(declared)]


def _declared(texts: Sequence[str], name: str) -> tuple[str, list[str]] | None:
    """Return how to declare the class words among some texts, and which they are; `None` if not both classes are there."""
    negative = [text for text in texts if text.lower() in NEGATIVE or _denies(text.lower(), texts)]
    positive = [text for text in texts if text not in negative and (text.lower() in POSITIVE or _denied(text.lower(), texts))]
    if not (positive and negative):
        minus = [text for text in texts if text in ("-1", "-1.0")]
        return (f"If -1 is class 0, declare it: '{name} in 1/-1'.", minus) if minus else None
    return f"Declare the class words: '{name} in {'|'.join(positive)}/{'|'.join(negative)}'.", [*positive, *negative]


def _denies(word: str, texts: Sequence[str]) -> bool:
    """Return whether a word is another one with something like `non` in front."""
    return any(word != text.lower() and len(text) > 2 and word.endswith(text.lower()) for text in texts)


def _denied(word: str, texts: Sequence[str]) -> bool:
    return len(word) > 2 and any(word != text.lower() and text.lower().endswith(word) for text in texts)


def _as_setting(words: Sequence[str]) -> str:
    shown = [word if re.fullmatch(r"\w+", word) else f'"{word}"' for word in words[:MOST]]
    return f"intake.missing=[{','.join(shown)}]"


def _of_class(text: str) -> str:
    if re.fullmatch(NUMBER, split_qualifier(text)[1]):
        return "For a column of values write the endpoint with a threshold, e.g. '{name} >= 5'."
    return "If these are classes, declare their words: '{name} in WORD OF CLASS 1/WORD OF CLASS 0'."


def _of_value(text: str) -> str:
    sign, rest = split_qualifier(text)
    if sign is None or (sign and re.fullmatch(NUMBER, rest)):
        return "Write {cell} as =, <, <=, >, >= or ~ and a number; intake.censored says what becomes of bounds."
    if text.lower() in POSITIVE | NEGATIVE:
        return "For a column of classes declare the words, e.g. '{name} in Active/Inactive'."
    return next((remedy for form, remedy in VALUES if re.fullmatch(form, text)), "Correct the cells, or empty them.")
