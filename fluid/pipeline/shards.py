"""Long work in pieces that are kept: a second run goes on after the last finished one."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from fluid.artifacts import atomic_folder, open_artifact, seal
from fluid.errors import ArtifactError

STAGE = "shard"


class Shards:
    """Consecutive pieces of one piece of work, each a sealed folder that appears whole or not at all.

    Pieces of other work (another key) and pieces that are damaged, with all that follow them, are removed when the folder is
    opened.

    Args:
        folder: Where the pieces lie; made when the first is finished.
        key: Hash of all that decides their content.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        self._finished = next(number for number in count() if not self._holds(number))
        for place in folder.iterdir() if folder.is_dir() else ():
            if place.is_dir() and place not in list(self):
                shutil.rmtree(place)

    def __len__(self) -> int:
        """Return the number of finished pieces."""
        return self._finished

    def __iter__(self) -> Iterator[Path]:
        """Yield the finished pieces' folders, in order."""
        return map(self._place, range(self._finished))

    def _place(self, number: int) -> Path:
        return self.folder / f"{number:06d}"

    def _holds(self, number: int) -> bool:
        try:
            return open_artifact(self._place(number)).key == self.key
        except ArtifactError:
            return False

    @contextmanager
    def piece(self) -> Iterator[Path]:
        """Yield an empty folder for the next piece; it is sealed and kept when the block ends without an error."""
        with atomic_folder(self._place(self._finished)) as temporary:
            yield temporary
            seal(temporary, STAGE, self.key)
        self._finished += 1

    def remove(self) -> None:
        """Remove all pieces: the work is done."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._finished = 0
