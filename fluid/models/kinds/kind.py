"""What a kind of predictor can do besides answering, and all kinds by name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.ensemble import GraphEnsemble
from fluid.models.prediction import Prediction
from fluid.models.predictor import ModelSpec, Predictor
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
        general: Name of the part that answers where the others know nothing; empty: the predictor itself does.
        start: `(predictor, molecules)`: the networks that a company goes on from with its own molecules; `None`: it has none.
        with_own: `(predictor, networks, molecules, labels)`: the predictor with other networks in the place of its own, and with measured
            molecules `(M, T)` where it remembers molecules; `None`: it is no student.
        settings: `(predictor)`: the settings of the model without weights that it is, so that it can be made anew; `None`: it has weights.
        by_key: Whether it looks molecules up, and so knows only those that somebody answered before.
        forgets_labels: Whether `with_own` keeps no label by itself, so that some of them may be bounds of the true value.
        takes_labels: Whether a company can add its labels to a student of this kind, which learns or keeps them.
        has_experts: Whether it has an expert for each teacher, in whose place a company's own teacher can be put.
    """

    save: Save
    load: Load
    together: AnswerTogether | None = None
    parts: tuple[str, ...] = ()
    sealed_parts: tuple[str, ...] = ()
    modules: Callable[[Any], tuple[str, ...]] = lambda _: ()
    general: str = ""
    start: Callable[[Any, MoleculeSet], GraphEnsemble] | None = None
    with_own: Callable[[Any, GraphEnsemble | None, MoleculeSet, np.ndarray], Predictor] | None = None
    settings: Callable[[Any], ModelSpec] | None = None
    by_key: bool = False
    forgets_labels: bool = False
    takes_labels: bool = True
    has_experts: bool = False


PREDICTORS: Registry[PredictorKind] = Registry(
    "fluid.predictors",
    "kind of predictor",
    {
        "network": "fluid.models.kinds.network:KIND",
        "forest": "fluid.models.kinds.forest:KIND",
        "additive": "fluid.models.kinds.additive:KIND",
        "wide_deep": "fluid.models.kinds.wide_deep:KIND",
        "predictions": "fluid.models.kinds.predictions:KIND",
        "neighbours": "fluid.models.kinds.neighbours:KIND",
        "blend": "fluid.models.kinds.blend:KIND",
        "similarity_guided": "fluid.models.kinds.similarity_guided:KIND",
        "heads": "fluid.models.kinds.heads:KIND",
        "experts": "fluid.models.kinds.experts:KIND",
        "regions": "fluid.models.kinds.regions:KIND",
        "wide_experts": "fluid.models.kinds.wide_experts:KIND",
        "own_expert": "fluid.models.kinds.own_expert:KIND",
        "joint": "fluid.models.kinds.joint:KIND",
        "cross_fit": "fluid.models.kinds.cross_fit:KIND",
    },
    PredictorKind,
    "the predictor's kind",
)
"""Kinds of predictors by name; a package adds its own under the entry points `fluid.predictors`."""


def kind_of(predictor: Predictor) -> PredictorKind:
    """Return the kind of a predictor."""
    return PREDICTORS[predictor.kind]


def general_of(predictor: Predictor) -> Predictor:
    """Return the part of a predictor that answers where the others know nothing: by default the predictor itself."""
    name = kind_of(predictor).general
    return general_of(getattr(predictor, name)) if name else predictor


def has_weights(predictor: Predictor) -> bool:
    """Return whether there are networks that a company can go on from."""
    return kind_of(general_of(predictor)).start is not None


def start_of(predictor: Predictor, molecules: MoleculeSet) -> GraphEnsemble | None:
    """Return the networks that a company goes on from with its own molecules; `None` if there are none."""
    general = general_of(predictor)
    start = kind_of(general).start
    return start(general, molecules) if start else None


def put_own(predictor: Predictor, network: GraphEnsemble | None, molecules: MoleculeSet, labels: np.ndarray) -> Predictor:
    """Return a student with other networks in the place of its own, and measured molecules where it remembers molecules.

    Raises:
        ConfigError: The predictor is no student.
    """
    add = kind_of(predictor).with_own
    if add is None:
        raise ConfigError(f"a predictor of kind {predictor.kind!r} is no student", expected="a student made by distill")
    return add(predictor, network, molecules, labels)


def in_its_place(predictor: Predictor, network: GraphEnsemble | None, molecules: MoleculeSet, labels: np.ndarray) -> Predictor:
    """Return other networks, where there are any, in the place of a predictor that remembers no molecules."""
    return network or predictor


def parts_of(predictor: Predictor) -> Iterator[Predictor]:
    """Yield all predictors that a predictor is made of, at any depth."""
    for name in kind_of(predictor).parts:
        part = getattr(predictor, name)
        yield part
        yield from parts_of(part)


def forgets_labels(predictor: Predictor) -> bool:
    """Return whether neither a predictor nor a part of it keeps the labels that a company adds."""
    return all(kind_of(part).forgets_labels for part in (predictor, *parts_of(predictor)))


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
