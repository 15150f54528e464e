"""Labels: what does a label file say of which message, and what is wrong with one that cannot be used?

JSON lines: `path` and `label`, and if known `sha256`, `corpus`, `list`, `date`, `lang`, `body_sha`, `sub`.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from model.corpus.table import USED, Example

UNUSED = ("spam_or_phish", "bulk?", "exclude")  # nobody knows, or nobody should learn from it


class LabelsUnusable(ValueError):
    """The label file cannot be used as it is."""


@dataclass(frozen=True)
class Labels:
    """The lines whose label is used, by path, and how many there were of the others."""

    lines: tuple[dict[str, str], ...]
    left_out: Mapping[str, int]


def read_labels(labels: Path) -> Labels:
    """Read a label file. Raises LabelsUnusable, naming the line and what to do about it."""
    lines: dict[str, dict[str, str]] = {}
    left_out: Counter[str] = Counter()
    with labels.open(encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, start=1):
            if not text.strip():
                continue
            line = _line(f"{labels.name} line {number}", text)
            if line["label"] in UNUSED:
                left_out[line["label"]] += 1
            elif lines.setdefault(line["path"], line)["label"] != line["label"]:
                raise LabelsUnusable(f"{labels.name} line {number}: {line['path']} has two labels; keep one")
    if not lines:
        raise LabelsUnusable(f"{labels.name} labels no message as one of {', '.join(USED)}")
    return Labels(tuple(lines[path] for path in sorted(lines)), dict(left_out))


def example_of(line: Mapping[str, str]) -> Example:
    """A labelled message as far as its line knows it; parsing fills in the rest."""
    listed = line.get("list", "").partition(".")[0].removeprefix("linux-")  # a list keeps its name when its host moves
    language = line.get("lang", "").strip("?").partition("/")[0]  # "ru/uk": the guess that is likelier
    return Example(
        path=line["path"],
        corpus=line.get("corpus", ""),
        label=USED[line["label"]],
        sub=line.get("sub", ""),
        source=listed,
        date=line.get("date", ""),
        body=line.get("body_sha", ""),
        language=language,
        sha256=line.get("sha256", "").lower(),
    )


def _line(where: str, text: str) -> dict[str, str]:
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LabelsUnusable(
            f'{where} is no JSON: write one object a line, such as {{"path": "a.eml", "label": "phish"}}'
        ) from error
    path, label = (data.get(key) if isinstance(data, dict) else None for key in ("path", "label"))
    if not isinstance(path, str) or not isinstance(label, str) or not path:
        raise LabelsUnusable(f"{where} lacks a path or a label: it needs both, as strings")
    if label not in USED and label not in UNUSED:
        known = ", ".join((*USED, *UNUSED))
        raise LabelsUnusable(f"{where}: {label[:40]!r} is no label; write one of {known}")
    place = PurePosixPath(path)
    if place.is_absolute() or ".." in place.parts or "\0" in path:
        raise LabelsUnusable(f"{where}: a path is relative to the folder of the mail and stays inside it")
    return {str(key): value for key, value in data.items() if isinstance(value, str)}
