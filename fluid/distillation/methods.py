"""All methods by name: the rule, the tensors it needs, its options with defaults and ranges."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor

from fluid.distillation import cronus, geometric, pools, robust, selective, stacking, weights
from fluid.distillation.calibrate import LEARNT, TEMPERATURE, check_temperature
from fluid.distillation.checks import Number
from fluid.distillation.consensus import Opinion, average, shares
from fluid.distillation.dawid_skene import EVIDENCE, ITERATIONS, PSEUDOCOUNT, TOLERANCE, DawidSkene
from fluid.distillation.dawid_skene import expectation_maximisation as errors_of_classes
from fluid.distillation.dawid_skene import opinion_of as opinion_of_classes
from fluid.distillation.gaussian_em import FLOOR, GaussianEM
from fluid.distillation.gaussian_em import expectation_maximisation as errors_of_values
from fluid.distillation.gaussian_em import opinion_of as opinion_of_values
from fluid.distillation.sharpen import ERA, SHARPEN, entropy_reduction
from fluid.distillation.votes import Votes
from fluid.errors import ConfigError
from fluid.registry import Registry

UNCERTAINTY = ("epistemic", "aleatoric")
COMMON: Mapping[str, Number] = {
    "power": Number(0.0),
    "min_similarity": selective.MIN_SIMILARITY,
    "max_entropy": selective.MAX_ENTROPY,
    "max_variance_ratio": selective.MAX_VARIANCE_RATIO,
    "sharpen": SHARPEN,
}
"""Options of every method, beside `teacher_temperature`: what happens to votes before, and to soft labels after the rule."""


@dataclass(frozen=True, slots=True)
class Method:
    """One way to combine votes.

    Attributes:
        rule: `(votes, learnt, **options)` to an opinion; each molecule for itself.
        options: Its own options.
        needs: Tensors beside `predictions`.
        sets: Other defaults of the options that all methods have.
        learn: `(votes, **options)` to what the rule uses of the whole batch; `None`: nothing, so molecules stay apart.
        posterior: Whether labels of classes are probabilities of a latent truth, of which it knows how teachers confuse it.
    """

    rule: Callable[..., Opinion]
    options: Mapping[str, Number] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    sets: Mapping[str, Any] = field(default_factory=dict)
    learn: Callable[..., Any] | None = None
    posterior: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A method with all its options settled: its own, and those that every method has."""

    name: str
    method: Method
    own: Mapping[str, float]
    common: Mapping[str, float]
    temperature: Any

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the tensors that it reads, beside `predictions`."""
        asked = set(self.method.needs)
        asked |= {"similarity"} if self.common["power"] or self.common["min_similarity"] else set()
        asked |= set(UNCERTAINTY) if self.common["max_entropy"] < 1 or self.common["max_variance_ratio"] else set()
        return tuple(name for name in (*UNCERTAINTY, "similarity", "labels") if name in asked)


def plan_of(method: str, options: Mapping[str, Any]) -> Plan:
    """Settle the options of a named method.

    Raises:
        ConfigError: The method or an option is unknown.
        ValueError: An option's value is not allowed.
    """
    chosen = METHODS[method]
    known = {**COMMON, **chosen.options}
    unknown = [name for name in options if name not in known and name != TEMPERATURE]
    if unknown:
        raise ConfigError(
            f"consensus {method!r} does not take the options {unknown}", expected="any of " + ", ".join((*known, TEMPERATURE))
        )
    given = {name: number.default for name, number in known.items()} | {TEMPERATURE: 1.0} | dict(chosen.sets) | dict(options)
    values = {name: number.check(name, given[name]) for name, number in known.items()}
    own = {name: values[name] for name in chosen.options}
    return Plan(method, chosen, own, {name: values[name] for name in COMMON}, check_temperature(given[TEMPERATURE]))


def mean(votes: Votes, learnt: None) -> Opinion:
    """Return the mean, under the weights that the votes have."""
    return average(votes.values, shares(votes.weights))


def reweighted_mean(votes: Votes, factor: Tensor) -> Opinion:
    """Return the mean under the votes' weights times a factor; where the product is 0 for all, under the votes' weights."""
    product = torch.where(votes.weights > 0, votes.weights * factor, torch.zeros_like(votes.weights))
    return average(votes.values, shares(product, votes.weights))


def by_uncertainty(votes: Votes, learnt: None, sharpness: float) -> Opinion:
    """See `uncertainty_weights`."""
    return reweighted_mean(votes, weights.uncertainty_weights(votes.values, *_parts(votes), votes.is_class, sharpness))


def by_inverse_variance(votes: Votes, learnt: None, floor: float, aleatoric_share: float) -> Opinion:
    """See `inverse_variance_weights`."""
    return reweighted_mean(votes, weights.inverse_variance_weights(votes.values, *_parts(votes), floor, aleatoric_share))


def by_entropy(votes: Votes, learnt: None, epistemic_power: float, aleatoric_power: float) -> Opinion:
    """See `entropy_weights`."""
    return reweighted_mean(votes, weights.entropy_weights(votes.values, *_parts(votes), votes.is_class, epistemic_power, aleatoric_power))


def _parts(votes: Votes) -> tuple[Tensor, Tensor]:
    if votes.epistemic is None or votes.aleatoric is None:
        raise ConfigError("the consensus needs epistemic and aleatoric, which were not given")
    return votes.epistemic, votes.aleatoric


def log_pool(votes: Votes, learnt: None, clip: float) -> Opinion:
    """See `log_opinion_pool`."""
    return pools.log_opinion_pool(votes.values, shares(votes.weights), votes.is_class, clip)


def era(votes: Votes, learnt: None, temperature: float) -> Opinion:
    """See `entropy_reduction`; values are averaged."""
    opinion = mean(votes, None)
    return opinion._replace(label=torch.where(votes.is_class, entropy_reduction(opinion.label, temperature), opinion.label))


def by_median(votes: Votes, learnt: None) -> Opinion:
    """See `median`."""
    return robust.median(votes.values, votes.weights, bool(votes.values_in))


def by_trimmed_mean(votes: Votes, learnt: None, trim: float) -> Opinion:
    """See `trimmed_mean`."""
    return robust.trimmed_mean(votes.values, votes.weights, trim)


def unit_of(votes: Votes, iterations: float) -> Tensor:
    """Return the units of the endpoints `(T,)`: 1 if all are probabilities, or if there is only one."""
    if not votes.values_in or len(votes.kinds) == 1:
        return votes.values.new_ones(len(votes.kinds))
    return geometric.typical_difference(votes.values, votes.weights)


def by_geometric_median(votes: Votes, learnt: Tensor, iterations: float) -> Opinion:
    """See `geometric_median`."""
    return geometric.geometric_median(votes.values, votes.weights, learnt, iterations, bool(votes.values_in))


def learn_trust(votes: Votes, **options: float) -> cronus.Trust:
    """See `estimate_trust`."""
    return cronus.estimate_trust(votes.values, votes.weights, **options)


def by_trust(votes: Votes, learnt: cronus.Trust, clip: float, **options: float) -> Opinion:
    """See `robust_mean`."""
    return cronus.robust_mean(votes.values, votes.weights, learnt, clip)


Errors = tuple[DawidSkene, GaussianEM]


def learn_errors(votes: Votes, iterations: float, tolerance: float, pseudocount: float, evidence: float, floor: float) -> Errors:
    """Learn confusions for probabilities, biases and variances for values."""
    classes, values = votes.columns(votes.classes_in), votes.columns(votes.values_in)
    confusions = errors_of_classes(classes.values, classes.weights, iterations, tolerance, pseudocount, evidence)
    return confusions, errors_of_values(values.values, values.weights, iterations, tolerance, floor)


def by_errors(votes: Votes, learnt: Errors, evidence: float, **options: float) -> Opinion:
    """See `dawid_skene` and `gaussian_em`."""
    classes, values = votes.columns(votes.classes_in), votes.columns(votes.values_in)
    of_classes = partial(opinion_of_classes, learnt[0], classes.values, classes.weights, evidence)
    of_values = partial(opinion_of_values, learnt[1], values.values, values.weights)
    if not votes.values_in or not votes.classes_in:
        return of_classes() if not votes.values_in else of_values()
    order = torch.tensor(votes.classes_in + votes.values_in, device=votes.values.device).argsort()
    return Opinion(*(torch.cat(pair, -1)[..., order] for pair in zip(of_classes(), of_values(), strict=True)))


def learn_stack(votes: Votes, ridge: float) -> stacking.Stack:
    """See `fit_stack`."""
    if votes.labels is None:
        raise ConfigError("consensus 'stacking' needs labels, which were not given")
    return stacking.fit_stack(votes.values, votes.weights, votes.labels, votes.is_class, ridge)


def by_stack(votes: Votes, learnt: stacking.Stack, ridge: float) -> Opinion:
    """See `apply_stack`."""
    return stacking.apply_stack(votes.values, votes.weights, learnt, votes.is_class)


EM_OPTIONS = {
    "iterations": ITERATIONS,
    "tolerance": TOLERANCE,
    "pseudocount": PSEUDOCOUNT,
    "evidence": EVIDENCE,
    "floor": FLOOR,
}
FILTER_OPTIONS = {"contamination": cronus.CONTAMINATION, "ratio": cronus.RATIO, "clip": cronus.CLIP}
OURS: Mapping[str, Method] = {
    "mean": Method(mean),
    "similarity": Method(mean, sets={"power": weights.POWER.default}),
    "evidence": Method(mean, sets={"power": 4.0}),
    "sharp_similarity": Method(mean, sets={"power": 6.0}),
    "uncertainty": Method(by_uncertainty, {"sharpness": weights.SHARPNESS}, UNCERTAINTY),
    "inverse_variance": Method(by_inverse_variance, {"floor": weights.FLOOR, "aleatoric_share": weights.ALEATORIC_SHARE}, UNCERTAINTY),
    "entropy": Method(by_entropy, {"epistemic_power": weights.EPISTEMIC, "aleatoric_power": weights.ALEATORIC}, UNCERTAINTY),
    "log_opinion_pool": Method(log_pool, {"clip": pools.CLIP}),
    "recalibrated": Method(mean, sets={TEMPERATURE: LEARNT}),
    "era": Method(era, {"temperature": ERA}),
    "sharpened": Method(mean, sets={"sharpen": 0.5}),
    "selective": Method(mean, sets={"min_similarity": 0.3, "max_entropy": 0.95, "max_variance_ratio": 2.0}),
    "median": Method(by_median),
    "trimmed_mean": Method(by_trimmed_mean, {"trim": robust.TRIM}),
    "geometric_median": Method(by_geometric_median, {"iterations": geometric.ITERATIONS}, learn=unit_of),
    "cronus": Method(by_trust, FILTER_OPTIONS, learn=learn_trust),
    "dawid_skene": Method(by_errors, EM_OPTIONS, learn=learn_errors, posterior=True),
    "stacking": Method(by_stack, {"ridge": stacking.RIDGE}, ("labels",), learn=learn_stack),
}


METHODS: Registry[Method] = Registry("fluid.consensus", "consensus", OURS, Method, "consensus.method")
"""Ways to combine votes, by the name that a configuration gives; a package adds its own under the entry points `fluid.consensus`."""
len(METHODS)  # packages are looked through now: `torch.compile` could not trace it
