"""How much of the way from the mean teacher to the pooled teacher a model went."""

MIN_GAP = 1e-9


def gap_closed(x: float, teacher_mean: float, pooled: float) -> float:
    """Return (x − teacher mean) / (pooled − teacher mean): 0 like the mean teacher, 1 like the pooled one.

    Works for metrics where lower is better too, as both signs turn. NaN when an input is NaN, or when the teachers are
    as good as the pooled model (difference below 1e-9), where there is no gap to close. When the pooled model is *worse*
    than the mean teacher the figure is negative for a better model and cannot be read as a share.

    Args:
        x: Metric of the student or hybrid.
        teacher_mean: Mean of the metric over the teachers.
        pooled: Metric of the pooled teacher.
    """
    gap = pooled - teacher_mean
    return (x - teacher_mean) / gap if abs(gap) >= MIN_GAP else float("nan")
