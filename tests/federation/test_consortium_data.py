import itertools
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluid.artifacts import read_json
from fluid.data.data_spec import DataSpec
from fluid.data.dataset import Dataset, read_dataset
from fluid.data.endpoints import Endpoint
from fluid.data.intake_spec import IntakeSpec
from fluid.data.layout import Layout
from fluid.errors import ConfigError, InputError
from fluid.federation.consortium_data import ConsortiumData, check_columns, files_of, keys, set_aside, transfer_intake
from fluid.federation.data_nodes import WHOLE, data_nodes
from fluid.federation.overlap import write_removed
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.intake import intake_note, intake_stage, resolve
from fluid.molecules.fingerprints import morgan_bits, tanimoto
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.spanning import spanning
from fluid.pipeline.graph import Graph
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.seeding import numpy_stream
from tests.conftest import Library


def load_data(spec: FederationSpec, runner: Runner) -> ConsortiumData:
    data: ConsortiumData = Graph(data_nodes(spec), runner).value(WHOLE)
    return data


@pytest.fixture
def overlapping(library: Library, tmp_path: Path, spec: FederationSpec) -> FederationSpec:
    """Return an experiment whose four files share molecules."""
    files = {
        "external": library.write(tmp_path / "external.csv", range(0, 40)),
        "test": library.write(tmp_path / "test.csv", range(30, 80)),
        "pool": library.write(tmp_path / "pool.csv", range(60, 200)),
        "transfer": library.write(tmp_path / "transfer.csv", range(0, 260), labelled=False),
    }
    data = DataSpec(str(files["pool"]), str(files["transfer"]), "", str(files["test"]), str(files["external"]), validation_share=0.1)
    return replace(spec, data=data)


def test_tests_keep_their_molecules_and_the_transfer_set_gives_way(overlapping: FederationSpec, tmp_path: Path) -> None:
    data = load_data(overlapping, Runner(ArtifactStore(tmp_path / "store")))
    sizes = {"external": len(data.tests["external"]), "in-domain": len(data.tests["in-domain"]), "transfer": len(data.transfer)}
    assert sizes == {"external": 40, "in-domain": 40, "transfer": 60}
    assert len(data.pool) + len(data.validation) == 120
    assert "200 molecules of transfer were removed because another part holds them." in data.notes
    assert any(note.startswith("pool: 140 rows read, 140 kept") for note in data.notes)


def test_without_tests_a_share_of_the_pool_is_set_aside(overlapping: FederationSpec, tmp_path: Path) -> None:
    alone = replace(overlapping, data=replace(overlapping.data, test_in_domain="", test_external="", test_share=0.25))
    data = load_data(alone, Runner(ArtifactStore(tmp_path / "store")))
    assert set(data.tests) == {"in-domain"}
    assert len(data.tests["in-domain"]) == 35
    keys = [*data.pool.molecules.keys, *data.validation.molecules.keys, *data.tests["in-domain"].molecules.keys]
    assert len(set(keys)) == 140


def test_every_path_is_looked_at_before_any_work(overlapping: FederationSpec, tmp_path: Path) -> None:
    wrong = replace(overlapping, data=replace(overlapping.data, transfer=str(tmp_path / "no.csv")))
    runner = Runner(ArtifactStore(tmp_path / "store"))
    with pytest.raises(InputError, match=r"no\.csv.*not found"):
        load_data(wrong, runner)
    assert runner.records == []


def test_paths(tmp_path: Path) -> None:
    assert resolve("embedded:pool").name == "pool.parquet"
    with pytest.raises(InputError, match="no part 'pol'.*pool"):
        resolve("embedded:pol")
    with pytest.raises(InputError, match="is a folder"):
        resolve(str(tmp_path))


