"""What a report says of privacy: which releases were audited, what the strongest attack found, and that nobody looked where nobody did."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from fluid.privacy.certificate import in_words
from fluid.reporting.tables import interval_text

HOLDS, FALLEN, BLIND, NOT_AUDITED = "no bound fell", "bounds fell", "the audit cannot vouch for it", "not audited"
NOBODY = (
    "This run was not audited: nobody has attacked what it releases, so nothing is known of what its annotations, its consensus and its "
    "student tell about the companies' molecules. That attacks were not run is no sign that they would fail."
)
PROVES = "An audit finds what its attacks find: it proves nothing about others."


def certified_sentences(certificate: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is promised of a student that companies made together, and what is assumed for it."""
    whose = f"The student, and whatever is made of it, is certified to {certificate['company']}: {in_words(certificate)}"
    return (whose, f"The certificate covers {certificate['covers'][-1]}. It does not cover {certificate['does_not_cover'][-1]}.")


def privacy_sentences(audits: pd.DataFrame) -> list[str]:
    """Return what is to be said of the audits of a run, in plain sentences; a run is never called private."""
    done = audits[audits["verdict"] != NOT_AUDITED]
    if done.empty:
        return [NOBODY]
    left = audits[audits["verdict"] == NOT_AUDITED]["release"].tolist()
    told = [verdict_sentence(done)]
    if done["auc"].notna().any():
        top = done.sort_values("auc", ascending=False).iloc[0]
        found = interval_text(top["auc"], top["auc_low"], top["auc_high"])
        told.append(f"Strongest of all attacks: {top['attack']} on {top['release']}, AUC {found}; 0.5 is chance, 1 is certainty.")
    if (done["recovered"] > 0).any():
        most = done.sort_values("recovered", ascending=False).iloc[0]
        share = f"{100 * most['recovered']:.1f} % of the transfer molecules ({most['release']})"
        told.append(f"A partner recovers others' bins or answers of up to {share}.")
    if left:
        told.append(f"Not audited, so that nothing is known of what they tell: {', '.join(left)}.")
    return [*told, PROVES]


def verdict_sentence(done: pd.DataFrame) -> str:
    """Return how many audits there were, and how many of them found too much or saw too little."""
    fallen, blind = int((done["verdict"] == FALLEN).sum()), int((done["verdict"] == BLIND).sum())
    plural = "s" if len(done) > 1 else ""
    if not fallen and not blind:
        return f"No bound fell in {len(done)} audit{plural}."
    parts = [f"bounds fell in {fallen}"] if fallen else []
    parts += [f"{blind} cannot vouch for the release"] if blind else []
    return f"Of {len(done)} audit{plural}, {' and '.join(parts)}."


def privacy_table(audits: pd.DataFrame) -> pd.DataFrame:
    """Return the audits in words, a row per audit and per release that was not audited."""
    return pd.DataFrame(
        {
            "what is released": audits["release"],
            "audited for": audits["of"],
            "strongest attack": audits["attack"],
            "AUC": list(map(interval_text, audits["auc"], audits["auc_low"], audits["auc_high"])),
            "found at 0.1 %": [percent_text(*row) for row in audits[["tpr", "tpr_low", "tpr_high"]].itertuples(index=False)],
            "a partner recovers": [f"{100 * value:.1f} %" if value == value else "–" for value in audits["recovered"]],
            "policy": audits["verdict"],
        }
    )


def percent_text(value: float, low: float, high: float) -> str:
    """Return a rate with its interval in per cent, or `–` where there is none."""
    return interval_text(100 * value, 100 * low, 100 * high, digits=2) + (" %" if value == value else "")
