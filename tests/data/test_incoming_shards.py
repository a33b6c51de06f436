from pathlib import Path

from fluid.data.incoming import read_incoming
from fluid.data.incoming_shards import fill_shards, rows_in
from fluid.data.intake_spec import IntakeSpec
from fluid.pipeline.shards import Shards


def test_rows_come_back_from_their_shards_with_notes_and_reasons(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("smiles,blocker\nC[C@H](O)F |&1:1|,1\nCCO,0\nCCO junk,1\n")
    spec, shards = IntakeSpec(workers=0), Shards(tmp_path / "shards", "x")
    fill_shards(path, spec, shards)
    rows = list(rows_in(shards))
    assert [str(row.molecule) for row in rows] == [str(row.molecule) for chunk in read_incoming(path, spec) for row in chunk.rows]
    assert getattr(rows[0].molecule, "note", None) == "and/or stereo taken as drawn"
    assert getattr(rows[1].molecule, "note", None) == ""
    assert getattr(rows[2].molecule, "reason", None) == "text after the SMILES"