def test_intake_is_keyed_by_content_not_by_name(library: Library, tmp_path: Path, spec: FederationSpec) -> None:
    runner = Runner(ArtifactStore(tmp_path / "store"))
    first = library.write(tmp_path / "a.csv", range(30))
    (tmp_path / "b.csv").write_bytes(first.read_bytes())
    one = runner.make(intake_stage("pool", str(first), spec.intake))
    more_workers = replace(spec.intake, workers=2)
    assert runner.make(intake_stage("pool", str(tmp_path / "b.csv"), more_workers)).digest == one.digest
    library.write(tmp_path / "b.csv", range(31))
    assert runner.make(intake_stage("pool", str(tmp_path / "b.csv"), spec.intake)).digest != one.digest
    assert [record.reused for record in runner.records] == [False, True, False]


def test_what_was_dropped_is_noted_also_where_it_was_taken_in_before(overlapping: FederationSpec, tmp_path: Path) -> None:
    pool = Path(overlapping.data.pool)
    pool.write_text(pool.read_text() + "C1CC,1,0.3\nCCCCCCCCCCCCO,,0.3\n")
    for _ in range(2):
        said: list[str] = []
        Graph(data_nodes(overlapping, said.append), Runner(ArtifactStore(tmp_path / "store"))).value(WHOLE)
        assert "pool: 142 rows read, 140 kept, 2 dropped (1 does not parse as SMILES, 1 no label), 0 merged." in said
        assert [one.split(":")[0] for one in said] == ["external", "in-domain", "pool", "transfer"]


def test_labels_of_kept_rows_are_counted_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("smiles,hit,size\nCCO,1,>3\nOCC,0,4\nCCN,inconclusive,5\nCCC,1,6\n")
    made = Runner(ArtifactStore(tmp_path / "store")).make(
        intake_stage("pool", str(path), IntakeSpec(endpoints=("hit", "size [u]"), workers=0))
    )
    assert read_json(made / "counts.json") == {
        "rows": 4, "kept": 3, "dropped": 0, "merged": 1, "notes": {},
        "labels": {
            "hit": {"measured": 4, "kept": 1, "dropped": 3, "merged": 0, "censored": 0},
            "size": {"measured": 4, "kept": 3, "dropped": 0, "merged": 0, "censored": 1},
        },
    }  # fmt: skip
    reasons = "2 conflicting labels, 1 censored value, 1 inconclusive call"
    told = f"4 rows read, 3 kept, 0 dropped, 1 merged; 4 labels of other rows dropped ({reasons})."
    assert intake_note("a", made) == f"a: {told}"


def test_class_words_decide_what_becomes_of_a_file_but_not_what_it_holds(tmp_path: Path) -> None:
    runner, tables = Runner(ArtifactStore(tmp_path / "store")), []
    for name, words, endpoint in (("a", ("1", "0"), "hit"), ("b", ("Active", "Inactive"), "hit in Active/Inactive")):
        path = tmp_path / f"{name}.csv"
        path.write_text(f"smiles,hit\nCCO,{words[0]}\nCCN,{words[1]}\n")
        stage = intake_stage("pool", str(path), IntakeSpec(endpoints=(endpoint,), workers=0))
        tables.append(read_dataset(runner.make(stage)))
    assert tables[0].digest == tables[1].digest
    plain, declared = (intake_stage("pool", str(path), IntakeSpec(endpoints=(one,))).key() for one in ("hit", "hit in Active/Inactive"))
    assert plain != declared
    assert declared == intake_stage("pool", str(path), IntakeSpec(endpoints=(" hit in ACTIVE / inactive ",))).key()


def test_dropped_rows_are_listed(library: Library, tmp_path: Path, spec: FederationSpec) -> None:
    path = library.write(tmp_path / "a.csv", range(30))
    path.write_text(path.read_text() + "C1CC,1,0.3\nCCO,,0.3\n")
    made = Runner(ArtifactStore(tmp_path / "store")).make(intake_stage("pool", str(path), spec.intake))
    lines = (made / "dropped.csv").read_text().splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("31,")
    assert "does not parse" in lines[1]
    assert lines[2].startswith("32,")


LONG = Layout("kind is not x", ("kind",), "value", unit_column="unit")


