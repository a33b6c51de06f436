"""AUROC and MCC with bootstrap intervals, and the difference of two models on the same molecules."""

import numpy as np

from fluid.evaluation import weighted
from fluid.evaluation.bootstrap import bootstrap_interval, paired_difference_interval

rng = np.random.default_rng(0)
labels = rng.integers(0, 2, 300)
good = np.clip(0.5 + 0.3 * (labels - 0.5) + 0.2 * rng.standard_normal(300), 0, 1)
better = np.clip(0.5 + 0.5 * (labels - 0.5) + 0.2 * rng.standard_normal(300), 0, 1)

for name, probs in (("good", good), ("better", better)):
    auroc = bootstrap_interval(weighted.auroc, (probs, labels), n=500)
    mcc = bootstrap_interval(weighted.mcc, ((probs >= 0.5).astype(float), labels), n=500)
    print(f"{name:<7} AUROC {auroc.value:.3f} [{auroc.low:.3f}, {auroc.high:.3f}], MCC {mcc.value:.3f} [{mcc.low:.3f}, {mcc.high:.3f}]")

gain = paired_difference_interval(weighted.auroc, better, good, labels, n=500)
print(f"gain in AUROC {gain.value:.3f} [{gain.low:.3f}, {gain.high:.3f}]")
