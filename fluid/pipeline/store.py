"""The content-keyed store of stage results, shared by any number of runs and processes.

STORE/store.json            the format of the store
STORE/<stage>/<key>/        results, sealed; the key is the hash of what went in
STORE/scratch/<key>/        checkpoints of stages at work, by the same key
STORE/locks/<stage>-<key>   held by the process that makes a result; a lock ends with its process, however that dies
STORE/users/<name>          held by every process at work in the store
STORE/runs/<name>.json      where the runs lie that used the store
"""

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from errno import EACCES, EPERM, EROFS
from pathlib import Path
from socket import gethostname
from typing import Any
from uuid import uuid4

from filelock import FileLock, Timeout

from fluid.artifacts import MANIFEST, PART, REMEDY, Artifact, atomic_folder, hash_json, open_artifact, read_json, seal, write_json
from fluid.errors import ArtifactError
from fluid.foreign import is_foreign

FORMAT = 1
HEADER = "store.json"
SCRATCH, LOCKS, USERS, RUNS = "scratch", "locks", "users", "runs"
COLLECTING = "collecting"
OWN = (SCRATCH, LOCKS, USERS, RUNS)
KEY_LETTERS = 32
NOTICE_S = 1.0
READ_ONLY = (EACCES, EPERM, EROFS)

Notice = Callable[[str], None]


@contextmanager
def hold_lock(place: Path) -> Iterator[None]:
    """Hold a lock that has a file of its own, and remove the file."""
    with FileLock(place):
        yield
    place.unlink(missing_ok=True)


def stage_key(stage: str, inputs: Mapping[str, Any]) -> str:
    """Return the key of a stage's result: the hash of everything that determines it."""
    return hash_json({"stage": stage, "inputs": inputs})


