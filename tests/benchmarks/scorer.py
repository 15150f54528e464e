"""Scorer: how does Unhook score a pile of messages, step by step, with one thread and 128 messages at a time?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from model import checkpoint as checkpoints
from model import collector
from model.contract import Verdict
from model.features.table import rows
from model.message.facts import Facts
from model.message.parse import parse_message
from model.predict import CheckpointPredictor

T = TypeVar("T")
TOGETHER = 128


@dataclass(frozen=True)
class Scorer:
    """The steps of scoring, each alone and all in a row."""

    predictor: CheckpointPredictor

    def parse(self, raws: Sequence[bytes]) -> list[Facts]:
        """The facts of each message."""
        return [parse_message(raw) for raw in raws]

    def features(self, facts: Sequence[Facts]) -> int:
        """Their rows, thrown away; how many."""
        return sum(len(rows(batch)) for batch in _batches(facts))

    def margins(self, facts: Sequence[Facts]) -> list[float]:
        """Features and network."""
        return [float(margin) for batch in _batches(facts) for margin in self.predictor.margins(batch)]

    def verdicts(self, facts: Sequence[Facts], reporter_value: float) -> list[Verdict]:
        """The same with all that a verdict holds but its reasons."""
        return [
            verdict
            for batch in _batches(facts)
            for verdict in self.predictor.predict_many(batch, [reporter_value] * len(batch))
        ]

    def everything(self, raws: Sequence[bytes]) -> list[float]:
        """From bytes to margins, a batch at a time, as a worker with a queue of messages would."""
        return [
            float(margin)
            for batch in _batches(raws)
            for margin in self.predictor.margins(list(map(parse_message, batch)))
        ]


def load_scorer(folder: Path | None = None) -> Scorer:
    """The shipped checkpoint, or the one in `folder`, as a worker loads it: one thread, a spared collector."""
    torch.set_num_threads(1)
    loaded = Scorer(CheckpointPredictor(checkpoints.load(folder or checkpoints.SHIPPED)))
    collector.spare()
    return loaded


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + TOGETHER] for at in range(0, len(items), TOGETHER))
