"""Thorough: what about a way of training can only be known by training again?

How much more mail would help; whether modern legitimate mail from senders that training never met stays below the
threshold; what the network owes to headers. Each costs whole trainings, so `unhook train --thorough` asks for them.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.calibration import Calibration, interval, upper_bound
from model.dataset import TEST, Table, apart_from, folds, one_a_cluster, zero_header_features
from model.fit import MALICIOUS, SPAM, score, truth
from model.fitted import Fitted, Parts, parts_of
from model.lift import lift
from model.measures.weighted import area, caught
from model.network import Network
from model.reporter import reporter_value

MODERN = ("foff_milter", "circuit_notices", "segway_announce", "list_extra")  # the modern bulk and transactional mail
SHARES = (0.125, 0.25, 0.5)
FOLDS = 3

Numbers = NDArray[np.int64]
Fit = Callable[[Table, Parts], Fitted]


def learning_curve(table: Table, fit: Fit, whole: Network) -> list[dict[str, float]]:
    """What parts of the training mail are worth; shares are of campaigns, and `whole` is the network from all of it."""
    parts = parts_of(table)
    rows = []
    for share in SHARES:
        some = np.array([number for number in parts.train if _place(table, number) < share], dtype=np.int64)
        made = fit(table, Parts(some, parts.calibrate))
        rows.append({"share": share, "messages": len(some), **_separation(made.network, table)})
    return [*rows, {"share": 1.0, "messages": len(parts.train), **_separation(whole, table)}]


def modern_mail(table: Table, fit: Fit, target: float) -> dict[str, Any]:
    """Modern legitimate mail over the threshold when nothing of its sender, list or campaign was trained on.

    Cross-validated over sender domains; counted in clusters, with the exact one-sided 95 % bound of the rate.
    """
    modern = table.where(lambda example: example.corpus in MODERN and example.label in {"bulk", "none"})
    dealt = folds(table, FOLDS, seed=1, numbers=modern)
    parts = parts_of(table)
    ordinary = parts.calibrate[dealt[parts.calibrate] < 0]  # all modern mail is trained on or tested
    tested = {who: Counter[str]() for who in ("nobody", "newcomer")}
    sizes: Counter[str] = Counter()
    for fold in range(FOLDS):
        held = np.flatnonzero(dealt == fold)
        others = np.concatenate((parts.train, np.flatnonzero((dealt >= 0) & (dealt != fold))))
        made = fit(table, Parts(apart_from(table, held, np.unique(others)), apart_from(table, held, ordinary)))
        for number, base, newcomer in _margins(
            made.network, made.calibration, table, one_a_cluster(table, held), target
        ):
            corpus = table.examples[number].corpus
            sizes[corpus] += 1
            tested["nobody"][corpus] += base >= 0.0
            tested["newcomer"][corpus] += newcomer >= 0.0
    return {who: _rates(hits, sizes) for who, hits in tested.items()}


def without_headers(network: Network, table: Table) -> dict[str, Any]:
    """The same network on mail whose header features are all hidden: recall must not hang on them."""
    return {"as_it_is": _separation(network, table), "hidden": _separation(network, zero_header_features(table))}


def _margins(
    network: Network, calibration: Calibration, table: Table, numbers: Numbers, target: float
) -> list[tuple[int, float, float]]:
    logits, _, strengths = score(network, table, numbers)
    threshold, newcomer = calibration.threshold(target), reporter_value(0, 0)
    base = [calibration.log_odds(logit) - threshold for logit in logits.tolist()]
    lifts = [lift(newcomer, row) for row in strengths.tolist()]
    return [(int(number), one, one + nats) for number, one, nats in zip(numbers, base, lifts, strict=True)]


def _separation(network: Network, table: Table) -> dict[str, float]:
    """AUC and recall on the test part, one message a cluster."""
    numbers = one_a_cluster(table, table.where(lambda example: example.split == TEST))
    labels, scores = truth(table)[numbers], score(network, table, numbers)[0]
    malicious, legitimate = labels == MALICIOUS, (labels != MALICIOUS) & (labels != SPAM)
    names = ("auc", "recall_at_1", "recall_at_0_1")
    found = (area(scores, malicious, legitimate), *caught(scores, malicious, legitimate, (0.01, 0.001)))
    once = np.ones((1, len(numbers)))
    return {name: round(float(figure(once)[0]), 5) for name, figure in zip(names, found, strict=True)}


def _place(table: Table, number: int) -> float:
    """A place between 0 and 1 for each campaign."""
    name = f"share {table.examples[number].cluster}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32


def _rates(hits: Counter[str], sizes: Counter[str]) -> dict[str, dict[str, float]]:
    """The rate of each corpus, and of all together."""
    rates = {corpus: _bounded(hits[corpus], n) for corpus, n in sorted(sizes.items())}
    return {"all": _bounded(hits.total(), sizes.total()), **rates}


def _bounded(hits: int, n: int) -> dict[str, float]:
    low, high = interval(hits, n)
    return {"hits": hits, "n": n, "low": low, "high": high, "upper_bound": upper_bound(hits, n)}
