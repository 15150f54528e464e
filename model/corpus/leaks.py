"""Leaks: what tells the corpora apart that has nothing to do with being attacked?

Phish and legitimate mail come from different mailboxes, so whatever knows the mailbox seems to know the answer. Two
measurements: what the names of headers alone give away, before and after the scrub; and which dense facts tell corpora
apart among mail of one label, where nothing should.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from model.corpus.folds import apart_from, folds
from model.corpus.headers import scrubbed, without_known_marks, zero_header_features
from model.corpus.table import COMPOSED, Numbers, Table, take
from model.features.table import DENSE

ATTACKED, HONEST = "phishing_pot", "list_ham"
BOUND = 0.90  # of the AUC on scrubbed names
NEWER_FROM = "2023"
_FOLDS = 5
_LEAST = 30  # messages; a corpus with fewer says nothing
_TOGETHER = ("source", "cluster")  # by sender domain too, every list would hang together with every other
_OFFENDERS = 6

Scrub = Callable[[Iterable[str]], Iterable[str]]
SCRUBS: Mapping[str, Scrub] = {"raw": frozenset, "known marks out": without_known_marks, "scrubbed": scrubbed}


def leaks(table: Table, seed: int = 1) -> dict[str, Any]:
    """All measurements on a table that has been dealt out (its clusters must be known)."""
    return {"header_names": header_names(table, seed), "dense": dense_pairs(table, seed)}


def header_names(table: Table, seed: int, attacked: str = ATTACKED, honest: str = HONEST) -> dict[str, Any]:
    """How well header names alone tell one corpus from another, for each scrub; empty when one of them is missing.

    "auc" is of cross-validation by source and cluster, "newer" of training on older mail only.
    """
    both = take(table, table.where(lambda example: example.corpus in {attacked, honest}))
    truth = _is(both, attacked)
    if min(int(truth.sum()), int((~truth).sum())) < _LEAST:
        return {}
    found: dict[str, Any] = {attacked: int(truth.sum()), honest: int((~truth).sum())}
    for name, scrub in SCRUBS.items():
        vectors = DictVectorizer()
        columns = vectors.fit_transform([dict.fromkeys(scrub(example.headers), 1.0) for example in both.examples])
        names = vectors.get_feature_names_out().tolist()
        found[name] = {
            "names": len(names),
            "auc": _crossed(both, columns, truth, seed),
            "newer": _newer(both, columns, truth),
            "most_telling": _telling(columns, truth, names),
        }
    return found


def dense_pairs(table: Table, seed: int) -> list[dict[str, Any]]:
    """For each label and two corpora with enough of it: how well dense facts tell them apart, and which do most.

    "without_headers" is the same when everything that came from headers is zeroed.
    """
    found = []
    for label, one, other in _pairs(table):
        both = take(table, np.flatnonzero([e.label == label and e.corpus in {one, other} for e in table.examples]))
        truth = _is(both, one)
        found.append(
            {
                "label": label,
                "corpora": [one, other],
                "messages": [int(truth.sum()), int((~truth).sum())],
                "auc": _crossed(both, both.dense, truth, seed),
                "without_headers": _crossed(both, zero_header_features(both).dense, truth, seed),
                "most_telling": _telling(both.dense, truth, DENSE),
            }
        )
    return found


def _pairs(table: Table) -> Iterator[tuple[str, str, str]]:
    """Each label with two corpora that have enough of it."""
    counts = Counter((example.label, example.corpus) for example in table.examples if example.corpus != COMPOSED)
    for label in sorted({label for label, _ in counts}):
        large = sorted(corpus for (its, corpus), count in counts.items() if its == label and count >= _LEAST)
        yield from ((label, one, other) for one, other in combinations(large, 2))


def _is(table: Table, corpus: str) -> NDArray[np.bool_]:
    return np.array([example.corpus == corpus for example in table.examples], dtype=np.bool_)


def _crossed(table: Table, columns: Any, truth: NDArray[np.bool_], seed: int) -> float | None:
    """AUC over all folds; None when some fold cannot be trained for."""
    dealt = folds(table, _FOLDS, seed, together=_TOGETHER[:1])
    scores = np.zeros(len(table))
    for fold in range(_FOLDS):
        tested = np.flatnonzero(dealt == fold)
        found = _scores(columns, truth, apart_from(table, tested, together=_TOGETHER), tested)
        if found is None:
            return None
        scores[tested] = found
    return round(float(roc_auc_score(truth, scores)), 4)


def _newer(table: Table, columns: Any, truth: NDArray[np.bool_]) -> float | None:
    """AUC on the newer mail of a model of the older; None without enough of both."""
    tested = table.where(lambda example: example.date >= NEWER_FROM)
    older = table.where(lambda example: example.date < NEWER_FROM)
    found = _scores(columns, truth, apart_from(table, tested, older, ("cluster",)), tested)
    if found is None or len(set(truth[tested])) < 2:
        return None
    return round(float(roc_auc_score(truth[tested], found)), 4)


def _scores(columns: Any, truth: NDArray[np.bool_], training: Numbers, tested: Numbers) -> NDArray[np.float64] | None:
    """Of the tested, by a logistic regression of the training rows; None when there is nothing to learn or to test."""
    if not len(tested) or len(set(truth[training])) < 2:
        return None
    model = LogisticRegression(max_iter=2_000, solver="liblinear").fit(columns[training], truth[training])
    scores: NDArray[np.float64] = model.decision_function(columns[tested])
    return scores


def _telling(columns: Any, truth: NDArray[np.bool_], names: Sequence[str]) -> dict[str, list[float]]:
    """The columns whose means differ most, with both means."""
    means = [np.asarray(columns[side].mean(axis=0)).reshape(-1) for side in (truth, ~truth)]
    most = np.argsort(-np.abs(means[0] - means[1]))[:_OFFENDERS]
    return {names[place]: [round(float(mean[place]), 3) for mean in means] for place in most}


def summary(found: Mapping[str, Any]) -> list[str]:
    """The lines a person reads."""
    lines = [f"header names alone, {ATTACKED} against {HONEST}:"]
    named = found["header_names"]
    for scrub in SCRUBS if named else ():
        row = named[scrub]
        lines.append(f"  {scrub}: AUC {row['auc']}, on newer mail {row['newer']}, {row['names']} names")
    lines += [] if named else ["  (too little mail of these two)"]
    lines.append("dense facts, two corpora of one label (AUC, and with header facts zeroed):")
    for pair in sorted(found["dense"], key=lambda pair: -(pair["auc"] or 0.0)):
        most = ", ".join(list(pair["most_telling"])[:4])
        one, other = pair["corpora"]
        lines.append(f"  {pair['label']}: {one}/{other} {pair['auc']} ({pair['without_headers']}): {most}")
    return lines
