from fluid.privacy.finding import Finding
from fluid.privacy.policy import FELL, HOLDS, Verdict
from fluid.privacy.statistics import Measured
from fluid.reporting.figures.attacks import COLOURS, attack_chart, colour_of


def finding(name: str, *states: str) -> Finding:
    auc = Measured(0.7, 0.6, 0.8)
    verdicts = tuple(Verdict("auc", 0.53, state) for state in states)
    return Finding(name, 1, "", "", False, False, not states, 9, 9, False, auc, auc, auc, verdicts)


def test_every_attack_is_named_and_has_its_colour() -> None:
    shown = [finding("singletons", FELL), finding("label_asked", HOLDS), finding("structure_alone")]
    assert [colour_of(one) for one in shown] == [COLOURS["fell"], COLOURS["stands"], COLOURS["baseline"]]
    chart = attack_chart(shown)
    assert all(text in chart for text in ("singletons", "label asked", "structure alone"))
    assert chart == attack_chart(shown)
