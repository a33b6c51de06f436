"""Places, names and columns are taken as they are typed."""

from dataclasses import fields
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from fluid.api.settings import configuration, overrides_of
from fluid.cli.compose import compose, plain_values
from fluid.cli.help import read_config
from fluid.cli.places import PLACE_LISTS, PLACES, TEXT_LISTS, TEXTS, as_typed, join_lists
from fluid.cli.quoting import is_quoted
from fluid.federation.requests import REQUESTS
from tests.cli.conftest import Call

NAMES = [
    "assay (1).csv", "epoch=3.csv", "Präparat µM.csv", "it's.csv", "a,b.csv", "{x}.csv", "$HOME-like.csv", "[1].csv", "[1]", '"x".csv',
    "a\\b.csv", "a\\,b.csv", "100%.csv", "#1.csv", " a.csv", "a.csv ", "~x.csv", "~$a.csv", "a:b.csv", "C:\\x\\y.csv", "1", "1e5", "1_0",
    "true", "nan", "None", "?.csv", "*.csv", "a&b.csv", "a|b;c.csv", "a'b\"c.csv", "'x", "x'", "${", "${x", "a${.csv", "$", "${}",
    "a@b.csv", "a+b.csv",
    "-a.csv", "!a.csv", "\\", "a\\", '\\"', "日本.csv", "a\tb.csv", "a\nb.csv", "choice(a,b)", "str(1)", "range(1,3)", "int(x)", "a  b.csv",
    "(", ")", "[", "]", "}", "a=b=c", "=", "==", "embedded:pool", "../x/../y", "caf\udce9.csv", "\U0001f600.csv", "e\u0301.csv", "\xa0.csv",
]  # fmt: skip


def read(verb: str, *arguments: str, swept: bool = False) -> dict:
    return plain_values(compose(verb, as_typed(arguments, swept)), complete=False)


def meant(setting: str) -> object:
    """Return what a setting comes to, without the rest of a configuration."""
    (typed,) = as_typed([setting])
    values = OmegaConf.create({"value": OverridesParser.create().parse_override(typed).value()})
    return OmegaConf.to_container(values, resolve=True)["value"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_is_what_was_typed(name: str) -> None:
    assert meant(f"input={name}") == meant(f"+data.pool={name}") == name
    assert meant(f"annotations=[{name}]") == [name.strip()] or "," in name or not name.strip("'\"")


def test_names_are_what_was_typed_in_a_whole_configuration() -> None:
    keys = [key for key in PLACES if key.startswith("data.")]
    for start in range(0, len(NAMES), len(keys)):
        names = dict(zip(keys, NAMES[start : start + len(keys)], strict=False))
        found = read("simulate", "data=files", *(f"{key}={name}" for key, name in names.items()))
        assert {key: found["data"][key.removeprefix("data.")] for key in names} == names
    assert read("simulate", "paths.data=it's ${here", "data=herg_chembl")["data"]["pool"].startswith("it's ${here/")


@settings(max_examples=500, deadline=None)
@given(st.text("\\\"' a,1$#=~{}[]()<>\n\té:/", min_size=1, max_size=8))
def test_any_name_is_what_was_typed(text: str) -> None:
    if "${" in text or is_quoted(text) or text == "null":
        return
    assert meant(f"input={text}") == meant(f"company={text}") == text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ('"a,b.csv"', "a,b.csv"),
        ("'a b.csv'", "a b.csv"),
        (r'"it\"s.csv"', 'it"s.csv'),
        ("${company}/x.csv", "Acme/x.csv"),
        ("${company}/x (1).csv", "Acme/x (1).csv"),
        ("${oc.env:PLACE}/x=1.csv", "there/x=1.csv"),
        (r"\${company}", "${company}"),
        ("", ""),
    ],
)
def test_what_is_quoted_or_refers_to_something_keeps_its_meaning(typed: str, meant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "there")
    assert read("train_teacher", "company=Acme", f"input={typed}")["input"] == meant


@pytest.mark.parametrize("name", ["${company}", '"x"', "'a,b'", r"a\,b.csv", "null", "${x}.csv", r"\${x}"])
def test_a_file_that_exists_is_meant_whatever_its_name_may_mean(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).touch()
    assert read("train_teacher", "company=Acme", f"input={name}")["input"] == name


