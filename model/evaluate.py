"""Evaluate: how good is a checkpoint on a labelled folder?

read the labels ▸ parse ▸ leave out what the checkpoint has learnt from ▸ score ▸ figures, as JSON and as a page
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from model import checkpoint as checkpoints
from model.dataset import CALIBRATE, TEST, USED, Progress, SplitConfig, Table, load, no_progress, split, was_seen
from model.features.table import BAGS, DENSE
from model.fit import score
from model.labelled import Labelled, Line, Problem, counted, read_hand_labels, read_labelled, write_lines
from model.measures.answers import answer
from model.measures.bootstrap import DRAWS
from model.measures.figures import both_ways
from model.measures.scored import Scored, numbered
from model.measures.separation import phish_against_spam
from model.reporter_gain import reporter_gain

SCHEMA = 1
UNSEEN, ALL = "unseen", "all"
PARTS = (UNSEEN, TEST, ALL)


@dataclass(frozen=True)
class Options:
    """What may be chosen beside the mail and the checkpoint."""

    part: str = UNSEEN
    target: float = 0.001
    seed: int = 1
    draws: int = DRAWS
    cache: Path | None = None
    hand_labels: Path | None = None


@dataclass(frozen=True)
class Evaluation:
    """The figures, which name no mail, and the problems, which do."""

    figures: dict[str, Any]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class _Mail:
    """The table, which of its rows to measure, and what was left out on the way."""

    table: Table
    numbers: NDArray[np.int64]
    counts: Mapping[str, Any]
    by_hand: Mapping[int, str] = field(default_factory=dict)  # number in the table: phish or spam


def evaluate(
    root: Path,
    labels: Path,
    folder: Path | None = None,
    options: Options | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """Measure the checkpoint in `folder` (None: the shipped one) on the labelled mail under `root`."""
    options = options or Options()
    torch.set_num_threads(1)  # sums in one order: the same seed gives the same figures
    folder = folder or checkpoints.SHIPPED
    loaded, seen = checkpoints.load(folder), checkpoints.load_seen(folder)
    hand = read_hand_labels(options.hand_labels) if options.hand_labels else {}
    labelled = read_labelled(root, labels, hand)

    mail = _read(root, labelled, hand, split_of(loaded), seen, options, progress)
    found = measure(loaded, mail.table, mail.numbers, options.target, options.seed, options.draws)
    found["reporter_gain"] = _gain(loaded, mail, options)
    if options.hand_labels:
        found["by_hand"] = _on_hand_labels(loaded, mail, options)
    figures = {
        "schema": SCHEMA,
        "part": options.part,
        "mail": dict(mail.counts),
        **found,
        "calibration_curve": [asdict(point) for point in loaded.calibration.points],
        "training": _training(loaded.training),
    }
    return Evaluation(figures, labelled.problems)


def measure(
    loaded: checkpoints.Checkpoint,
    table: Table,
    numbers: NDArray[np.int64],
    target: float = 0.001,
    seed: int = 1,
    draws: int = DRAWS,
) -> dict[str, Any]:
    """All figures on these examples of a table that `split` has put into near-duplicate clusters."""
    scored = score_all(loaded, table, numbers, target)
    return {
        "checkpoint": loaded.name,
        "target": target,
        "threshold": scored.threshold,
        "seed": seed,
        "draws": draws,
        **both_ways(scored, seed, draws),
    }


def score_all(
    loaded: checkpoints.Checkpoint, table: Table, numbers: NDArray[np.int64], target: float = 0.001
) -> Scored:
    """What the checkpoint says of these examples."""
    logits, head, strengths = score(loaded.network, table, numbers)
    examples = [table.examples[number] for number in numbers]
    odds = np.array([loaded.calibration.log_odds(logit) for logit in logits.tolist()], dtype=np.float64)
    return Scored(
        odds=np.nan_to_num(odds, nan=-1e9, posinf=1e9, neginf=-1e9),
        threshold=loaded.calibration.threshold(target),
        head=head,
        strengths=strengths,
        labels=_words([example.label for example in examples]),
        groups={
            "corpus": _words([example.corpus or "?" for example in examples]),
            "language": _words([example.language or "?" for example in examples]),
            "year": _words([_year(example.date) for example in examples]),
        },
        clusters=numbered([example.cluster for example in examples]),
        sources=numbered([(example.corpus, example.source) for example in examples]),
    )


def _read(
    root: Path,
    labelled: Labelled,
    hand: Mapping[str, str],
    config: SplitConfig,
    seen: NDArray[np.uint64] | None,
    options: Options,
    progress: Progress,
) -> _Mail:
    """Parse the usable lines and choose which to measure."""
    by_hand = {line["path"]: hand[line["sha256"]] for line in labelled.lines if line["sha256"] in hand}
    only_by_hand = {line["path"] for line in labelled.lines if line["label"] not in USED}
    lines = [line if line["label"] in USED else {**line, "label": by_hand[line["path"]]} for line in labelled.lines]
    table = split(_load(root, lines, options.cache, progress), config) if lines else _nothing()

    chosen = choose(table, options.part, seen)
    numbers = np.array([n for n in chosen if table.examples[n].path not in only_by_hand], dtype=np.int64)
    counts = {
        "measured": len(numbers),
        "learnt_from_or_nearly": len(table) - len(only_by_hand) - len(numbers),
        "left_out_labels": dict(labelled.left_out),
        "problems": counted(labelled.problems),
    }
    places = {int(n): by_hand[table.examples[n].path] for n in chosen if table.examples[n].path in by_hand}
    return _Mail(table, numbers, counts, places)


def _load(root: Path, lines: Sequence[Line], cache: Path | None, progress: Progress) -> Table:
    """The rows of exactly these lines."""
    with tempfile.TemporaryDirectory() as kept:
        usable = Path(kept) / "labels.jsonl"
        write_lines(lines, usable)
        return load(root, usable, cache, progress)


def _nothing() -> Table:
    """The table of a folder without any usable mail."""
    return Table(
        examples=(),
        buckets=np.zeros(0, dtype=np.int32),
        starts=np.zeros(1, dtype=np.int64),
        lengths=np.zeros((0, len(BAGS)), dtype=np.int32),
        dense=np.zeros((0, len(DENSE)), dtype=np.float32),
        sketches=np.zeros((0, 0), dtype=np.uint64),
    )


def choose(table: Table, part: str, seen: NDArray[np.uint64] | None) -> NDArray[np.int64]:
    """The numbers of the examples that belong to a part.

    A checkpoint that does not say what it has seen is taken to have seen all that its split does not keep for testing.
    """
    if part == ALL or not len(table):
        return np.arange(len(table))
    if part == TEST or seen is None:
        return table.where(lambda example: example.split == TEST)
    learnt = was_seen(seen, [example.sha256 for example in table.examples])
    campaigns = {example.cluster for example, known in zip(table.examples, learnt, strict=True) if known}
    return table.where(lambda example: example.cluster not in campaigns)


def split_of(loaded: checkpoints.Checkpoint) -> SplitConfig:
    """How the mail was dealt out when the checkpoint was trained, so that testing meets none of it again."""
    kept = dict(loaded.training.get("config", {}).get("split", {}))
    weights = tuple((str(name), float(weight)) for name, weight in kept.pop("weights", ()))
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return SplitConfig(**plain, weights=weights)


def _on_hand_labels(loaded: checkpoints.Checkpoint, mail: _Mail, options: Options) -> dict[str, Any]:
    """Phish against spam on what a person has labelled."""
    numbers = np.array(sorted(mail.by_hand), dtype=np.int64)
    scored = score_all(loaded, mail.table, numbers, options.target)
    said = _words([mail.by_hand[int(number)] for number in numbers])
    phish, spam = (np.asarray(said == word, dtype=np.bool_).reshape(len(numbers)) for word in ("phish", "spam"))
    found: dict[str, Any] = answer(phish_against_spam(scored, phish, spam), scored, options.seed, options.draws)
    return found


def _gain(loaded: checkpoints.Checkpoint, mail: _Mail, options: Options) -> list[dict[str, Any]]:
    """What the reporter neuron adds at equal false retractions.

    Thresholds chosen on the calibration part count only where nothing of that part is measured as well.
    """
    rows: list[dict[str, Any]] = reporter_gain(loaded, mail.table, mail.numbers, options.seed, options.target)["gain"]
    mixed = any(mail.table.examples[number].split == CALIBRATE for number in mail.numbers)
    return [row for row in rows if not mixed or row["chosen_on"] != "calibration"]


def _training(training: Mapping[str, Any]) -> dict[str, Any]:
    """What the checkpoint says of its own training, as far as the report draws it."""
    figures = training.get("figures", {})
    return {"losses": training.get("losses", []), "learning_curve": figures.get("learning_curve", [])}


def _words(values: Sequence[str]) -> NDArray[np.object_]:
    return np.array(values, dtype=object)


def _year(date: str) -> str:
    return date[:4] if date[:4].isdecimal() and len(date) >= 4 else "?"


def as_json(figures: Mapping[str, Any]) -> str:
    """The figures as they are kept: the same ones for the same mail, checkpoint and seed."""
    return json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
