"""What an audit's result says in Python, read from its folder."""

from pathlib import Path

from fluid.api.audit import Audit
from fluid.artifacts import seal, write_json

SHARE = {"value": 0.25, "low": 0.2, "high": 0.3}


def test_what_a_partner_recovers_is_a_table(tmp_path: Path) -> None:
    inverted = [{"name": "others_bins", "companies": 4, "told": SHARE | {"value": 0.9}, "beyond": SHARE}]
    write_json(tmp_path / "a" / "audit.json", {"holds": False, "audit": {"inverted": inverted, "fell": ["others_bins: recovered"]}})
    seal(tmp_path / "a", "audit", "key")
    table = Audit(tmp_path / "a").recovered
    assert table.to_dict("records") == [
        {"name": "others_bins", "companies": 4, "told": 0.9, "beyond": 0.25, "beyond_low": 0.2, "beyond_high": 0.3}
    ]


def test_other_releases_have_no_partner(tmp_path: Path) -> None:
    write_json(tmp_path / "a" / "audit.json", {"holds": True, "audit": {"inverted": []}})
    seal(tmp_path / "a", "audit", "key")
    assert len(Audit(tmp_path / "a").recovered) == 0
    assert Audit(tmp_path / "a").holds
