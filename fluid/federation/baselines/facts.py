"""What each way of working together costs a company: rounds, bytes sent, and what leaves it."""

import pandas as pd

from fluid.annotation.annotation_set import PLANES
from fluid.federation.baselines.baseline import BASELINES
from fluid.federation.baselines.suite import Baselines
from fluid.federation.baselines.wire import read_traffic
from fluid.federation.consensus_table import COLUMNS as CONSENSUS_PLANES
from fluid.federation.model_folder import Model

FACTS = ("model", "rounds", "bytes_up", "bytes_down", "leaves")
NAN = float("nan")
FLOAT, BIN = 4, 1

Row = tuple[str, float, float, float, str]


def bytes_sent_once(molecules: int, endpoints: int, student: Model) -> tuple[int, int]:
    """Return the bytes that a company sends and gets in FLuID: annotation set up, consensus and student down, as they lie in memory."""
    up = molecules * (len(PLANES) * endpoints * FLOAT + BIN)
    networks = getattr(student.predictor, "networks", ())
    down = sum(tensor.nbytes for network in networks for tensor in network.state_dict().values())
    return up, down + molecules * len(CONSENSUS_PLANES) * endpoints * FLOAT


def fixed_rows(molecules: int, endpoints: int, student: Model) -> dict[str, Row]:
    """Return the rows of what every simulation has; what has no number is NaN."""
    up, down = bytes_sent_once(molecules, endpoints, student)
    leaves = "predictions, uncertainties and domain scores of public molecules, once"
    rows: list[Row] = [
        ("teacher mean", 0, 0, 0, "nothing"),
        ("pooled", NAN, NAN, NAN, "molecules and labels"),
        ("consensus", NAN, NAN, NAN, "an answer to every question, and the question goes to all"),
        ("student", 1, up, down, leaves),
        ("hybrid mean", 1, up, down, leaves),
    ]
    return {row[0]: row for row in rows}


def facts_table(baselines: Baselines, molecules: int, endpoints: int, student: Model) -> pd.DataFrame:
    """Return one row per way of working together, with columns `FACTS`; bytes are means over companies. Empty without baselines.

    Args:
        baselines: What the baselines made.
        molecules: Molecules `M` of the transfer set.
        endpoints: Endpoints `T`.
        student: The student.
    """
    spec = baselines.spec
    rows = fixed_rows(molecules, endpoints, student) if any(spec.asked()) else {}
    for name, artifact in baselines.rounds.items():
        traffic = read_traffic(artifact)
        up, down = float(traffic["bytes_up"].mean()), float(traffic["bytes_down"].mean())
        rounds = float(getattr(spec.settings[name], "rounds", NAN))
        rows[name] = (name, rounds, up, down, BASELINES[name].leaves)
    for name, settings in spec.asked():
        if like := BASELINES[name].mean_of(settings):
            rows[f"{name} mean"] = (f"{name} mean", *rows[like][1:])
    return pd.DataFrame(list(rows.values()), columns=list(FACTS))