class ArtifactStore:
    """Stage results on disk, keyed by what went in.

    Args:
        root: Folder of the store; made on first write.

    Raises:
        ArtifactError: The folder is a store of another format.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._join: Callable[[], None] = lambda: None
        if (root / HEADER).is_file() and (found := read_json(root / HEADER)) != {"format": FORMAT}:
            raise ArtifactError(
                f"the store has another format ({found})", where=str(root), expected=f"format {FORMAT}",
                remedy="Choose another folder with paths.artifacts=... or FLUID_STORE, or update fluid.",
            )  # fmt: skip

    def place(self, stage: str, key: str) -> Path:
        """Return where the result with a key lies, made or not."""
        return self.root / stage / key[:KEY_LETTERS]

    def scratch(self, key: str) -> Path:
        """Return where a stage keeps what an interrupted run has done; not made yet."""
        return self.root / SCRATCH / key[:KEY_LETTERS]

    def holds(self, stage: str, inputs: Mapping[str, Any]) -> bool:
        """Return whether the store seems to hold the artifact; its content is not verified."""
        return (self.place(stage, stage_key(stage, inputs)) / MANIFEST).is_file()

    def find(self, stage: str, key: str, warn: bool = True) -> Artifact | None:
        """Return the verified artifact with a key; `None` if it is absent, or damaged, with a warning that names the file."""
        folder = self.place(stage, key)
        if not folder.exists():
            return None
        try:
            artifact = open_artifact(folder)
            if (artifact.stage, artifact.key) != (stage, key):
                raise ArtifactError("its manifest is that of another result", where=str(folder / MANIFEST))
        except ArtifactError as error:
            if warn:
                warnings.warn(f"{str(error).removesuffix(REMEDY).rstrip()} It is not used and will be made again.", stacklevel=2)
            return None
        return artifact

    def get_or_make(
        self, stage: str, inputs: Mapping[str, Any], build: Callable[[Path], None], notice: Notice = lambda _: None
    ) -> tuple[Artifact, bool]:
        """Return the artifact of `stage` for `inputs`, building it if it is absent or does not verify.

        Of several processes that need it, one builds; the others wait for it, or take over if it dies.

        Args:
            stage: Name of the stage.
            inputs: Everything that determines the result (spec subset, input digests, code version, seed).
            build: Fills an empty folder with the result's files.
            notice: Told when another process is at work on it.

        Returns:
            The artifact, and whether it was found (`True`) or built (`False`).
        """
        key = stage_key(stage, inputs)
        if artifact := self.find(stage, key):
            return artifact, True
        with self.making(stage, key, notice):
            if artifact := self.find(stage, key, warn=False):  # another process has made it meanwhile
                return artifact, True
            with atomic_folder(self.place(stage, key)) as temporary:
                build(temporary)
                seal(temporary, stage, key)
        return open_artifact(self.place(stage, key)), False

    def prepare(self) -> None:
        """Make the store's folders and header, and join its users.

        Raises:
            ArtifactError: The folder cannot be written.
        """
        try:
            for name in OWN:
                (self.root / name).mkdir(parents=True, exist_ok=True)
            if not (self.root / HEADER).is_file():
                write_json(self.root / HEADER, {"format": FORMAT})
        except OSError as error:
            if error.errno not in READ_ONLY:
                raise
            raise ArtifactError(
                f"the store cannot be written ({error.strerror})", where=str(self.root),
                remedy="Choose another folder with paths.artifacts=... or FLUID_STORE.",
            ) from None  # fmt: skip
        self._join()

    @contextmanager
    def making(self, stage: str, key: str, notice: Notice = lambda _: None) -> Iterator[None]:
        """Be the only process that makes the result with a key; waits for another that does."""
        self.prepare()
        lock = FileLock(self.root / LOCKS / f"{stage}-{key[:KEY_LETTERS]}")
        try:
            lock.acquire(timeout=NOTICE_S)
        except Timeout:
            notice(f"{stage}: another process is making it; waiting")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def used(self, run: Path | None = None) -> Iterator[None]:
        """Keep the garbage collector away while this process is at work; a store that cannot be written needs no such care.

        Args:
            run: Where the run lies whose needs are to be kept also afterwards.
        """
        with ExitStack() as stay:

            def join() -> None:
                self._join = lambda: None
                with FileLock(self.root / LOCKS / COLLECTING):  # while it collects, nobody begins
                    stay.enter_context(hold_lock(self.root / USERS / f"{gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"))
                    if run is not None:
                        self.register(run)

            self._join = join
            if self.root.is_dir():
                with suppress(ArtifactError):  # read-only: nobody can collect either
                    self.prepare()
            yield

    def register(self, run: Path) -> None:
        """Remember where a run lies, so that what it needs is kept."""
        place = str(run.resolve())
        record = self.root / RUNS / f"{hash_json(place)[:KEY_LETTERS]}.json"
        if not record.is_file():
            write_json(record, {"run": place})

    def runs(self) -> list[Path]:
        """Return where the runs lie that used the store, as far as they are still there."""
        records = sorted(record for record in (self.root / RUNS).glob("*.json") if not is_foreign(record.name))
        places = [Path(read_json(record)["run"]) for record in records]
        return [place for place in places if place.is_dir()]

    def results(self) -> Iterator[tuple[str, Path]]:
        """Yield stage and folder of every result in the store; what has no manifest is none, and somebody's own."""
        for stage in sorted(self.root.iterdir()) if self.root.is_dir() else ():
            if stage.is_dir() and stage.name not in OWN:
                folders = (folder for folder in sorted(stage.iterdir()) if not folder.name.endswith(PART))
                yield from ((stage.name, folder) for folder in folders if (folder / MANIFEST).is_file())

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Make sure that nobody is at work in the store, and that nobody begins.

        Raises:
            ArtifactError: Another process is at work in the store.
        """
        self.prepare()
        with FileLock(self.root / LOCKS / COLLECTING):
            for place in (self.root / USERS).iterdir():
                lock = FileLock(place)
                try:
                    lock.acquire(timeout=0)
                except Timeout:
                    raise ArtifactError(
                        f"process {place.name.rsplit('-', 1)[0]} is at work in the store",
                        where=str(self.root),
                        remedy="Wait until it has ended.",
                    ) from None
                lock.release()
                place.unlink(missing_ok=True)  # its process died
            yield
