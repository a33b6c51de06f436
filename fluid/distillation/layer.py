"""A thin `nn.Module` around any consensus, to stand in a model or to be moved and compiled with one."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from fluid.distillation.combine import combine
from fluid.distillation.consensus import Consensus
from fluid.distillation.methods import plan_of


class ConsensusLayer(nn.Module):
    """The consensus of a named method; has no parameters. Arguments and errors as in `combine`.

    Example:
        >>> layer = ConsensusLayer("similarity", ["classification"], power=4.0)
        >>> layer(torch.tensor([[[0.9]], [[0.2]]]), similarity=torch.tensor([[0.7], [0.1]])).soft_label.shape
        torch.Size([1, 1])
    """

    def __init__(self, method: str, kinds: Sequence[str], **options: Any) -> None:
        super().__init__()
        plan_of(method, options)
        self.method, self.kinds, self.options = method, tuple(kinds), options

    def forward(
        self,
        predictions: Tensor,
        epistemic: Tensor | None = None,
        aleatoric: Tensor | None = None,
        similarity: Tensor | None = None,
        weights: Tensor | None = None,
        labels: Tensor | None = None,
    ) -> Consensus:
        """Combine annotations `(K, M, T)`."""
        given = {"epistemic": epistemic, "aleatoric": aleatoric, "similarity": similarity, "weights": weights, "labels": labels}
        tensors = {name: plane for name, plane in given.items() if plane is not None}
        return combine(self.method, {"predictions": predictions, **tensors}, self.kinds, **self.options)

    def extra_repr(self) -> str:
        """Name method, endpoints and options."""
        return ", ".join((repr(self.method), str(self.kinds), *(f"{name}={value}" for name, value in self.options.items())))
