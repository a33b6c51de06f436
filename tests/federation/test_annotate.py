from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluid.federation.model_folder import Model, domain_planes, read_model
from fluid.federation.stages import annotate
from fluid.federation.stages.annotate import ANSWERS, annotate_stage, answer_together, predict_all, shards_in
from fluid.models.ensemble import predict_together
from fluid.models.prediction import PLANES, Prediction
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet
from fluid.pipeline.progress import SilentProgress
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import SCRATCH, ArtifactStore
from fluid.threads import Spread, spread_over
from tests.federation.conftest import Finished


def teachers(finished: Finished) -> dict[str, Model]:
    return {name: read_model(finished.federation.models[name]) for name in ("T1", "T2", "T3", "forest")}


def test_together_is_alone_bit_by_bit(finished: Finished) -> None:
    molecules, predictors = finished.federation.data.transfer.molecules, [model.predictor for model in teachers(finished).values()]
    for together, predictor in zip(predict_all(predictors, molecules), predictors, strict=True):
        alone = predictor.predict(molecules)
        for plane in PLANES:
            np.testing.assert_array_equal(getattr(together, plane), getattr(alone, plane))


def test_nobody_and_nothing(finished: Finished) -> None:
    molecules = finished.federation.data.transfer.molecules
    assert predict_together([], molecules) == []
    (empty,) = predict_all([teachers(finished)["T1"].predictor], molecules.take(np.arange(0)))
    assert empty.mean.shape == (0, 1)


def test_threads_write_what_one_alone_writes(finished: Finished, tmp_path: Path) -> None:
    transfer, models = finished.federation.data.transfer, teachers(finished)
    alone, together = ([(model, shards_in(tmp_path / folder / name)) for name, model in models.items()] for folder in ("alone", "together"))
    answer_together(alone, transfer, 30, lambda _: None)
    with spread_over(2) as spread:
        answer_together(together, transfer, 30, lambda _: None, spread)
    for (_, ours), (_, theirs) in zip(alone, together, strict=True):
        assert len(ours) == len(theirs) > 1
        for one, other in zip(ours, theirs, strict=True):
            with np.load(one / ANSWERS) as first, np.load(other / ANSWERS) as second:
                assert first.files == second.files
                assert all(first[name].tobytes() == second[name].tobytes() for name in first.files)


def test_what_fails_in_a_thread_ends_the_work_and_keeps_whole_chunks(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer, models = finished.federation.data.transfer, teachers(finished)
    pairs = [(model, shards_in(tmp_path / name)) for name, model in models.items()]
    seen = []

    def full(model: Model, molecules: MoleculeSet) -> dict[str, np.ndarray]:
        seen.append(model)
        if len(seen) > len(pairs) + 1:
            raise OSError("no space left on device")
        return domain_planes(model, molecules)

    monkeypatch.setattr(annotate, "domain_planes", full)
    with pytest.raises(OSError, match="no space left"), spread_over(2) as spread:
        answer_together(pairs, transfer, 30, lambda _: None, spread)
    kept = [len(shards_in(tmp_path / name)) for name in models]
    assert set(kept) <= {1, 2}
    assert kept.count(2) == 1


def test_chunks_that_a_model_answered_before_are_left_out(finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transfer, models = finished.federation.data.transfer, teachers(finished)
    early = [(models["T1"], shards_in(tmp_path / "T1"))]
    with pytest.raises(KeyboardInterrupt):
        answer_together(early, transfer, 30, stop_at(0.5))
    kept = len(early[0][1])
    assert 0 < kept < len(transfer) / 30
    asked: list[int] = []

    def counting(predictors: list[Predictor], molecules: MoleculeSet, spread: Spread) -> list[Prediction]:
        asked.append(len(predictors))
        return predict_all(predictors, molecules, spread)

    monkeypatch.setattr(annotate, "predict_all", counting)
    pairs = [(models[name], shards_in(tmp_path / name)) for name in ("T1", "T2")]
    answer_together(pairs, transfer, 30, lambda _: None)
    assert asked == [1] * kept + [2] * (len(asked) - kept)
    for model, shards in pairs:
        expected = model.predictor.predict(transfer.molecules).mean
        found = np.concatenate([np.load(piece / ANSWERS)["mean"] for piece in shards])
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def stop_at(share: float) -> Callable[[float], None]:
    def report(done: float) -> None:
        if done > share:
            raise KeyboardInterrupt

    return report


def test_a_stopped_annotation_goes_on_and_gives_the_same_bytes(finished: Finished, tmp_path: Path) -> None:
    transfer, teacher = finished.federation.data.transfer, finished.federation.models["T1"]
    stage = annotate_stage(read_model(teacher), transfer, 30)
    runner = Runner(ArtifactStore(tmp_path))
    runner.progress = type("Stopping", (SilentProgress,), {"start": lambda *_: None, "advance": lambda _, share: stop_at(0.5)(share)})()
    with pytest.raises(KeyboardInterrupt):
        runner.make(stage)
    assert len(list((tmp_path / SCRATCH).rglob(ANSWERS))) > 0
    resumed = Runner(ArtifactStore(tmp_path)).make(stage)
    straight = Runner(ArtifactStore(tmp_path / "other")).make(stage)
    assert resumed.digest == straight.digest
    assert not list((tmp_path / SCRATCH).iterdir())
    assert replace(stage, threads=2).key_inputs() != stage.key_inputs()
