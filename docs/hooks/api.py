"""Make the reference of the Python API when the site is built: a page per room of the library, a section per module."""

import ast
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOMS = {
    "distillation": ("Consensus and losses", ["distillation"]),
    "molecules": ("Molecules and data", ["molecules", "data", "inspection"]),
    "models": ("Models and annotations", ["models", "models/encoders", "annotation"]),
    "companies": ("Splits", ["companies"]),
    "evaluation": ("Metrics and statistics", ["evaluation"]),
    "privacy": ("Attacks and audits", ["privacy", "privacy/attacks"]),
}
SINGLE = {"errors": "Errors", "seeding": "Random streams"}
DOOR = """# Python

`import fluid` is all that a script or a notebook needs; see [work from Python](../../how-to/python.md) for examples.

::: fluid
    options: {show_root_heading: false, show_submodules: false}
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to the site (called by MkDocs)."""
    root = Path(config.config_file_path).parent / "fluid"
    pages = {"fluid": DOOR} | {name: room_page(root, title, folders) for name, (title, folders) in ROOMS.items()}
    pages |= {name: f"# {title}\n\n::: fluid.{name}\n" for name, title in SINGLE.items()}
    for name, text in pages.items():
        files.append(File.generated(config, f"reference/api/{name}.md", content=text))
    return files


def room_page(root: Path, title: str, folders: list[str]) -> str:
    """Return the page of some rooms, with every module in them that has something public."""
    lines = [f"# {title}", ""]
    for folder in folders:
        for module in sorted((root / folder).glob("[a-z]*.py")):
            if public(module):
                lines += [f"::: fluid.{folder.replace('/', '.')}.{module.stem}", ""]
    return "\n".join(lines)


def public(module: Path) -> bool:
    """Return whether a module defines a function or class that others may use."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return any(isinstance(node, kinds) and not node.name.startswith("_") for node in ast.parse(module.read_text()).body)
