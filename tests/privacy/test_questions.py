import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fluid.annotation.evidence import count_evidence
from fluid.privacy.questions import evidence_names, label_inference, owner, questions_on
from fluid.privacy.scene import Answers, Copied, Scene


def test_label_inference_is_the_auc_of_the_label(quiet: Scene) -> None:
    (found,) = label_inference(quiet)
    said, labels = quiet.asked.prediction[:150, 0], quiet.candidates.labels[:150, 0]  # type: ignore[union-attr]
    assert found.members.value == pytest.approx(roc_auc_score(labels, said))
    assert found.members.low < found.members.value < found.members.high


def test_a_molecule_is_put_down_to_the_company_that_says_it_is_near(quiet: Scene) -> None:
    sent = quiet.sent
    assert sent is not None
    near = np.zeros(300)
    near[quiet.nearest.rows[:150].ravel()] = 3.0
    mine = Copied(Answers(sent.answers.prediction, {"bin": near}), sent.endpoints, sent.public)
    others = [Copied(Answers(one.answers.prediction, {"bin": 1.0 - near / 3}), one.endpoints, one.public) for one in quiet.others]
    (found,) = owner(quiet.changed(sent=mine, others=others))
    assert found.members.value > 0.95
    assert owner(quiet) == []  # these others sent no bins
    assert owner(quiet.changed(others=())) == []


def test_evidence_names_who_has_a_substructure_alone(quiet: Scene) -> None:
    counts = count_evidence(quiet.features[:150], np.zeros((150, 1)))
    (found,) = evidence_names(quiet.changed(evidence=counts))
    there = quiet.features[:150] != 0
    alone = np.asarray(there.astype(float) @ (counts[0] == 1)).ravel() > 0
    assert found.members.value == pytest.approx(alone.mean())
    assert found.non_members.value < found.members.value


def test_what_cannot_be_asked_is_not_answered(quiet: Scene) -> None:
    assert questions_on(quiet.changed(sent=None, asked=None, evidence=None)) == ()
