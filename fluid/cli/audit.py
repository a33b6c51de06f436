"""`fluid audit`: attacks on a release before it leaves; the exit code says whether the policy's bounds hold."""

from collections.abc import Mapping
from typing import Any

from fluid.artifacts import read_json
from fluid.cli.at_work import last_line, open_runner
from fluid.cli.build import build
from fluid.cli.compose import Config
from fluid.cli.specs import SURROUNDINGS, leave_out
from fluid.errors import BlindError, BoundError
from fluid.federation.requests import AuditRequest
from fluid.outputs import check_folder

SHOWN = 8


def run_audit(config: Config) -> None:
    """Run `fluid audit`.

    Raises:
        BoundError: A bound of the policy fell.
        BlindError: No bound fell, but the audit cannot vouch for the release.
    """
    from fluid.federation import consortium
    from fluid.federation.stages.audit import AT_RISK, FACTS, PAGE

    request = build(AuditRequest, leave_out(config, *SURROUNDINGS))
    check_folder(request.out, request.overwrite)
    with open_runner(config) as runner:
        consortium.audit(request, runner)
    found = read_json(request.out / FACTS)["audit"]
    print("\n".join(lines_of(found)))
    last_line("molecules most at risk (keep them inside your company)", request.out / AT_RISK)
    last_line("page", request.out / PAGE)
    if found["fell"]:
        raise BoundError(f"bounds that fell: {len(found['fell'])}", expected="none", remedy=" ".join(found["advice"]))
    if found["blind"]:
        raise BlindError("the audit cannot vouch for the release", remedy="; ".join(found["blind"]) + ".")


def lines_of(found: Mapping[str, Any]) -> list[str]:
    """Return what the screen shows: numbers of molecules, the strongest attacks, the power check, and the bounds that fell."""
    lines = [f"{found['members']} members, {found['non_members']} non-members"]
    lines += [line_of(one) for one in [one for one in found["findings"] if not one["baseline"]][:SHOWN]]
    lines += [line_of(one) + "  (baseline)" for one in found["findings"] if one["baseline"]]
    for one in found["inverted"]:
        lines.append(f"  {one['name']}: recovered of {one['told']['value']:.1%}, beyond a guess {one['beyond']['value']:.1%}")
    planted = found["planted"]
    lines.append(f"planted leaks found: {sum(bool(one['found_by']) for one in planted)} of {len(planted)}")
    smallest = f"smallest effect told from the bound: AUC {found['smallest_auc']:.3f}, {found['smallest_tpr']:.2%} at 0.1 %"
    return [*lines, smallest, *(f"bound fell: {text}" for text in found["fell"])]


def line_of(one: Mapping[str, Any]) -> str:
    """Return one attack in a line."""
    auc, rate = one["auc"], one["tpr_01"]
    return f"  {one['attack']:<22} AUC {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f})  {rate['value']:.2%} at 0.1 %"
