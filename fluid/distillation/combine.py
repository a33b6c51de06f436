"""Consensus by name, as a configuration chooses it: votes are weighed, recalibrated, combined, and the labels sharpened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from fluid.distillation.calibrate import cool, given_temperature, learnt_temperature
from fluid.distillation.consensus import Consensus, Opinion, conclude, effective_teachers
from fluid.distillation.methods import Plan, plan_of
from fluid.distillation.noise import LabelNoise, expected_confusion
from fluid.distillation.selective import select_votes
from fluid.distillation.sharpen import sharpen
from fluid.distillation.slices import row_slices
from fluid.distillation.targets import hard_class
from fluid.distillation.votes import Votes, read_votes
from fluid.errors import ConfigError


def weigh_votes(votes: Votes, plan: Plan) -> Votes:
    """Return the votes with the weights that selection and similarity leave them."""
    weights, common = votes.weights, plan.common
    if common["min_similarity"] or common["max_entropy"] < 1 or common["max_variance_ratio"]:
        weights = select_votes(votes, common["min_similarity"], common["max_entropy"], common["max_variance_ratio"])
    if common["power"] and votes.similarity is not None:
        near = torch.where(weights > 0, weights * (votes.similarity ** common["power"]).unsqueeze(2), torch.zeros_like(weights))
        weights = torch.where(near.sum(0, keepdim=True) > 0, near, weights)
    return votes._replace(weights=weights)


@dataclass(frozen=True, slots=True)
class Rule:
    """A consensus that has learnt what it needs of a batch, and can be asked about any molecules.

    Attributes:
        plan: Method and options.
        kinds: Kind of each endpoint.
        temperature: Temperatures of the teachers, `(K, 1, T)`; `None` for 1.
        learnt: What the method learnt; `None` where it learns nothing.
    """

    plan: Plan
    kinds: tuple[str, ...]
    temperature: Tensor | None
    learnt: Any

    def __call__(self, tensors: Mapping[str, Tensor]) -> Consensus:
        """Combine the answers of the same teachers; arguments and errors as in `combine`."""
        return self.settle(self.votes(tensors))

    def shares(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """Return the share of each teacher in each soft label, as `teacher_weights`."""
        votes = self.votes(tensors)
        return torch.cat([self.opinion(votes.rows(rows.start, rows.stop)).share for rows in row_slices(votes.values)], 1)

    def votes(self, tensors: Mapping[str, Tensor]) -> Votes:
        """Read and check tensors; labels are needed for learning only."""
        return read_votes(tensors, self.kinds, [name for name in self.plan.needs if name != "labels"])

    def opinion(self, votes: Votes) -> Opinion:
        """Return what the rule makes of some votes."""
        votes = _cool(weigh_votes(votes, self.plan), self.temperature)
        opinion = self.plan.method.rule(votes, self.learnt, **self.plan.own)
        if self.plan.common["sharpen"] == 1:
            return opinion
        sharp = sharpen(opinion.label.clamp(0, 1), self.plan.common["sharpen"])
        return opinion._replace(label=torch.where(votes.is_class, sharp, opinion.label))

    def noise(self, tensors: Mapping[str, Tensor]) -> LabelNoise | None:
        """Return how its labels confuse the truth, by `expected_confusion`; `None` if the method knows of no truth.

        With fewer than two teachers nothing is learnt of it, and the confusion is the identity.
        """
        if not self.plan.method.posterior:
            return None
        votes = self.votes(tensors)
        unsharpened = replace(self.plan, common={**self.plan.common, "sharpen": 1.0})
        classes = votes.classes_in
        posterior, label = (rule.settle(votes).soft_label[:, classes] for rule in (replace(self, plan=unsharpened), self))
        alone = self.learnt[0].alone.reshape(-1, 1, 1)
        found = []
        for taught in (label, hard_class(label)):
            one = torch.where(alone, torch.eye(2, dtype=torch.float64, device=label.device), expected_confusion(posterior, taught))
            every = one.new_full((len(votes.kinds), 2, 2), torch.nan)
            every[classes] = one
            found.append(every)
        return LabelNoise(*found)

    def settle(self, votes: Votes) -> Consensus:
        """Return the consensus of votes, a slice of molecules at a time."""
        parts = []
        for rows in row_slices(votes.values):
            opinion = self.opinion(votes.rows(rows.start, rows.stop))
            parts.append((opinion.label, opinion.dispersion, effective_teachers(opinion.share)))
        label, dispersion, support = (torch.cat(planes) for planes in zip(*parts, strict=True))
        return conclude(label, dispersion, support, votes.is_class)


def _cool(votes: Votes, temperature: Tensor | None) -> Votes:
    return votes if temperature is None else votes._replace(values=cool(votes.values, temperature, votes.is_class))


def learn(plan: Plan, votes: Votes) -> Rule:
    """Learn from a batch what a plan needs of it."""
    learns = plan.method.learn
    if plan.temperature == 1.0 and learns is None:
        return Rule(plan, votes.kinds, None, None)
    votes = weigh_votes(votes, plan)
    temperature = None
    if isinstance(plan.temperature, str):
        temperature = learnt_temperature(torch.where(votes.is_class, votes.values, 0.5), votes.weights)
    elif plan.temperature != 1.0:
        temperature = given_temperature(plan.temperature, votes.values)
    return Rule(plan, votes.kinds, temperature, None if learns is None else learns(_cool(votes, temperature), **plan.own))


def fit_consensus(method: str, tensors: Mapping[str, Tensor], kinds: Sequence[str], **options: Any) -> Rule:
    """Learn a consensus on one batch, to ask it about others; arguments and errors as in `combine`.

    Methods that learn nothing return the same for every batch. The others (`geometric_median`, `cronus`, `dawid_skene`, `stacking`, and
    all with `teacher_temperature="learnt"`) are then evaluated on molecules that they did not see.
    """
    plan = plan_of(method, options)
    return learn(plan, read_votes(tensors, kinds, plan.needs))


def combine(method: str, tensors: Mapping[str, Tensor], kinds: Sequence[str], **options: Any) -> Consensus:
    """Return the consensus of a named method.

    Order of work, each step for every method: votes of weight 0 are absent; `min_similarity`, `max_entropy` and `max_variance_ratio` drop
    votes (`select_votes`); `power` weighs them by `similarity ** power`; `teacher_temperature` recalibrates probabilities (`cool`,
    `learnt_temperature`); the method combines; `sharpen` sharpens the soft labels of probabilities.

    Args:
        method: One of `METHODS`.
        tensors: `predictions` `(K, M, T)`, NaN where missing; as the method needs `epistemic`, `aleatoric` `(K, M, T)`,
            `similarity` `(K, M)` in [0, 1] and `labels` `(M, T)`; and `weights`, of a shape that broadcasts to `(K, M, T)`, if
            not all teachers shall count alike.
        kinds: Kind of each endpoint: `classification` or `regression`.
        options: Options of the method, and those that every method has (`COMMON` and `teacher_temperature`).

    Returns:
        Soft label, confidence and support; no NaN where any teacher answered. With no molecules, planes `(0, T)`; with no
        teachers, NaN, 0 and 0.

    Raises:
        ConfigError: The method or an option is unknown, or a tensor that is needed was not given.
        ShapeError: Shapes disagree.
        ValueError: A value is out of range or infinite.
    """
    plan = plan_of(method, options)
    votes = read_votes(tensors, kinds, plan.needs)
    return learn(plan, votes).settle(votes)


def teacher_weights(method: str, tensors: Mapping[str, Tensor], kinds: Sequence[str], **options: Any) -> Tensor:
    """Return the share `(K, M, T)` that each teacher has in each soft label; shares sum to 1 where any teacher answered.

    Arguments and errors as in `combine`.
    """
    return fit_consensus(method, tensors, kinds, **options).shares(tensors)


def check_method(method: str, options: Mapping[str, Any]) -> None:
    """Check a method and its options before there is anything to combine.

    Raises:
        ConfigError: The method or an option is unknown, or an option's value is not allowed.
    """
    try:
        plan_of(method, options)
    except ValueError as error:
        raise ConfigError(f"consensus {method!r} with the options {dict(options)}: {error}") from None


def learns(method: str, options: Mapping[str, Any]) -> bool:
    """Return whether a method learns something of the batch of molecules that it is given."""
    plan = plan_of(method, options)
    return plan.method.learn is not None or isinstance(plan.temperature, str)


def knows_noise(method: str) -> bool:
    """Return whether a method can say how its labels confuse the truth."""
    return plan_of(method, {}).method.posterior


def needs_labels(method: str) -> bool:
    """Return whether a method learns from true labels."""
    return "labels" in plan_of(method, {}).needs
