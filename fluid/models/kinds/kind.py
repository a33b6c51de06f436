"""What a kind of predictor can do besides answering, and all kinds by name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluid.data.endpoints import Endpoint
from fluid.models.prediction import Prediction
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet
from fluid.registry import Registry
from fluid.threads import Spread

Save = Callable[[Path, Any], dict[str, Any]]
Load = Callable[[Path, dict[str, Any], tuple[Endpoint, ...]], Predictor]
AnswerTogether = Callable[[Sequence[Any], MoleculeSet, Spread], list[Prediction]]


@dataclass(frozen=True, slots=True)
class PredictorKind:
    """A kind of predictor: the value of `kind` of its class.

    Attributes:
        save: `(folder, predictor)`: fills an empty folder and returns what its card needs to say for `load`.
        load: `(folder, card, endpoints)`: returns the predictor; the folder is verified before.
        together: Answers molecules with several predictors of the kind at once, which share work; bit by bit what each answers alone.
        parts: Attributes that are predictors themselves.
        sealed_parts: Those of them whose subfolder is verified by the hash of its own card, which the card of the whole must hold.
        modules: Modules of other packages that a predictor is made of, beside the one that registers the kind.
        by_key: Whether it looks molecules up, and so knows only those that somebody answered before.
    """

    save: Save
    load: Load
    together: AnswerTogether | None = None
    parts: tuple[str, ...] = ()
    sealed_parts: tuple[str, ...] = ()
    modules: Callable[[Any], tuple[str, ...]] = lambda _: ()
    by_key: bool = False


def is_predictor_kind(value: Any) -> bool:
    """Return whether a value is what the registry holds."""
    return isinstance(value, PredictorKind)


PREDICTORS: Registry[PredictorKind] = Registry(
    "fluid.predictors",
    "kind of predictor",
    {
        "network": "fluid.models.kinds.network:KIND",
        "forest": "fluid.models.kinds.forest:KIND",
        "predictions": "fluid.models.kinds.predictions:KIND",
        "neighbours": "fluid.models.kinds.neighbours:KIND",
        "blend": "fluid.models.kinds.blend:KIND",
        "similarity_guided": "fluid.models.kinds.similarity_guided:KIND",
        "heads": "fluid.models.kinds.heads:KIND",
    },
    is_predictor_kind,
    "the predictor's kind",
)
"""Kinds of predictors by name; a package adds its own under the entry points `fluid.predictors`."""


def kind_of(predictor: Predictor) -> PredictorKind:
    """Return the kind of a predictor."""
    return PREDICTORS[predictor.kind]


def parts_of(predictor: Predictor) -> Iterator[Predictor]:
    """Yield all predictors that a predictor is made of, at any depth."""
    for name in kind_of(predictor).parts:
        part = getattr(predictor, name)
        yield part
        yield from parts_of(part)


def modules_of(*predictors: Predictor) -> tuple[str, ...]:
    """Return the modules of other packages that predictors, or parts of them, come from: their code decides what these answer."""
    everything = [part for predictor in predictors for part in (predictor, *parts_of(predictor))]
    more = (module for part in everything for module in kind_of(part).modules(part))
    return tuple(dict.fromkeys([*PREDICTORS.modules(*(part.kind for part in everything)), *more]))


def predict_all(predictors: Sequence[Predictor], molecules: MoleculeSet, spread: Spread = map) -> list[Prediction]:
    """Return the answers of several predictors; those of a kind that can share work do."""
    answers: dict[int, Prediction] = {}
    for name in dict.fromkeys(predictor.kind for predictor in predictors):
        asked = [i for i, predictor in enumerate(predictors) if predictor.kind == name]
        together = PREDICTORS[name].together or one_by_one
        answers |= zip(asked, together([predictors[i] for i in asked], molecules, spread), strict=True)
    return [answers[i] for i in range(len(predictors))]


def one_by_one(predictors: Sequence[Predictor], molecules: MoleculeSet, spread: Spread) -> list[Prediction]:
    """Return the answers of predictors that share nothing."""
    return [predictor.predict(molecules) for predictor in predictors]
