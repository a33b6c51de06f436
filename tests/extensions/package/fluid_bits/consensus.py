"""A consensus in which a teacher counts by how far from a half its answer is."""

from torch import Tensor, where

from fluid.distillation.checks import Number
from fluid.distillation.consensus import Opinion
from fluid.distillation.methods import Method, reweighted_mean
from fluid.distillation.votes import Votes


def boldest(votes: Votes, learnt: None, boldness: float) -> Opinion:
    """Return the mean under the weights `|2 p - 1| ** boldness`; values are averaged."""
    bold: Tensor = (2 * votes.values - 1).abs() ** boldness
    return reweighted_mean(votes, where(votes.is_class, bold.nan_to_num(), 1.0))


METHOD = Method(boldest, {"boldness": Number(2.0)})
