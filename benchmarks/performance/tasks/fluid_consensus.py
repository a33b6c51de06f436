"""Consensus methods on made-up answers of eight teachers: seconds of each, and the peak memory of the process so far."""

import resource

from serve import Answer, Measure, serve, timed

TEACHERS, LABELLED = 8, 1000


def prepare(request: Answer) -> tuple[Answer, Measure]:
    """Say which methods there are; the closed forms learn nothing of the batch."""
    import torch

    from fluid.distillation import METHODS, combine, learns

    torch.set_num_threads(request["threads"])

    def tensors(molecules: int, endpoints: int) -> dict[str, torch.Tensor]:
        draw, shape = torch.Generator().manual_seed(0), (TEACHERS, molecules, endpoints)
        truth = torch.rand(molecules, endpoints, generator=draw)
        labels = torch.full_like(truth, torch.nan)
        labels[:LABELLED] = (truth[:LABELLED] > 0.5).float()
        return {
            "predictions": torch.rand(shape, generator=draw).add_(truth).div_(2),
            "epistemic": torch.rand(shape, generator=draw).mul_(0.2),
            "aleatoric": torch.rand(shape, generator=draw).mul_(0.4),
            "similarity": torch.rand(shape[:2], generator=draw),
            "labels": labels,
        }

    made: dict[tuple[int, int], dict[str, torch.Tensor]] = {}

    def measure(asked: Answer) -> Answer:
        size = (asked["molecules"], asked["endpoints"])
        if size not in made:
            made.clear()
            made[size] = tensors(*size)
        kinds = [asked["kind"]] * size[1]
        seconds, _ = timed(lambda: combine(asked["method"], made[size], kinds))
        return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6}

    return {"iterative": {name: learns(name, {}) for name in METHODS}}, measure


if __name__ == "__main__":
    serve(prepare)
