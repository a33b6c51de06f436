import pytest


def test_what_steps_allow() -> None:
    from steps import allowed

    found = {"parse": 60.0, "InChIKey": 40.0, "network": 50.0}
    assert allowed(found, {"parse": 1, "network": 2}, 2) == {
        "all steps": pytest.approx(12_500),
        "RDKit's alone": pytest.approx(33_333, rel=1e-4),
    }
    assert allowed(found, {"parse": 1, "InChIKey": 1}, 1) == {"all steps": pytest.approx(10_000), "RDKit's alone": pytest.approx(10_000)}


def test_every_step_is_measured_and_told() -> None:
    from steps import ANNOTATE, PREDICT, allowed, page, steps

    found = steps(64, 1, 64)
    assert set(PREDICT) | set(ANNOTATE) <= set(found)
    assert found["parse"] > 0
    told = page(found, {"predict": allowed(found, PREDICT, 2)})
    assert len(told) == len(found) + 4
    assert told[-1].startswith("predict: ")
