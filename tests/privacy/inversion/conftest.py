"""Consortia of which everything is known: answers, bins, and what the product's own consensus makes of them."""

import numpy as np
import torch

from fluid.annotation.domain import bin_midpoints
from fluid.data.endpoints import Endpoint
from fluid.distillation.acquisition import acquisition_scores
from fluid.distillation.combine import combine
from fluid.privacy.inversion.seen import Released, Said, Seen

EDGES = (0.3, 0.4, 0.5)


def consortium(companies: int, method: str = "similarity", n: int = 600, named: bool = True, kind: str = "classification") -> Seen:
    """Return a consensus of companies whose answers agree in part, in the hands of the first."""
    draw = np.random.default_rng(companies)
    scores = draw.normal(0, 1.5, n) + draw.normal(0, 1, (companies, n))
    said = (1 / (1 + np.exp(-scores)) if kind == "classification" else 5 + scores)[:, :, None].astype(np.float32)
    bins = draw.choice(4, (companies, n), p=(0.5, 0.3, 0.15, 0.05))
    doubt = torch.full(said.shape, 0.05)
    near = np.asarray(bin_midpoints(EDGES), dtype=np.float32)[bins]
    tensors = {"predictions": torch.from_numpy(said), "epistemic": doubt, "aleatoric": doubt, "similarity": torch.from_numpy(near)}
    options = {"power": 4.0} if method == "similarity" else {}
    made = combine(method, tensors, [kind], **options)
    more = acquisition_scores(tensors["predictions"], doubt, doubt, torch.from_numpy(bins), 4)
    planes = (made.soft_label, made.support, more["coverage"], more["disagreement"])
    released = Released((Endpoint("b", kind),), method, companies if named else 0, *(plane.numpy() for plane in planes))
    own, *others = (Said(one, where, 4) for one, where in zip(said, bins, strict=True))
    return Seen(released, own, tuple(others))
