"""How much phish do rspamd and SpamAssassin tell from legitimate mail, on the very messages kept back from training?"""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from measure import one_core, show
from rspamd_peer import redis, rspamd
from sklearn.metrics import roc_auc_score
from spamassassin_peer import spamassassin

from model import checkpoint as checkpoints
from model.dataset import TEST, TRAIN, Table, load, one_a_cluster, split
from model.evaluate import split_of
from model.fit import score

TO_LEARN = 2_000  # of each class
FOR_SPAMASSASSIN = 150  # of each class
RATES = (0.01, 0.001)


@pytest.mark.timeout(3_600)
def test_phish_told_from_legitimate_mail_beside_rspamd_and_spamassassin(corpora: Path):
    loaded = checkpoints.load(checkpoints.SHIPPED)
    table = split(load(corpora, corpora / "labels.jsonl"), split_of(loaded))
    kept_back = _told_apart(table, one_a_cluster(table, table.where(lambda example: example.split == TEST)))
    logits = score(loaded.network, table, np.array(kept_back))[0]
    truth = np.array([table.examples[number].label == "malicious" for number in kept_back])
    raws = [(corpora / table.examples[number].path).read_bytes() for number in kept_back]
    few = _few(truth)

    found = {"Unhook's base network": _line(logits, truth)}
    with one_core(), redis() as redis_port:
        with rspamd() as peer:
            found["rspamd, untrained"] = _line(peer.score_all(raws), truth)
        with rspamd(redis_port) as peer:
            taught = [_teach(peer, corpora, table, malicious) for malicious in (True, False)]
            found[f"rspamd, Bayes taught with {taught[0]:,} and {taught[1]:,}"] = _line(peer.score_all(raws), truth)
        with spamassassin() as slow:
            found["SpamAssassin, untrained, a part"] = _line(slow.score_all([raws[at] for at in few]), truth[few])
    found["Unhook's base network, the same part"] = _line(logits[few], truth[few])
    show(
        f"{truth.sum():,} phish against {(~truth).sum():,} legitimate messages kept back, one per campaign, no network",
        found,
    )
    assert all("nan" not in line for line in found.values())


def _told_apart(table: Table, numbers: Sequence[int]) -> list[int]:
    return [int(number) for number in numbers if table.examples[number].label != "spam"]


def _few(truth: np.ndarray) -> np.ndarray:
    """As many of each class, drawn."""
    draw = random.Random(5)
    each = [np.flatnonzero(truth == wanted).tolist() for wanted in (True, False)]
    return np.array([at for those in each for at in draw.sample(those, min(FOR_SPAMASSASSIN, len(those)))])


def _teach(peer, corpora: Path, table: Table, malicious: bool) -> int:
    """Show it training mail of one class; how many it learned."""
    numbers = table.where(lambda example: example.split == TRAIN and example.label != "spam")
    those = [int(number) for number in numbers if (table.examples[number].label == "malicious") == malicious]
    chosen = random.Random(5).sample(those, min(TO_LEARN, len(those)))
    return peer.learn([(corpora / table.examples[number].path).read_bytes() for number in chosen], malicious)


def _line(scores: Sequence[float], truth: np.ndarray) -> str:
    values = np.asarray(scores, dtype=float)
    caught = []
    for rate in RATES:
        allowed = np.sort(values[~truth])[-1 - int(rate * (~truth).sum())]
        caught.append(f"{(values[truth] > allowed).mean():.2f} at {rate:.1%}")
    return f"AUC {roc_auc_score(truth, values):.3f}, caught {' and '.join(caught)} false positives"
