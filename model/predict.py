"""Predict: what does a checkpoint say about one message and the people who reported it?"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import torch

from model import checkpoint as checkpoints
from model.contract import Counterfactual, Predictor, Probabilities, Verdict
from model.explain import Explainer, with_reporter
from model.features.table import Row, row
from model.lift import lift, lifted
from model.message.facts import Facts
from model.network import HEAD
from model.reporter import reporter_value as value_of

NEWCOMER = value_of(0, 0)
PERFECT = value_of(20, 20)


class CheckpointPredictor:
    """A loaded checkpoint. It keeps no state between messages, so threads may share it."""

    def __init__(self, loaded: checkpoints.Checkpoint) -> None:
        self.checkpoint = loaded.name
        self._network = loaded.network
        self._explainer = Explainer(loaded.network)
        self._calibration = loaded.calibration

    def offered_targets(self) -> Sequence[float]:
        """The false-retraction targets that the calibration sample supports, loosest first."""
        return self._calibration.offered()

    def predict(self, facts: Facts, reporter_value: float, target: float = 0.001) -> Verdict:
        """Score one message. The threshold is that of the nearest offered target at least as strict as `target`."""
        seen = row(facts)
        with torch.inference_mode():
            numbers = self._numbers(seen)
            outputs = self._network(numbers)
            strengths, head = outputs.strengths[0].tolist(), _probabilities(outputs.head[0])
            logit, array = float(outputs.logit[0]), numbers[0].numpy()

        threshold = self._calibration.threshold(target)
        base = _finite(self._calibration.log_odds(logit) - threshold)
        nats = lift(reporter_value, strengths)
        of_mail = self._explainer.reasons(seen, self._explainer.attribute(array), self._calibration.slope, base)
        return Verdict(
            base_margin=base,
            margin=lifted(base, nats),
            reporter_value=_finite(reporter_value),
            probabilities=head,
            reasons=with_reporter(of_mail, nats, reporter_value),
            opinions=(),
            counterfactual=Counterfactual(
                nobody=base,
                this=lifted(base, nats),
                newcomer=lifted(base, lift(NEWCOMER, strengths)),
                perfect=lifted(base, lift(PERFECT, strengths)),
            ),
            threshold=threshold,
            checkpoint=self.checkpoint,
        )

    def _numbers(self, seen: Row) -> torch.Tensor:
        buckets, offsets = seen.buckets()
        counts = torch.tensor([float(len(bag)) for bag in seen.bags])
        dense = torch.from_numpy(seen.dense).unsqueeze(0)
        return self._network.inputs(torch.from_numpy(buckets).long(), torch.from_numpy(offsets), counts, dense)


def load_predictor(folder: Path | None = None) -> Predictor:
    """The predictor of a checkpoint folder; of the shipped one by default. Raises CheckpointUnusable.

    Scoring one message is too small to share between threads, and a worker runs several at once: unless the
    environment says otherwise (OMP_NUM_THREADS), torch keeps to one thread in this process from here on.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)
    return CheckpointPredictor(checkpoints.load(folder or checkpoints.SHIPPED))


def _probabilities(logits: torch.Tensor) -> Probabilities:
    shares = torch.softmax(logits.double(), dim=0).tolist()
    return Probabilities(**dict(zip(HEAD, shares, strict=True)))


def _finite(value: float) -> float:
    """A broken weight must not look like a verdict: not-a-number is as far from malicious as can be."""
    return -1e9 if math.isnan(value) else min(max(value, -1e9), 1e9)
