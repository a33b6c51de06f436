"""Answers of several teachers, some missing, become soft labels with a confidence."""

import torch

from fluid.distillation import combine

torch.manual_seed(0)
answers = {
    "predictions": torch.rand(3, 5, 1),  # 3 teachers, 5 molecules, 1 endpoint
    "similarity": torch.rand(3, 5),  # how near each molecule is to what a teacher knows
}
answers["predictions"][0, 2] = torch.nan  # teacher 0 has no answer to molecule 2
for method in ("mean", "median", "similarity"):
    consensus = combine(method, answers, ["classification"])
    labels = ", ".join(f"{label:.2f}" for label in consensus.soft_label[:, 0].tolist())
    print(f"{method:<10} {labels}  (molecule 2 rests on {consensus.support[2, 0]:.1f} teachers)")
