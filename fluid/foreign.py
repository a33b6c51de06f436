"""Files that systems, file managers and editors leave in folders: they belong to nobody's results, and nothing of ours reads them."""

import re
from fnmatch import translate
from pathlib import Path, PurePath

LITTER = (
    ".DS_Store", "._*", ".AppleDouble", ".LSOverride", "Icon\r", ".Spotlight-V100", ".Trashes", ".fseventsd", "__MACOSX",
    "[Dd]esktop.ini", "[Tt]humbs.db", "ehthumbs.db", "$RECYCLE.BIN", "System Volume Information",
    ".directory", ".Trash-*", ".nfs*", ".fuse_hidden*", "@eaDir", "~$*", ".~lock.*#", ".#*",
)  # fmt: skip
"""What comes back by itself: it is no loss."""
COPIES = ("*~", ".*.sw[opx]")
"""What editors keep of somebody's work."""
LITTER_NAME = re.compile("|".join(map(translate, LITTER)))
COPY_NAME = re.compile("|".join(map(translate, COPIES)))


def is_litter(name: str) -> bool:
    """Return whether a relative path is, or lies in, what a system leaves and makes again."""
    return any(LITTER_NAME.match(part) for part in PurePath(name).parts)


def is_foreign(name: str) -> bool:
    """Return whether a relative path is, or lies in, what a system or an editor leaves."""
    return is_litter(name) or bool(COPY_NAME.match(PurePath(name).name))


def files_below(folder: Path) -> list[str]:
    """Return all files in a folder and in the folders in it, by relative paths, in order."""
    return [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
