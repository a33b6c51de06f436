"""The settings that fit a file, for the verb that would use it."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from fluid.data.file_form import NAMED
from fluid.data.intake_spec import IntakeSpec
from fluid.data.layout import Layout
from fluid.inspection.plan import Plan

Value = str | int | float | tuple[str, ...]
Setting = tuple[str, Value]
SMILES, ENDPOINTS = "intake.smiles_column", "intake.endpoints"
NAMES, VALUE, QUALIFIER = "intake.layout.endpoint_columns", "intake.layout.value_column", "intake.layout.qualifier_column"
TRAIN, PREDICT = "train-teacher", "predict"
OWN = ("endpoints", "workers", "carry")
"""What is said otherwise, or is no matter of the file."""


def reading_settings(spec: IntakeSpec) -> tuple[Setting, ...]:
    """Return the settings that make the intake read a file so, but for its endpoints: those that are not as usual."""
    return tuple(_unusual("intake", spec, IntakeSpec()))


def _unusual(group: str, spec: Any, usual: Any) -> Iterator[Setting]:
    for field in fields(spec):
        value, other, name = getattr(spec, field.name), getattr(usual, field.name), f"{group}.{field.name}"
        if is_dataclass(value):
            yield from _unusual(name, value, other)
        elif value != other and field.name not in OWN:
            yield name, _as_setting(field.name, value)


def _as_setting(name: str, value: Any) -> Value:
    """Return a value as settings hold it: words as texts, and signs that nobody sees by their names."""
    if isinstance(value, tuple):
        return tuple(map(str, value))
    known: Value = next((word for word, mark in NAMED.items() if mark == value), value) if name == "delimiter" else value
    return known


def training_settings(name: str, plan: Plan, texts: Sequence[str], quorum: int, bad: bool) -> tuple[Setting, ...]:
    """Return the settings of `train-teacher` for a file.

    Args:
        name: The file.
        plan: How it would be used.
        texts: The endpoints that there are enough labels of.
        quorum: Fewest labels that any of them has, if that is below what is asked for; else what is asked for.
        bad: Whether there are labels that cannot be read.
    """
    spec = replace(plan.spec, endpoints=tuple(texts), quorum=quorum, bad_labels="drop" if bad else plan.spec.bad_labels)
    return ("input", name), ("company", "MyCompany"), ("out", "teacher"), *reading_settings(spec), (ENDPOINTS, tuple(texts))


def prediction_settings(name: str, plan: Plan) -> tuple[Setting, ...]:
    """Return the settings of `predict` for a file without labels."""
    usual = IntakeSpec()
    spec = replace(
        plan.spec.unlabelled(), layout=Layout(where=plan.spec.layout.where), file=replace(plan.spec.file, decimal=""), quorum=usual.quorum
    )
    model: list[Setting] = [("model_folder", "MODEL"), ("input", name), ("out", "predictions.csv")]
    carried: list[Setting] = [("intake.carry", plan.spec.carry)] if plan.spec.carry else []
    return (*model, *reading_settings(spec), *carried)


def column_setting(name: str, plan: Plan, endpoint: str) -> str:
    """Return the setting that uses a column, as it is understood, not quoted; empty if none does.

    Args:
        name: The column.
        plan: How the file would be used.
        endpoint: How the column would be written as an endpoint; empty if it can be none.
    """
    layout = plan.spec.layout
    if plan.smiles_column and name == plan.source.smiles_column:
        return f"{SMILES}={name}"
    if plan.is_long and name in layout.endpoint_columns:
        return f"{NAMES}=[{','.join(layout.endpoint_columns)}]"
    if plan.is_long and name == layout.value_column:
        return f"{VALUE}={name}"
    if layout.qualifier_column and name == layout.qualifier_column:
        return f"{QUALIFIER}={name}"
    if not plan.is_long:
        endpoint = dict(zip(plan.source.label_columns, plan.texts, strict=True)).get(name, "" if plan.source.stored else endpoint)
    return f"{ENDPOINTS}=[{endpoint}]" if endpoint else ""
