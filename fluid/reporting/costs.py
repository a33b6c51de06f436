"""What a run cost, in tables and words."""

from typing import Any

import pandas as pd

SUMS = ("seconds", "cpu_s", "gpu_s", "energy_j")
ESTIMATED = "estimated"
J_PER_WH = 3600.0


def cost_by_kind(stages: pd.DataFrame) -> pd.DataFrame:
    """Return one row per kind of stage, in the order they came, and a last one for all: how many, made, and their sums."""
    made = ~reused_stages(stages)
    table = stages.assign(stages=1, made=made.astype(int)).groupby("stage", sort=False)[["stages", "made", *SUMS]].sum().reset_index()
    peak = stages.groupby("stage", sort=False)["peak_mb"].max().to_list()
    table["peak_mb"] = peak
    total = {"stage": "all", **{name: table[name].sum() for name in ("stages", "made", *SUMS)}, "peak_mb": max(peak, default=0.0)}
    return pd.concat([table, pd.DataFrame([total])], ignore_index=True) if len(table) else pd.DataFrame([total])


def reused_stages(stages: pd.DataFrame) -> pd.Series:
    """Return which stages were there already; a table from a file may hold words."""
    return stages["reused"].astype(str) == "True"


def total_cost(stages: pd.DataFrame) -> dict[str, Any]:
    """Return the sums of a run as plain numbers, and where its energy is from."""
    last = cost_by_kind(stages).iloc[-1]
    sources = sorted({part for text in stages["energy_from"].dropna() for part in str(text).split(" + ") if part})
    return {
        **{name: round(float(last[name]), 3) for name in (*SUMS, "peak_mb")},
        "energy_wh": round(float(last["energy_j"]) / J_PER_WH, 4),
        "energy_from": " + ".join(sources),
    }


def cost_sentence(stages: pd.DataFrame, rates: dict[str, Any]) -> str:
    """Say what the stages of a run cost, and how its energy is known.

    Args:
        stages: The table of stages.
        rates: Assumed power in W (`core_w`, `gpu_w`), from the configuration.
    """
    total, n_reused = total_cost(stages), int(reused_stages(stages).sum())
    told = f"{total['cpu_s']:,.0f} s of processor time and {total['gpu_s']:,.0f} s of GPU time"
    told += f", {total['energy_wh']:.3g} Wh of energy" if total["energy_from"] else ""
    known = {"RAPL": "measured by the processor's counter (RAPL; the share of the machine's busy time)"}
    known["NVML"] = "measured by the GPUs' counter (NVML)"
    used = [("core_w", "core"), *([("gpu_w", "GPU")] if total["gpu_s"] else [])]
    assumed = " and ".join(f"{rates[name]:g} W per busy {what}" for name, what in used if name in rates)
    known[ESTIMATED] = f"estimated, not measured: {assumed}" if assumed else "estimated, not measured"
    how = "; ".join(known[part] for part in total["energy_from"].split(" + ") if part)
    again = (
        f" {n_reused} of {len(stages)} stages were there already: what they cost when they were made is not counted." if n_reused else ""
    )
    return f"{told}{f' ({how})' if how else ''}.{again}"
