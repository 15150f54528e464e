"""Evaluate: how good is a checkpoint on a labelled folder?

Every figure stands with its n and its exact 95 % interval. Rates of legitimate mail and of malicious mail are given for
nobody having reported (the base margin) and for a newcomer having reported (the margin PSR usually sees).
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model import checkpoint as checkpoints
from model.calibration import interval
from model.dataset import LEFT_OUT, TEST, Progress, SplitConfig, Table, load, no_progress, one_a_cluster, split
from model.fit import score
from model.lift import lift
from model.network import HEAD
from model.reporter import reporter_value

FALSE_POSITIVE_RATES = (0.01, 0.005, 0.001)


def evaluate(
    root: Path,
    labels: Path,
    folder: Path | None = None,
    out: Path | None = None,
    part: str = TEST,
    target: float = 0.001,
    cache: Path | None = None,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Measure the checkpoint in `folder` (None: the shipped one) on the mail under `root`; write JSON to `out`.

    `part` is "test" for what the shipped split keeps back, or "all" for mail the checkpoint has never seen.
    """
    loaded = checkpoints.load(folder or checkpoints.SHIPPED)
    table = split(load(root, labels, cache, progress), _split_of(loaded))
    if part == "all":
        table = replace(table, examples=tuple(replace(example, split=TEST) for example in table.examples))
    found = measure(loaded, table, target)
    if out:
        out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return found


def measure(loaded: checkpoints.Checkpoint, table: Table, target: float = 0.001) -> dict[str, Any]:
    """All figures on the test part of a table, one message per near-duplicate cluster."""
    numbers = one_a_cluster(table, table.where(lambda example: example.split == TEST))
    logits, head, strengths = score(loaded.network, table, numbers)
    odds = np.array([loaded.calibration.log_odds(float(logit)) for logit in logits])
    margins = odds - loaded.calibration.threshold(target)
    newcomer = margins + np.array([lift(reporter_value(0, 0), row) for row in strengths.tolist()])

    examples = [table.examples[number] for number in numbers]
    labels = np.array([example.label for example in examples], dtype=object)
    corpora = np.array([example.corpus for example in examples], dtype=object)
    malicious, legitimate = labels == "malicious", (labels == "none") | (labels == "bulk")
    return {
        "checkpoint": loaded.name,
        "target": target,
        "left_out_of_known_campaigns": len(table.where(lambda example: example.split == LEFT_OUT)),
        "malicious_against_legitimate": {
            "malicious": int(malicious.sum()),
            "legitimate": int(legitimate.sum()),
            "auc": auc(margins[malicious], margins[legitimate]),
            "recall_at": [recall_at(margins[malicious], margins[legitimate], rate) for rate in FALSE_POSITIVE_RATES],
        },
        "at_threshold": {
            "nobody": _per_corpus(margins >= 0, corpora, labels),
            "newcomer": _per_corpus(newcomer >= 0, corpora, labels),
        },
        "suspicious_or_worse_newcomer": _per_corpus(newcomer >= -1, corpora, labels),
        "head": _head(head, labels),
    }


def _split_of(loaded: checkpoints.Checkpoint) -> SplitConfig:
    """How the mail was dealt out when the checkpoint was trained, so that testing meets none of it again."""
    kept = dict(loaded.training.get("config", {}).get("split", {}))
    weights = tuple((str(name), float(weight)) for name, weight in kept.pop("weights", ()))
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
    return SplitConfig(**plain, weights=weights)


def auc(malicious: NDArray[np.float64], legitimate: NDArray[np.float64]) -> float | None:
    """The chance that a malicious message scores above a legitimate one; None without both."""
    if not len(malicious) or not len(legitimate):
        return None
    order = np.sort(legitimate)
    below = np.searchsorted(order, malicious, side="left") + np.searchsorted(order, malicious, side="right")
    return round(float(below.mean() / 2.0 / len(order)), 5)


def recall_at(malicious: NDArray[np.float64], legitimate: NDArray[np.float64], rate: float) -> dict[str, Any]:
    """How much is caught when at most `rate` of this very legitimate mail may be wrong."""
    allowed = int(rate * len(legitimate))
    if not len(malicious) or not len(legitimate):
        return {"false_positives": rate, "rate": None}
    threshold = np.sort(legitimate)[-1 - allowed]
    return {"false_positives": rate, "allowed": allowed, **_rate(int((malicious > threshold).sum()), len(malicious))}


def _per_corpus(acted: NDArray[np.bool_], corpora: NDArray[np.object_], labels: NDArray[np.object_]) -> dict[str, Any]:
    """Share acted on, for each corpus and label and for each label over all."""
    found: dict[str, Any] = {}
    for label in sorted(set(labels)):
        here = labels == label
        found[f"all/{label}"] = _rate(int(acted[here].sum()), int(here.sum()))
        for corpus in sorted(set(corpora[here])):
            both = here & (corpora == corpus)
            found[f"{corpus}/{label}"] = _rate(int(acted[both].sum()), int(both.sum()))
    return found


def _head(head: NDArray[np.float64], labels: NDArray[np.object_]) -> dict[str, Any]:
    """How often each label is the likeliest of the four, by true label."""
    if not len(head):
        return {}
    likeliest = np.array(HEAD, dtype=object)[head.argmax(axis=1)]
    return {
        label: {other: int(((labels == label) & (likeliest == other)).sum()) for other in HEAD}
        for label in sorted(set(labels))
    }


def _rate(hits: int, n: int) -> dict[str, Any]:
    low, high = interval(hits, n)
    return {
        "n": n,
        "hits": hits,
        "rate": round(hits / n, 4) if n else None,
        "interval": [round(low, 4), round(high, 4)],
    }


def summary(found: dict[str, Any]) -> Sequence[str]:
    """The few lines a person reads first."""
    main = found["malicious_against_legitimate"]
    lines = [f"malicious {main['malicious']} · legitimate {main['legitimate']} · AUC {main['auc']}"]
    lines += [f"recall at {row['false_positives']:.1%} false positives: {row['rate']}" for row in main["recall_at"]]
    for who, rates in found["at_threshold"].items():
        for name, rate in rates.items():
            if name.startswith("all/"):
                lines.append(f"at the threshold, reported by {who}: {name[4:]} {rate['hits']} of {rate['n']}")
    return lines