def test_how_rows_stand_holds_for_labelled_files_and_the_data_win_where_they_say_something(overlapping: FederationSpec) -> None:
    spec = replace(overlapping, intake=replace(overlapping.intake, layout=LONG))
    layouts = {name: how.layout for name, (_, how) in files_of(spec).items()}
    assert layouts == {"external": LONG, "in-domain": LONG, "pool": LONG, "transfer": Layout()}
    assert transfer_intake(spec).layout == Layout()
    own = replace(spec.data, pool_where="a is b", endpoint_columns=("assay",), transfer_where="source is public")
    layouts = {name: how.layout for name, (_, how) in files_of(replace(spec, data=own)).items()}
    assert layouts["pool"] == Layout("a is b", ("assay",), "value", unit_column="unit")
    assert layouts["in-domain"] == layouts["external"] == Layout("kind is not x", ("assay",), "value", unit_column="unit")
    assert transfer_intake(replace(spec, data=own)).layout == Layout("source is public")


def test_an_external_file_with_the_same_classes_under_another_name(overlapping: FederationSpec, library: Library, tmp_path: Path) -> None:
    path = library.write(tmp_path / "elsewhere.csv", range(0, 40))
    path.write_text(path.read_text().replace("active", "blocker", 1))
    data = replace(overlapping.data, test_external=str(path), endpoints=("size >= 0.8",), test_external_endpoints=("blocker",))
    spec = replace(overlapping, data=data)
    external = load_data(spec, Runner(ArtifactStore(tmp_path / "store"))).tests["external"]
    assert [endpoint.text for endpoint in external.endpoints] == ["size >= 0.8"]
    np.testing.assert_array_equal(external.labels[:, 0], library.active[:40])
    with pytest.raises(ConfigError, match="test_external_endpoints is size \\[nm\\]; expected the same kinds and units.*size >= 0.8"):
        load_data(replace(spec, data=replace(data, test_external_endpoints=("size [nm]",))), Runner(ArtifactStore(tmp_path / "store")))


def test_the_paper_left_test_molecules_in_the_transfer_set(overlapping: FederationSpec, tmp_path: Path) -> None:
    data = load_data(replace(overlapping, data=replace(overlapping.data, transfer_keeps_tests=True)), Runner(ArtifactStore(tmp_path / "s")))
    assert len(data.transfer) == 140
    assert "80 test molecules stayed in the transfer set, as asked." in data.notes
    assert not keys(data.transfer) & keys(data.pool, data.validation)


def test_a_part_of_the_transfer_set_is_drawn_by_the_seed(overlapping: FederationSpec, tmp_path: Path) -> None:
    def transfer(n: int, seed: int = 0) -> tuple[str, ...]:
        asked = replace(overlapping, data=replace(overlapping.data, transfer_n=n), seed=seed)
        return load_data(asked, Runner(ArtifactStore(tmp_path / "store"))).transfer.molecules.keys

    assert len(transfer(25)) == 25
    assert set(transfer(25)) < set(transfer(0))
    assert transfer(25) == transfer(25) != transfer(25, seed=1)
    assert len(transfer(1000)) == 60


def test_a_part_of_the_transfer_set_is_chosen_by_its_substructures_whatever_the_seed(overlapping: FederationSpec, tmp_path: Path) -> None:
    runner = Runner(ArtifactStore(tmp_path / "store"))

    def data(n: int, choice: str = "spanning", seed: int = 0) -> ConsortiumData:
        asked = replace(overlapping.data, transfer_n=n, transfer_choice=choice)
        return load_data(replace(overlapping, data=replace(asked, validation="", validation_share=0.0), seed=seed), runner)

    dictionary = overlapping.annotation.evidence.dictionary
    everything, chosen, drawn = (data(0), data(25), data(25, "random"))
    held = [dictionary.features(part.transfer.molecules).getnnz(axis=0) > 0 for part in (everything, chosen, drawn)]
    rows = spanning(dictionary.features(everything.transfer.molecules), 25)
    assert chosen.transfer.molecules.keys == tuple(everything.transfer.molecules.keys[row] for row in rows)
    assert held[0].sum() >= held[1].sum() > held[2].sum()
    assert "25 of 60 transfer molecules were chosen by their substructures." in chosen.notes
    assert "25 of 60 transfer molecules were drawn at random." in drawn.notes
    assert data(25, seed=1).transfer.molecules.keys == chosen.transfer.molecules.keys
    assert data(1000).transfer.molecules.keys == everything.transfer.molecules.keys
    assert [record.reused for record in runner.records if record.stage == "spanning"] == [False, True, False]


