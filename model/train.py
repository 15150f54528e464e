"""Train: from a folder of labelled mail to a checkpoint, the same one for the same seed.

read ▸ deal out by source, campaign and time ▸ compose everyday mail ▸ fit the base ▸ calibrate ▸ fit the lift
     ▸ offer thresholds ▸ measure on what was kept back ▸ write weights, curve and figures
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track

from model import checkpoint as checkpoints
from model.calibration import TARGETS, Calibration, Sample, curve, fit_line
from model.dataset import (
    CALIBRATE,
    TRAIN,
    Progress,
    SplitConfig,
    Table,
    join,
    load,
    load_composed,
    one_a_cluster,
    split,
)
from model.evaluate import measure
from model.fit import FitConfig, fit_base, score
from model.fit_lift import fit_lift
from model.lift import lift
from model.network import Network, NetworkConfig
from model.population import draw_values


@dataclass(frozen=True)
class TrainConfig:
    """Everything beside the mail that decides what comes out."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    fit: FitConfig = field(default_factory=FitConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    composed: int = 6_000
    targets: tuple[float, ...] = TARGETS


def train(
    root: Path,
    labels: Path,
    out: Path,
    seed: int = 1,
    name: str = "v0",
    config: TrainConfig | None = None,
    cache: Path | None = None,
    quiet: bool = False,
    without: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Train on the mail under `root` and write a checkpoint to `out`; returns the measurements.

    `cache` keeps parsed rows between runs (outside the repository); `without` names corpora to leave out, for example
    "phishing_pot", whose terms forbid commercial use.
    """
    config = config or TrainConfig()
    progress: Progress = _silent if quiet else _shown
    torch.set_num_threads(1)  # sums in one order: the same seed gives the same weights

    real = load(root, labels, cache, progress)
    table = split(_only(real, without), config.split)
    if config.composed:
        table = split(join(table, load_composed(config.composed, seed, cache, progress)), config.split)
    return fit_and_save(table, out, seed, name, config, progress)


def fit_and_save(
    table: Table, out: Path, seed: int, name: str, config: TrainConfig, progress: Progress
) -> dict[str, Any]:
    """Everything after the mail has been read and dealt out."""
    training = table.where(lambda example: example.split == TRAIN)
    network, losses = fit_base(table, training, config.network, config.fit, seed, progress)
    checkpoints.round_weights(network)

    line = _line(network, table)
    fit_lift(network, table, training, Calibration(*line, points=()), config.fit, seed, progress)
    checkpoints.round_weights(network)
    calibration = Calibration(*line, points=curve(reported_sample(network, table, line, seed), seed, config.targets))
    if not calibration.points:
        raise ValueError("the calibration part is too small to support any false-retraction target")

    record = {"seed": seed, "config": asdict(config), "data": _data(table), "losses": losses}
    made = checkpoints.Checkpoint(name, network, calibration, record)
    figures = measure(made, table, target=min(calibration.offered(), key=lambda offered: abs(offered - 0.001)))
    checkpoints.save(checkpoints.Checkpoint(name, network, calibration, {**record, "figures": figures}), out)
    return figures


def reported_sample(network: Network, table: Table, line: tuple[float, float], seed: int) -> Sample:
    """The calibration part as PSR meets it: every message reported by somebody from the population.

    Legitimate mail gets people whose report was mistaken, malicious mail people whose report was right.
    """
    chance = np.random.default_rng(seed)
    legitimate = _calibration_part(table, malicious=False)
    malicious = _calibration_part(table, malicious=True)
    scores = []
    for numbers, right in ((legitimate, False), (malicious, True)):
        logits, _, strengths = score(network, table, numbers)
        values = draw_values(len(numbers), chance, right=right)
        lifts = [lift(float(value), row) for value, row in zip(values, strengths.tolist(), strict=True)]
        scores.append([line[0] * float(logit) + line[1] + nats for logit, nats in zip(logits, lifts, strict=True)])
    sources = [f"{table.examples[number].corpus} {table.examples[number].source}" for number in legitimate]
    return Sample(scores[0], sources, scores[1])


def _line(network: Network, table: Table) -> tuple[float, float]:
    legitimate, _, _ = score(network, table, _calibration_part(table, malicious=False))
    malicious, _, _ = score(network, table, _calibration_part(table, malicious=True))
    if not len(legitimate) or not len(malicious):
        raise ValueError("the calibration part needs legitimate and malicious mail")
    return fit_line(legitimate.tolist(), malicious.tolist())


def _calibration_part(table: Table, *, malicious: bool) -> NDArray[np.int64]:
    wanted = {"malicious"} if malicious else {"none", "bulk"}
    return one_a_cluster(table, table.where(lambda example: example.split == CALIBRATE and example.label in wanted))


def _data(table: Table) -> dict[str, Any]:
    """What went in: a hash of paths, labels and parts, and counts."""
    digest = hashlib.sha256()
    for example in table.examples:
        digest.update(f"{example.path} {example.label} {example.split} {example.weight}\n".encode())
    digest.update(table.buckets.tobytes())
    digest.update(table.dense.tobytes())
    counts = Counter(f"{example.split}/{example.corpus}/{example.label}" for example in table.examples)
    clusters = len({example.cluster for example in table.examples})
    return {
        "sha256": digest.hexdigest(),
        "messages": len(table),
        "clusters": clusters,
        "counts": dict(sorted(counts.items())),
    }


def _only(table: Table, without: tuple[str, ...]) -> Table:
    if not without:
        return table
    kept = table.where(lambda example: example.corpus not in without)
    tokens = [table.buckets[table.starts[number] : table.starts[number + 1]] for number in kept]
    starts = np.concatenate(([0], np.cumsum([len(part) for part in tokens])))
    examples = tuple(table.examples[number] for number in kept)
    return Table(examples, np.concatenate(tokens), starts, table.lengths[kept], table.dense[kept], table.sketches[kept])


def _shown(items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    return track(items, description=what, total=total)


def _silent(items: Iterable[Any], _total: int, _what: str) -> Iterable[Any]:
    return items


def as_json(figures: dict[str, Any]) -> str:
    """The measurements as people keep them."""
    return json.dumps(figures, indent=1, sort_keys=True)
