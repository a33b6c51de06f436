import math
from pathlib import Path

import pytest

from fluid.errors import ConfigError
from fluid.privacy.privacy_spec import PrivacySpec


def test_nothing_is_asked_by_default_and_nothing_decided() -> None:
    assert not PrivacySpec().is_asked
    assert PrivacySpec().deciding() == {}


def test_where_releases_are_counted_decides_no_noise() -> None:
    one, other = (PrivacySpec(epsilon=3.0, ledger=Path(name), budget=8.0, witness=Path(name)) for name in ("a", "b"))
    assert one.is_asked
    assert one.deciding() == other.deciding() == {"epsilon": 3.0, "delta": 1e-5, "evidence_share": 0.4}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epsilon": 0.0}, r"privacy\.epsilon is 0\.0; expected a finite number of 0\.01 or more, or null"),
        ({"epsilon": math.inf}, "privacy.epsilon is inf"),
        ({"ledger": Path("l"), "budget": -1.0}, r"privacy\.budget is -1\.0"),
        ({"budget": 3.0}, r"there is no ledger to count in; expected privacy\.ledger=FILE"),
        ({"delta": 0.0}, r"privacy\.delta is 0\.0; expected a number above 0, and 0\.001 at most"),
        ({"delta": 0.1}, r"privacy\.delta is 0\.1"),
        ({"evidence_share": 1.5}, r"privacy\.evidence_share is 1\.5; expected a share"),
    ],
)
def test_wrong_settings_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PrivacySpec(**values)  # type: ignore[arg-type]
