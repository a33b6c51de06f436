"""One head in the place of many: where a hybrid begins that goes on from a student with one head per teacher."""

import numpy as np
import torch

from fluid.errors import ShapeError
from fluid.models.ensemble import GraphEnsemble
from fluid.models.heads import HeadsPredictor
from fluid.models.network import Network
from fluid.seeding import isolate


def single_head(student: HeadsPredictor, share: np.ndarray) -> GraphEnsemble:
    """Return the student's encoder with one head per endpoint: the heads' mean under shares that are the same for all molecules.

    Log-odds are averaged (the logarithmic opinion pool; with one teacher this is its head), and values in their units; log-variances are
    averaged too. No further temperature is left: heads' temperatures and scales go into the weights.

    Args:
        student: Heads of `K` teachers.
        share: Share of each head, `(K, T)`, 1 in sum over teachers; a head that is not there must have 0.

    Raises:
        ShapeError: `share` is not `(K, T)`, or gives a share to a head that is not there.
    """
    if share.shape != student.answered.shape or np.any(share[~student.answered] != 0):
        raise ShapeError(f"share has shape {share.shape}", expected=f"{student.answered.shape}, 0 where a teacher has no head")
    many, n = student.network, len(student.endpoints)
    heads = np.argwhere(student.answered)
    mixing, of_variance = np.zeros((n, len(many.endpoints))), np.zeros((n, len(many.endpoints)))  # from columns of heads to endpoints
    location, scale = np.zeros(n), np.zeros(n)
    for column, (k, t) in enumerate(heads):
        mixing[t, column] = share[k, t] * many.scale[column] / many.temperature[column]
        of_variance[t, column] = share[k, t]
        location[t] += share[k, t] * many.location[column]
        scale[t] += share[k, t] * many.scale[column]
    mixing /= scale[:, None]
    offset = of_variance @ (2 * np.log(many.scale.astype(np.float64))) - 2 * np.log(scale)
    networks = tuple(_with_head(network, student, mixing, of_variance, offset) for network in many.networks)
    ones = np.ones(n, dtype=np.float32)
    return GraphEnsemble(networks, student.endpoints, ones, location.astype(np.float32), scale.astype(np.float32), many.mc_samples)


def _with_head(network: Network, student: HeadsPredictor, mixing: np.ndarray, of_variance: np.ndarray, offset: np.ndarray) -> Network:
    with isolate(0, "single head"):
        single = Network(network.spec, student.endpoints)
    single.encoder.load_state_dict(network.encoder.state_dict())
    single.head.hidden.load_state_dict(network.head.hidden.state_dict())
    both = [torch.from_numpy(plane) for plane in (mixing, of_variance)]
    with torch.no_grad():
        for name in ("weight", "bias"):
            parts = getattr(network.head.out, name).double().cpu().chunk(2)
            mixed = [matrix @ part for matrix, part in zip(both, parts, strict=True)]
            if name == "bias":
                mixed[1] = mixed[1] + torch.from_numpy(offset)
            getattr(single.head.out, name).copy_(torch.cat(mixed))
    return single.eval()
