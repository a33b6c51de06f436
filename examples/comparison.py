"""Three methods over the same seeds: who is better, by how much, and how sure."""

import numpy as np

from fluid.evaluation.method_comparison import compare_methods
from fluid.evaluation.replicates import Replicates

rng = np.random.default_rng(0)
seeds = rng.normal(0.80, 0.02, (10, 1))  # an easy or a hard split moves all methods alike
values = seeds + np.array([0.00, 0.002, 0.03]) + rng.normal(0, 0.005, (10, 3))
comparison = compare_methods(Replicates(tuple(map(str, range(10))), ("fedavg", "mean", "similarity"), values), margin=0.01)

for name, mean in comparison.means.items():
    print(f"{name:<11} {mean:.3f}  {comparison.letters[name]}")
for pair in comparison.pairs:
    low, high = pair.difference.low, pair.difference.high
    print(f"{pair.first} - {pair.second}: {pair.difference.value:+.3f} [{low:+.3f}, {high:+.3f}], p = {pair.p:.2g}, {pair.verdict}")
