"""Compare: is a candidate better for its tenant than what serves, and has anybody tampered with what it learned from?

Frozen tests are composed by code from a fixed seed, another than replay's, so that every candidate of every tenant
meets the same mail. The tenant's ledger is the part of its judged mail that was held back. Poisoning probes ask what a
hostile label would change: a kind of attack that is no longer seen, honest mail that is now over the threshold, mail
that changes sides without having been labelled, and one person whose labels the serving network contradicts.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from model import checkpoint as checkpoints
from model.corpus.table import Table
from model.fit import MALICIOUS, SPAM, score, truth

FROZEN_SEED, REPLAY_SEED = 90_210, 31_337  # never equal
FROZEN, REPLAY = 3_000, 4_000  # composed mails
_FEWEST = 12  # phish of one kind that a probe looks at
MOST_LOST = 0.005  # recall on the frozen test
MOST_BLIND = 0.15  # recall on one kind
MOST_SWAYED = 0.03  # frozen mails that change sides
MOST_CONTRARY, FEWEST_CONTRARY = 0.2, 5  # of one person's labels that say the opposite of what is certain
STEPS = (-8.0, -4.0, -2.0, 0.0, 2.0, 4.0)  # margins between which calibration is counted


@dataclass(frozen=True)
class Side:
    """What one network does with one set of mail, at the tenant's threshold and with nobody reporting."""

    malicious: int
    caught: int
    legitimate: int
    wrong: int

    @property
    def recall(self) -> float:
        """The share of malicious mail over the threshold."""
        return self.caught / self.malicious if self.malicious else 0.0


# Of each step of margins, from the lowest on: how many mails lie there, and how many of them are attacks.
Steps = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Comparison:
    """Both networks on the same mail."""

    frozen: tuple[Side, Side]  # serving, candidate
    own: tuple[Side, Side]
    blind: tuple[str, float]  # the kind of phish whose recall falls most, and by how much
    swayed: float  # share of the frozen mails that change sides
    contrary: int  # labels that say the opposite of what the serving network is certain of
    giver: tuple[str, int, int] = ("", 0, 0)  # whose labels do so most often: who, how many, of how many
    calibration: tuple[Steps, Steps] = ((), ())  # of the frozen mails; serving, candidate

    def obstacles(self) -> tuple[str, ...]:
        """Why it should not serve, as codes; none when it may."""
        before, after = self.frozen
        mine, yours = self.own
        checks = (
            (before.recall - after.recall > MOST_LOST, "forgets"),
            (after.wrong > before.wrong, "more-wrong"),
            (self.blind[1] > MOST_BLIND, "blind-spot"),
            (self.swayed > MOST_SWAYED, "sways"),
            (self.giver[1] >= FEWEST_CONTRARY and self.giver[1] > MOST_CONTRARY * self.giver[2], "one-giver"),
            (yours.wrong > mine.wrong, "more-wrong-here"),
            (yours.caught < mine.caught, "worse-here"),
        )
        return tuple(code for wrong, code in checks if wrong)

    def to_json(self) -> dict[str, object]:
        """Plain JSON, with the obstacles."""
        return {**asdict(self), "steps": list(STEPS), "obstacles": list(self.obstacles())}


def compare(
    serving: checkpoints.Checkpoint,
    candidate: checkpoints.Checkpoint,
    frozen: Table,
    held_back: Table,
    learned: Table,
    target: float,
    givers: Sequence[str] = (),
) -> Comparison:
    """Measure both. `learned` are the labels it was taught, `givers` who gave each, `held_back` the other labels."""
    old, new = (margins(one, frozen, target) for one in (serving, candidate))
    contrary = _contrary(margins(serving, learned, target), learned)
    return Comparison(
        frozen=(side(old, frozen), side(new, frozen)),
        own=tuple(side(margins(one, held_back, target), held_back) for one in (serving, candidate)),  # type: ignore[arg-type]
        blind=_blind(old, new, frozen),
        swayed=float(np.mean((old >= 0) != (new >= 0))) if len(frozen) else 0.0,
        contrary=int(contrary.sum()),
        giver=_most_contrary(contrary, givers),
        calibration=(steps(old, frozen), steps(new, frozen)),
    )


def margins(loaded: checkpoints.Checkpoint, table: Table, target: float) -> NDArray[np.float64]:
    """Base margins of every message of a table."""
    if not len(table):
        return np.zeros(0)
    logits = score(loaded.network, table, np.arange(len(table)))[0]
    line = loaded.calibration
    return line.slope * logits + line.intercept - line.threshold(target)


def side(found: NDArray[np.float64], table: Table) -> Side:
    """Counts at the threshold; spam is on neither side."""
    labels = truth(table)
    malicious, legitimate = labels == MALICIOUS, (labels != MALICIOUS) & (labels != SPAM)
    return Side(
        int(malicious.sum()),
        int((found[malicious] >= 0).sum()),
        int(legitimate.sum()),
        int((found[legitimate] >= 0).sum()),
    )


def steps(found: NDArray[np.float64], table: Table) -> Steps:
    """What margins are worth: how much of each step is attacks. Spam is on neither side."""
    labels = truth(table)
    place = np.digitize(found, STEPS)
    return tuple(
        (int(((place == step) & (labels != SPAM)).sum()), int(((place == step) & (labels == MALICIOUS)).sum()))
        for step in range(len(STEPS) + 1)
    )


def _blind(old: NDArray[np.float64], new: NDArray[np.float64], frozen: Table) -> tuple[str, float]:
    kinds: Mapping[str, list[int]] = defaultdict(list)
    for number, example in enumerate(frozen.examples):
        if example.label == "malicious":
            kinds[example.sub].append(number)
    falls = {
        kind: float((old[numbers] >= 0).mean() - (new[numbers] >= 0).mean())
        for kind, numbers in kinds.items()
        if len(numbers) >= _FEWEST
    }
    worst = max(falls, key=lambda kind: falls[kind], default="")
    return worst, max(0.0, falls.get(worst, 0.0))


def _contrary(found: NDArray[np.float64], learned: Table, certain: float = 6.0) -> NDArray[np.bool_]:
    labels = truth(learned)
    attacks = (labels == MALICIOUS) & (found < -certain)
    honest = (labels != MALICIOUS) & (labels != SPAM) & (found > certain / 2)
    both: NDArray[np.bool_] = attacks | honest
    return both


def _most_contrary(contrary: NDArray[np.bool_], givers: Sequence[str]) -> tuple[str, int, int]:
    """Of those with several such labels, whoever has the largest share of them; nobody when there is none."""
    given = Counter(givers)
    against = Counter(giver for giver, wrong in zip(givers, contrary, strict=False) if wrong)
    several = [giver for giver, count in against.items() if count >= FEWEST_CONTRARY]
    worst = max(several, key=lambda giver: against[giver] / given[giver], default="")
    return worst, against[worst], given[worst]
