"""Make the reference of verbs and settings from `conf/` when the site is built, so that the pages cannot drift from the files."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

KEY = re.compile(r"( *)([\w-]+):(?: |$)(?:[^#]*?# (.+))?")
GROUP = re.compile(r"- `([\w/]+)`: (.+)")
VERBS = {
    "Look at a file": ["inspect"],
    "Simulate": ["simulate"],
    "Work by files": ["train_teacher", "annotate", "aggregate", "distill", "hybrid", "audit"],
    "Use a model": ["predict", "evaluate"],
    "Look after runs": ["report", "collect", "benchmark", "status", "gc"],
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the two pages to the site (called by MkDocs)."""
    conf = Path(config.config_file_path).parent / "conf"
    for name, text in (("verbs", verbs_page(conf)), ("settings", settings_page(conf))):
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    return files


def load(file: Path) -> dict[str, Any]:
    """Read a file of the configuration."""
    values: dict[str, Any] = yaml.safe_load(file.read_text()) or {}
    return values


def headline(file: Path) -> str:
    """Return the first comment that is no directive of Hydra."""
    comments = [line[1:].strip() for line in file.read_text().splitlines() if line.startswith("#")]
    return next((text for text in comments if not text.startswith("@")), "")


def comments(file: Path) -> dict[str, str]:
    """Return what stands beside each key, by dotted key."""
    found: dict[str, str] = {}
    path: list[str] = []
    for line in file.read_text().splitlines():
        if match := KEY.match(line):
            path = [*path[: len(match[1]) // 2], match[2]]
            if match[3]:
                found[".".join(path)] = match[3].strip()
    return found


def flat(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every setting with its dotted key; a nested mapping gives one for each of its own."""
    for key, value in values.items():
        if key in ("defaults", "hydra"):
            continue
        if isinstance(value, dict) and value:
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def shown(value: Any) -> str:
    """Write a value as one would on the command line."""
    if value == "???":
        return "*you give it*"
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000).strip().removesuffix("...").strip()
    return f"`{text}`".replace("|", "\\|")


def table(rows: list[tuple[str, Any, str]]) -> list[str]:
    """Return a table of settings: key, default, meaning."""
    lines = [f"| `{key}` | {shown(value)} | {meaning.replace('|', chr(92) + '|')} |" for key, value, meaning in rows]
    return ["| setting | value | meaning |", "|---|---|---|", *lines, ""] if rows else []


def meaning_of(key: str, own: dict[str, str], others: dict[str, str]) -> str:
    """Return the comment of a key, or else that of the same key elsewhere in its group (`pooled.epochs` is `teacher.epochs`)."""
    last = key.rsplit(".", 1)[-1]
    return own.get(key) or others.get(key) or next((text for name, text in others.items() if name.rsplit(".", 1)[-1] == last), "")


def verbs_page(conf: Path) -> str:
    """Return the page of all verbs.

    Raises:
        ValueError: A verb of `conf/` has no place on the page.
    """
    known = {verb for verbs in VERBS.values() for verb in verbs} | {"base"}
    if missing := {file.stem for file in conf.glob("*.yaml")} - known:
        raise ValueError(f"docs/hooks/settings.py has no place for the verbs {sorted(missing)}")
    lines = ["# Verbs", "", "`fluid VERB key=value ...`; `fluid VERB --help` says the same in the terminal.", ""]
    for title, verbs in VERBS.items():
        lines += [f"## {title}", ""]
        lines += [line for verb in verbs for line in verb_section(conf, verb)]
    return "\n".join(lines)


def verb_section(conf: Path, verb: str) -> list[str]:
    """Return what a verb does, the groups that it knows, and its own settings."""
    file = conf / f"{verb}.yaml"
    values = load(file)
    header = values.get("hydra", {}).get("help", {}).get("header", "").strip()
    entries = [pair for entry in values.get("defaults", []) if isinstance(entry, dict) for pair in entry.items()]
    groups = [f"[`{group}`](settings.md#{group.replace('/', '')})" for group, _ in entries if not group.startswith("override ")]
    own = comments(file)
    rows = [(key, value, own.get(key, "")) for key, value in flat(values)]
    name = verb.replace("_", "-")
    return [f"### {name}", "", "```text", header, "```", "", f"Groups: {', '.join(groups)}.", "", *table(rows)]


def settings_page(conf: Path) -> str:
    """Return the page of all groups, their choices and every setting of each."""
    lines = ["# Settings", "", "A group is chosen as `group=choice`, a setting is changed as `group.key=value`.", ""]
    for group, meaning in GROUP.findall((conf / "README.md").read_text()):
        lines += group_section(conf / group, group, meaning)
    return "\n".join(lines)


def group_section(folder: Path, group: str, meaning: str) -> list[str]:
    """Return a group: its choices with a line on each, then the settings of each choice."""
    files = sorted(folder.glob("*.yaml"), key=lambda file: (file.stem != "default", file.stem))
    lines = [f"## {group}", "", f"{meaning[:1].upper()}{meaning[1:]}.", "", "| choice | what it is |", "|---|---|"]
    lines += [f"| `{group}={file.stem}` | {headline(file)} |" for file in files] + [""]
    others: dict[str, str] = {key: text for file in reversed(files) for key, text in comments(file).items()}
    for file in files:
        own = comments(file)
        prefix = "" if "@package _global_" in file.read_text() else f"{group}."
        rows = [(f"{prefix}{key}", value, meaning_of(key, own, others)) for key, value in flat(load(file))]
        if rows:
            lines += [f'??? note "Settings of `{group}={file.stem}`"', "", *[f"    {line}" for line in table(rows)]]
    return lines
