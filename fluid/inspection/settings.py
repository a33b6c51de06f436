"""The settings that fit a file, for the verb that would use it."""

from collections.abc import Sequence

from fluid.data.intake_spec import IntakeSpec
from fluid.inspection.plan import Plan

Value = str | int | tuple[str, ...]
Setting = tuple[str, Value]
SMILES, ENDPOINTS, QUORUM = "intake.smiles_column", "intake.endpoints", "intake.quorum"
NAMES, VALUE, QUALIFIER = "intake.layout.endpoint_columns", "intake.layout.value_column", "intake.layout.qualifier_column"
DECIMAL, MISSING, BAD = "intake.file.decimal", "intake.missing", "intake.bad_labels"
TRAIN, PREDICT = "train-teacher", "predict"
DEFAULT_SMILES = "smiles"


def reading_settings(plan: Plan, labels: bool) -> tuple[Setting, ...]:
    """Return the settings that say how the file is read; those of labels only where they are."""
    found: list[Setting] = []
    if plan.smiles_column not in ("", DEFAULT_SMILES):
        found.append((SMILES, plan.smiles_column))
    if plan.comma and labels:
        found.append((DECIMAL, ","))
    if plan.missing and labels:
        found.append((MISSING, plan.missing))
    if plan.qualifier and labels:
        found.append((QUALIFIER, plan.qualifier))
    if plan.name_columns and labels:
        found += [(NAMES, plan.name_columns), (VALUE, plan.value_column)]
    return tuple(found)


def training_settings(name: str, plan: Plan, texts: Sequence[str], quorum: int, spec: IntakeSpec, bad: bool) -> tuple[Setting, ...]:
    """Return the settings of `train-teacher` for a file.

    Args:
        name: The file.
        plan: Which of its columns are used for what.
        texts: The endpoints that there are enough labels of.
        quorum: Fewest labels that any of them has, if that is below what is asked for; else what is asked for.
        spec: How the file was looked at.
        bad: Whether there are labels that cannot be read.
    """
    found: list[Setting] = [("input", name), ("company", "MyCompany"), ("out", "teacher"), *reading_settings(plan, labels=True)]
    found.append((ENDPOINTS, tuple(texts)))
    if quorum != IntakeSpec().quorum:
        found.append((QUORUM, quorum))
    if bad:
        found.append((BAD, "drop"))
    return (*found, *asked_settings(spec))


def prediction_settings(name: str, plan: Plan, spec: IntakeSpec) -> tuple[Setting, ...]:
    """Return the settings of `predict` for a file without labels."""
    model: list[Setting] = [("model_folder", "MODEL"), ("input", name), ("out", "predictions.csv")]
    return (*model, *reading_settings(plan, labels=False), *asked_settings(spec))


def asked_settings(spec: IntakeSpec) -> tuple[Setting, ...]:
    """Return what the caller set of how molecules are treated, which the verb must be told too."""
    usual, found = IntakeSpec(), list[Setting]()
    for name in ("conflicts_classification", "conflicts_regression"):
        if getattr(spec, name) != getattr(usual, name):
            found.append((f"intake.{name}", getattr(spec, name)))
    if spec.standardize.stereo != usual.standardize.stereo:
        found.append(("intake.standardize.stereo", spec.standardize.stereo))
    return tuple(found)


def column_setting(name: str, plan: Plan, endpoint: str) -> str:
    """Return the setting that uses a column, as it is understood, not quoted; empty if none does."""
    if plan.smiles_column and name == plan.smiles_column:
        return f"{SMILES}={name}"
    if name in plan.name_columns:
        return f"{NAMES}=[{','.join(plan.name_columns)}]"
    if plan.name_columns and name == plan.value_column:
        return f"{VALUE}={name}"
    if plan.qualifier and name == plan.qualifier:
        return f"{QUALIFIER}={name}"
    return f"{ENDPOINTS}=[{endpoint}]" if endpoint else ""
