"""Labelled: which lines of a label file can be measured, and what is wrong with the others?

A label file comes from anywhere. A line that is no JSON, names no file, or names one that cannot be opened is counted
and named to whoever asked; it never stops the rest.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from model.corpus.labels import UNUSED
from model.dataset import USED

_WORDS = ("path", "sha256", "corpus", "label", "sub", "date", "list", "lang", "body_sha")

Line = dict[str, str]


@dataclass(frozen=True)
class Problem:
    """Something that kept one labelled message out."""

    where: str  # the path as the label file has it, or the number of the line
    what: str  # one of a handful of sentences, the same for all such problems


@dataclass(frozen=True)
class Labelled:
    """What a label file holds."""

    lines: tuple[Line, ...]  # usable ones, by path
    left_out: Mapping[str, int]  # by label
    problems: tuple[Problem, ...]


def read_labelled(root: Path, labels: Path, also: Mapping[str, str] | None = None) -> Labelled:
    """Read a label file and look whether its mail is there. Raises OSError when the file itself cannot be read.

    `also` gives labels by SHA-256 to messages whose own label would leave them out. Every line that is returned has the
    SHA-256 of its file.
    """
    kept: dict[str, Line] = {}
    left_out: Counter[str] = Counter()
    problems: list[Problem] = []
    for number, line in _parsed(labels):
        if line is None or not line.get("path") or not line.get("label"):
            problems.append(Problem(f"line {number}", "no JSON object with path and label"))
            continue
        path, label, stated = line["path"], line["label"], line.get("sha256", "").lower()
        if label not in USED:
            left_out[label if label in UNUSED else "unknown label"] += 1
            if not also:
                continue
        if path in kept:
            problems.append(Problem(path, "labelled more than once; the first label counts"))
            continue
        own, trouble = _opened(root, path)
        if label not in USED and own not in (also or {}):
            continue
        if trouble:
            problems.append(Problem(path, trouble))
            continue
        if stated and stated != own:
            problems.append(Problem(path, "its SHA-256 is not the one of the label file; measured all the same"))
        kept[path] = {**line, "sha256": own}
    return Labelled(tuple(kept[path] for path in sorted(kept)), dict(sorted(left_out.items())), tuple(problems))


def counted(problems: Iterable[Problem]) -> dict[str, int]:
    """How often each kind of problem was met."""
    return dict(sorted(Counter(problem.what for problem in problems).items()))


def write_lines(lines: Iterable[Line], path: Path) -> None:
    """A label file of these lines."""
    with path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(line, sort_keys=True) + "\n" for line in lines)


def read_hand_labels(path: Path) -> dict[str, str]:
    """SHA-256 to "phish" or "spam"; other lines say nothing and are passed over."""
    found = (line for _, line in _parsed(path) if line)
    return {
        line["sha256"].lower(): line["label"]
        for line in found
        if line.get("sha256") and line.get("label") in {"phish", "spam"}
    }


def _parsed(path: Path) -> Iterator[tuple[int, Line | None]]:
    """Each line that is not empty, with its number; None for one that is no JSON object. Only words are kept."""
    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        for number, text in enumerate(lines, 1):
            if not text.strip():
                continue
            try:
                data = json.loads(text)
            except (ValueError, RecursionError):
                data = None
            if not isinstance(data, dict):
                yield number, None
                continue
            yield number, {key: data[key] for key in _WORDS if isinstance(data.get(key), str)}


def _opened(root: Path, path: str) -> tuple[str, str]:
    """The SHA-256 of a mail and nothing, or nothing and why it cannot be read."""
    if Path(path).is_absolute() or ".." in Path(path).parts:
        return "", "not inside the folder"
    try:
        with (root / path).open("rb") as mail:
            return hashlib.file_digest(mail, "sha256").hexdigest(), ""
    except FileNotFoundError:
        return "", "no such file"
    except (OSError, ValueError) as error:  # a folder, no permission, a name no file can have
        return "", f"cannot be read ({type(error).__name__})"
