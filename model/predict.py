"""Predict: what does a checkpoint say about messages and the people who reported them?

Many messages are scored together: reading is joined, hashing and the network are one pass. Reasons need to know
which piece of the mail each number came from, so they are found for one message and left out of bulk.
"""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from model import checkpoint as checkpoints
from model.contract import Counterfactual, Predictor, Probabilities, Reason, Verdict
from model.explain import Explainer, with_reporter
from model.features.table import Rows, explained, rows
from model.lift import lift, lifted
from model.message.facts import Facts
from model.network import HEAD, Outputs
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
        threshold = self._calibration.threshold(target)
        seen = explained(facts)
        with torch.inference_mode():
            numbers = self._numbers(seen.rows)
            outputs = self._network(numbers)

        base = self._base(outputs.logit, threshold)[0]
        shares = self._explainer.attribute(numbers[0].numpy())
        of_mail = self._explainer.reasons(seen, shares, self._calibration.slope, base)
        return self._verdict(outputs, 0, base, reporter_value, threshold, of_mail)

    def predict_many(
        self, many: Sequence[Facts], reporter_values: Sequence[float], target: float = 0.001
    ) -> list[Verdict]:
        """The same verdicts as `predict`, without their reasons, at a fraction of the cost."""
        threshold = self._calibration.threshold(target)
        if not many:
            return []
        outputs = self._outputs(many)
        bases = self._base(outputs.logit, threshold)
        return [
            self._verdict(outputs, place, bases[place], value, threshold, None)
            for place, value in enumerate(reporter_values)
        ]

    def margins(self, many: Sequence[Facts], target: float = 0.001) -> NDArray[np.float64]:
        """Base margins and nothing else, (len(many),)."""
        logits = self._outputs(many).logit if many else torch.zeros(0)
        return np.array(self._base(logits, self._calibration.threshold(target)), dtype=np.float64)

    def _outputs(self, many: Sequence[Facts]) -> Outputs:
        with torch.inference_mode():
            found: Outputs = self._network(self._numbers(rows(many)))
        return found

    def _numbers(self, seen: Rows) -> torch.Tensor:
        """What the layers read, (B, wide)."""
        counts = torch.from_numpy(seen.lengths.reshape(-1)).float()
        dense = torch.from_numpy(seen.dense)
        return self._network.inputs(
            torch.from_numpy(seen.buckets), torch.from_numpy(seen.offsets()).int(), counts, dense
        )

    def _base(self, logits: torch.Tensor, threshold: float) -> list[float]:
        return [_finite(self._calibration.log_odds(logit) - threshold) for logit in logits.tolist()]

    def _verdict(
        self,
        outputs: Outputs,
        place: int,
        base: float,
        reporter_value: float,
        threshold: float,
        of_mail: list[Reason] | None,
    ) -> Verdict:
        strengths = outputs.strengths[place].tolist()
        nats = lift(reporter_value, strengths)
        return Verdict(
            base_margin=base,
            margin=lifted(base, nats),
            reporter_value=_finite(reporter_value),
            probabilities=_probabilities(outputs.head[place]),
            reasons=() if of_mail is None else with_reporter(of_mail, nats, reporter_value),
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