def test_an_unknown_choice_of_transfer_molecules_is_named() -> None:
    with pytest.raises(ConfigError, match=r"data\.transfer_choice is 'best'; expected random or spanning"):
        DataSpec("pool.csv", "public.csv", transfer_choice="best")


def test_without_validation_nothing_is_set_aside(overlapping: FederationSpec, tmp_path: Path) -> None:
    alone = replace(overlapping, data=replace(overlapping.data, validation_share=0.0))
    assert len(load_data(alone, Runner(ArtifactStore(tmp_path / "store"))).validation) == 0


def test_near_duplicates_are_removed_and_each_is_told(overlapping: FederationSpec, tmp_path: Path) -> None:
    plain = load_data(overlapping, Runner(ArtifactStore(tmp_path / "store")))
    asked = replace(overlapping, intake=replace(overlapping.intake, near_duplicates=0.6))
    runner = Runner(ArtifactStore(tmp_path / "store"))
    data = load_data(asked, runner)
    parts = {"external": data.tests["external"], "in-domain": data.tests["in-domain"], "validation": data.validation, "pool": data.pool}
    parts["transfer"] = data.transfer
    for name, other in itertools.combinations(parts, 2):
        assert tanimoto(parts[name].molecules.bits, parts[other].molecules.bits).max() < 0.6
    near = [row for row in data.removed if row.reason.startswith("Tanimoto")]
    assert {"pool", "transfer"} <= {row.part for row in near}
    before = {key for part in (plain.pool, plain.validation, plain.transfer, *plain.tests.values()) for key in part.molecules.keys}
    assert {row.key for row in near} == before - keys(*parts.values())
    for row in near:
        told = re.fullmatch(r"Tanimoto (0\.\d{3}|1\.000) to (\S+) in (\S+)", row.reason)
        assert told is not None
        assert told[2] in parts[told[3]].molecules.smiles
        assert tanimoto(morgan_bits([row.smiles]), morgan_bits([told[2]])).item() == pytest.approx(float(told[1]), abs=1e-3)
    same = [row for row in data.removed if row not in near]
    assert sum(row.part == "transfer" for row in data.removed) == 260 - len(data.transfer) > 200
    assert {row.reason for row in same if row.part == "in-domain"} == {"in external too (InChIKey first block)"}
    assert any("more of transfer were removed: Tanimoto of at least 0.6" in note for note in data.notes)
    write_removed(tmp_path / "overlap.csv", data.removed)
    assert len((tmp_path / "overlap.csv").read_text().splitlines()) == len(data.removed) + 1
    assert "overlap" in {record.stage for record in runner.records}


def test_a_similarity_that_cannot_be(overlapping: FederationSpec) -> None:
    with pytest.raises(ConfigError, match=r"intake\.near_duplicates is 95; expected a similarity from 0"):
        replace(overlapping.intake, near_duplicates=95)


@pytest.mark.parametrize("written", ["size>=5", " size  >= 5.0 ", Endpoint.parse("size >= 5")])
def test_an_endpoint_is_its_meaning_however_it_is_written(written: str | Endpoint, library: Library, tmp_path: Path) -> None:
    file = str(library.write(tmp_path / "pool.csv", range(20)))
    asked, same = (intake_stage("pool", file, IntakeSpec(endpoints=(one,))) for one in ("size >= 5", written))
    assert same.key() == asked.key()
    assert intake_stage("pool", file, IntakeSpec(endpoints=("size > 5",))).key() != asked.key()


