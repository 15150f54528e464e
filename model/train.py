"""Train: from a folder of labelled mail to a checkpoint, the same one for the same seed.

read ▸ deal out by source, campaign and time ▸ compose everyday mail ▸ fit and calibrate (`fitted.py`)
     ▸ measure on what was kept back ▸ write weights, curve and figures
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from rich.progress import track

from model import checkpoint as checkpoints
from model.calibration import TARGETS
from model.dataset import (
    TEST,
    Progress,
    SplitConfig,
    Table,
    data_hash,
    join,
    load,
    load_composed,
    seen_hashes,
    split,
    take,
)
from model.evaluate import measure
from model.fit import FitConfig
from model.fitted import Fitted, Parts, fitted, parts_of
from model.network import NetworkConfig
from model.thorough import learning_curve, modern_mail, without_headers


@dataclass(frozen=True)
class TrainConfig:
    """Everything beside the mail that decides what comes out."""

    network: NetworkConfig = field(default_factory=NetworkConfig)
    fit: FitConfig = field(default_factory=FitConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    composed: int = 12_000
    targets: tuple[float, ...] = TARGETS


def train(
    root: Path,
    labels: Path,
    out: Path,
    seed: int = 1,
    name: str = "v1",
    config: TrainConfig | None = None,
    cache: Path | None = None,
    quiet: bool = False,
    without: tuple[str, ...] = (),
    thorough: bool = False,
    templates: Path | None = None,
) -> dict[str, Any]:
    """Train on the mail under `root` and write a checkpoint to `out`; returns the measurements.

    `cache` keeps parsed rows between runs (outside the repository); `without` names corpora to leave out, for example
    "phishing_pot", whose terms forbid commercial use. `thorough` adds the figures of `thorough.py`, which take several
    times as long as the training itself. `templates` is a folder of e-mail templates for composed mail to wear, see
    `composed/templates.py`.
    """
    config = config or TrainConfig()
    progress: Progress = _silent if quiet else _shown
    torch.set_num_threads(1)  # sums in one order: the same seed gives the same weights

    real = load(root, labels, cache, progress)
    table = split(_only(real, without), config.split)
    if config.composed:
        table = split(join(table, load_composed(config.composed, seed, cache, progress, templates)), config.split)
    return fit_and_save(table, out, seed, name, config, progress, thorough)


def fit_and_save(
    table: Table, out: Path, seed: int, name: str, config: TrainConfig, progress: Progress, thorough: bool = False
) -> dict[str, Any]:
    """Everything after the mail has been read and dealt out."""

    def fit(chosen: Table, parts: Parts) -> Fitted:
        return fitted(chosen, parts, config.network, config.fit, config.targets, seed, progress)

    made = fit(table, parts_of(table))
    target = min(made.calibration.offered(), key=lambda offered: abs(offered - 0.001))
    record = {"seed": seed, "config": asdict(config), "data": _data(table), "losses": made.losses}
    checkpoint = checkpoints.Checkpoint(name, made.network, made.calibration, record)
    figures = measure(checkpoint, table, table.where(lambda example: example.split == TEST), target)
    if thorough:
        figures |= {
            "learning_curve": learning_curve(table, fit, made.network),
            "modern_mail": modern_mail(table, fit, target),
            "without_headers": without_headers(made.network, table),
        }
    checkpoints.save(replace(checkpoint, training={**record, "figures": figures}), out, seen_hashes(table))
    return figures


def _data(table: Table) -> dict[str, Any]:
    """What went in: a hash of hashes, labels, parts and rows, and counts."""
    counts = Counter(f"{example.split}/{example.corpus}/{example.label}" for example in table.examples)
    return {
        "sha256": data_hash(table),
        "messages": len(table),
        "clusters": len({example.cluster for example in table.examples}),
        "counts": dict(sorted(counts.items())),
    }


def _only(table: Table, without: tuple[str, ...]) -> Table:
    return take(table, table.where(lambda example: example.corpus not in without)) if without else table


def _shown(items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    return track(items, description=what, total=total)


def _silent(items: Iterable[Any], _total: int, _what: str) -> Iterable[Any]:
    return items


def as_json(figures: dict[str, Any]) -> str:
    """The measurements as people keep them."""
    return json.dumps(figures, indent=1, sort_keys=True)
