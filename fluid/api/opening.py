"""Open a folder as whatever it holds."""

from os import PathLike

from fluid.api.door import door
from fluid.api.models import Model, open_as_its_kind
from fluid.api.place import folder_of
from fluid.api.released import INSIDE, Annotations, Consensus
from fluid.api.runs import Run
from fluid.errors import ArtifactError


@door
def load(folder: str | PathLike[str]) -> Model | Annotations | Consensus | Run:
    """Open what a verb or a function made: a model, an annotation set, a consensus or a run.

    Raises:
        ArtifactError: The folder is missing or altered, or holds none of these.
    """
    place = folder_of(folder, "a result of fluid")
    if (place / "card.json").is_file():
        return open_as_its_kind(place)
    if (place / "consensus.json").is_file():
        return Consensus(place)
    if (place / INSIDE).is_dir() or (place / "annotations.parquet").is_file():
        return Annotations(place)
    if (place / "run.json").is_file():
        return Run(place)
    expected = "the folder of a model, an annotation set, a consensus or a run"
    raise ArtifactError("this folder holds nothing that can be opened", where=str(place), expected=expected, remedy="Check the path.")