def test_null_is_null() -> None:
    assert read("collect", "folder=x", "out=null")["out"] is None
    assert read("simulate", "name=null")["name"] is None
    assert read("simulate", "name=2024")["name"] == "2024"
    assert read("benchmark", "check=true")["check"] is True


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("[a (1),b=2]", ["a (1)", "b=2"]),
        ("[it's,b]", ["it's", "b"]),
        ("['it''s',b]", None),
        ("[a, b c]", ["a", "b c"]),
        ('["a,b",c]', ["a,b", "c"]),
        ("[a,b]", ["a,b"]),
        ("[1,2.5,true]", ["1", "2.5", "true"]),
        ("[x[1],y(]", ["x[1]", "y("]),
        ("[${paths.runs}/a (1),b]", ["runs/a (1)", "b"]),
        ("[]", []),
        ("[~/a,b]", ["~/a", "b"]),
    ],
)
def test_a_list_of_places(typed: str, meant: list[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if meant == ["a,b"]:
        (tmp_path / "a,b").mkdir()
    if meant is not None:
        assert read("aggregate", f"annotations={typed}")["annotations"] == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("[pic50 >= 5]", ["pic50 >= 5"]),
        ('["pic50 >= 5"]', ["pic50 >= 5"]),
        ("[pic50 >= 5, blocker]", ["pic50 >= 5", "blocker"]),
        ("[pic50 [log mol/L]]", ["pic50 [log mol/L]"]),
        ("[CL (mL/min/kg) [log],blocker in Active/Inactive]", ["CL (mL/min/kg) [log]", "blocker in Active/Inactive"]),
        ("[a (b, c) < 3,d]", ["a (b, c) < 3", "d"]),
        ("['a,b >= 3', 5' UTR]", ["a,b >= 3", "5' UTR"]),
        ("[1]", ["1"]),
        ("[blocker]", ["blocker"]),
    ],
)
def test_a_list_of_endpoints_whose_quotes_the_shell_has_read(typed: str, meant: list[str]) -> None:
    assert read("train_teacher", f"intake.endpoints={typed}")["intake"]["endpoints"] == meant
    assert configuration("train_teacher", overrides_of(f"intake.endpoints={typed}", {}), dict.fromkeys(("input", "company", "out"), "x"))


def test_words_of_a_list_that_the_shell_has_divided_are_one_list() -> None:
    words = ["intake.endpoints=[pic50 >= 5,", "blocker,", "hit < 3]", "seed=3"]
    assert join_lists(words) == ["intake.endpoints=[pic50 >= 5, blocker, hit < 3]", "seed=3"]
    for whole in (["intake.endpoints=[a", "seed=3]"], ["intake.endpoints=[a", "-m", "b]"], ["annotations=[a"], ["seed=[1", "2]"]):
        assert join_lists(whole) == whole


@pytest.mark.parametrize("typed", ["[a", "[pic50 (log >= 5]", "[a,,b]", "[,]"])
def test_a_list_that_can_mean_several_things_is_not_guessed(fluid: Call, typed: str) -> None:
    code, _, error = fluid("train-teacher", "input=x", "company=T", "out=y", f"intake.endpoints={typed}")
    assert code == 2
    assert error.count("\n") == 1
    assert """e.g. 'intake.endpoints=["pic50 >= 5"]'""" in error


def test_in_a_sweep_commas_separate_unless_a_file_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert as_typed(["data.pool=a (1).csv,b.csv", "seed=1,2"], swept=True) == ['data.pool="a (1).csv",b.csv', "seed=1,2"]
    assert as_typed(["data.pool=a,b.csv"], swept=True) == ["data.pool=a,b.csv"]
    assert as_typed(["data.pool=choice(a,b)"], swept=True) == ["data.pool=choice(a,b)"]
    assert as_typed(["intake.endpoints=[pic50 >= 5],[blocker]"], swept=True) == ['intake.endpoints=["pic50 >= 5"],[blocker]']
    Path("a,b.csv").touch()
    assert as_typed(["data.pool=a,b.csv"], swept=True) == ['data.pool="a,b.csv"']


def test_other_settings_and_flags_stay_as_they_are() -> None:
    words = ["-m", "--cfg", "job", "seed=1,2", "consensus.options={power: 3}", "model=gine", "~logger", "x"]
    assert as_typed(words) == words


def test_every_setting_that_is_a_path_by_its_type_is_known() -> None:
    named = {field.name for request in REQUESTS.values() for field in fields(request) if "Path" in str(field.type)}
    assert named <= {*PLACES, *PLACE_LISTS}


def test_every_setting_of_the_list_exists_where_one_would_look() -> None:
    conf = Path(__file__).parents[2] / "conf"
    known = {key for file in conf.glob("*.yaml") for key in read_config(file)}
    for group, file in (("paths", "default"), ("data", "files"), ("intake", "default"), ("model", "predictions"), ("privacy", "default")):
        for key, value in read_config(conf / group / f"{file}.yaml").items():
            known |= {f"{group}.{key}"} | ({f"{group}.{key}.{name}" for name in value} if isinstance(value, dict) else set())
    assert {*PLACES, *PLACE_LISTS, *TEXTS, *TEXT_LISTS} <= known


def test_every_key_of_the_configuration_that_names_files_is_in_the_list() -> None:
    conf = Path(__file__).parents[2] / "conf"
    missing = []
    for file in [*conf.glob("*.yaml"), *conf.glob("data/*.yaml"), *conf.glob("paths/*.yaml"), *conf.glob("model/*.yaml")]:
        prefix = "" if file.parent == conf else f"{file.parent.name}."
        for line in file.read_text().splitlines():
            key, _, comment = line.partition(":")
            if key.isidentifier() and any(word in comment.partition("#")[2].split(",")[0].split() for word in ("file", "FILE", "folder")):
                missing += [prefix + key] if prefix + key not in (*PLACES, *PLACE_LISTS) else []
    assert set(missing) <= {"name", "data.endpoint_columns", "data.test_external_endpoints", "data.pool_where"}, missing
