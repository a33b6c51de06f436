"""A small annotation set."""

from collections.abc import Callable

import numpy as np
import pytest

from fluid.annotation.annotation_set import AnnotationSet
from fluid.data.endpoints import Endpoint

ENDPOINTS = (Endpoint.parse("active"), Endpoint.parse("logd [log]"))
ROWS = 50
Make = Callable[..., AnnotationSet]


@pytest.fixture
def make() -> Make:
    """Return a function that makes an annotation set over 50 molecules, with some fields changed."""

    def build(teacher: str = "T1", seed: int = 0, **changes: object) -> AnnotationSet:
        rng = np.random.default_rng(seed)
        endpoints = changes.get("endpoints", ENDPOINTS)
        planes = {name: rng.random((ROWS, len(endpoints)), dtype=np.float32) for name in ("prediction", "epistemic", "aleatoric")}  # type: ignore[arg-type]
        values = {"endpoints": ENDPOINTS, "transfer_digest": "a" * 64, "domain_bin": rng.integers(0, 4, ROWS, dtype=np.uint8), "n_bins": 4}
        return AnnotationSet(teacher=teacher, **{**planes, **values, **changes})  # type: ignore[arg-type]

    return build
