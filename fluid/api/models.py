"""Models that were made: they answer molecules, are evaluated, and are copied where they are needed."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa

from fluid.api.door import door
from fluid.api.inputs import Molecules, missing
from fluid.api.place import folder_of, place_of, save
from fluid.api.released import Annotations
from fluid.api.settings import Settings, overrides_of, sets
from fluid.api.show import Shown
from fluid.api.work import Call, answer, make
from fluid.artifacts import read_json
from fluid.data.carried import is_text
from fluid.errors import ArtifactError
from fluid.evaluation.result_tables import read_table
from fluid.federation.model_folder import Model as Opened
from fluid.federation.model_folder import open_model


class Model(Shown):
    """A trained model in its folder.

    Args:
        folder: Made by `train_teacher`, `distill` or `hybrid`, or found among the models of a run.

    Attributes:
        folder: That folder.

    Raises:
        ArtifactError: The folder is missing, altered, or holds another kind of thing.
    """

    kinds: tuple[str, ...] = ()

    @door
    def __init__(self, folder: str | PathLike[str]) -> None:
        self.folder = folder_of(folder, "a model")
        self._opened = open_model(self.folder)
        if self.kinds and self._opened.kind not in self.kinds:
            raise ArtifactError(f"the model is a {self._opened.kind}", where=str(self.folder), expected=f"a {' or '.join(self.kinds)}")

    @property
    def content(self) -> Opened:
        """The verified model as the rooms below know it."""
        return self._opened

    @property
    def name(self) -> str:
        """Its name: the company's, or `student`."""
        return self._opened.name

    @property
    def kind(self) -> str:
        """What made it: `teacher`, `student`, `hybrid`, ..."""
        return self._opened.kind

    @cached_property
    def endpoints(self) -> tuple[str, ...]:
        """What it predicts, in the text form of the settings."""
        return tuple(endpoint.text for endpoint in self._opened.predictor.endpoints)

    @door
    def predict(
        self,
        molecules: Molecules,
        *,
        carry: Sequence[str] | str | None = None,
        out: str | PathLike[str] | None = None,
        settings: Settings = (),
        **keywords: Any,
    ) -> pd.DataFrame:
        """Answer molecules: prediction, uncertainty and domain of every row, in order; broken rows say what is wrong with them.

        Args:
            molecules: Path, `DataFrame` or list of SMILES.
            carry: Columns that go along into the answers, such as identifiers; of a `DataFrame` also named indices.
            out: File for the answers too, `.csv` or `.parquet`. Only with it does a call that was interrupted go on when it is made again.
            settings: Settings of the verb `predict`.
            **keywords: Settings by name.

        Raises:
            InputError: The molecules cannot be read at all.
        """
        overrides = overrides_of(settings, keywords)
        with TemporaryDirectory(prefix="fluid-") as folder:
            target = place_of(out) or Path(folder) / "answers.parquet"
            given = {"model_folder": str(self.folder)}
            carried = answer(Call("predict", {"input": molecules}, given, overrides, out=target, carry=listed_columns(carry)))
            return read_answers(target, carried)

    @door
    def evaluate(
        self,
        molecules: Molecules,
        *,
        validation: Molecules | None = None,
        endpoints: Sequence[str] | str | None = None,
        out: str | PathLike[str] | None = None,
        settings: Settings = (),
        **keywords: Any,
    ) -> pd.DataFrame:
        """Score the model on labelled molecules, with bootstrap intervals.

        Args:
            molecules: Path or `DataFrame` with labels.
            validation: Labelled molecules to choose thresholds on; by default the model's own thresholds.
            endpoints: Columns of labels; by default the model's endpoints, unless the settings name others.
            out: Folder for scores and predictions.
            settings: Settings of the verb `evaluate`.
            **keywords: Settings by name.
        """
        overrides = overrides_of(settings, keywords)
        asked = listed_endpoints(endpoints, overrides, self.endpoints)
        labelled = {"input": molecules, **({"validation": validation} if validation is not None else {})}
        given = {"model_folder": str(self.folder)}
        made = make(Call("evaluate", labelled, given, overrides, asked, place_of(out)))
        return read_table(made / "scores.csv")

    @door
    def save(self, out: str | PathLike[str], overwrite: bool = False) -> Path:
        """Copy the model into a folder, as the verb would have written it there."""
        return save(self.folder, out, overwrite)

    def facts(self) -> dict[str, object]:
        """Return what to show."""
        return {"name": self.name, "kind": self.kind, "endpoints": ", ".join(self.endpoints), "folder": self.folder}


class Teacher(Model):
    """A company's own model; it stays in the company."""

    kinds = ("teacher",)

    @door
    def annotate(
        self,
        transfer: Molecules,
        *,
        carry: Sequence[str] | str | None = None,
        out: str | PathLike[str] | None = None,
        settings: Settings = (),
        **keywords: Any,
    ) -> Annotations:
        """Answer every molecule of the public transfer set; `send` then copies what leaves the company.

        Args:
            transfer: The public molecules, the same for all companies: path, `DataFrame` or list of SMILES.
            carry: Columns that go along into the company's own copy of the answers; they are in nothing that leaves the company.
            out: Folder for the result.
            settings: Settings of the verb `annotate`.
            **keywords: Settings by name.
        """
        given, overrides = {"teacher": str(self.folder)}, overrides_of(settings, keywords)
        call = Call("annotate", {"transfer": transfer}, given, overrides, out=place_of(out), carry=listed_columns(carry))
        return Annotations(make(call))


class Student(Model):
    """The model that was distilled from the consensus; everybody gets it."""

    kinds = ("student",)


class Hybrid(Model):
    """A student to which a company added its own data; it stays in the company."""

    kinds = ("hybrid",)


KINDS: Mapping[str, type[Model]] = {kind: cls for cls in (Teacher, Student, Hybrid) for kind in cls.kinds}


@door
def open_as_its_kind(folder: Path) -> Model:
    """Return the model in a folder as what its card says it is; the folder is verified when it is opened as that."""
    card = read_json(folder / "card.json") if (folder / "card.json").is_file() else {}
    kind = card.get("kind") if isinstance(card, dict) else None
    return KINDS.get(str(kind), Model)(folder)


def listed_endpoints(endpoints: Sequence[str] | str | None, overrides: Sequence[str], default: Sequence[str]) -> Sequence[str] | None:
    """Return the endpoints to read: those asked for, those of the settings (`None`), or the default."""
    if endpoints is not None:
        return [endpoints] if isinstance(endpoints, str) else list(endpoints)
    return None if sets(overrides, "intake.endpoints") else default


def listed_columns(carry: Sequence[str] | str | None) -> Sequence[str] | None:
    """Return the columns that go along as a list; `None`: as the settings say."""
    return [carry] if isinstance(carry, str) else carry


def read_answers(file: Path, carried: Sequence[pa.Field] = ()) -> pd.DataFrame:
    """Return a file of answers as a table; what went along has the type it had, also where the file is text."""
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    texts = ("smiles", "problem", "note", *(one.name for one in carried))
    kept = pd.read_csv(file, dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=[""])
    kept = kept.fillna({"smiles": "", "problem": "", "note": "", **{one.name: "" for one in carried if is_text(one.type)}})
    texts_of = {one.name: [None if missing(cell) else cell for cell in kept[one.name]] for one in carried}
    return kept.assign(**{one.name: pa.array(texts_of[one.name], pa.string()).cast(one.type).to_pandas() for one in carried})