def isomers(library: Library, rows: range) -> list[str]:
    """Return both stereo-isomers of molecules with one more stereo centre."""
    return [f"{centre}(F)(Cl)C{library.smiles[row]}" for row in rows for centre in ("C[C@]", "C[C@@]") if library.smiles[row][0] in "cC"]


def write_isomers(path: Path, smiles: list[str]) -> str:
    path.write_text("smiles,active,size\n" + "".join(f"{text},{i % 2},0.5\n" for i, text in enumerate(smiles)))
    return str(path)


def test_stereo_isomers_of_what_a_test_holds_leave_the_other_parts(overlapping: FederationSpec, library: Library, tmp_path: Path) -> None:
    both = isomers(library, range(40))
    pool, test = both[0::2] + isomers(library, range(40, 80)), both[1::2]
    data = replace(overlapping.data, pool=write_isomers(tmp_path / "p.csv", pool), test_in_domain=write_isomers(tmp_path / "t.csv", test))
    found = load_data(replace(overlapping, data=data), Runner(ArtifactStore(tmp_path / "store")))
    gone = [row for row in found.removed if row.part in ("pool", "validation")]
    assert len(gone) == len(both) // 2
    assert {row.reason for row in gone} == {"in in-domain too (InChIKey first block)"}
    parts = (found.pool, found.validation, found.tests["in-domain"], found.transfer)
    for one, other in itertools.combinations(parts, 2):
        assert not set(one.molecules.skeletons) & set(other.molecules.skeletons)


def test_what_is_set_aside_takes_its_stereo_isomers_along(overlapping: FederationSpec, library: Library, tmp_path: Path) -> None:
    smiles = [*isomers(library, range(60)), *library.smiles[:60]]
    data = replace(overlapping.data, pool=write_isomers(tmp_path / "p.csv", smiles), test_in_domain="", test_external="", test_share=0.3)
    found = load_data(replace(overlapping, data=data), Runner(ArtifactStore(tmp_path / "store")))
    parts = (found.pool, found.validation, found.tests["in-domain"])
    assert sum(map(len, parts)) == len(smiles)
    assert not any(row.part != "transfer" for row in found.removed)
    assert 0 <= len(found.tests["in-domain"]) - round(0.3 * len(smiles)) <= 1


def test_where_every_skeleton_is_there_once_the_same_rows_are_set_aside_as_without_skeletons(library: Library) -> None:
    molecules = MoleculeSet.from_smiles(library.smiles[:50], [f"{row:014d}-UHFFFAOYSA" for row in range(50)])
    pool = Dataset(molecules, (), np.empty((50, 0), dtype=np.float32))
    order = numpy_stream(3, "set aside", "x").permutation(50)
    rest, aside = set_aside(pool, 0.25, 3, "x")
    assert aside.molecules.smiles == tuple(library.smiles[row] for row in np.sort(order[:12]))
    assert rest.molecules.smiles == tuple(library.smiles[row] for row in np.sort(order[12:]))


def test_columns_of_every_file_are_looked_for_before_any_work(overlapping: FederationSpec) -> None:
    check_columns(overlapping)
    with_labels = replace(overlapping, data=replace(overlapping.data, transfer_labels=overlapping.data.transfer))
    with pytest.raises(InputError, match=r"transfer\.csv: column '\w+' is missing"):
        check_columns(with_labels)


@pytest.mark.parametrize("name", ["pool", "transfer"])
def test_an_experiment_needs_a_pool_and_a_transfer_set(overlapping: FederationSpec, name: str, tmp_path: Path) -> None:
    without = replace(overlapping, data=replace(overlapping.data, **{name: ""}))
    with pytest.raises(InputError, match="the molecule file is a folder"):
        load_data(without, Runner(ArtifactStore(tmp_path / "store")))
