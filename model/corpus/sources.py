"""Sources: which labelled messages lie in these folders and mbox files?"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from model.corpus import mbox
from model.corpus.labels import LabelsUnusable, example_of, read_labels
from model.corpus.table import USED, Example

LABELS = "labels.jsonl"
_FOLDERS = {**{word: word for word in USED}, "phishing": "phish", "ham": "benign"}
_NO_MAIL = frozenset({".csv", ".db", ".gz", ".json", ".jsonl", ".md", ".msg", ".txt", ".xz", ".zip"})


@dataclass(frozen=True)
class Labelled:
    """One labelled message somewhere; `read` gives its bytes."""

    example: Example
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Found:
    """The messages, and what was left out: how many, by reason."""

    messages: tuple[Labelled, ...]
    left_out: Counter[str] = field(default_factory=Counter)


def find(roots: Sequence[Path], labels: Path | None = None, mboxes: Iterable[tuple[Path, str]] = ()) -> Found:
    """Everything labelled under the roots: by `labels`, by a root's own labels.jsonl, else by its folders' names.

    Each of `mboxes` is a file whose messages all have one label. Raises LabelsUnusable and MboxUnusable.
    """
    parts = [_root(root, labels) for root in roots]
    if len(roots) > 1:  # the same name may lie under two of them
        parts = [_under(root.name, part) for root, part in zip(roots, parts, strict=True)]
    parts += [Found(tuple(_in_mbox(path, path.name, path.stem, label))) for path, label in mboxes]

    found = Found(tuple(message for part in parts for message in part.messages))
    for part in parts:
        found.left_out.update(part.left_out)
    if not found.messages:
        raise LabelsUnusable(
            f"no labelled mail there: write a {LABELS}, or put the mail into folders called {', '.join(USED)}"
        )
    return found


def labelled(root: Path, labels: Path) -> Found:
    """The messages of a label file. A corpus that is missing as a whole is left out; a single message must be there."""
    known = read_labels(labels)
    left_out = Counter({f"label {label}": count for label, count in known.left_out.items()})
    present = {name: (root / name).exists() for name in {_top(line["path"]) for line in known.lines}}
    if not any(present.values()):
        raise LabelsUnusable(
            f"none of the mail that {labels.name} names lies under {root}: paths are relative to that folder"
        )
    messages = []
    for line in known.lines:
        if present[_top(line["path"])]:
            messages.append(_message(root, line))
        else:
            left_out[f"{_top(line['path'])} is not there"] += 1
    return Found(tuple(messages), left_out)


def _message(root: Path, line: dict[str, str]) -> Labelled:
    path = root / line["path"]
    if not path.is_file():
        raise LabelsUnusable(f"{line['path']} is labelled and not there: unpack it again, or take its line out")
    return Labelled(example_of(line), partial(_checked, path, line))


def _checked(path: Path, line: dict[str, str]) -> bytes:
    raw = path.read_bytes()
    if line.get("sha256") and hashlib.sha256(raw).hexdigest() != line["sha256"].lower():
        raise LabelsUnusable(
            f"{line['path']} is not the message that was labelled, its SHA-256 differs: unpack it again, "
            "or label it anew"
        )
    return raw


def _top(path: str) -> str:
    return path.partition("/")[0]


def _root(root: Path, labels: Path | None) -> Found:
    own = labels or root / LABELS
    return labelled(root, own) if own.is_file() else _by_folders(root)


def _by_folders(root: Path) -> Found:
    found = Found((), Counter())
    messages: list[Labelled] = []
    for path in _files(root):
        folders = path.relative_to(root).parts[:-1]
        places = [place for place, name in enumerate(folders) if name.lower() in _FOLDERS]
        if not places or path.suffix.lower() in _NO_MAIL:
            found.left_out["in no folder named for a label" if not places else f"{path.suffix.lower()} files"] += 1
            continue
        place = places[-1]
        label, corpus = _FOLDERS[folders[place].lower()], folders[place - 1] if place else root.name
        name = path.relative_to(root).as_posix()
        if path.suffix.lower() == ".mbox":
            messages += _in_mbox(path, name, corpus, label)
        else:
            messages.append(Labelled(_example(name, corpus, label), path.read_bytes))
    return replace(found, messages=tuple(messages))


def _files(root: Path) -> Iterator[Path]:
    """Ordinary files in order; links lead elsewhere, hidden files are somebody else's."""
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield path


def _in_mbox(path: Path, name: str, corpus: str, label: str) -> Iterator[Labelled]:
    for number, place in enumerate(mbox.places(path), start=1):
        yield Labelled(_example(f"{name}#{number}", corpus, label), partial(mbox.read, path, place))


def _example(path: str, corpus: str, label: str) -> Example:
    return Example(path, corpus, USED[label], sub="", source="", date="", body="")


def _under(name: str, part: Found) -> Found:
    return replace(
        part,
        messages=tuple(
            replace(message, example=replace(message.example, path=f"{name}/{message.example.path}"))
            for message in part.messages
        ),
    )
