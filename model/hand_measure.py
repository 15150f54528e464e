"""Hand measure: how far do the rules agree with the labels given by hand?

`python -m model.hand_measure LABELS` prints counts and Cohen's kappa between rules and hand, with the 2.5th and 97.5th
percentile of 2,000 bootstrap samples. What a checkpoint makes of them is asked with `unhook evaluate --hand-labels`.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from model.hand_sample import KEPT

DECIDED = ("phish", "spam")
_SAMPLES, _SEED = 2_000, 1


def measure(labels: Path, kept: Path = KEPT) -> dict[str, Any]:
    """Agreement of the rule-made labels with the hand's, and for each corpus."""
    lines = {line["sha256"]: line for line in map(json.loads, labels.read_text(encoding="utf-8").splitlines())}
    hand = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    drawn = [lines[line["sha256"]] for line in hand]
    by_hand, by_rule = _words(line["label"] for line in hand), _words(line["label"] for line in drawn)
    corpora = _words(line["corpus"] for line in drawn)

    cells = Counter(zip(by_rule.tolist(), by_hand.tolist(), strict=True))
    both = np.isin(by_hand, DECIDED) & np.isin(by_rule, DECIDED)
    here = {corpus: both & (corpora == corpus) for corpus in sorted(set(corpora[both].tolist()))}
    return {
        "counts": {f"rule {rule} · hand {own}": n for (rule, own), n in sorted(cells.items())},
        "agreement": {
            corpus: agreement(by_rule[those], by_hand[those]) for corpus, those in {"all": both, **here}.items()
        },
    }


def agreement(first: NDArray[np.str_], second: NDArray[np.str_]) -> dict[str, Any]:
    """Share of equal answers, and Cohen's kappa: what is left of it when luck is taken away."""
    chance = np.random.default_rng(_SEED)
    drawn = [chance.integers(0, len(first), len(first)) for _ in range(_SAMPLES)]
    low, high = np.nanpercentile([_kappa(first[numbers], second[numbers]) for numbers in drawn], (2.5, 97.5))
    return {
        "n": len(first),
        "equal": int((first == second).sum()),
        "kappa": round(_kappa(first, second), 3),
        "interval": [round(float(low), 3), round(float(high), 3)],
    }


def _kappa(first: NDArray[np.str_], second: NDArray[np.str_]) -> float:
    if len({*first, *second}) < len(DECIDED):
        return float("nan")  # answers of one kind only say nothing about luck
    return float(cohen_kappa_score(first, second, labels=list(DECIDED)))


def _words(words: Iterable[str]) -> NDArray[np.str_]:
    return np.array(list(words))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1])), indent=1, ensure_ascii=False) + "\n")
