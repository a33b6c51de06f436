"""The evidential head: one pass says the answer, and how much evidence there is for it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from fluid.distillation.evidential import class_evidence, make_positive
from fluid.models.head import Head


class EvidentialHead(Head):
    """A head of four numbers per endpoint, `(B, T)` each: those of `Head`, and the evidence behind them.

    Classes: evidence `e_c = exp(raw_c)` for each, `α_c = 1 + e_c`; the probability is Beta distributed. The logit is `log α₁ − log α₀`, the
    strength `S = α₁ + α₀`, from 2, no evidence (Sensoy et al. 2018, arXiv:1806.01768, eq. 1). Values: `γ`, `ν`, `α` and `β` of a
    Normal-Inverse-Gamma distribution (Amini et al. 2020, arXiv:1910.02600, eq. 4); the log-variance is `log(β / (α − 1))`, the strength
    `ν`, the freedom `α`. All of it is computed in at least 32 bits.

    Args:
        width: Size of molecule vectors.
        hidden: Hidden units.
        is_class: Which of the `T` endpoints are classes.
        dropout: Dropout of the hidden units.
    """

    is_class: Tensor

    def __init__(self, width: int, hidden: int, is_class: Sequence[bool], dropout: float) -> None:
        super().__init__(width, hidden, len(is_class), dropout, outputs=4)
        self.register_buffer("is_class", torch.tensor(list(is_class), dtype=torch.bool), persistent=False)

    def _out(self, units: Tensor) -> tuple[Tensor, ...]:
        """Return logits or values, log-variances, strengths and freedoms (2, without meaning, for classes)."""
        raw = self.out(units)
        first, second, third, fourth = (raw if raw.dtype == torch.float64 else raw.float()).chunk(4, dim=-1)
        on, off = 1 + class_evidence(first), 1 + class_evidence(second)
        strength, spare, beta = make_positive(second), make_positive(third), make_positive(fourth)  # of values; `spare` is α − 1
        return (
            torch.where(self.is_class, on.log() - off.log(), first),
            torch.where(self.is_class, 0.0, beta.log() - spare.log()),
            torch.where(self.is_class, on + off, strength),
            torch.where(self.is_class, 2.0, 1 + spare),
        )
